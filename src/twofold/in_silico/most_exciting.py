r"""The video that excites a neuron most, by gradient ascent inside the limits of the screen.

.. math:: x \leftarrow P\Big(x + \eta\, r \frac{B \nabla f(x)}{|B \nabla f(x)|}\Big)

with f the expected response, B a blur, r the length that the contrast gives, and P the closest video inside
the limits. A step is taken only if the response grows, eta then doubles, and else it halves: the ascent is
monotone and needs no learning rate. For large eta it is the power method, which climbs every convex f
(Journée et al. 2010, JMLR 11). Sources: Walker et al. 2019 (Nat Neurosci 22) for most exciting inputs with a
blurred gradient, Höfling et al. 2024 (eLife 86860) for videos.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, Integer
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional

from twofold.errors import OptionError
from twofold.in_silico.gradients import value_and_slope
from twofold.in_silico.limits import Limits, Videos
from twofold.in_silico.presenting import Progress
from twofold.in_silico.screen import Responding, Screen
from twofold.in_silico.smoothing import Blur
from twofold.options import Options

LEAST_STEP, MOST_STEP = 1e-3, 1e3  # as shares of the video's length
LEAST_GAIN = 1e-6  # of the response


class AscentOptions(Options):
    """How most exciting videos are found.

    Parameters
    ----------
    contrast
        Root mean square over all pixels and frames, in standard deviations of the training videos.
    answers
        Responses at the end of the video whose mean is made large; the video has as many frames more than the
        model needs for one response.
    starts
        Random videos to begin from. They come in pairs of a video and its negative, of which one lies on the
        right side of a threshold.
    steps
        At most.
    blur_px, blur_frames
        Of the gradient, in space and time; 0 for none.
    videos_at_once
        In one call of the model.
    """

    contrast: PositiveFloat = 0.2
    answers: PositiveInt = 1
    starts: PositiveInt = 4
    steps: PositiveInt = 100
    blur_px: NonNegativeFloat = 1.0
    blur_frames: NonNegativeFloat = 0.7
    videos_at_once: PositiveInt = 32


@dataclass(frozen=True, eq=False)
class MostExciting:
    """The most exciting video of each neuron.

    Parameters
    ----------
    neurons
        (neuron,) numbers in the model.
    video
        (neuron, frame, height, width) grey values, of the best start.
    response
        (neuron, start) response at the end of the ascent.
    similarity
        (neuron, start) cosine with the best start's video; where responses are equal and this is low, many
        videos excite alike, as for a cell that does not care for the phase.
    """

    neurons: Integer[np.ndarray, " neuron"]
    video: Float[np.ndarray, "neuron frame height width"]
    response: Float[np.ndarray, "neuron start"]
    similarity: Float[np.ndarray, "neuron start"]


def most_exciting_videos(
    respond: Responding,
    screen: Screen,
    neurons: Integer[np.ndarray, " neuron"],
    generator: torch.Generator,
    options: AscentOptions | None = None,
    *,
    progress: Progress | None = None,
) -> MostExciting:
    """Find the most exciting videos of some neurons, many at once.

    Parameters
    ----------
    respond
        The model; a gradient goes through it, and videos do not know of each other.
    screen
        Before it.
    neurons
        Which.
    generator
        Where the first videos come from; those of a neuron depend on how many come before it, and not on
        `videos_at_once`.
    options
        How.
    progress
        Called with neurons done, of how many.

    Raises
    ------
    OptionError
        If there is no neuron, or the screen cannot show the contrast.
    DataError
        If no gradient goes through the model, or it answers with NaN.

    Examples
    --------
    >>> screen = Screen(3, 3, frames_lost=0, grey=80.0, sd=50.0)
    >>> def bright_left_dark_right(video):
    ...     return (video[..., 0].sum(2) - video[..., 2].sum(2))[:, :, None]
    >>> found = most_exciting_videos(
    ...     bright_left_dark_right, screen, np.array([0]), torch.Generator().manual_seed(0),
    ...     AscentOptions(contrast=0.5, blur_px=0, blur_frames=0))
    >>> found.video[0, 0, 0].round()
    array([111.,  80.,  49.], dtype=float32)
    """
    if not len(neurons):
        raise OptionError("there is no neuron to find a video for; give at least one")
    options = options or AscentOptions()
    limits = Limits(
        options.contrast, (screen.low - screen.grey) / screen.sd, (screen.high - screen.grey) / screen.sd
    )
    blur = Blur(options.blur_px, options.blur_frames)
    at_once = max(1, options.videos_at_once // options.starts)
    found = []
    for first in range(0, len(neurons), at_once):
        some = torch.from_numpy(np.asarray(neurons[first : first + at_once], dtype=np.int64))
        start = torch.cat([_starts(screen, options, blur, limits, generator) for _ in some])
        which = some.repeat_interleave(options.starts)
        found.append(_best(*_ascend(respond, screen, start, which, options, blur, limits), options.starts))
        if progress is not None:
            progress(min(first + at_once, len(neurons)), len(neurons), "most exciting videos")
    video, response, similarity = (torch.cat(parts).numpy() for parts in zip(*found, strict=True))
    return MostExciting(np.asarray(neurons), screen.grey + screen.sd * video, response, similarity)


def _starts(
    screen: Screen, options: AscentOptions, blur: Blur, limits: Limits, generator: torch.Generator
) -> Float[Tensor, "start frame height width"]:
    shape = (screen.frames_lost + options.answers, screen.height, screen.width)
    noise = torch.randn((-(-options.starts // 2), *shape), generator=generator)
    pairs = torch.stack([noise, -noise], dim=1).flatten(0, 1)[: options.starts]
    return limits.hold(blur(pairs))


def _ascend(
    respond: Responding,
    screen: Screen,
    start: Videos,
    neurons: Int64[Tensor, " video"],
    options: AscentOptions,
    blur: Blur,
    limits: Limits,
) -> tuple[Videos, Float[Tensor, " video"]]:
    """Videos in standard deviations from grey, and the responses to them."""

    def climb(x: Videos, of: Int64[Tensor, " video"]) -> tuple[Float[Tensor, " video"], Videos]:
        value, slope = value_and_slope(respond, screen.grey + screen.sd * x, of, options.answers)
        return value, functional.normalize(blur(slope).flatten(1), dim=1, eps=1e-30).view_as(x)

    length = options.contrast * start[0].numel() ** 0.5
    x, (value, towards) = start.clone(), climb(start, neurons)
    step = torch.ones_like(value)
    for _ in range(options.steps):
        going = (step >= LEAST_STEP).nonzero()[:, 0]
        if not len(going):
            break
        eta = (length * step[going]).view(-1, 1, 1, 1)
        tried = limits.hold(x[going] + eta * towards[going])
        new, new_towards = climb(tried, neurons[going])
        better = new > value[going] + LEAST_GAIN * value[going].abs()
        up = going[better]
        x[up], value[up], towards[up] = tried[better], new[better], new_towards[better]
        step[going] = torch.where(better, 2 * step[going], step[going] / 2).clamp(max=MOST_STEP)
    return x, value


def _best(x: Videos, value: Float[Tensor, " video"], starts: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of each neuron the best video, the responses by start, and how similar their videos are to it."""
    each, response = x.unflatten(0, (-1, starts)), value.view(-1, starts)
    best = each[torch.arange(len(each)), response.argmax(1)]
    unit = functional.normalize(each.flatten(2), dim=2)
    similarity = (unit @ functional.normalize(best.flatten(1), dim=1).unsqueeze(2)).squeeze(2)
    return best, response, similarity
