"""A new mouse cheaply: what a fitted core makes of the first few clips of another mouse."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import ceil
from typing import Protocol, runtime_checkable

import numpy as np
from pydantic import Field, PositiveInt
from torch import nn

from twofold.encoding.calibration import LEARNED, STOPPING, calibration_clips
from twofold.encoding.fit import fit
from twofold.encoding.latent.model import LatentVideoModel
from twofold.encoding.latent.options import LatentOptions
from twofold.encoding.scores import score
from twofold.encoding.train_options import Share, TrainOptions
from twofold.encoding.video import VideoModel
from twofold.encoding.video_options import VideoOptions
from twofold.errors import OptionError
from twofold.options import Options
from twofold.recordings import Recording
from twofold.training import RandomState


@runtime_checkable
class Adapting(Protocol):
    """Whatever makes a model of another mouse from its trials, as the models themselves do."""

    def adapt(
        self, recording: Recording, options: TrainOptions | None = None, *, random_state: RandomState = 0
    ) -> VideoModel | LatentVideoModel:
        """A fitted model of the recording."""
        ...


@dataclass(frozen=True)
class FromScratch:
    """What the clips of a mouse are worth without any other mouse: all of a model is trained on them.

    Parameters
    ----------
    video
        Options of the video model.
    latent
        What is added; None for the video alone.
    """

    video: VideoOptions
    latent: LatentOptions | None = None

    def adapt(
        self, recording: Recording, options: TrainOptions | None = None, *, random_state: RandomState = 0
    ) -> VideoModel | LatentVideoModel:
        """A model that begins untrained, fitted to the recording."""
        training = options or TrainOptions()
        video = VideoModel.for_recordings(
            [recording], options=self.video, tier=training.training_tier, random_state=random_state
        )
        if self.latent is None:
            return fit(video, [recording], training)
        places = [recording.neurons.position_um]
        model = LatentVideoModel(video, self.latent, positions=places, random_state=random_state)
        return fit(model, [recording], training)


class FewShotOptions(Options):
    """Options of `few_shot_curve`.

    Parameters
    ----------
    clips
        Numbers of calibration clips, each with a video of its own.
    seeds
        Of the order in which clips are taken, and of the new weights.
    steps
        Of each training, whatever the number of clips.
    stopping
        Share at the end of every clip that is not learned from but decides which epoch is kept; a single clip
        has one, too.
    tier
        From which clips are taken.
    scored
        Tier that is scored; nothing is fitted on it, nor stopped by it.
    frames_skipped
        At the beginning of its trials, for the correlation.
    """

    clips: tuple[PositiveInt, ...] = Field(default=(1, 2, 5, 10, 20, 50, 100), min_length=1)
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    steps: PositiveInt = 400
    stopping: Share = 0.25
    tier: str = "train"
    scored: str = "live_test_main"
    frames_skipped: int = 50


@dataclass(frozen=True)
class FewShotPoint:
    """One adapted model.

    Parameters
    ----------
    model
        Name of the model that was adapted.
    clips, seed
        How many, and which.
    frames
        That were learned from.
    seconds
        Of the training, on the clock.
    parameters_per_neuron
        Weights that were trained, divided by the neurons.
    correlation_single_trial, bits_marginal, bits_null
        On the tier scored, from the video alone; the null is fitted on the calibration clips.
    correlation_conditioned, bits_conditioned
        Of half of the neurons given the other half; None for a model without a state.
    """

    model: str
    clips: int
    seed: int
    frames: int
    seconds: float
    parameters_per_neuron: float
    correlation_single_trial: float
    bits_marginal: float
    bits_null: float
    correlation_conditioned: float | None
    bits_conditioned: float | None

    def as_dict(self) -> dict[str, str | int | float | None]:
        """Plain values for JSON."""
        return asdict(self)


def few_shot_curve(
    models: Mapping[str, Adapting],
    recording: Recording,
    options: FewShotOptions | None = None,
    training: TrainOptions | None = None,
) -> Iterator[FewShotPoint]:
    """Adapt models to a new mouse by ever more clips, and score them on others, a point at a time.

    With a seed, fewer clips are the first ones of more, and all models get the same.

    Parameters
    ----------
    models
        By name, fitted to other mice; they are not changed. One whose weights on the state follow from
        positions (`latent_map="position"`) shows what positions are worth beside free weights, and
        `FromScratch` what the other mice are worth.
    recording
        The new mouse.
    options
        How many clips, from where, and what is scored.
    training
        Everything else about training; tiers, epochs and seed are set here, and a clip of training is at most
        what is left of a trial.

    Raises
    ------
    OptionError
        If there is no model, or the tier scored is the one that clips are taken from.
    DataError
        If there are fewer videos than clips are asked for, or the recording does not fit a model.
    """
    options, training = options or FewShotOptions(), training or TrainOptions()
    if not models:
        raise OptionError("there is no model to adapt; give at least one by a name")
    if options.scored == options.tier:
        raise OptionError(f"scored={options.scored!r} is the tier that clips are taken from; score another")
    _part(recording, max(options.clips), options, options.seeds[0])  # what is wrong is said at once
    for seed in options.seeds:
        for n in sorted(options.clips):
            part = _part(recording, n, options, seed)
            how = _training(part, n, options, training, seed)
            for name, model in models.items():
                began = time.perf_counter()
                adapted = model.adapt(part, how, random_state=seed)
                seconds = time.perf_counter() - began
                yield _point(name, n, seed, seconds, adapted, part, options)


def parameters_per_neuron(model: nn.Module, n_neurons: int) -> float:
    """Weights that a training changes, divided by the neurons.

    Examples
    --------
    >>> parameters_per_neuron(nn.Linear(3, 8), 4)
    8.0
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad) / n_neurons


def _part(recording: Recording, n: int, options: FewShotOptions, seed: int) -> Recording:
    return calibration_clips(
        recording, n, tier=options.tier, scored=options.scored, stopping=options.stopping, seed=seed
    )


def _training(
    part: Recording, n: int, options: FewShotOptions, training: TrainOptions, seed: int
) -> TrainOptions:
    """The same number of steps for any number of clips; the best epoch is kept."""
    tiers = part.trials.column("tier")
    spans = part.trials.table.loc[tiers == LEARNED, ["start_s", "stop_s"]].to_numpy(dtype=float)
    shortest = int(np.floor((spans[:, 1] - spans[:, 0]).min() / part.bin_s + 1e-6))
    epochs = ceil(options.steps / ceil(n / training.batch_clips))
    return training.model_copy(
        update={
            "epochs": epochs,
            "clip_frames": min(training.clip_frames, shortest),
            "patience": epochs,
            "rounds": 1,
            "decay_patience": max(1, epochs // 8),
            "training_tier": LEARNED,
            "validation_tier": STOPPING,
            "seed": seed,
        }
    )


def _point(
    name: str,
    n: int,
    seed: int,
    seconds: float,
    adapted: VideoModel | LatentVideoModel,
    part: Recording,
    options: FewShotOptions,
) -> FewShotPoint:
    found = score(adapted, part, options.scored, frames_skipped=options.frames_skipped, training_tier=LEARNED)
    return FewShotPoint(
        name,
        n,
        seed,
        len(part.tier(LEARNED).time_s),
        seconds,
        parameters_per_neuron(adapted, found.n_neurons),
        found.correlation_single_trial,
        found.bits_marginal,
        found.bits_null,
        found.correlation_conditioned,
        found.bits_conditioned,
    )
