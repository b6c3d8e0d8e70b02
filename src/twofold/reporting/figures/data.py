"""What was recorded: one presentation, its principal components, the variance they explain."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.picture import HALF, WHOLE, Look, NothingToShow, Sketch, array, canvas, grid
from twofold.reporting.palette import HUES, INK, MUTED
from twofold.studies.result import Result

FRAME_COLOURS = "viridis"
LINE_POINTS = 120


def raster(result: Result) -> Sketch:
    """Responses of every unit in one presentation."""
    responses = array(result, "raster/responses", 2)
    frames, units = responses.shape
    bin_s = float(result.arrays.get("raster/bin_s", np.array(0.0)))
    seconds = frames * bin_s
    top = float(np.percentile(responses, 99)) or float(responses.max()) or 1.0
    figure = canvas(HALF, 3.6)
    axes = figure.subplots()
    extent = (0.0, seconds or frames, units, 0)
    image = axes.imshow(
        responses.T, aspect="auto", cmap="Greys", vmin=0, vmax=top, extent=extent, interpolation="nearest"
    )
    axes.set(xlabel="time, s" if bin_s else "frame", ylabel="unit")
    bar = figure.colorbar(image, ax=axes, shrink=0.5, aspect=16, pad=0.02, extend="max", anchor=(0, 1))
    bar.outline.set_visible(False)
    bar.set_label("response per bin", fontsize=8.5)
    span = f"{seconds:.3g} s" if bin_s else f"{frames} frames"
    caption = (
        f"One presentation: {units} units, sorted, by {frames} frames of the clip ({span}). "
        "Black from the 99th percentile up."
    )
    alt = (
        f"Image of the responses of {units} units over {frames} frames ({span}); "
        f"median {np.median(responses):.2g}, 99th percentile {top:.3g} per bin, "
        f"{100 * np.mean(responses == 0):.0f} % of the bins are zero."
    )
    return Sketch(figure, caption, alt, photographic=True)


def components(result: Result) -> Sketch:
    """First three principal components, coloured by the position in the clip."""
    embedding = array(result, "pca/embedding", 2)
    frame = array(result, "pca/frame", 1).astype(int)
    if embedding.shape[1] < 3 or len(frame) != len(embedding):
        raise NothingToShow("array pca/embedding does not have three components for each pca/frame")
    positions = np.unique(frame)
    # Neighbouring frames share a point of the line, so that it stays a line for a long clip.
    together = np.array_split(positions, min(len(positions), LINE_POINTS))
    mean = np.stack([embedding[np.isin(frame, part)].mean(axis=0) for part in together])
    figure = canvas(WHOLE, 3.4)
    parts = figure.add_gridspec(1, 2, width_ratios=(1.05, 1))
    flat = figure.add_subplot(parts[0])
    deep = figure.add_subplot(parts[1], projection="3d")
    size = float(np.clip(4000 / len(embedding), 1.5, 12))
    look: Look = {
        "c": frame,
        "cmap": FRAME_COLOURS,
        "s": size,
        "linewidths": 0,
        "alpha": 0.55,
        "rasterized": True,
    }
    points = flat.scatter(embedding[:, 0], embedding[:, 1], **look)
    deep.scatter(embedding[:, 0], embedding[:, 1], embedding[:, 2], **look)
    flat.plot(mean[:, 0], mean[:, 1], color=INK, linewidth=0.7, alpha=0.7)
    deep.plot(mean[:, 0], mean[:, 1], mean[:, 2], color=INK, linewidth=0.7, alpha=0.7)
    flat.set(xlabel="component 1", ylabel="component 2")
    for axis, name in zip((deep.xaxis, deep.yaxis, deep.zaxis), "123", strict=True):
        axis.set_ticklabels([])
        axis.set_pane_color((1, 1, 1, 0))
        axis.set_label_text(f"component {name}")
        axis.labelpad = -12
    deep.set_box_aspect(None, zoom=1.0)
    bar = figure.colorbar(points, ax=flat, orientation="horizontal", location="top", shrink=0.7, aspect=30)
    if bar.solids is not None:
        bar.solids.set_alpha(1)
    bar.outline.set_visible(False)
    bar.set_label("frame of the clip", fontsize=8.5)
    repeats = len(np.unique(result.arrays["pca/repeat"])) if "pca/repeat" in result.arrays else None
    many = f" in {repeats} repeats" if repeats else ""
    caption = (
        f"Population responses in the first principal components. One point per frame{many}, "
        "coloured by frame; the line is their mean."
    )
    spread = [embedding[frame == position, :3].var(axis=0) for position in positions]
    within = np.mean(spread, axis=0).sum() / max(embedding[:, :3].var(axis=0).sum(), 1e-12)
    alt = (
        f"Two scatter plots of {len(embedding)} time points ({len(positions)} frames{many}) in components "
        f"1 and 2 and in components 1 to 3; {100 * within:.0f} % of their variance "
        "lies between repeats of the same frame."
    )
    return Sketch(figure, caption, alt)


def explained_variance(result: Result) -> Sketch:
    """Share of the variance that the first principal components explain."""
    cumulative = array(result, "explained_variance/cumulative", 1)
    count = np.arange(1, len(cumulative) + 1)
    figure = canvas(HALF, 3.2)
    axes = figure.subplots()
    axes.plot(count, cumulative, color=HUES[1], linewidth=2)
    axes.set(
        xlabel="number of components", ylabel="share of the variance", ylim=(0, 1.02), xlim=(0, count[-1])
    )
    grid(axes, "y")
    reached = bool(cumulative[-1] >= 0.9)
    needed = int(np.argmax(cumulative >= 0.9)) + 1
    if reached:
        mark: Look = {"color": MUTED, "linewidth": 0.9, "linestyle": (0, (3, 2))}
        axes.plot([0, needed, needed], [0.9, 0.9, 0], **mark)
        axes.plot([needed], [cumulative[needed - 1]], "o", color=HUES[1], markersize=5)
        right = needed < 0.6 * count[-1]
        axes.annotate(
            f"90 % with {needed} of {len(count)}",
            (needed, 0.45),
            xytext=(6 if right else -6, 0),
            textcoords="offset points",
            ha="left" if right else "right",
        )
    text = f"{needed} components reach 90 % of the variance" if reached else "90 % is not reached"
    caption = f"Variance that the first principal components explain together; {text}."
    alt = (
        f"Rising curve: the first component explains {100 * cumulative[0]:.0f} %, "
        f"all {len(count)} together {100 * cumulative[-1]:.0f} %; {text}."
    )
    return Sketch(figure, caption, alt)
