"""All experiments on one model: gratings, contrast, Gabor patches, most exciting videos, receptive fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Integer

from twofold.in_silico.gradients import receptive_fields
from twofold.in_silico.most_exciting import AscentOptions, MostExciting, most_exciting_videos
from twofold.in_silico.presenting import Progress, TuningCurves, present, tuning_curves
from twofold.in_silico.probe_options import ProbeOptions
from twofold.in_silico.screen import Responding, Screen
from twofold.in_silico.stimuli import Grating
from twofold.in_silico.tuning import gabor_table, grating_table, half_contrast


@dataclass(frozen=True, eq=False)
class Subject:
    """A model to experiment on.

    Parameters
    ----------
    name, kind
        Its own, and what it is made of; models of one kind differ in their seeds.
    respond
        The model, of the same neurons as the other subjects.
    """

    name: str
    kind: str
    respond: Responding


@dataclass(frozen=True, eq=False)
class Tuned:
    """What a model answers to gratings.

    Parameters
    ----------
    gratings
        Over direction, spatial and temporal frequency.
    contrast
        (contrast, neuron) response above grey to the best grating of each neuron.
    gabors
        Over row, column, size and direction.
    table
        A row per neuron, a column per measure.
    """

    gratings: TuningCurves
    contrast: Float[np.ndarray, "contrast neuron"]
    gabors: TuningCurves
    table: pd.DataFrame


def tuned(
    respond: Responding, screen: Screen, options: ProbeOptions, progress: Progress | None = None
) -> Tuned:
    """Show gratings and Gabor patches to a model."""
    how: dict[str, Any] = {
        "seconds": options.seconds,
        "videos_at_once": options.videos_at_once,
        "progress": progress,
    }
    gratings = tuning_curves(respond, screen, grating_axes(options), **how)
    contrast = contrast_curves(respond, screen, gratings, options, progress)
    gabors = tuning_curves(
        respond,
        screen,
        gabor_axes(screen, options),
        cycles_per_pixel=options.gabor_cycles_per_pixel,
        temporal_hz=options.gabor_hz,
        **how,
    )
    half = pd.DataFrame({"half_contrast": half_contrast(contrast, np.asarray(options.contrasts))})
    table = pd.concat([grating_table(gratings), half, gabor_table(gabors)], axis=1)
    return Tuned(gratings, contrast, gabors, table)


def contrast_curves(
    respond: Responding,
    screen: Screen,
    gratings: TuningCurves,
    options: ProbeOptions,
    progress: Progress | None = None,
) -> Float[np.ndarray, "contrast neuron"]:
    """Response above grey to the best grating of each neuron at several contrasts; each grating once."""
    best = np.stack([gratings.axes[name][place] for name, place in gratings.best.items()], axis=1)
    shown, which = np.unique(best, axis=0, return_inverse=True)
    all_of_them = [
        Grating(**dict(zip(gratings.axes, map(float, one), strict=True)), contrast=contrast)
        for contrast in options.contrasts
        for one in shown
    ]
    found = present(
        respond,
        screen,
        all_of_them,
        seconds=options.seconds,
        videos_at_once=options.videos_at_once,
        progress=progress,
    )
    mean = found.mean.reshape(len(options.contrasts), len(shown), -1)
    return np.maximum(mean[:, which.ravel(), np.arange(len(best))] - gratings.grey, 0)


def grating_axes(options: ProbeOptions) -> dict[str, np.ndarray]:
    """Properties of the whole gratings."""
    return {
        "direction_deg": np.arange(options.directions) * 360 / options.directions,
        "cycles_per_pixel": np.asarray(options.cycles_per_pixel),
        "temporal_hz": np.asarray(options.temporal_hz),
    }


def gabor_axes(screen: Screen, options: ProbeOptions) -> dict[str, np.ndarray]:
    """Properties of the Gabor patches; their centres are those of equal tiles of the screen."""
    return {
        "row": (np.arange(options.rows) + 0.5) * screen.height / options.rows - 0.5,
        "column": (np.arange(options.columns) + 0.5) * screen.width / options.columns - 0.5,
        "sd_px": np.asarray(options.sizes) * screen.height,
        "direction_deg": np.arange(options.gabor_orientations) * 180 / options.gabor_orientations,
    }


def most_driven(tables: list[pd.DataFrame], n: int) -> Integer[np.ndarray, " neuron"]:
    """Numbers of the neurons that gratings drive furthest above grey, mean over models, in order of number.

    Examples
    --------
    >>> table = pd.DataFrame({"response_best": [1.0, 5.0, 3.0], "response_grey": [1.0, 1.0, 1.0]})
    >>> most_driven([table], 2)
    array([1, 2])
    """
    above = np.mean([table["response_best"] - table["response_grey"] for table in tables], axis=0)
    return np.sort(np.argsort(-above, kind="stable")[:n])


@dataclass(frozen=True, eq=False)
class Sought:
    """What some neurons of a model look for.

    Parameters
    ----------
    exciting
        The most exciting video of each.
    fields
        (neuron, lag, height, width) receptive fields around the empty screen.
    """

    exciting: MostExciting
    fields: Float[np.ndarray, "neuron lag height width"]


def sought(
    respond: Responding,
    screen: Screen,
    neurons: Integer[np.ndarray, " neuron"],
    ascent: AscentOptions,
    seed: int,
    progress: Progress | None = None,
) -> Sought:
    """Most exciting videos and receptive fields; every model begins from the same random videos."""
    generator = torch.Generator().manual_seed(seed)
    exciting = most_exciting_videos(respond, screen, neurons, generator, ascent, progress=progress)
    fields = receptive_fields(respond, screen, neurons, neurons_at_once=ascent.videos_at_once)
    return Sought(exciting, fields)
