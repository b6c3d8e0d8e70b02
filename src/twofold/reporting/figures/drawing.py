"""A plan of figures becomes pictures, and reasons where there is none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from twofold.reporting.figures.picture import (
    WHOLE,
    Group,
    LeftOut,
    NothingToShow,
    Picture,
    Sketch,
    develop,
    style,
)

DOTS_PER_INCH = 220

Planned = tuple[str, Group, str, Callable[[], Sketch]]


def draw(plan: Iterable[Planned], further: Collection[str] = ()) -> list[Picture | LeftOut]:
    """Draw every figure of a plan, or say why it is left out.

    Parameters
    ----------
    plan
        Name of the files, part of the page, title, and the function that draws.
    further
        Names of the figures that the page folds away.
    """
    with style():
        return [_drawn(*planned, further=planned[0] in further) for planned in plan]


def _drawn(
    name: str, group: Group, title: str, sketched: Callable[[], Sketch], *, further: bool
) -> Picture | LeftOut:
    try:
        sketch = sketched()
    except NothingToShow as reason:
        return LeftOut(name, group, title, str(reason))
    png, svg, size = develop(sketch, DOTS_PER_INCH)
    whole = bool(sketch.figure.get_figwidth() >= WHOLE)
    words = (sketch.caption, sketch.alt)
    return Picture(name, group, title, *words, png, svg, size, whole, sketch.photographic, further)
