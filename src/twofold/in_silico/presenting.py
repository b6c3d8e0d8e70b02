r"""Show gratings to a model and keep, for each neuron, mean and modulation over whole cycles.

.. math:: F_0 = \frac1T \sum_t r(t), \quad F_1 = \Big| \frac2T \sum_t r(t)\, e^{-2\pi i f t} \Big|
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from math import ceil

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike

from twofold.errors import DataError, OptionError, did_you_mean
from twofold.in_silico.screen import Responding, Screen
from twofold.in_silico.stimuli import Grating

Progress = Callable[[int, int, str], None]
AXES = tuple(field.name for field in fields(Grating))


@dataclass(frozen=True, eq=False)
class CycleResponses:
    """Responses to some gratings.

    Parameters
    ----------
    mean, modulation
        (grating, neuron), F0 and F1.
    """

    mean: Float[np.ndarray, "grating neuron"]
    modulation: Float[np.ndarray, "grating neuron"]


@dataclass(frozen=True, eq=False)
class TuningCurves:
    """Responses to all combinations of some properties of a grating.

    Parameters
    ----------
    axes
        Name of a property to its values, in the order of the axes.
    mean, modulation
        (..., neuron), an axis per property.
    grey
        (neuron,) response to the empty screen.
    """

    axes: Mapping[str, Float[np.ndarray, " value"]]
    mean: Float[np.ndarray, "*axes neuron"]
    modulation: Float[np.ndarray, "*axes neuron"]
    grey: Float[np.ndarray, " neuron"]

    @property
    def above_grey(self) -> Float[np.ndarray, "*axes neuron"]:
        """Mean response above that to the empty screen; 0 where it is below."""
        return np.maximum(self.mean - self.grey, 0)

    @property
    def best(self) -> dict[str, np.ndarray]:
        """(neuron,) place of the largest mean response along each axis."""
        places = np.unravel_index(self.mean.reshape(-1, len(self.grey)).argmax(axis=0), self.mean.shape[:-1])
        return dict(zip(self.axes, places, strict=True))

    def through_best(self, *names: str) -> Float[np.ndarray, "*values neuron"]:
        """Response above grey along some axes, every other property at the best of each neuron."""
        best, free = self.best, np.ix_(*(np.arange(len(self.axes[name])) for name in names))
        along = {name: place[..., None] for name, place in zip(names, free, strict=True)}
        places = [along.get(name, best[name]) for name in self.axes]
        return self.above_grey[(*places, np.arange(len(self.grey)))]


def present(
    respond: Responding,
    screen: Screen,
    gratings: Sequence[Grating],
    *,
    seconds: float = 1.0,
    videos_at_once: int = 16,
    progress: Progress | None = None,
) -> CycleResponses:
    """Responses to gratings, over the fewest whole cycles that last so long.

    Parameters
    ----------
    respond
        The model.
    screen
        Before it.
    gratings
        What is shown.
    seconds
        At least so long each; the frames before the first response come on top.
    videos_at_once
        How many in one call of the model.
    progress
        Called with how many were shown, of how many.

    Raises
    ------
    OptionError
        If the screen cannot show a grating.
    DataError
        If the model does not answer once per frame but for those that are lost.
    """
    if not gratings:
        raise OptionError("there is no grating to show; give at least one")
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for temporal_hz in sorted({grating.temporal_hz for grating in gratings}):
        numbers = [n for n, grating in enumerate(gratings) if grating.temporal_hz == temporal_hz]
        n_answers = _frames_of_cycles(temporal_hz, seconds, screen.rate_hz)
        turn = np.exp(-2j * np.pi * temporal_hz * np.arange(n_answers) / screen.rate_hz)
        for first in range(0, len(numbers), videos_at_once):
            some = numbers[first : first + videos_at_once]
            video = np.stack([gratings[n].shown(screen, screen.frames_lost + n_answers) for n in some])
            answers = responses_to(respond, screen, video)
            f_0 = answers.mean(axis=1)
            f_1 = np.abs(2 * np.einsum("t,vtn->vn", turn, answers - f_0[:, None]) / n_answers)
            found |= {n: (f_0[place], f_1[place]) for place, n in enumerate(some)}
            if progress is not None:
                progress(len(found), len(gratings), "gratings")
    means, modulations = zip(*(found[n] for n in range(len(gratings))), strict=True)
    return CycleResponses(np.stack(means), np.stack(modulations))


def tuning_curves(
    respond: Responding,
    screen: Screen,
    axes: Mapping[str, ArrayLike],
    *,
    seconds: float = 1.0,
    videos_at_once: int = 16,
    progress: Progress | None = None,
    **fixed: float,
) -> TuningCurves:
    """Responses to gratings with all combinations of some properties.

    Parameters
    ----------
    respond, screen, seconds, videos_at_once, progress
        As in `present`.
    axes
        Name of a property of `Grating` to its values.
    **fixed
        The other properties.

    Raises
    ------
    OptionError
        If a property is unknown or without values, or a grating cannot be shown.

    Examples
    --------
    >>> screen = Screen(18, 32, frames_lost=0, grey=80.0, sd=50.0)
    >>> def flicker(video):                  # a neuron that is driven by the pixel in the middle
    ...     return (video[:, :, 9, 16, None] - 80).clamp(min=0)
    >>> axes = {"direction_deg": [0, 90], "contrast": [0.5, 1]}
    >>> curves = tuning_curves(flicker, screen, axes, cycles_per_pixel=0.1, temporal_hz=2)
    >>> curves.mean.shape                    # (direction, contrast, neuron)
    (2, 2, 1)
    """
    for name in (*axes, *fixed):
        if name not in AXES:
            raise OptionError(f"a grating has no {name!r}; {did_you_mean(name, AXES)}")
    values = {name: np.atleast_1d(np.asarray(each, dtype=float)) for name, each in axes.items()}
    shape = tuple(len(each) for each in values.values())
    if 0 in shape or not shape:
        raise OptionError("tuning_curves: every property that changes needs at least one value")
    gratings = [
        Grating(**dict(zip(values, map(float, combination), strict=True)), **fixed)
        for combination in product(*values.values())
    ]
    found = present(
        respond, screen, gratings, seconds=seconds, videos_at_once=videos_at_once, progress=progress
    )
    grey = responses_to(respond, screen, screen.blank(screen.frames_lost + 1)[None])[0, 0]
    mean, modulation = (each.reshape(*shape, -1) for each in (found.mean, found.modulation))
    return TuningCurves(values, mean, modulation, grey)


@torch.no_grad()
def responses_to(
    respond: Responding, screen: Screen, video: Float[np.ndarray, "video frame height width"]
) -> Float[np.ndarray, "video answer neuron"]:
    """What a model answers, checked.

    Raises
    ------
    DataError
        If it does not answer once per frame but for those that are lost, or not with numbers.
    """
    answers = respond(torch.from_numpy(video)).cpu().double().numpy()
    due = (len(video), video.shape[1] - screen.frames_lost)
    if answers.ndim != 3 or answers.shape[:2] != due:
        raise DataError(
            f"the model answered {answers.shape} to videos of {video.shape}; due is (video, frame - "
            f"frames_lost, neuron) = ({due[0]}, {due[1]}, ...)"
        )
    if not np.isfinite(answers).all():
        raise DataError("the model answered with NaN or infinity to a video of finite grey values")
    return answers


def _frames_of_cycles(temporal_hz: float, seconds: float, rate_hz: float) -> int:
    cycles = max(1, ceil(seconds * temporal_hz - 1e-9))
    return round(cycles * rate_hz / temporal_hz)
