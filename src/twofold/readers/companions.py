"""Arrays that come beside the responses, each tied to some of their axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError
from twofold.readers.axes import Axes

ROLES_OF = {
    "--neuron": ("neuron",),
    "--signal": ("repeat", "stimulus", "time"),
    "--trial": ("repeat", "stimulus"),
    "--frames": ("stimulus", "time"),
    "--features": ("stimulus", "time"),
}
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Companion:
    """One array beside the responses.

    Parameters
    ----------
    flag
        How it was given, such as "--signal": this says which axes it has.
    name
        Its name in the file.
    values
        The array.
    """

    flag: str
    name: str
    values: np.ndarray

    @property
    def label(self) -> str:
        """Its name in the recording: the last part of a name with slashes."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def is_position(self) -> bool:
        """Whether it is the place of each neuron, (neuron, 3) in micrometres."""
        return self.flag == "--neuron" and self.label == "position_um"

    def shapes(self, axes: Axes) -> list[Shape]:
        """The shapes that it may have."""
        if self.flag == "--neuron":
            tail: Shape = (3,) if self.is_position else ()
            return [(axes.size("neuron"), *tail), (*axes.shape("neuron"), *tail)]
        if self.flag == "--trial":
            return [axes.shape("repeat"), (axes.size("repeat"),), axes.shape("repeat", "stimulus")]
        if self.flag == "--signal":
            return [axes.shape("repeat", "stimulus", "time")]
        n_frames = axes.size("stimulus") * axes.size("time")
        by_clip = (*axes.shape("stimulus"), *axes.shape("time"))
        tails = [self.values.shape[-2:]] if self.flag == "--frames" else [self.values.shape[-1:], ()]
        return [(*lead, *tail) for tail in tails for lead in ((n_frames,), by_clip)]

    def fits(self, axes: Axes) -> bool:
        """Whether it has one of these shapes; axes of length one do not count: MATLAB adds and drops them."""
        return any(_long(self.values.shape) == _long(shape) for shape in self.shapes(axes))

    def by_trial(self, axes: Axes) -> np.ndarray:
        """(repeat, stimulus) of a trial column; one that is given per repeat holds for all its clips."""
        size = (axes.size("repeat"), axes.size("stimulus"))
        if _long(self.values.shape) == _long(axes.shape("repeat", "stimulus")):
            return axes.arrange(self.values, ("repeat", "stimulus"))
        return np.broadcast_to(self.values.reshape(size[0], 1), size)

    def problem(self, axes: Axes) -> str:
        """What is wrong with its shape, in words; empty where it fits."""
        if self.fits(axes):
            return ""
        roles = [role for role in dict.fromkeys(axes.names) if role in ROLES_OF[self.flag]]
        shape, wanted = self.values.shape, self.shapes(axes)[-1]
        if len(shape) == 1 and len(wanted) == 1:
            axis = f"the axis you call {roles[0]} has {wanted[0]}"
            return f"array {self.name!r} has {shape[0]} entries but {axis}"
        called = f"the axes you call {', '.join(roles)} ask" if len(roles) > 1 else f"{roles[0]} asks"
        return f"array {self.name!r} has shape {shape} but {called} for {wanted}"


def refuse_misfits(companions: Iterable[Companion], axes: Axes) -> None:
    """Refuse arrays that do not fit the axes, and say which order of the axes would fit them all.

    Raises
    ------
    DataError
        If any does not fit.
    """
    companions = list(companions)
    texts = [f"array {c.name!r} holds text; {c.flag} takes numbers" for c in companions if _is_odd_text(c)]
    if texts:
        raise DataError("; ".join(texts))
    problems = [problem for companion in companions if (problem := companion.problem(axes))]
    if not problems:
        return
    other = axes.reordered(lambda axes: all(companion.fits(axes) for companion in companions))
    if other is None:
        raise DataError(f"{'; '.join(problems)}; no order of the axes ({axes}) fits all arrays")
    wrong = {
        role for companion in companions if not companion.fits(axes) for role in ROLES_OF[companion.flag]
    }
    there = [
        f"the axis you call {now} has {length}"
        for now, better, length in zip(axes.names, other.names, axes.lengths, strict=True)
        if now != better and better in wrong
    ]
    raise DataError(f"{'; '.join([*problems, ', '.join(there)])}: type {other.as_typed}")


def _is_odd_text(companion: Companion) -> bool:
    if companion.flag in ("--neuron", "--trial"):
        return companion.is_position and companion.values.dtype.kind == "U"
    return companion.values.dtype.kind == "U"


def _long(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)
