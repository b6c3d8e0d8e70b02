"""The command that writes NWB files: a recording, or latents and predictions beside the original units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twofold.cli.console import stdout
from twofold.errors import DataError, OptionError

if TYPE_CHECKING:
    import numpy as np

    from twofold.recordings import Recording


def export(
    what: Annotated[
        Path,
        typer.Argument(
            help="npz of `twofold transform`, --out of `twofold fit`, or a store.", show_default=False
        ),
    ],
    paths: Annotated[
        list[Path],
        typer.Argument(help="The original NWB file and the one to write; only the latter for a store."),
    ],
    recording: Annotated[
        Path | None, typer.Option(help="The store that was imported from the original; a fit needs it.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old file aside (it is kept).")
    ] = False,
) -> None:
    """Write latents and predictions beside the units of an NWB file, into a new file; the original is kept.

    An npz holds `time_s` and arrays (time,) or (time, column), such as latents.

    Example: twofold export latents.npz session.nwb session-latents.nwb

    Example: twofold export mouse.zarr mouse.nwb
    """
    from twofold.files import set_aside, written_whole
    from twofold.readers import export_nwb, write_nwb
    from twofold.recordings import open_recording

    is_store = (what / "zarr.json").is_file()
    if len(paths) != (1 if is_store else 2):
        wanted = (
            "twofold export mouse.zarr mouse.nwb" if is_store else "twofold export latents.npz ORIGINAL COPY"
        )
        raise OptionError(f"{len(paths)} files are given; type {wanted}")
    destination = paths[-1]
    if destination.exists() and not overwrite:
        raise DataError(f"{destination} exists; add --overwrite to set it aside")
    with written_whole(destination) as temporary:
        if is_store:
            write_nwb(open_recording(what), temporary)
        else:
            opened = None if recording is None else open_recording(recording)
            series = _of_a_fit(what, opened) if what.is_dir() else _of_an_npz(what)
            time_s = series.pop("time_s")
            ids = None if opened is None else _unit_ids(opened, series)
            told = f"from {what.name}"
            export_nwb(paths[0], temporary, series, time_s=time_s, unit_id=ids, description=told)
        if destination.exists():
            set_aside(destination)
    stdout.print(f"Wrote {destination}", soft_wrap=True, markup=False)


def _of_an_npz(path: Path) -> dict[str, np.ndarray]:
    from twofold.readers.containers import open_arrays

    file = open_arrays(path)
    if file.names is None or "time_s" not in file.names:
        raise DataError(f"{path.name} has no array time_s; `twofold transform` writes such a file")
    return {name: file.read(name) for name in file.names}


def _of_a_fit(folder: Path, recording: Recording | None) -> dict[str, np.ndarray]:
    from twofold.embeddings.run import EmbeddingRun

    if recording is None:
        raise OptionError(
            "a fit alone has no latents: add --recording STORE, the one imported from the original"
        )
    inside = recording.in_trials()
    latents = EmbeddingRun.load(folder).transform(inside)
    return {"time_s": inside.time_s, "trial": inside.trial_of_row, "latents": latents}


def _unit_ids(recording: Recording, series: dict[str, np.ndarray]) -> np.ndarray | None:
    """Ids of the units, where an array has a column for each of them."""
    n_units = len(recording.neurons)
    if "unit_id" not in recording.neurons.table or not any(
        values.ndim == 2 and values.shape[1] == n_units for values in series.values()
    ):
        return None
    return recording.neurons.column("unit_id")
