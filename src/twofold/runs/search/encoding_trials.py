"""Trials of video models: fits that are scored by their correlation on the validation tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from twofold.encoding import LatentOptions, LatentVideoModel, TrainOptions, VideoModel, VideoOptions, fit
from twofold.encoding.training_data import TrainingData
from twofold.encoding.video_options import Preset
from twofold.errors import DataError, OptionError
from twofold.recordings import Recording
from twofold.runs.loading import load
from twofold.runs.search.plan import SearchPlan

Tell = Callable[[float], None]


def encoding_options(model: str) -> tuple[str, ...]:
    """All options that a trial may have."""
    kinds = (VideoOptions, TrainOptions) + ((LatentOptions,) if model == "latent-video" else ())
    return tuple(name for kind in kinds for name in kind.model_fields)


def check_encoding(plan: SearchPlan, recordings: Sequence[Recording]) -> None:
    """Refuse what no trial could be fitted to, before any begins.

    Raises
    ------
    OptionError, DataError
        If the recordings, or the first options of the space, cannot work.
    """
    model, training = _parts(plan, recordings, plan.example)
    TrainingData.of(model, recordings, training)


def fit_encoding(
    plan: SearchPlan, recordings: Sequence[Recording], options: Mapping[str, str], tell: Tell
) -> float:
    """The best correlation on the validation tier of any epoch.

    Parameters
    ----------
    plan, recordings
        The search, and what is fitted to.
    options
        Those of this trial and the fixed ones, as texts.
    tell
        Called with the correlation after every epoch; what it raises ends the fit.
    """
    model, training = _parts(plan, recordings, options)
    fitted = fit(model, recordings, training, on_epoch=lambda log: tell(log[-1]["correlation"]))
    return max(row["correlation"] for row in fitted.history)


def _parts(
    plan: SearchPlan, recordings: Sequence[Recording], options: Mapping[str, str]
) -> tuple[VideoModel | LatentVideoModel, TrainOptions]:
    preset = cast(Preset, plan.preset)
    of_video, of_state, of_training = (
        {name: text for name, text in options.items() if name in kind.model_fields}
        for kind in (VideoOptions, LatentOptions, TrainOptions)
    )
    training = TrainOptions.from_strings(
        {"seed": str(plan.seed), **of_training}, base=TrainOptions.preset(preset)
    )
    how: dict[str, Any] = {"random_state": training.seed}
    if plan.video is None:
        sizes = VideoOptions.from_strings(of_video, base=VideoOptions.preset(preset))
        video = VideoModel.for_recordings(recordings, options=sizes, tier=training.training_tier, **how)
    else:
        video = _begun(plan.video, of_video)
    if plan.model == "video":
        return video, training
    positions = [recording.neurons.position_um for recording in recordings]
    return LatentVideoModel(video, LatentOptions.from_strings(of_state), positions=positions, **how), training


def _begun(run: str, of_video: Mapping[str, str]) -> VideoModel:
    if of_video:
        raise OptionError(f"{next(iter(of_video))}: the video part is that of {run}; leave one of them out")
    video = load(run, device="cpu")
    if not isinstance(video, VideoModel):
        raise DataError(f"{run} holds no video model; give the --out of `twofold fit video`")
    return video
