"""Figures 6 and 11: weights on the latents as maps of the cortex, and the scale on which they are smooth."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.picture import HALF, WHOLE, Look, NothingToShow, Sketch, array, canvas, grid
from twofold.reporting.latent_factors.mice import mice_of, of_each_mouse
from twofold.reporting.numbers import number
from twofold.reporting.palette import BACKGROUND, HUES, MUTED
from twofold.studies.result import Result

SHADES, CERTAIN = "RdBu_r", 0.05
READ = {"maps_q": "probability to respond", "maps_theta": "size of the response"}


def strongest_maps(result: Result) -> Sketch:
    """Figure 6: the first three maps of every mouse, those of the probability and of the size."""
    mice = list(of_each_mouse(result, "figure-6", "maps_q", 2))
    numbers_of = [m for m, mouse in enumerate(mice_of(result)) if mouse in mice]
    count = min(3, *(result.arrays[f"figure-6/{m}/maps_q"].shape[1] for m in numbers_of))
    figure = canvas(WHOLE, 0.5 + 1.12 * len(mice))
    panels = figure.subplots(len(mice), 2 * count, squeeze=False)
    words = []
    for line, m, mouse in zip(panels, numbers_of, mice, strict=True):
        position, index, p = _of(result, "figure-6", m)
        for half, (read, words_of_maps) in enumerate(READ.items()):
            maps = array(result, f"figure-6/{m}/{read}", 2)
            for d in range(count):
                axes = line[half * count + d]
                _map(axes, position, maps[:, d])
                if m == numbers_of[0]:
                    above = f"{words_of_maps}\n" if d == count // 2 else ""
                    axes.set_title(f"{above}map {d + 1}", fontsize=8, loc="center")
                if half == 0:
                    axes.set_xlabel(_strength(index[d], p[d]), fontsize=7.5)
        line[0].set_ylabel(mouse, fontsize=8.5)
        words.append(f"{mouse}: {', '.join(_strength(index[d], p[d]) for d in range(count))}")
    caption = (
        "Each point is a neuron at its place in the cortex, seen from above; colour: its weight on the "
        "strongest axes of the latents, red and blue of opposite sign, whose choice is free. I, below the "
        "left ones: Moran's index, 1 for a smooth map and 0 for salt and pepper; n.s.: not smoother than "
        "maps whose neurons changed places within a plane of depth. The paper: the first three are "
        "topographic, and the same for probability and size up to sign."
    )
    return Sketch(figure, caption, f"Maps of the cortex. {'; '.join(words)}.")


def further_maps(result: Result) -> Sketch:
    """Figure 11: up to nine maps of the first mouse."""
    mouse = next(iter(of_each_mouse(result, "figure-11", "maps_q", 2)))
    m = mice_of(result).index(mouse)
    position, index, p = _of(result, "figure-11", m)
    maps = array(result, f"figure-11/{m}/maps_q", 2)
    count = min(9, maps.shape[1], len(index))
    across = min(5, count)
    down = -(-count // across)
    figure = canvas(WHOLE, 0.3 + 1.45 * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for d, axes in enumerate(panels):
        axes.set_visible(d < count)
        if d < count:
            _map(axes, position, maps[:, d])
            axes.set_title(f"map {d + 1}", fontsize=8, loc="center")
            axes.set_xlabel(_strength(index[d], p[d]), fontsize=7.5)
    clear = int(sum(each <= CERTAIN for each in p[:count]))
    caption = (
        f"The same for one mouse, {mouse}, over {count} axes, from the strongest on: {clear} of {count} are "
        "smoother than chance. The paper: none beyond the third or fourth."
    )
    words = "; ".join(f"map {d + 1} {_strength(index[d], p[d])}" for d in range(count))
    return Sketch(figure, caption, f"Maps of {mouse}: {words}.")


def scale_of_maps(result: Result) -> Sketch:
    """Variogram: how much more two neurons differ the farther apart they are."""
    gamma = of_each_mouse(result, "figure-11", "variogram_gamma", 1)
    figure = canvas(HALF, 2.6)
    axes = figure.subplots()
    words = []
    for k, (mouse, values) in enumerate(gamma.items()):
        distance = array(result, f"figure-11/{mice_of(result).index(mouse)}/variogram_distance", 1)
        if distance.shape != values.shape:
            raise NothingToShow(
                f"the variogram of {mouse} has {len(values)} values for {len(distance)} distances"
            )
        axes.plot(
            distance, values, "o-", color=HUES[k % len(HUES)], markersize=3.5, linewidth=1.4, label=mouse
        )
        words.append(f"{mouse} from {number(float(values[0]))} to {number(float(values[-1]))}")
    axes.set(xlabel="distance of two neurons, µm", ylabel="half their squared difference")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    grid(axes, "y")
    legend_below(figure, axes)
    caption = (
        "How much the weights of two neurons differ, over their distance. Low at the left and level at the "
        "right: neighbours share their weights, and the rise tells on what scale. Level throughout: no map."
    )
    return Sketch(figure, caption, f"Variogram: {'; '.join(words)}.")


def _of(result: Result, figure: str, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Position (neuron, 2), Moran's index and its p value (map,) of one mouse."""
    return (
        array(result, f"{figure}/{m}/position_um", 2),
        array(result, f"{figure}/{m}/morans_i", 1),
        array(result, f"{figure}/{m}/p", 1),
    )


def _map(axes: Axes, position: np.ndarray, weight: np.ndarray) -> None:
    """Neurons at their place, coloured by weight; the strongest last, so that they are seen."""
    if len(position) != len(weight):
        raise NothingToShow(f"{len(weight)} weights of {len(position)} neurons")
    reach = float(np.nanpercentile(np.abs(weight), 95)) or 1.0
    order = np.argsort(np.abs(weight))
    size = float(np.clip(2200 / len(position), 1.2, 14))
    look: Look = {"cmap": SHADES, "vmin": -reach, "vmax": reach, "s": size, "linewidths": 0.15}
    x, y = position[order].T
    axes.scatter(x, y, c=weight[order], edgecolors=MUTED, rasterized=True, **look)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(BACKGROUND)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _strength(index: float, p: float) -> str:
    return f"I = {number(float(index), 2)}{'' if p <= CERTAIN else ' n.s.'}"
