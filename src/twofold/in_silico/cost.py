"""How long the experiments on one model will take, from one call of it with and one without a gradient."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil, prod

import numpy as np
import torch

from twofold.in_silico.gradients import value_and_slope
from twofold.in_silico.most_exciting import AscentOptions
from twofold.in_silico.presenting import responses_to
from twofold.in_silico.probe_options import ProbeOptions
from twofold.in_silico.probing import gabor_axes, grating_axes
from twofold.in_silico.screen import Responding, Screen


def seconds_at_most(
    respond: Responding, screen: Screen, options: ProbeOptions, ascent: AscentOptions, n_videos: int
) -> float:
    """Seconds of all experiments on one model, if no ascent ends before its last step.

    Parameters
    ----------
    respond
        The model.
    screen
        Before it.
    options, ascent
        What is asked of it.
    n_videos
        Neurons for which the most exciting video is sought.
    """
    axes = grating_axes(options), gabor_axes(screen, options)
    n_shown = sum(prod(len(values) for values in own.values()) for own in axes)
    n_frames = screen.frames_lost + ceil(options.seconds * screen.rate_hz)
    video = np.stack([screen.blank(n_frames)] * options.videos_at_once)
    showing = _seconds(lambda: responses_to(respond, screen, video))
    shortest = screen.blank(screen.frames_lost + ascent.answers)
    copies = torch.from_numpy(np.stack([shortest] * ascent.videos_at_once))
    which = torch.zeros(len(copies), dtype=torch.int64)
    climbing = _seconds(lambda: value_and_slope(respond, copies, which, ascent.answers))
    turns = ceil(n_videos * ascent.starts / ascent.videos_at_once) * (ascent.steps + 1)
    return showing * ceil(n_shown / options.videos_at_once) + climbing * turns


def _seconds(work: Callable[[], object]) -> float:
    """Of the second of two calls."""
    for _ in range(2):
        began = time.perf_counter()
        work()
        last = time.perf_counter() - began
    return last
