"""The command that fits a video model with a latent state."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from twofold.cli.console import pairs, progress_bar
from twofold.cli.encoding_runs import preset_for, tell_estimate, tell_scores
from twofold.errors import DataError, OptionError, did_you_mean

if TYPE_CHECKING:
    from twofold.encoding import LatentOptions, LatentVideoModel, TrainOptions
    from twofold.encoding.video_options import Preset
    from twofold.recordings import Recording


def fit_latent_video(
    recordings: Annotated[
        list[Path], typer.Argument(help="Stores, or folders of stores.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the fitted model.")],
    video: Annotated[
        Path | None,
        typer.Option(help="The --out of `twofold fit video` to begin from; without it, from scratch."),
    ] = None,
    dimension: Annotated[int, typer.Option(help="Latents.")] = 12,
    encoder: Annotated[
        Literal["gru", "cnn"], typer.Option(help="What reads the state: gru looks back, cnn to both sides.")
    ] = "gru",
    preset: Annotated[
        Literal["auto", "tiny", "small", "paper"],
        typer.Option(help="Size; auto is the largest that fits the frames, on a processor never paper."),
    ] = "auto",
    epochs: Annotated[int | None, typer.Option(help="At most so many.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(help="Seed; the same one gives the same model.")] = 0,
    settings: Annotated[
        list[str], typer.Option("--set", help="Any option, such as latent_map=position or batch_clips=4.")
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
    """Fit a video model with a latent state: what was shown, and what the animal's other neurons do.

    Example: twofold fit latent-video mouse.zarr --video runs/zig --out runs/latent --dimension 12
    """
    from twofold.encoding import fit
    from twofold.files import claim_folder
    from twofold.recordings import open_all
    from twofold.training import is_first_process

    opened = [recording for path in recordings for recording in open_all(path)]
    given = pairs(settings, "--set") | {"dimension": str(dimension), "encoder": encoder, "seed": str(seed)}
    given |= {} if epochs is None else {"epochs": str(epochs)}
    of_video, of_state, training, chosen = _options(opened, preset, given)
    is_first = is_first_process()  # with --set processes=2, every process begins here
    if is_first and out.is_dir() and any(out.iterdir()):
        claim_folder(out, resume=resume or overwrite)  # refuses before anything large is read
    model = _model(opened, video, of_video, of_state, training, chosen)
    if only_estimate:
        tell_estimate(model, opened, training)
        return
    with progress_bar("fit latent-video") if is_first else nullcontext() as progress:
        fit(model, opened, training, out=out, resume=resume, overwrite=overwrite, progress=progress)
    if is_first:
        tell_scores(out, recordings[0])


def _options(
    recordings: list[Recording], preset: Literal["auto"] | Preset, given: dict[str, str]
) -> tuple[dict[str, str], LatentOptions, TrainOptions, Preset]:
    """Texts for the video part, options of state and training, and the preset."""
    from twofold.encoding import LatentOptions, TrainOptions, VideoOptions

    parts = [
        {name: text for name, text in given.items() if name in kind.model_fields}
        for kind in (VideoOptions, LatentOptions, TrainOptions)
    ]
    known = {*VideoOptions.model_fields, *LatentOptions.model_fields, *TrainOptions.model_fields}
    for name, text in given.items():
        if name not in known:
            raise OptionError(f"--set {name}={text}: unknown option, {did_you_mean(name, known)}")
    device = TrainOptions.from_strings({"device": given["device"]} if "device" in given else {}).device
    chosen = preset_for(recordings, device) if preset == "auto" else preset
    training = TrainOptions.from_strings(parts[2], base=TrainOptions.preset(chosen))
    return parts[0], LatentOptions.from_strings(parts[1]), training, chosen


def _model(
    recordings: list[Recording],
    run: Path | None,
    of_video: dict[str, str],
    of_state: LatentOptions,
    training: TrainOptions,
    preset: Preset,
) -> LatentVideoModel:
    from twofold.encoding import LatentVideoModel, VideoModel, VideoOptions
    from twofold.runs.loading import load

    how: dict[str, Any] = {"random_state": training.seed}
    if run is None:
        options = VideoOptions.from_strings(of_video, base=VideoOptions.preset(preset))
        video = VideoModel.for_recordings(recordings, options=options, tier=training.training_tier, **how)
    else:
        if of_video:
            name, text = next(iter(of_video.items()))
            raise OptionError(f"--set {name}={text}: the video part is that of {run}; leave one of them out")
        video = load(run, device="cpu")
        if not isinstance(video, VideoModel):
            raise DataError(f"{run} holds no video model; give the --out of `twofold fit video`")
    positions = [recording.neurons.position_um for recording in recordings]
    return LatentVideoModel(video, of_state, positions=positions, **how)
