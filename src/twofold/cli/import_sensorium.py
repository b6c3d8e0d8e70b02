"""The command that brings in a SENSORIUM folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twofold.cli.console import progress_bar, stdout
from twofold.cli.data import Destination, Overwrite
from twofold.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from twofold.recordings import LazyArray

Source = Annotated[
    Path, typer.Argument(help="Folder that holds data and meta, or its zip.", show_default=False)
]


def import_sensorium(
    source: Source,
    destination: Destination,
    normalise: Annotated[
        str | None,
        typer.Option(help="per_neuron (by the train tier), or sensorium2023 (as published); raw by default."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the recording; the folder's by default.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Import one mouse in SENSORIUM 2023 layout, from its folder or its zip.

    Example: twofold import sensorium dynamic29515-10-12-Video.zip mouse.zarr --normalise per_neuron
    """
    from twofold.readers import read_sensorium
    from twofold.recordings import LazyArray, save

    if destination.exists() and not overwrite:
        raise DataError(f"{destination} exists; add --overwrite to set it aside")
    with progress_bar("reading") as report:
        recording = read_sensorium(source, normalise, name=name, progress=report)
    with progress_bar("writing") as report:
        watched = _Watched(recording.responses, report)
        save(replace(recording, responses=LazyArray(watched)), destination, overwrite=overwrite)
    stdout.print(str(recording), soft_wrap=True, markup=False)
    for text in recording.history[1:]:
        stdout.print(text, soft_wrap=True, markup=False)
    stdout.print(f"Wrote {destination}. Next: twofold check {destination}", soft_wrap=True, markup=False)


class _Watched:
    """Responses that tell how far they were read."""

    def __init__(self, responses: LazyArray, report: Callable[[int, int, str], None]) -> None:
        self._responses = responses
        self._report = report
        self.shape = responses.shape
        self.dtype = responses.dtype

    def __getitem__(self, rows: Any) -> np.ndarray:
        values = self._responses[rows]
        if isinstance(rows, slice):
            self._report(rows.indices(len(self._responses))[1], len(self._responses), "writing rows")
        return values
