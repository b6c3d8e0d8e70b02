"""The command that experiments on fitted encoding models."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twofold.cli.console import pairs, progress_bar, stdout
from twofold.errors import DataError, OptionError, did_you_mean

if TYPE_CHECKING:
    from twofold.encoding.expected import ExpectedResponses
    from twofold.in_silico import AscentOptions, Probed, ProbeOptions, Screen, Subject


def probe(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="The --out of `twofold fit video` or `latent-video`; several, of the same neurons, are "
            "compared.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for tables, curves and videos.")],
    recording: Annotated[
        str | None,
        typer.Option(help="Name of the recording whose neurons are probed; the first by default."),
    ] = None,
    neurons: Annotated[
        str | None,
        typer.Option(
            help="Neurons whose most exciting video is sought, such as 0,7,12; by default the 16 that "
            "gratings drive most (--set videos=16).",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the videos that the search begins from.")] = 0,
    settings: Annotated[
        list[str], typer.Option("--set", help="Any option, such as rate_hz=30, directions=8 or contrast=0.1.")
    ] = [],
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
    only_estimate: Annotated[
        bool, typer.Option("--estimate", help="Say how long it will take at most; then stop.")
    ] = False,
) -> None:
    """Show gratings and Gabor patches to fitted models, and seek the video that excites each neuron most.

    Writes tuning.csv, tuning_curves.npz, most_exciting.npz with receptive fields, a contact sheet and a
    moving picture per model; of several models also how far they agree (reproducibility.csv).

    Example: twofold probe runs/zig --out probed

    Example: twofold probe runs/zig-0 runs/zig-1 runs/latent-0 --out probed --neurons 0,7,12
    """
    import numpy as np

    from twofold.files import claim_folder
    from twofold.in_silico import probe as probe_models
    from twofold.in_silico.writing import write

    options, ascent = _options(pairs(settings, "--set"))
    chosen = None if neurons is None else np.array(_numbers(neurons))
    if out.is_dir() and any(out.iterdir()):
        claim_folder(out, resume=overwrite)  # refuses before anything is computed
    subjects, screen = _subjects(runs, recording, device, options)
    if only_estimate:
        _tell_estimate(
            subjects, screen, options, ascent, len(chosen) if chosen is not None else options.videos
        )
        return
    with progress_bar("probe") as progress:
        probed = probe_models(subjects, screen, options, ascent, neurons=chosen, seed=seed, progress=progress)
    claim_folder(out, overwrite=overwrite)
    written = [*write(probed, out), *_draw(probed, out)]
    names = ", ".join(path.name for path in written)
    stdout.print(f"Wrote {out}: {names}", soft_wrap=True, markup=False)


def _options(given: dict[str, str]) -> tuple[ProbeOptions, AscentOptions]:
    """What is given goes to all that know it."""
    from twofold.in_silico import AscentOptions, ProbeOptions

    known = {*ProbeOptions.model_fields, *AscentOptions.model_fields}
    for name, text in given.items():
        if name not in known:
            raise OptionError(f"--set {name}={text}: unknown option, {did_you_mean(name, known)}")
    return (
        ProbeOptions.from_strings({k: v for k, v in given.items() if k in ProbeOptions.model_fields}),
        AscentOptions.from_strings({k: v for k, v in given.items() if k in AscentOptions.model_fields}),
    )


def _numbers(text: str) -> list[int]:
    try:
        return sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise OptionError(f"--neurons {text}: give numbers with commas, such as 0,7,12") from None


def _subjects(
    runs: list[Path], recording: str | None, device: str, options: ProbeOptions
) -> tuple[list[Subject], Screen]:
    """The models by the names of their folders, and the screen that all of them were trained at."""
    from twofold.encoding import LatentVideoModel, VideoModel
    from twofold.encoding.expected import ExpectedResponses
    from twofold.in_silico import Screen, Subject
    from twofold.runs.loading import load

    name, faces = recording, []
    for run in runs:
        model = load(run, device=device)
        if not isinstance(model, VideoModel | LatentVideoModel):
            raise DataError(
                f"{run} holds an embedding, which knows no videos; fit one with twofold fit video"
            )
        name = model.names[0] if name is None else name
        faces.append(ExpectedResponses(model, name))
        _refuse_another(runs[0], faces[0], run, faces[-1])
    often = Counter(run.name for run in runs)
    names = [run.name if often[run.name] == 1 else str(run) for run in runs]
    subjects = [
        Subject(name, f"{face.kind}-{face.model.options.likelihood}", face)
        for name, face in zip(names, faces, strict=True)
    ]
    return subjects, Screen.before(faces[0], rate_hz=options.rate_hz, low=options.low, high=options.high)


def _refuse_another(first: Path, one: ExpectedResponses, run: Path, other: ExpectedResponses) -> None:
    for what in ("n_neurons", "frame_shape", "frames_lost"):
        if getattr(one, what) != getattr(other, what):
            raise DataError(
                f"{first} and {run} differ in {what.replace('_', ' ')}: {getattr(one, what)} and "
                f"{getattr(other, what)}; probe them one by one"
            )


def _tell_estimate(
    subjects: list[Subject], screen: Screen, options: ProbeOptions, ascent: AscentOptions, n_videos: int
) -> None:
    from twofold.in_silico.cost import seconds_at_most

    seconds = sum(seconds_at_most(own.respond, screen, options, ascent, n_videos) for own in subjects)
    stdout.print(f"{len(subjects)} models: at most about {seconds / 60:.1f} minutes", soft_wrap=True)


def _draw(probed: Probed, out: Path) -> list[Path]:
    """A contact sheet and a moving picture for each model."""
    from twofold.files import written_whole
    from twofold.reporting.figures.most_exciting import contact_sheet, moving_sheet

    paths = []
    grey = {"low": probed.screen.low, "high": probed.screen.high}
    labels = [f"neuron {number}" for number in probed.neurons]
    own = zip(probed.subjects, probed.sought, strict=True) if probed.sought else ()
    for number, (subject, found) in enumerate(own, start=1):
        videos = found.exciting.video
        title = f"Most exciting videos of {subject.name}"
        sheet = contact_sheet(videos, labels, rate_hz=probed.screen.rate_hz, title=title, **grey)
        stem = out / f"most_exciting-{number}"
        with written_whole(stem.with_suffix(".png")) as temporary:
            sheet.savefig(temporary, dpi=150)
        with written_whole(stem.with_suffix(".gif")) as temporary:
            temporary.write_bytes(moving_sheet(videos, **grey))
        paths += [stem.with_suffix(".png"), stem.with_suffix(".gif")]
    return paths
