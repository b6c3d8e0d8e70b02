"""What each axis of an array is: the user's names, and how they become (repeat, stimulus, time, neuron)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from math import prod

import numpy as np

from twofold.errors import DataError, did_you_mean

ROLES = ("repeat", "stimulus", "time", "neuron")
MOST_AXES_TO_REORDER = 7  # 5040 orders to try


@dataclass(frozen=True)
class Axes:
    """The name and the length of each axis of an array, in the file's order.

    Axes of one name are joined in the order given; an axis with a name of its own is fixed at one index.

    Parameters
    ----------
    names
        One per axis: `neuron` and `time` at least, `repeat`, `stimulus`, or any other that `select` fixes.
    lengths
        Length of each axis.
    select
        Index by the name of an axis that is fixed.

    Raises
    ------
    DataError
        If the names cannot describe these axes: all problems at once.

    Examples
    --------
    >>> axes = Axes(("neuron", "stimulus", "category", "stimulus", "time"), (5, 2, 3, 4, 7), {"category": 0})
    >>> axes.size("stimulus"), axes.shape("stimulus", "time")
    (8, (2, 4, 7))
    >>> axes.arrange(axes.selected(np.zeros(axes.lengths))).shape
    (1, 8, 7, 5)
    """

    names: tuple[str, ...]
    lengths: tuple[int, ...]
    select: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = self._count_problems() or [*self._name_problems(), *self._select_problems()]
        if problems:
            raise DataError("; ".join(problems))

    def __str__(self) -> str:
        return ", ".join(f"{name} {n}" for name, n in zip(self.names, self.lengths, strict=True))

    @property
    def as_typed(self) -> str:
        """The names as one types them."""
        return f"--axes {','.join(self.names)}"

    def shape(self, *roles: str) -> tuple[int, ...]:
        """Lengths of the axes that play some roles, in the file's order."""
        return tuple(n for name, n in zip(self.names, self.lengths, strict=True) if name in roles)

    def size(self, role: str) -> int:
        """Length of the joined axis of one role; 1 where there is none."""
        return prod(self.shape(role))

    def selected(self, array: np.ndarray) -> np.ndarray:
        """The array without the axes that `select` fixes."""
        return array[tuple(self.select.get(name, slice(None)) for name in self.names)]

    def arrange(self, array: np.ndarray, roles: Sequence[str] = ROLES) -> np.ndarray:
        """An array whose axes are those of some roles, in the file's order, as one axis per role."""
        present = [name for name in self.names if name in roles]
        order = [i for role in roles for i, name in enumerate(present) if name == role]
        in_file_order = array.reshape(self.shape(*roles))
        return in_file_order.transpose(order).reshape([self.size(role) for role in roles])

    def reordered(self, fits: Callable[[Axes], bool]) -> Axes | None:
        """The same names in the nearest other order that fits; None if none does, or axes are too many."""

        def moved(names: tuple[str, ...]) -> int:
            return sum(a != b for a, b in zip(names, self.names, strict=True))

        if len(self.names) > MOST_AXES_TO_REORDER:
            return None
        for names in sorted(dict.fromkeys(permutations(self.names)), key=moved):
            try:
                axes = replace(self, names=names)
            except DataError:  # a fixed index may lie outside its new axis
                continue
            if fits(axes):
                return axes
        return None

    def _count_problems(self) -> list[str]:
        if len(self.names) == len(self.lengths):
            return []
        lengths = ", ".join(map(str, self.lengths))
        return [
            f"the responses have {len(self.lengths)} axes, of lengths {lengths}, but --axes names "
            f"{len(self.names)} ({', '.join(self.names)}); give one name per axis, in the file's order"
        ]

    def _name_problems(self) -> list[str]:
        unknown = [
            name for name in dict.fromkeys(self.names) if name not in ROLES and name not in self.select
        ]
        if unknown:
            return [
                f"axis {name!r}: {did_you_mean(name, ROLES)} To fix it at one index type --select {name}=0"
                for name in unknown
            ]
        lacking = [role for role in ("neuron", "time") if role not in self.names]
        empty = [name for name, n in zip(self.names, self.lengths, strict=True) if n == 0]
        return [
            *(f"no axis is called {role}: name the axis that it is in --axes" for role in lacking),
            *(f"the axis you call {name} has length 0" for name in empty),
        ]

    def _select_problems(self) -> list[str]:
        problems = []
        for name, index in self.select.items():
            typed = f"--select {name}={index}"
            if name in ROLES:
                problems.append(f"{typed}: a {name} axis is kept whole; give that axis a name of its own")
            elif name not in self.names:
                problems.append(f"{typed}: no axis has that name; {did_you_mean(name, self.names)}")
            elif not 0 <= index < min(self.shape(name)):
                problems.append(f"{typed}: that axis has the indices 0 to {min(self.shape(name)) - 1}")
        return problems
