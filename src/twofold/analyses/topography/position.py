r"""How well the position of a neuron tells its weights, the neuron itself left out.

.. math:: R^2 = 1 - \frac{\sum_i |x_i - \hat x_i|^2}{\sum_i |x_i - \bar x_{-i}|^2}

x_i are the weights of neuron i on all latents, \hat x_i their mean over its k nearest neighbours and
\bar x_{-i} over all other neurons. All axes are added up, so that R2 is one of the subspace and does not
change when it is rotated. By chance R2 is about -1 / k: the mean of k strangers is worse than that of all.
"""

from __future__ import annotations

import numpy as np

from twofold.analyses.topography.neighbours import Planes, Position, Values, as_table, mean_of_neighbours
from twofold.analyses.topography.permutations import AgainstPermutations, against_permutations


def position_r2(
    values: Values,
    position_um: Position,
    *,
    plane: Planes = None,
    neighbours: int = 10,
    n_permutations: int = 999,
    random_state: int | np.random.Generator = 0,
) -> AgainstPermutations:
    """R2 of values that are told by position alone, each neuron from its nearest neighbours.

    Give positions on the screen instead to ask what retinotopy tells. Parameters and errors are those of
    `morans_i`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> position = rng.uniform(0, 600, size=(200, 2))
    >>> weights = np.sin(position / 100) @ rng.normal(size=(2, 5))
    >>> found = position_r2(weights, position, n_permutations=99)
    >>> bool(found.value > 0.8), round(found.chance.mean, 1)
    (True, -0.1)
    """
    table = as_table(values, position_um, plane)
    w = mean_of_neighbours(position_um, neighbours)
    n = len(table)
    total = ((table - table.mean(axis=0)) ** 2).sum() * (n / (n - 1)) ** 2
    return against_permutations(
        lambda x: float(1 - ((x - w @ x) ** 2).sum() / total), table, plane, n_permutations, random_state
    )


def told_by_position(values: Values, position_um: Position, *, neighbours: int = 10) -> np.ndarray:
    """Values as position tells them, without the neuron's own; of the shape of the values.

    Values less this are what position does not tell: for positions on the screen, what is left of a map of
    the cortex beyond retinotopy. Parameters and errors are those of `morans_i`.

    Examples
    --------
    >>> told_by_position(np.array([1.0, 2.0, 6.0]), np.array([[0.0], [1.0], [3.0]]), neighbours=2)
    array([4. , 3.5, 1.5])
    """
    table = as_table(values, position_um)
    w = mean_of_neighbours(position_um, neighbours)
    return (w @ table).reshape(values.shape)
