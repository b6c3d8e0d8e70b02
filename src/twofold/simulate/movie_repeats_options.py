"""Sizes and strengths of the simulation of one movie shown again and again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from twofold.options import Options
from twofold.simulate.movie import HELD_FRAMES


class MovieRepeats(Options):
    """Options of the simulation; the defaults are the sizes of the paper.

    Parameters
    ----------
    n_units, n_frames, n_repeats
        Units of all mice together, frames of the movie, and presentations of it.
    frame_hz, bins_per_frame
        Frames per second, and bins of the counts in one frame.
    height, width, cuts
        Size of the picture in pixels, and cuts in the movie.
    mice
        Pseudo-mouse: each has its own state, and their units are put side by side.
    blocks, gap_s
        Blocks of presentations, and the pause between blocks.
    median_rate_hz, rate_spread
        Of the log-normal mean rates.
    stimulus_gain, state_gain
        Strength of the two parts; 0 switches one off.
    state_dimensions, state_seconds
        Latents per mouse, and their shortest and longest time constant.
    gain_state
        The first latent of a mouse is a gain that moves all its units alike.
    drift
        Standard deviation of a unit's change in log rate from one presentation to the next.
    counts, dispersion
        "poisson", or "negative-binomial" of variance mean + dispersion mean^2 per bin.
    refractory_ms, adaptation
        A bin holds one spike per refractory time; a spike divides the rate by exp(adaptation).
    identical_adjacent
        Runs of 3 frames that are made identical to the frame before them.

    Raises
    ------
    OptionError
        If a value cannot work; all problems are told at once.

    Examples
    --------
    >>> MovieRepeats.small(mice=1).n_units
    160
    >>> MovieRepeats(blocks=11)
    Traceback (most recent call last):
    ...
    twofold.errors.OptionError: MovieRepeats: blocks=11 is more than n_repeats=10
    """

    n_units: PositiveInt = 800
    n_frames: Annotated[int, Field(ge=2)] = 900
    n_repeats: PositiveInt = 10
    frame_hz: PositiveFloat = 30.0
    bins_per_frame: PositiveInt = 4
    height: Annotated[int, Field(ge=8)] = 36
    width: Annotated[int, Field(ge=8)] = 64
    cuts: NonNegativeInt = 10
    mice: PositiveInt = 8
    blocks: PositiveInt = 2
    gap_s: NonNegativeFloat = 300.0
    median_rate_hz: Annotated[float, Field(ge=0.1, le=30)] = 1.65
    rate_spread: Annotated[float, Field(ge=0, le=3)] = 1.5
    stimulus_gain: NonNegativeFloat = 4.0
    state_gain: Annotated[float, Field(ge=0, le=3)] = 0.7
    state_dimensions: Annotated[int, Field(ge=2, le=16)] = 3
    state_seconds: tuple[PositiveFloat, PositiveFloat] = (1.5, 6.0)
    gain_state: bool = False
    drift: Annotated[float, Field(ge=0, le=1)] = 0.05
    counts: Literal["poisson", "negative-binomial"] = "poisson"
    dispersion: PositiveFloat = 0.5
    refractory_ms: NonNegativeFloat = 0.0
    adaptation: NonNegativeFloat = 0.0
    identical_adjacent: NonNegativeInt = 0

    @classmethod
    def small(cls, **changes: Any) -> MovieRepeats:
        """A recording of two mice and four seconds of movie, which takes a fraction of a second."""
        sizes = {"n_units": 160, "n_frames": 120, "bins_per_frame": 2, "mice": 2, "gap_s": 20.0}
        movie = {"height": 18, "width": 32, "cuts": 6}
        strengths = {
            "stimulus_gain": 6.0,
            "median_rate_hz": 12.0,
            "rate_spread": 0.7,
            "state_seconds": (0.3, 0.9),
        }
        return cls(**{**sizes, **movie, **strengths, **changes})

    @model_validator(mode="after")
    def _fit_together(self) -> MovieRepeats:
        held = (self.n_frames - 1) // (HELD_FRAMES + 1)
        rules = {
            f"mice={self.mice} is more than n_units={self.n_units}": self.mice > self.n_units,
            f"blocks={self.blocks} is more than n_repeats={self.n_repeats}": self.blocks > self.n_repeats,
            f"cuts={self.cuts} is too many for n_frames={self.n_frames}": self.cuts >= self.n_frames,
            f"identical_adjacent={self.identical_adjacent} is more than the {held} runs of {HELD_FRAMES} "
            f"frames that n_frames={self.n_frames} has room for": self.identical_adjacent > held,
            f"state_seconds={self.state_seconds} must be the shortest and then the longest time constant": (
                self.state_seconds[0] > self.state_seconds[1]
            ),
        }
        broken = [rule for rule, is_broken in rules.items() if is_broken]
        if broken:
            raise ValueError("; ".join(broken))
        return self
