"""Small panels side by side, one per row of a result."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twofold.reporting.figures.labels import fold
from twofold.reporting.figures.picture import canvas

ABOVE = 0.45  # inches, for what stands above or below all panels
TALLEST = 2.4  # inches, of one panel


def small_multiples(
    titles: Sequence[str], *, width: float, across: int, ratio: float, share: bool = True
) -> tuple[Figure, list[Axes]]:
    """Lay out a panel per title.

    Parameters
    ----------
    titles
        Folded to the width of a panel.
    width
        Of the figure, in inches.
    across
        Most panels in a line.
    ratio
        Height of a panel over its width.
    share
        Whether all have the same axes.

    Examples
    --------
    >>> figure, axes = small_multiples(["one", "two", "three"], width=4.0, across=2, ratio=1.0)
    >>> len(axes), float(figure.get_figwidth())
    (3, 4.0)
    """
    across = min(across, len(titles))
    down = -(-len(titles) // across)
    letters = int(13 * width / across)
    folded = [fold(title, letters) for title in titles]
    lines = sum(
        max(title.count("\n") for title in folded[k : k + across]) for k in range(0, len(titles), across)
    )
    tall = min(ratio * width / across, TALLEST)
    figure = canvas(width, ABOVE + down * (0.25 + tall) + 0.13 * lines)
    grid = figure.subplots(down, across, squeeze=False, sharex=share, sharey=share)
    for empty in grid.flat[len(titles) :]:
        empty.set_visible(False)
    for column in range(across):  # the lowest panel of a column has the ticks that all share
        last = (len(titles) - 1 - column) // across
        grid[last, column].tick_params(labelbottom=True)
    panels = list(grid.flat[: len(titles)])
    for panel, title in zip(panels, folded, strict=True):
        panel.set_title(title, fontsize=8.5)
    return figure, panels
