"""The command that fits a video model."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from twofold.cli.console import pairs, progress_bar
from twofold.cli.encoding_runs import preset_for, tell_estimate, tell_scores
from twofold.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    from twofold.encoding import TrainOptions, VideoOptions
    from twofold.encoding.video_options import Preset
    from twofold.recordings import Recording


def fit_video(
    recordings: Annotated[
        list[Path], typer.Argument(help="Stores, or folders of stores.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the fitted model.")],
    likelihood: Annotated[
        Literal["zig", "flow", "poisson", "gaussian"], typer.Option(help="How responses scatter.")
    ] = "zig",
    preset: Annotated[
        Literal["auto", "tiny", "small", "paper"],
        typer.Option(help="Size; auto is the largest that fits the frames, on a processor never paper."),
    ] = "auto",
    epochs: Annotated[int | None, typer.Option(help="At most so many.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(help="Seed; the same one gives the same model.")] = 0,
    settings: Annotated[
        list[str], typer.Option("--set", help="Any option, such as batch_clips=4 or channels=8,16,16.")
    ] = [],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in a folder with the same options.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
    only_estimate: Annotated[
        bool,
        typer.Option("--estimate", help="Say how long it will take and how much memory it needs; then stop."),
    ] = False,
) -> None:
    """Fit a video model to recordings: what was shown to a distribution over responses.

    Example: twofold fit video mouse.zarr --out runs/zig --likelihood zig --set epochs=50
    """
    from twofold.encoding import VideoModel, fit
    from twofold.files import claim_folder
    from twofold.recordings import open_all
    from twofold.training import is_first_process

    opened = [recording for path in recordings for recording in open_all(path)]
    given = pairs(settings, "--set") | {"likelihood": likelihood, "seed": str(seed)}
    given |= {} if epochs is None else {"epochs": str(epochs)}
    options, training = _options(opened, preset, given)
    is_first = is_first_process()  # with --set processes=2, every process begins here
    if is_first and out.is_dir() and any(out.iterdir()):
        claim_folder(out, resume=resume or overwrite)  # refuses before anything large is read
    model = VideoModel.for_recordings(
        opened, options=options, tier=training.training_tier, random_state=training.seed
    )
    if only_estimate:
        tell_estimate(model, opened, training)
        return
    with progress_bar("fit video") if is_first else nullcontext() as progress:
        fit(model, opened, training, out=out, resume=resume, overwrite=overwrite, progress=progress)
    if is_first:
        tell_scores(out, recordings[0])


def _options(
    recordings: list[Recording], preset: Literal["auto"] | Preset, given: dict[str, str]
) -> tuple[VideoOptions, TrainOptions]:
    """Options of the model and of its training; what is given goes to the one that knows it."""
    from twofold.encoding import TrainOptions, VideoOptions

    known = {*VideoOptions.model_fields, *TrainOptions.model_fields}
    for name, text in given.items():
        if name not in known:
            raise OptionError(f"--set {name}={text}: unknown option, {did_you_mean(name, known)}")
    of_model = {name: text for name, text in given.items() if name in VideoOptions.model_fields}
    of_training = {name: text for name, text in given.items() if name in TrainOptions.model_fields}
    device = TrainOptions.from_strings({"device": given["device"]} if "device" in given else {}).device
    chosen = preset_for(recordings, device) if preset == "auto" else preset
    return (
        VideoOptions.from_strings(of_model, base=VideoOptions.preset(chosen)),
        TrainOptions.from_strings(of_training, base=TrainOptions.preset(chosen)),
    )
