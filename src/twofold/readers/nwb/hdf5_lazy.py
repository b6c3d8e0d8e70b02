"""Arrays of an HDF5 file that are read when they are indexed, and files that are what they claim to be."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from twofold.errors import DataError


class Hdf5Array:
    """A dataset, of which only those rows are read that an index touches.

    Parameters
    ----------
    path
        The file; it is opened at the first reading.
    name
        Name of the dataset in it.

    Raises
    ------
    DataError
        If the file holds less of the dataset than it claims; see `refuse_hollow`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with h5py.File(Path(folder) / "a.h5", "w") as file:
    ...         file["dff"] = np.arange(6).reshape(3, 2)
    ...     Hdf5Array(Path(folder) / "a.h5", "dff")[1:]
    array([[2, 3],
           [4, 5]])
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        with h5py.File(path, "r") as file:
            dataset = file[name]
            refuse_hollow(dataset)
            self.shape: tuple[int, ...] = dataset.shape
            self.dtype: np.dtype = dataset.dtype.newbyteorder("=")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        return np.asarray(self._dataset[key]).astype(self.dtype, copy=False)

    def __reduce__(self) -> tuple[type[Hdf5Array], tuple[Path, str]]:
        return Hdf5Array, (self.path, self.name)  # another process opens the file itself

    @cached_property
    def _dataset(self) -> Any:
        return h5py.File(self.path, "r")[self.name]


def refuse_hollow(dataset: h5py.Dataset) -> None:
    """Refuse a dataset that claims more than the file holds: HDF5 would make up the rest as zeros.

    Raises
    ------
    DataError
        If values were never written, or lie in another file.
    """
    name = dataset.name.strip("/")
    if dataset.external or dataset.is_virtual:
        raise DataError(f"{name} lies in another file, which is not opened; copy its values into this one")
    if not dataset.size:
        return
    if dataset.chunks:
        pieces = zip(dataset.shape, dataset.chunks, strict=True)
        claimed = math.prod(-(-length // chunk) for length, chunk in pieces)
        held = dataset.id.get_num_chunks()
    else:
        claimed, held = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if held < claimed:
        raise DataError(
            f"{name} claims {' x '.join(map(str, dataset.shape))} values, but the file holds only "
            f"{held / claimed:.0%} of them: it is damaged or was not written to the end"
        )


def refuse_links(file: h5py.File) -> None:
    """Refuse a file that would open other files.

    Raises
    ------
    DataError
        If a link leads out of it.
    """

    def leads_out(name: str, link: Any) -> tuple[str, str] | None:
        return (name, link.filename) if isinstance(link, h5py.ExternalLink) else None

    found = file.visititems_links(leads_out)
    if found is not None:
        raise DataError(
            f"{found[0]} is a link to another file ({found[1]}), which is not opened; "
            "copy what it leads to into this one"
        )
