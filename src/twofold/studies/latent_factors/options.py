"""Options of the study latent-factors."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from twofold.errors import did_you_mean
from twofold.options import Options
from twofold.studies.latent_factors.presets import PRESETS, RICHER, RIVALS

Preset = Literal["demo", "quick", "small", "paper"]
Share = Annotated[float, Field(gt=0, lt=1)]


class LatentFactorsOptions(Options):
    """Options of the study latent-factors; the defaults are those of preset `small`.

    Parameters
    ----------
    preset_name
        What they started from; kept beside the results.
    size
        Of the video model: "tiny", "small" or "paper".
    most_neurons, most_train_clips, most_repeats
        Of each recording no more are used, drawn at random; None is all.
    validation_repeats
        Of each oracle video, so many repeats decide when a training stops; None is all.
    clip_frames, batch_clips, learning_rate, patience, decay_patience, rounds
        Of each training, as in `TrainOptions`.
    video_epochs, latent_epochs, position_epochs, sweep_epochs
        Most epochs of video models, of models with a state that start from them, of those whose weights
        follow from the position, which is learned more slowly, and of those on a curve or in table 8. A
        model that starts from nothing gets the first two.
    seeds
        Trainings of each model of table 1; all else is trained once.
    dimension
        Latents of the main model.
    dimensions
        Latents on the axis of figures 3 and 4.
    given_shares, matched_shares
        Shares of the neurons that are given on the curve, and those for which a model is trained likewise.
    low_dimension, high_dimension
        Models on that curve beside the main one; None for no further one.
    held_out_share
        Neurons that training does not see, to extrapolate to.
    samples, training_samples, sample_trials
        Samples of the state on the axis of figure 8, samples in training, and trials of each recording that
        are scored by them.
    smoother_samples
        Samples in the training of models with a smoother, or with a flow prior.
    own_setups
        Whether models of table 2 have readouts without positions, as in the paper, which takes a further
        video model; else they share that of table 1, and the rows say so.
    richer
        Richer latents that are trained in a table of their own.
    rivals
        Competitors that are fitted beside the latent model; all others are rows without a value.
    rival_dimension, flow_steps, gpfa_steps
        Dimensions of those that have latents; most steps of the trainings of FlowFactors and GPFA.
    bootstrap, surrogates
        Draws behind each interval and each null.
    seed
        Seed of everything that is drawn.
    device, precision
        As in `TrainOptions`.

    Examples
    --------
    >>> LatentFactorsOptions.preset("demo").seeds
    1
    """

    preset_name: Preset = "small"
    size: Literal["tiny", "small", "paper"] = "small"
    most_neurons: Annotated[int, Field(ge=12)] | None = None
    most_train_clips: Annotated[int, Field(ge=2)] | None = None
    most_repeats: Annotated[int, Field(ge=2)] | None = 6
    validation_repeats: PositiveInt | None = 2
    clip_frames: PositiveInt = 60
    batch_clips: PositiveInt = 2
    learning_rate: PositiveFloat = 5e-3
    patience: PositiveInt = 8
    decay_patience: NonNegativeInt = 3
    rounds: PositiveInt = 1
    video_epochs: PositiveInt = 12
    latent_epochs: PositiveInt = 10
    position_epochs: PositiveInt = 30
    sweep_epochs: PositiveInt = 6
    seeds: PositiveInt = 3
    dimension: PositiveInt = 12
    dimensions: tuple[PositiveInt, ...] = Field(default=(1, 2, 3, 6, 12, 20), min_length=2)
    given_shares: tuple[Share, ...] = Field(default=(0.05, 0.1, 0.25, 0.5, 0.75), min_length=2)
    matched_shares: tuple[Share, ...] = (0.1, 0.75)
    low_dimension: PositiveInt | None = 1
    high_dimension: PositiveInt | None = None
    held_out_share: Share = 0.1
    samples: tuple[PositiveInt, ...] = Field(default=(1, 10, 100, 1000), min_length=2)
    training_samples: tuple[PositiveInt, ...] = (1, 10)
    sample_trials: PositiveInt = 2
    smoother_samples: PositiveInt = 3
    own_setups: bool = True
    richer: tuple[str, ...] = tuple(RICHER)
    rivals: tuple[str, ...] = RIVALS
    rival_dimension: PositiveInt = 3
    flow_steps: PositiveInt = 600
    gpfa_steps: PositiveInt = 50
    bootstrap: Annotated[int, Field(ge=20)] = 1000
    surrogates: Annotated[int, Field(ge=19)] = 499
    seed: int = Field(default=0, ge=0, lt=2**31)
    device: str = "auto"
    precision: Literal["fp32", "bf16", "auto"] = "fp32"

    @field_validator("dimensions", "given_shares", "matched_shares", "samples", "training_samples")
    @classmethod
    def _in_rising_order(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if list(values) != sorted(set(values)):
            raise ValueError("give each value once, the smallest first")
        return values

    @field_validator("rivals")
    @classmethod
    def _rivals(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _known(names, RIVALS)

    @field_validator("richer")
    @classmethod
    def _richer(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _known(names, RICHER)

    @model_validator(mode="after")
    def _belong_together(self) -> LatentFactorsOptions:
        if max(self.given_shares) > 0.75:
            raise ValueError(
                f"given_shares={self.given_shares}: a quarter of the neurons is scored, so give up to 0.75"
            )
        unknown = sorted(set(self.matched_shares) - set(self.given_shares))
        if unknown:
            raise ValueError(f"matched_shares={self.matched_shares}: {unknown[0]} is not in given_shares")
        return self

    @property
    def cuts(self) -> str:
        """How much less than the paper this does, as a sentence.

        Examples
        --------
        >>> LatentFactorsOptions.preset("quick").cuts[:40]
        'preset quick takes 1 seed, 6 latents, at'
        """
        repeats = "all repeats" if self.most_repeats is None else f"{self.most_repeats} repeats of a video"
        clips = "all" if self.most_train_clips is None else f"{self.most_train_clips}"
        neurons = "all" if self.most_neurons is None else f"{self.most_neurons}"
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds for table 1 and 1 elsewhere"
        return (
            f"preset {self.preset_name} takes {seeds}, {self.dimension} latents, at most {self.video_epochs} "
            f"epochs ({self.latent_epochs} from a fitted model, {self.sweep_epochs} on curves, in table 8), "
            f"{neurons} neurons, {clips} training clips and {repeats}"
        )

    @classmethod
    def preset(cls, name: Preset, **changes: Any) -> LatentFactorsOptions:
        """Options by name: `demo` takes a minute, `quick` minutes, `small` an hour; `paper` needs a GPU."""
        return cls(**{"preset_name": name, **PRESETS[name], **changes})


def _known(names: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r}: {did_you_mean(name, known)}")
    return names
