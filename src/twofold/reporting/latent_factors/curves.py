"""Curves over the number of dimensions, of neurons given, of samples: thin every mouse, thick their mean."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.picture import HALF, NothingToShow, Sketch, array, canvas, grid
from twofold.reporting.latent_factors.colours import CONDITIONED, VIDEO_ONLY
from twofold.reporting.latent_factors.mice import counted, per_mouse
from twofold.reporting.numbers import number
from twofold.reporting.palette import HUES
from twofold.studies.result import Result

MARKED = 12  # points of a curve that get a marker and a tick
SHADES = (HUES[0], HUES[4], HUES[6], HUES[2], HUES[3])
CORRELATION = "correlation, single trials"


def draw_curves(
    axes: Axes, x: np.ndarray, values: np.ndarray, colour: str, label: str, style: str = "-"
) -> None:
    """Draw one curve per mouse, thin with its points, and their mean, thick.

    Parameters
    ----------
    axes
        Where to draw.
    x
        (point,).
    values
        (mouse, point); a point that is not a number is not drawn.
    colour, label, style
        Of the mean.
    """
    if len(values) > 1:
        for each in values:
            axes.plot(x, each, marker="o", markersize=2.2, color=colour, linewidth=0.7, alpha=0.4, zorder=2)
    known = np.isfinite(values).all(axis=0)
    mean = values[:, known].mean(axis=0)
    axes.plot(
        x[known], mean, style, marker="o", markersize=4, color=colour, linewidth=2, label=label, zorder=3
    )


def by_doubling(axes: Axes, x: np.ndarray, name: str) -> None:
    """Make the axis across logarithmic, its ticks the numbers that were tried."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(x.tolist() if len(x) <= MARKED else x[::2].tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(lambda at, _: f"{at:g}")
    axes.set_xlabel(name)
    grid(axes, "y")


def over_dimensions(result: Result) -> Sketch:
    """Figure 3, top: correlation over the number of latent dimensions, with and without other neurons."""
    dimension = array(result, "figure-3-dimension/dimension", 1)
    given = per_mouse(result, "figure-3-dimension/conditioned", len(dimension))
    alone = per_mouse(result, "figure-3-dimension/video_only", len(dimension))
    figure = canvas(HALF, 3.2)
    axes = figure.subplots()
    draw_curves(axes, dimension, given, CONDITIONED, "given other neurons too")
    if "figure-3-dimension/prior" in result.arrays:
        prior = per_mouse(result, "figure-3-dimension/prior", len(dimension))
        draw_curves(axes, dimension, prior, HUES[4], "the same models, video alone")
    draw_curves(axes, dimension, alone, VIDEO_ONLY, "video model")
    by_doubling(axes, dimension, "latent dimensions K")
    axes.set_ylabel(CORRELATION)
    legend_below(figure, axes)
    best = int(given.mean(axis=0).argmax())
    caption = (
        f"How well neurons that were held back are predicted, of {counted(len(given))} (thin) and on the "
        "mean (thick): from the video and half of the other neurons, from the video alone by the same "
        "models, and by a model without a state. The distance of blue from orange is what the shared state "
        "adds. The paper: up to 0.27 and flat beyond K of about 80, while the same models fall with K from "
        "0.18 where they know the video alone."
    )
    alt = (
        f"Correlation over K from {dimension[0]} to {dimension[-1]}: given other neurons "
        f"{ends(given)}, best {number(float(given.mean(axis=0)[best]))} at K = {dimension[best]}; "
        f"video alone {ends(alone)}."
    )
    return Sketch(figure, caption, alt)


