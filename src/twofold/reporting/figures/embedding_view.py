"""What a picture of an embedding shows: two or three axes of it, and a colour for every sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from jaxtyping import Float, Int, Num
from matplotlib.colors import to_hex

from twofold.errors import DataError, OptionError
from twofold.reporting.palette import HUES

CONTINUOUS = "viridis"
MOST_CLASSES = 24
MOST_REPEATS = 12  # that get a legend


@dataclass(frozen=True, eq=False)
class Classes:
    """Samples of a few kinds, each with its name and colour."""

    names: tuple[str, ...]
    colours: tuple[str, ...]
    number: Int[np.ndarray, " time"]


@dataclass(frozen=True, eq=False)
class Scale:
    """Samples along a line of numbers."""

    values: Float[np.ndarray, " time"]


@dataclass(frozen=True, eq=False)
class Points:
    """Samples in two or three dimensions, and what the axes are called."""

    at: Num[np.ndarray, "time axis"]
    names: tuple[str, ...]


def points(latents: np.ndarray, dimensions: int, axes: Sequence[int] | None = None) -> Points:
    """Choose the axes to show.

    Parameters
    ----------
    latents
        (time, dimension).
    dimensions
        2 or 3.
    axes
        Which latents; None takes them all where there are as many, or else their principal components.

    Raises
    ------
    DataError
        If the latents are no finite table, or have too few dimensions.
    OptionError
        If the axes cannot be shown.
    """
    if latents.ndim != 2 or not latents.size or not np.isfinite(latents).all():
        raise DataError(f"latents of shape {latents.shape}: give finite numbers (time, dimension)")
    if dimensions not in (2, 3):
        raise OptionError(f"dimensions={dimensions}: give 2 or 3")
    n = latents.shape[1]
    if n < dimensions:
        raise DataError(f"the latents have {n} dimensions; dimensions={dimensions} cannot be shown")
    if axes is None and n > dimensions:
        centred = latents - latents.mean(axis=0)
        directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :dimensions]
        largest = directions[np.abs(directions).argmax(axis=0), np.arange(dimensions)]
        return Points(
            centred @ (directions * np.sign(largest)),
            tuple(f"component {k + 1}" for k in range(dimensions)),
        )
    chosen = list(range(dimensions)) if axes is None else list(axes)
    if len(chosen) != dimensions or not all(0 <= k < n for k in chosen):
        raise OptionError(f"axes={chosen}: give {dimensions} numbers from 0 to {n - 1}")
    return Points(latents[:, chosen], tuple(f"latent {k + 1}" for k in chosen))


def colouring(colour: np.ndarray | Sequence | None, kind: str, n_samples: int) -> Classes | Scale:
    """Classes or numbers, from what the caller gives.

    Strings and booleans are classes, in order of appearance; so are up to 12 repeats, and integers of up to 8
    values. Other numbers make a scale.

    Raises
    ------
    DataError
        If there is not one finite value per sample, or there are more classes than colours.
    OptionError
        If the kind is none of the three, or nothing is given for another kind than time.

    Examples
    --------
    >>> colouring(["left", "right", "left"], "label", 3).names
    ('left', 'right')
    >>> colouring(None, "time", 3).values
    array([0., 1., 2.])
    """
    if kind not in ("label", "time", "repeat"):
        raise OptionError(f"kind={kind!r}: give 'label', 'time' or 'repeat'")
    if colour is None:
        if kind != "time":
            raise OptionError(f"colour=None: give one {kind} per sample; only time can be counted")
        return Scale(np.arange(n_samples, dtype=float))
    values = np.asarray(colour)
    if values.shape != (n_samples,):
        raise DataError(f"colour of shape {values.shape} for {n_samples} samples; give one value each")
    if values.dtype.kind not in "iuf":
        return _classes(*_in_order_of_appearance(values.astype(str)))
    if not np.isfinite(values).all():
        raise DataError(f"colour: NaN or infinity at row {np.flatnonzero(~np.isfinite(values))[0]}")
    most = {"time": 0, "label": len(HUES) if values.dtype.kind != "f" else 0, "repeat": MOST_REPEATS}[kind]
    distinct, number = np.unique(values, return_inverse=True)
    return _classes(distinct.astype(str), number) if len(distinct) <= most else Scale(values.astype(float))


def _in_order_of_appearance(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distinct, first, number = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return distinct[order], np.argsort(order)[number]


def _classes(names: np.ndarray, number: np.ndarray) -> Classes:
    n = len(names)
    if n > MOST_CLASSES:
        raise DataError(f"colour: {n} classes, more than {MOST_CLASSES} colours; give numbers instead")
    hues = HUES[:n]
    if n > len(HUES):
        hues = tuple(to_hex(colour) for colour in mpl.colormaps["turbo"](np.linspace(0.03, 0.97, n)))
    return Classes(tuple(map(str, names)), hues, number)
