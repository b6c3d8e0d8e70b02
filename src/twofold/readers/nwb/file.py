"""An NWB file and what is in it by name; opening one never opens another file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from twofold.errors import DataError, NotAvailableError, TwofoldError, did_you_mean
from twofold.readers.nwb.hdf5_lazy import Hdf5Array, refuse_hollow, refuse_links
from twofold.recordings.wording import first_few


@dataclass(frozen=True, eq=False)
class NwbFile:
    """An open file.

    Parameters
    ----------
    path
        The file.
    content
        What pynwb made of it.
    parts
        Every table and series by its place, such as `processing/running/running_speed`.
    """

    path: Path
    content: Any
    parts: Mapping[str, Any]

    def find(self, name: str, flag: str, fits: Callable[[Any], bool]) -> Any:
        """The table or series of a name, or of the end of one after a slash.

        Raises
        ------
        DataError
            If none that fits has this name, or several have.
        """
        places = self.places(fits)
        wanted = name.strip("/")
        found = [place for place in places if place == wanted or place.endswith("/" + wanted)]
        if wanted in found:
            found = [wanted]
        if len(found) == 1:
            return self.parts[found[0]]
        if found:
            raise DataError(f"{flag} {name}: there are several, choose one of {', '.join(found)}")
        known = places if "/" in wanted else {place.rsplit("/", 1)[-1] for place in places}
        hint = did_you_mean(wanted, known)
        raise DataError(f"{self.path.name} has nothing that {flag} {name} could be; {hint}")

    def only(self, flag: str, fits: Callable[[Any], bool]) -> Any:
        """The only table or series that fits; where there are several the error says what to type."""
        places = self.places(fits)
        if len(places) == 1:
            return self.parts[places[0]]
        if not places:
            raise DataError(f"{self.path.name} has nothing that {flag} could be; it has {self._told()}")
        raise DataError(f"{self.path.name}: choose what to read with {flag}: {', '.join(places)}")

    def places(self, fits: Callable[[Any], bool]) -> list[str]:
        """Where everything that fits is, in order of the alphabet."""
        return sorted(place for place, part in self.parts.items() if fits(part))

    def lazily(self, dataset: Any) -> Any:
        """A dataset as an array that can be read after the file was closed."""
        return (
            Hdf5Array(self.path, dataset.name) if isinstance(dataset, h5py.Dataset) else np.asarray(dataset)
        )

    def _told(self) -> str:
        return first_few(sorted(self.parts), most=20) or "nothing"


def values_of(data: Any) -> np.ndarray:
    """All values of a dataset or a column, refused where the file holds fewer than it claims."""
    dataset = getattr(data, "dataset", data)  # hdmf wraps columns of text
    if isinstance(dataset, h5py.Dataset):
        refuse_hollow(dataset)
    values = np.asarray(data[:])
    if values.dtype.kind == "O" and values.size and isinstance(values.flat[0], str | bytes):
        values = np.array([one.decode() if isinstance(one, bytes) else str(one) for one in values.ravel()])
    return values


@contextmanager
def open_nwb(path: str | Path) -> Iterator[NwbFile]:
    """Open a file; whatever goes wrong while it is read is one error that names it.

    Raises
    ------
    DataError
        If there is no such file, it is damaged or no NWB file, or it links to other files.
    NotAvailableError
        If pynwb is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file" if not path.exists() else f"{path} is not a file")
    if not h5py.is_hdf5(path):
        raise DataError(f"{path.name} is no NWB file: NWB files are HDF5 files, and this is none")
    NWBHDF5IO = load_pynwb().NWBHDF5IO
    with readable(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of older versions of the format, which pynwb reads
        with h5py.File(path, "r") as file:
            refuse_links(file)
            if file.attrs.get("neurodata_type") != "NWBFile":
                raise DataError(f"{path.name} is HDF5, but no NWB file; twofold import arrays reads it")
        with NWBHDF5IO(str(path), mode="r", load_namespaces=True) as io:
            content = io.read()
            yield NwbFile(path, content, _parts(io, content))


def load_pynwb() -> Any:
    """The library that reads NWB.

    Raises
    ------
    NotAvailableError
        If it is not installed.
    """
    try:
        import pynwb
    except ImportError as error:
        raise NotAvailableError("reading NWB needs pynwb; type: pip install 'twofold[nwb]'") from error
    return pynwb


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """A damaged file fails in as many ways as the format has parts; to the user each is the same news."""
    try:
        yield
    except TwofoldError:
        raise
    except Exception as error:
        first: BaseException = error
        while (
            first.__cause__ is not None
        ):  # pynwb wraps the reason in descriptions of all that it was building
            first = first.__cause__
        reason = (str(first).splitlines() or [type(first).__name__])[0][:200]
        raise DataError(f"{path.name} cannot be read: is it damaged or incomplete? ({reason})") from error


def _parts(io: Any, content: Any) -> dict[str, Any]:
    """Tables and series, but not their columns, by their place in the file."""
    from hdmf.common import DynamicTable
    from pynwb import TimeSeries

    parts = {}
    for part in content.objects.values():
        if isinstance(part, DynamicTable | TimeSeries):
            parts[io.manager.get_builder(part).path.removeprefix("root/")] = part
    return parts