def over_given(result: Result) -> Sketch:
    """Figure 3, bottom: correlation over the share of neurons that are given."""
    share = 100 * array(result, "figure-3-given/share", 1).astype(float)
    models = [str(name) for name in array(result, "figure-3-given/models", 1)]
    given = array(result, "figure-3-given/conditioned", 3).astype(float)
    alone = array(result, "figure-3-given/video_only", 1).astype(float)
    if given.shape != (len(models), len(alone), len(share)):
        raise NothingToShow(
            f"figure-3-given/conditioned has shape {given.shape} for {len(models)} models, {len(alone)} mice "
            f"and {len(share)} shares"
        )
    figure = canvas(HALF, 3.2)
    axes = figure.subplots()
    for k, (name, values) in enumerate(zip(models, given, strict=True)):
        draw_curves(axes, share, values, SHADES[k % len(SHADES)], name)
    for each in alone if len(alone) > 1 else ():
        axes.axhline(each, color=VIDEO_ONLY, linewidth=0.6, alpha=0.4)
    axes.axhline(
        float(alone.mean()), color=VIDEO_ONLY, linewidth=2, linestyle=(0, (4, 2)), label="video alone"
    )
    axes.set(xlabel="neurons given, %", ylabel=CORRELATION)
    axes.set_xlim(left=0)
    grid(axes, "y")
    legend_below(figure, axes)
    caption = (
        f"The same held-back neurons, predicted from more and more of the others, of {counted(len(alone))} "
        "(thin) and on the mean (thick). Above the dashed line the other neurons help. A model meets at the "
        "left end fewer neurons than it was trained with, unless its mask in training matched. The paper: "
        "low K levels off near 0.23 at 30 %, high K reaches 0.28 at 75 %; with few neurons given a model is "
        "below the video alone, unless trained so."
    )
    words = "; ".join(f"{name} {ends(values)}" for name, values in zip(models, given, strict=True))
    alt = (
        f"Correlation over the share of neurons given, {share[0]:g} to {share[-1]:g} %: {words}; video alone "
        f"{number(float(alone.mean()))}."
    )
    return Sketch(figure, caption, alt)


def over_samples(result: Result) -> Sketch:
    """Figure 8: the likelihood estimated from more and more samples, and its exact value."""
    samples = array(result, "figure-8/samples", 1)
    bits = array(result, "figure-8/bits", 1).astype(float)
    exact = float(array(result, "figure-8/exact", 0))
    if bits.shape != samples.shape:
        raise NothingToShow(f"figure-8/bits has {len(bits)} numbers for {len(samples)} sizes")
    figure = canvas(HALF, 2.9)
    axes = figure.subplots()
    axes.axhline(exact, color=CONDITIONED, linewidth=2, label="quadrature: no samples")
    axes.plot(samples, bits, "o-", color=VIDEO_ONLY, markersize=4, linewidth=1.6, label="Monte Carlo")
    by_doubling(axes, samples, "samples per time point")
    axes.set_ylabel("bits per response")
    legend_below(figure, axes)
    seconds = result.arrays.get("figure-8/seconds")
    cost = (
        f" The largest took {float(seconds[-1]):.2g} s, the smallest {float(seconds[0]):.2g} s."
        if seconds is not None and seconds.shape == samples.shape
        else ""
    )
    short = exact - bits[0]
    caption = (
        "The same model and responses, scored with samples of the state and by quadrature. The logarithm of "
        "a mean of few samples is too low, so few samples seem a worse model: a row of samples compares only "
        f"with rows of as many.{cost} The paper: evaluation levels off near 1000 of 5000 samples."
    )
    alt = (
        f"Bits over samples: {number(float(bits[0]))} with {samples[0]}, {number(float(bits[-1]))} with "
        f"{samples[-1]}, {number(exact)} exact; {samples[0]} samples miss {number(float(short))} bits."
    )
    return Sketch(figure, caption, alt)


def ends(values: np.ndarray) -> str:
    """The mean of (mouse, point) values where a curve begins and where it ends, in words."""
    mean = values[:, np.isfinite(values).all(axis=0)].mean(axis=0)
    if not len(mean):
        return "no number"
    return f"from {number(float(mean[0]))} to {number(float(mean[-1]))}"
