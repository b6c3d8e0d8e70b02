"""How well embeddings agree, beside how well they would by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twofold.errors import DataError
from twofold.reporting.figures.picture import Look, canvas, style
from twofold.reporting.palette import EMPTY, INK

SHADES = "Blues"
CELL = 0.62  # inches


def consistency_figure(
    matrix: Num[np.ndarray, "run run"],
    names: Sequence[str],
    chance: float | Num[np.ndarray, "run run"],
    *,
    measure: str = "R² on held-out samples",
) -> Figure:
    """Draw a matrix of agreement, the chance level written under every score.

    Parameters
    ----------
    matrix
        (source, target), such as `Consistency.score`; the diagonal is left out.
    names
        Of the runs, animals or recordings.
    chance
        One level, or (source, target), such as `Consistency.chance`.
    measure
        What the numbers are.

    Raises
    ------
    DataError
        If the sizes do not fit.

    Examples
    --------
    >>> found = np.array([[1.0, 0.8], [0.7, 1.0]])
    >>> figure = consistency_figure(found, ["run 1", "run 2"], 0.1)
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['0.80', '0.10', '0.70', '0.10']
    """
    n = len(names)
    if matrix.shape != (n, n) or np.shape(chance) not in ((), (n, n)):
        raise DataError(
            f"matrix {matrix.shape} and chance {np.shape(chance)} for {n} names; give a square each"
        )
    with style():
        longest = max(map(len, names))
        figure = canvas(max(3.2, 0.9 + CELL * n + 0.075 * longest), 1.3 + CELL * n)
        panel = figure.subplots()
        draw_agreement(panel, matrix, names, chance)
        panel.set_title(f"{measure}\nsmall: by chance")
    return figure


def draw_agreement(
    panel: Axes,
    matrix: Num[np.ndarray, "run run"],
    names: Sequence[str],
    chance: float | Num[np.ndarray, "run run"],
) -> None:
    """Fill the cells of a matrix of agreement by their score, and write score and chance into them."""
    n = len(names)
    level = np.broadcast_to(np.asarray(chance, dtype=float), (n, n))
    off = ~np.eye(n, dtype=bool)
    panel.set_facecolor(EMPTY)
    panel.imshow(np.where(off, matrix, np.nan), cmap=SHADES, vmin=0, vmax=1.2)
    for i, j in np.argwhere(off):
        look: Look = {"ha": "center", "va": "center", "color": "white" if matrix[i, j] > 0.6 else INK}
        panel.text(j, i - 0.1, f"{matrix[i, j]:.2f}", fontsize=10.5, **look)
        panel.text(j, i + 0.25, f"{level[i, j]:.2f}", fontsize=7, **look)
    long = max(map(len, names)) > 7
    slanted: Look = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if long else {}
    panel.set_xticks(range(n), names, **slanted)
    panel.set_yticks(range(n), names)
    panel.tick_params(length=0)
    panel.set(xlabel="predicted", ylabel="predicted from")
    panel.spines[:].set_visible(False)
