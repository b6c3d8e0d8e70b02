"""Parts of a page: each with its figures, its tables, and every row behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twofold.reporting.figures.picture import LeftOut, Picture
from twofold.reporting.names import TABLES
from twofold.reporting.tables import Table
from twofold.studies.result import Result, Row


@dataclass(frozen=True)
class Part:
    """What a part of the page is to hold.

    Parameters
    ----------
    anchor
        The group of its figures, and what links lead to.
    title, lead
        Words above it.
    tables
        Names of the tables of the result that stand here.
    """

    anchor: str
    title: str
    lead: str = ""
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """One part of the page: its figures, its tables, and every row behind them."""

    anchor: str
    title: str
    lead: str
    pictures: tuple[Picture, ...]
    left_out: tuple[LeftOut, ...]
    tables: tuple[Table, ...]
    rows: tuple[Row, ...]


def section_of(
    part: Part,
    result: Result,
    drawn: Sequence[Picture | LeftOut],
    lay_out: Callable[[str], Sequence[Table]],
) -> Section:
    """Gather what belongs to a part; `lay_out` makes the tables of a name."""
    here = [figure for figure in drawn if figure.group == part.anchor]
    return Section(
        part.anchor,
        part.title,
        part.lead,
        tuple(figure for figure in here if isinstance(figure, Picture)),
        tuple(figure for figure in here if isinstance(figure, LeftOut)),
        tuple(table for name in part.tables for table in lay_out(name)),
        tuple(row for name in part.tables for row in result.tables().get(name, [])),
    )


def sections_of(
    parts: Sequence[Part],
    result: Result,
    drawn: Sequence[Picture | LeftOut],
    lay_out: Callable[[str], Sequence[Table]],
) -> list[Section]:
    """Gather all parts that have something to show or to say, and a part for each table that has none."""
    known = {name for part in parts for name in part.tables}
    others = [
        Part(name, TABLES.get(name, name), tables=(name,)) for name in result.tables() if name not in known
    ]
    sections = [section_of(part, result, drawn, lay_out) for part in (*parts, *others)]
    return [section for section in sections if section.pictures or section.left_out or section.rows]
