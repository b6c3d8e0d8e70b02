r"""What tuning curves say in numbers: what a neuron prefers, and how selective it is.

With r the response above that to an empty screen, and theta the directions of motion:

.. math::

    \mathrm{OSI} = \frac{|\sum_\theta r_\theta e^{2i\theta}|}{\sum_\theta r_\theta}, \quad
    \mathrm{DSI} = \frac{|\sum_\theta r_\theta e^{i\theta}|}{\sum_\theta r_\theta}

The preferred orientation is half of the angle of the former sum; the preferred direction is where the two
harmonics of these sums are together largest.

Sources: Ringach et al. 2002 (J Neurosci 22) for one minus the circular variance, Mazurek et al. 2014 (Front
Neural Circuits 8) for it beside the ratios (R_p - R_o) / (R_p + R_o).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Complex, Float

from twofold.errors import OptionError
from twofold.in_silico.presenting import TuningCurves

PerNeuron = Float[np.ndarray, " neuron"]
Curve = Float[np.ndarray, "value neuron"]


@dataclass(frozen=True, eq=False)
class DirectionTuning:
    """Tuning to the direction of motion; NaN for a neuron that never answers.

    Parameters
    ----------
    preferred_direction_deg
        (neuron,) 0 to 360, counter-clockwise; 0 is to the right.
    preferred_orientation_deg
        (neuron,) 0 to 180, of the bars; 0 is horizontal.
    orientation_selectivity, direction_selectivity
        (neuron,) 0 to 1, by vector sums: OSI and DSI.
    orientation_ratio, direction_ratio
        (neuron,) 0 to 1, of preferred against orthogonal orientation and opposite direction.
    """

    preferred_direction_deg: PerNeuron
    preferred_orientation_deg: PerNeuron
    orientation_selectivity: PerNeuron
    direction_selectivity: PerNeuron
    orientation_ratio: PerNeuron
    direction_ratio: PerNeuron


def direction_tuning(response: Curve, directions_deg: Float[np.ndarray, " value"]) -> DirectionTuning:
    """Preferred direction and selectivity.

    Parameters
    ----------
    response
        (direction, neuron), 0 or more.
    directions_deg
        Of motion, evenly spaced around the circle, a multiple of 4 of them.

    Raises
    ------
    OptionError
        If the directions do not go around the circle so, or a response is negative.

    Examples
    --------
    >>> directions = np.arange(0.0, 360.0, 45.0)
    >>> response = 1 + np.cos(np.deg2rad(directions - 90))[:, None]
    >>> found = direction_tuning(response, directions)
    >>> found.preferred_direction_deg.round(6), found.direction_selectivity.round(6)
    (array([90.]), array([0.5]))
    """
    n = len(directions_deg)
    if n < 4 or n % 4 or not np.allclose(np.diff(directions_deg), 360 / n):
        raise OptionError(
            f"directions_deg={directions_deg.tolist()}: give 4, 8, 12, ... evenly spaced around the circle"
        )
    if (response < 0).any():
        raise OptionError("responses below 0 have no vector sum; give what is above the response to grey")
    angle = np.deg2rad(directions_deg)[:, None]
    once, twice = ((response * np.exp(k * 1j * angle)).sum(axis=0) for k in (1, 2))
    total = np.where(response.any(axis=0), response.sum(axis=0), np.nan)
    answers = np.isfinite(total)
    direction = np.where(answers, np.rad2deg(_top_of_harmonics(once, twice)) % 360, np.nan)
    orientation = np.where(answers, (np.rad2deg(np.angle(twice) / 2) + 90) % 180, np.nan)
    top = response.argmax(axis=0)
    preferred, opposite, one_side, other_side = (
        np.take_along_axis(response, (top + quarter * n // 4)[None] % n, axis=0)[0]
        for quarter in (0, 2, 1, 3)
    )
    return DirectionTuning(
        preferred_direction_deg=direction,
        preferred_orientation_deg=orientation,
        orientation_selectivity=np.abs(twice) / total,
        direction_selectivity=np.abs(once) / total,
        orientation_ratio=_ratio(preferred + opposite, one_side + other_side),
        direction_ratio=_ratio(preferred, opposite),
    )


def _top_of_harmonics(
    once: Complex[np.ndarray, " neuron"], twice: Complex[np.ndarray, " neuron"]
) -> PerNeuron:
    """Angle at which Re(once e^{-i theta} + twice e^{-2i theta}) is largest: on a grid, then by Newton."""
    theta = np.arange(0, 2 * np.pi, 2 * np.pi / 360)[:, None]
    place = (once * np.exp(-1j * theta) + twice * np.exp(-2j * theta)).real.argmax(axis=0)
    found = theta[place, 0]
    for _ in range(3):
        first, second = once * np.exp(-1j * found), twice * np.exp(-2j * found)
        slope, bend = (first + 2 * second).imag, (first + 4 * second).real
        found = found + np.where(bend > 0, slope / np.where(bend > 0, bend, 1), 0)
    return found


def peak(response: Curve, values: Float[np.ndarray, " value"], *, log: bool = False) -> PerNeuron:
    """Where a curve is largest: top of the parabola through the largest response and its two neighbours.

    At an end of the curve it is that end, which says only that the top is not inside.

    Parameters
    ----------
    response
        (value, neuron).
    values
        Increasing.
    log
        Whether the parabola is over log values, as for frequencies.

    Examples
    --------
    >>> values = np.array([0.0, 1.0, 2.0, 4.0])
    >>> peak(9 - (values - 1.6)[:, None] ** 2, values).round(6)
    array([1.6])
    """
    x = np.log(values) if log else values
    top, neurons = response.argmax(axis=0), np.arange(response.shape[1])
    found = x[top].astype(float)
    if len(x) > 2:
        i = np.clip(top, 1, len(x) - 2)
        to_left, to_right = x[i] - x[i - 1], x[i + 1] - x[i]
        rise, fall = (response[i, neurons] - response[side, neurons] for side in (i - 1, i + 1))
        bend = to_left * fall + to_right * rise
        inside = (top == i) & (bend > 0)
        shift = 0.5 * (to_right**2 * rise - to_left**2 * fall) / np.where(inside, bend, 1)
        found = np.where(inside, found + shift, found)
    found = np.where(response.max(axis=0) > 0, found, np.nan)
    return np.exp(found) if log else found


def grating_table(curves: TuningCurves) -> pd.DataFrame:
    """Tuning to whole gratings, a row per neuron.

    Columns: those of `DirectionTuning`, the preferred `cycles_per_pixel` and `temporal_hz`,
    `modulation_ratio` F1 / (F0 - grey) at the best grating (above 1: a simple cell), and the responses
    `response_best` and `response_grey`.

    Parameters
    ----------
    curves
        With axes direction_deg, cycles_per_pixel and temporal_hz.

    Raises
    ------
    OptionError
        If an axis is missing.
    """
    _require(curves, ("direction_deg", "cycles_per_pixel", "temporal_hz"))
    directions = direction_tuning(curves.through_best("direction_deg"), curves.axes["direction_deg"])
    at_best = (*curves.best.values(), np.arange(len(curves.grey)))
    above = curves.above_grey[at_best]
    frequencies = {
        name: peak(curves.through_best(name), curves.axes[name], log=True)
        for name in ("cycles_per_pixel", "temporal_hz")
    }
    return pd.DataFrame(
        {
            **vars(directions),
            **frequencies,
            "modulation_ratio": curves.modulation[at_best] / np.where(above > 0, above, np.nan),
            "response_best": curves.mean[at_best],
            "response_grey": curves.grey,
        }
    )


def gabor_table(curves: TuningCurves) -> pd.DataFrame:
    """Tuning to Gabor patches, a row per neuron: centre `row` and `column`, and size `sd_px`.

    The centre is the mean position, each weighted by its response above half of the largest; the size is the
    peak of the curve through the best patch.

    Parameters
    ----------
    curves
        With axes row, column and sd_px, and any others.

    Raises
    ------
    OptionError
        If an axis is missing.
    """
    _require(curves, ("row", "column", "sd_px"))
    maps = curves.through_best("row", "column")
    top = maps.max(axis=(0, 1))
    weight = np.maximum(maps - top / 2, 0) / np.where(top > 0, top / 2, np.nan)
    share = weight / weight.sum(axis=(0, 1))
    return pd.DataFrame(
        {
            "row": (share.sum(axis=1) * curves.axes["row"][:, None]).sum(axis=0),
            "column": (share.sum(axis=0) * curves.axes["column"][:, None]).sum(axis=0),
            "sd_px": peak(curves.through_best("sd_px"), curves.axes["sd_px"], log=True),
        }
    )


def half_contrast(response: Curve, contrasts: Float[np.ndarray, " value"]) -> PerNeuron:
    """Contrast at which the response first reaches half of its largest, between contrasts by a line.

    At contrast 0 the response is 0.

    Parameters
    ----------
    response
        (contrast, neuron) above grey.
    contrasts
        Increasing, above 0.

    Examples
    --------
    >>> half_contrast(np.array([[1.0], [3.0], [4.0]]), np.array([0.2, 0.4, 0.8])).round(6)
    array([0.3])
    """
    x = np.concatenate([[0.0], contrasts])
    r = np.concatenate([np.zeros((1, response.shape[1])), response])
    half = r.max(axis=0) / 2
    first = (r >= half).argmax(axis=0)
    neurons = np.flatnonzero(half > 0)
    found = np.full(response.shape[1], np.nan)
    below, at = r[first[neurons] - 1, neurons], r[first[neurons], neurons]
    share = (half[neurons] - below) / (at - below)
    found[neurons] = x[first[neurons] - 1] + share * (x[first[neurons]] - x[first[neurons] - 1])
    return found


def _ratio(one: PerNeuron, other: PerNeuron) -> PerNeuron:
    both = one + other
    return (one - other) / np.where(both > 0, both, np.nan)


def _require(curves: TuningCurves, names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in curves.axes]
    if missing:
        raise OptionError(f"the tuning curves have no axis {missing[0]!r}, only {', '.join(curves.axes)}")
