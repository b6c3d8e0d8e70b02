"""The command that imports NWB files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twofold.cli.console import pairs, stdout
from twofold.errors import DataError, OptionError

if TYPE_CHECKING:
    from twofold.readers import UnitQuality


def import_nwb(
    source: Annotated[Path, typer.Argument(help="NWB file to read.", show_default=False)],
    destination: Annotated[Path, typer.Argument(help="Store to write: mouse.zarr.", show_default=False)],
    intervals: Annotated[
        str | None,
        typer.Option(help="Table of frames or trials, index series or movie that says what was shown."),
    ] = None,
    units: Annotated[str | None, typer.Option(help="Table of sorted units; units by default.")] = None,
    responses: Annotated[
        str | None,
        typer.Option(help="Series (time, neuron) instead, as processing/ophys/DfOverF/RoiResponseSeries."),
    ] = None,
    region: Annotated[list[str], typer.Option(help="Keep neurons of this region, such as VISp.")] = [],
    bins_per_frame: Annotated[
        int | None, typer.Option(help="Bins per frame; 4 for spikes, as in the paper, 1 for series.")
    ] = None,
    average: Annotated[
        bool, typer.Option("--average", help="Store the mean over the bins of a frame.")
    ] = False,
    bin_seconds: Annotated[
        float | None, typer.Option(help="Width of a bin in seconds, where there are trials, not frames.")
    ] = None,
    stimulus_column: Annotated[
        str | None, typer.Option(help="Column of the trials that says what was shown.")
    ] = None,
    frames: Annotated[str | None, typer.Option(help="Stimulus template with the pictures.")] = None,
    signal: Annotated[
        list[str], typer.Option(help="NAME=PLACE of a signal; running and pupil by default.")
    ] = [],
    max_isi_violations: Annotated[
        float | None, typer.Option(help="Keep units below this; 0.5 by default.")
    ] = None,
    max_amplitude_cutoff: Annotated[
        float | None, typer.Option(help="Keep units below this; 0.1 by default.")
    ] = None,
    min_presence_ratio: Annotated[
        float | None, typer.Option(help="Keep units above this; 0.95 by default.")
    ] = None,
    all_units: Annotated[bool, typer.Option("--all-units", help="Keep units of any quality.")] = False,
    keep_invalid: Annotated[
        bool, typer.Option("--keep-invalid", help="Keep presentations that overlap invalid times.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="Name of the recording; the file's by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Set an existing one aside.")] = False,
) -> None:
    """Import spikes or two-photon responses from an NWB file, on the clock of what was shown.

    Example: twofold import nwb session.nwb mouse.zarr --intervals natural_movie_one_presentations
    --region VISp
    """
    from twofold.readers import read_nwb
    from twofold.recordings import save

    if destination.exists() and not overwrite:
        raise DataError(f"{destination} exists; add --overwrite to set it aside")
    limits = {
        "max_isi_violations": max_isi_violations,
        "max_amplitude_cutoff": max_amplitude_cutoff,
        "min_presence_ratio": min_presence_ratio,
    }
    recording = read_nwb(
        source,
        units=units,
        responses=responses,
        intervals=intervals,
        bins_per_frame=bins_per_frame,
        average=average,
        bin_seconds=bin_seconds,
        stimulus_column=stimulus_column,
        frames=frames,
        quality=_quality({option: limit for option, limit in limits.items() if limit is not None}, all_units),
        regions=region,
        signals=pairs(signal, "--signal") or None,
        keep_invalid=keep_invalid,
        name=name,
    )
    save(recording, destination, overwrite=overwrite)
    for text in (str(recording), *recording.history):
        stdout.print(text, soft_wrap=True, markup=False)
    stdout.print(f"Wrote {destination}. Next: twofold check {destination}", soft_wrap=True, markup=False)


def _quality(limits: dict[str, float], all_units: bool) -> UnitQuality | None:
    from twofold.readers import UnitQuality

    if all_units and limits:
        raise OptionError("--all-units keeps units of any quality; leave out the limits, or --all-units")
    return None if all_units else UnitQuality(**limits)
