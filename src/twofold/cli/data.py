"""Commands on recordings: import, check, info, simulate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twofold.cli.console import pairs, stdout
from twofold.errors import DataError, OptionError

Source = Annotated[Path, typer.Argument(help="File to read: npz, npy, mat or h5.", show_default=False)]
Destination = Annotated[Path, typer.Argument(help="Store to write, such as mouse.zarr.", show_default=False)]
Store = Annotated[Path, typer.Argument(help="A store made by `twofold import`.", show_default=False)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Set an existing one aside (it is kept).")]
Repeated = list[str]


def import_arrays(
    source: Source,
    destination: Destination,
    responses: Annotated[str, typer.Option(help="Name of the array of responses.")],
    axes: Annotated[
        str, typer.Option(help="Its axes in order, such as neuron,repeat,time; axes of one name are joined.")
    ],
    bin_seconds: Annotated[float, typer.Option(help="Width of a time bin in seconds.")],
    neuron: Annotated[Repeated, typer.Option(help="Array with one value per neuron.")] = [],
    signal: Annotated[Repeated, typer.Option(help="Array with one value per time bin.")] = [],
    trial: Annotated[Repeated, typer.Option(help="Array with one value per trial.")] = [],
    frames: Annotated[str | None, typer.Option(help="Array of pictures (frame, height, width).")] = None,
    features: Annotated[Repeated, typer.Option(help="Array of frame features (frame, feature).")] = [],
    select: Annotated[Repeated, typer.Option(help="Fix an axis, such as category=0.")] = [],
    missing: Annotated[float | None, typer.Option(help="Value that means: not recorded.")] = None,
    drop_units_missing: Annotated[
        float | None, typer.Option(help="Drop units with this share of missing values or more.")
    ] = None,
    drop_repeats_missing: Annotated[
        bool, typer.Option("--drop-repeats-missing", help="Drop repeats with a missing value.")
    ] = False,
    repeats_per_block: Annotated[
        int | None, typer.Option(help="Repeats that were shown in one go, if there are blocks.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the recording; the file's by default.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Import arrays from an npz, npy, mat or h5 file by naming their axes.

    Example: twofold import arrays session.npz mouse.zarr --responses counts --axes neuron,repeat,time
    --bin-seconds 1 --neuron region --signal running_speed
    """
    from twofold.readers import read_arrays
    from twofold.recordings import save

    if destination.exists() and not overwrite:
        raise DataError(f"{destination} exists; add --overwrite to set it aside")
    recording = read_arrays(
        source,
        responses=responses,
        axes=[axis.strip() for axis in axes.split(",")],
        bin_seconds=bin_seconds,
        neuron=neuron,
        signal=signal,
        trial=trial,
        frames=frames,
        features=features,
        select={key: _index(key, value) for key, value in pairs(select, "--select").items()},
        missing=missing,
        drop_units_missing=drop_units_missing,
        drop_repeats_missing=drop_repeats_missing,
        repeats_per_block=repeats_per_block,
        name=name,
    )
    save(recording, destination, overwrite=overwrite)
    stdout.print(str(recording), soft_wrap=True, markup=False)
    stdout.print(f"Wrote {destination}. Next: twofold check {destination}", soft_wrap=True, markup=False)


def check_recording(path: Store) -> None:
    """Say what is wrong with a recording, in words; errors exit with 1, warnings with 0.

    Example: twofold check mouse.zarr
    """
    from twofold.recordings import open_recording, verify
    from twofold.recordings.check import check

    broken = verify(path)
    findings = None if broken else check(open_recording(path))
    errors = broken or (findings.errors if findings else ())
    for text in errors:
        stdout.print(f"[bold red]error[/]    {_plain(text)}", soft_wrap=True)
    for text in findings.warnings if findings else ():
        stdout.print(f"[yellow]warning[/]  {_plain(text)}", soft_wrap=True)
    if errors:
        raise typer.Exit(1)
    stdout.print(f"[green]ok[/]       {_plain(str(path))} can be used", soft_wrap=True)


def info(path: Store) -> None:
    """Say what is in a recording.

    Example: twofold info mouse.zarr
    """
    from rich.table import Table

    from twofold.recordings import open_recording

    recording = open_recording(path)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for key, value in _facts(recording):
        table.add_row(f"[bold]{key}[/]", _plain(value))
    stdout.print(table)


def simulate_movie_repeats(
    destination: Destination,
    small: Annotated[
        bool, typer.Option("--small", help="A small one, for a first look and for tests.")
    ] = False,
    mice: Annotated[int | None, typer.Option(help="Mice pooled into the one recording.")] = None,
    seed: Annotated[int, typer.Option(help="Seed; the same one gives the same recording.")] = 0,
    settings: Annotated[
        Repeated, typer.Option("--set", help="Any option, such as n_units=200 or state_gain=0.")
    ] = [],
    overwrite: Overwrite = False,
) -> None:
    """Simulate a population that watches a movie several times, with known truth.

    Example: twofold simulate movie-repeats movie.zarr --small --set state_gain=0
    """
    from twofold.recordings import save
    from twofold.simulate import MovieRepeats
    from twofold.simulate import simulate_movie_repeats as simulate

    if destination.exists() and not overwrite:
        raise DataError(f"{destination} exists; add --overwrite to set it aside")
    options = MovieRepeats.small() if small else MovieRepeats()
    given = pairs(settings, "--set") | ({} if mice is None else {"mice": str(mice)})
    recording = simulate(MovieRepeats.from_strings(given, base=options), random_state=seed)
    save(recording, destination, overwrite=overwrite)
    stdout.print(str(recording), soft_wrap=True, markup=False)
    stdout.print(f"Wrote {destination}", soft_wrap=True, markup=False)


def _facts(recording: object) -> list[tuple[str, str]]:
    from twofold.recordings import Recording

    assert isinstance(recording, Recording)
    trials, neurons = recording.trials.table, recording.neurons.table
    tiers = ", ".join(f"{tier} {n}" for tier, n in trials["tier"].value_counts().items())
    facts = [
        ("name", recording.name),
        (
            "responses",
            f"{recording.responses.shape[0]} time points x {recording.responses.shape[1]} neurons, "
            f"{recording.responses.dtype}, bins of {recording.bin_s:g} s",
        ),
        (
            "trials",
            f"{len(trials)} ({tiers}), {trials['repeat'].nunique()} repeats, "
            f"{len(recording.stimuli)} stimuli",
        ),
        ("trial columns", ", ".join(map(str, trials.columns))),
        ("neuron columns", ", ".join(map(str, neurons.columns)) or "none"),
    ]
    for column in ("region", "area"):
        if column in neurons:
            counts = neurons[column].value_counts()
            facts.append((column, ", ".join(f"{name} {n}" for name, n in counts.items())))
    for name, signal in recording.signals.items():
        facts.append(("signal", f"{name} {signal.unit}: {len(signal)} samples".replace(" :", ":")))
    shown = next(iter(recording.stimuli.values()), None)
    if shown is not None:
        pictures = "with pictures" if shown.frames is not None else "without pictures"
        facts.append(("first stimulus", f"{len(shown)} frames at {shown.rate_hz:g} Hz, {pictures}"))
    if recording.truth:
        facts.append(("known truth", ", ".join(recording.truth)))
    return [*facts, *(("history", text) for text in recording.history)]


def _index(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise OptionError(f"--select {name}={text}: an index is a whole number, such as {name}=0") from None


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
