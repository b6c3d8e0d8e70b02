"""A number of values in space, beside what it is when neurons change places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Num

from twofold.analyses.chance import Chance
from twofold.analyses.controls import permute_within
from twofold.analyses.topography.neighbours import Planes
from twofold.errors import OptionError

ROUNDING = 1e-12  # the same sums may differ in their last bits, because the order of the additions differs


@dataclass(frozen=True, eq=False)
class AgainstPermutations:
    """A number, and the same of surrogates.

    Parameters
    ----------
    value
        The number itself.
    chance
        What it is when values are dealt out to other neurons of the same plane.
    """

    value: float
    chance: Chance

    @property
    def p(self) -> float:
        """Share of numbers, the observed one among them, that reach the observed one."""
        return self.chance.p(self.value - ROUNDING * max(1.0, abs(self.value)))


def against_permutations(
    number: Callable[[np.ndarray], float],
    values: Num[np.ndarray, "neuron dimension"],
    plane: Planes,
    n_permutations: int,
    random_state: int | np.random.Generator,
) -> AgainstPermutations:
    """The number of some values, and of these values permuted over the neurons of each plane.

    Parameters
    ----------
    number
        From (neuron, dimension) values.
    values
        One row per neuron.
    plane
        (neuron,) depth of each; None for neurons of one plane.
    n_permutations
        How many surrogates.
    random_state
        Seed or generator of the permutations.

    Raises
    ------
    OptionError
        If there are no permutations.

    Examples
    --------
    >>> first = against_permutations(lambda x: float(x[0, 0]), np.array([[1.0], [0.0]]), None, 999, 0)
    >>> first.value, round(first.chance.mean, 1), round(first.p, 1)
    (1.0, 0.5, 0.5)
    """
    if n_permutations < 1:
        raise OptionError(f"n_permutations={n_permutations}: give 1 or more; a number needs its chance level")
    rng = np.random.default_rng(random_state)
    groups = np.zeros(len(values), dtype=int) if plane is None else plane
    surrogates = [number(values[permute_within(groups, rng)]) for _ in range(n_permutations)]
    return AgainstPermutations(number(values), Chance(np.array(surrogates)))
