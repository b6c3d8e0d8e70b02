"""Which experiments are done on a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from twofold.options import Options

Values = Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]


class ProbeOptions(Options):
    """Options of `probe`.

    Parameters
    ----------
    directions
        Of drifting gratings, evenly around the circle; a multiple of 4.
    cycles_per_pixel, temporal_hz
        Their spatial and temporal frequencies, increasing.
    contrasts
        At which each neuron sees its best grating, increasing.
    rows, columns
        Centres of Gabor patches, evenly over the screen.
    sizes
        Their standard deviations, as shares of the height of the screen, increasing.
    gabor_orientations
        From 0 on, evenly over 180 degrees.
    gabor_cycles_per_pixel, gabor_hz
        Their spatial and temporal frequency.
    seconds
        Each is shown at least so long, and for whole cycles.
    videos
        Neurons for which the most exciting video is sought: those that gratings drive most.
    videos_at_once
        Shown in one call of the model.
    rate_hz
        Frames per second of the videos that the model was trained on.
    low, high
        Darkest and brightest grey value of these.

    Raises
    ------
    OptionError
        If a name is unknown or a value cannot work.

    Examples
    --------
    >>> ProbeOptions(directions=6)
    Traceback (most recent call last):
    ...
    twofold.errors.OptionError: ProbeOptions: directions=6: give a multiple of 4, such as 8
    """

    directions: PositiveInt = 16
    cycles_per_pixel: Values = (0.03, 0.06, 0.12, 0.24)
    temporal_hz: Values = (1.0, 2.0, 4.0, 8.0)
    contrasts: Values = (0.06, 0.12, 0.25, 0.5, 1.0)
    rows: PositiveInt = 5
    columns: PositiveInt = 7
    sizes: Values = (0.08, 0.16, 0.32)
    gabor_orientations: PositiveInt = 4
    gabor_cycles_per_pixel: PositiveFloat = 0.1
    gabor_hz: PositiveFloat = 4.0
    seconds: PositiveFloat = 0.5
    videos: NonNegativeInt = 16
    videos_at_once: PositiveInt = 16
    rate_hz: PositiveFloat = 30.0
    low: float = 0.0
    high: float = 255.0

    @model_validator(mode="after")
    def _belong_together(self) -> ProbeOptions:
        if self.directions % 4:
            raise ValueError(f"directions={self.directions}: give a multiple of 4, such as 8")
        for name in ("cycles_per_pixel", "temporal_hz", "contrasts", "sizes"):
            values = getattr(self, name)
            if list(values) != sorted(set(values)):
                raise ValueError(f"{name}={values}: give increasing values")
        if self.contrasts[-1] > 1:
            raise ValueError(f"contrasts={self.contrasts}: give shares up to 1")
        nyquist = self.rate_hz / 2
        if max(*self.temporal_hz, self.gabor_hz) >= nyquist:
            raise ValueError(
                f"temporal_hz={self.temporal_hz}, gabor_hz={self.gabor_hz:g}: {self.rate_hz:g} frames per "
                f"second show motion below {nyquist:g} Hz only"
            )
        if max(*self.cycles_per_pixel, self.gabor_cycles_per_pixel) > 0.5:
            raise ValueError(f"cycles_per_pixel={self.cycles_per_pixel}: pixels show at most 0.5")
        return self
