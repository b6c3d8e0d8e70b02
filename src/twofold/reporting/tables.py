"""Rows of a result as tables to read: one line per row name, one column per metric."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from twofold.reporting import numbers
from twofold.reporting.names import MEAN_OVER_NEURONS, SPLITS, TABLES, Kind, kind_of, metric_of, shown
from twofold.reporting.palette import Palette
from twofold.studies.result import Result, Row


@dataclass(frozen=True)
class Cell:
    """One number of a table, with what belongs beside it; `sort` orders it, None comes last."""

    text: str
    error: str = ""
    beside: tuple[str, ...] = ()
    sort: float | None = None


@dataclass(frozen=True)
class Column:
    """Title of a column, and the chance level or ceiling that all its numbers share."""

    title: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    name: str
    kind: Kind
    colour: str
    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True)
class Table:
    """One table: caption, what all its numbers share, column titles and lines; whether it is folded away."""

    caption: str
    shared: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    folded: bool = False

    @property
    def has_notes(self) -> bool:
        """Whether any line has a note."""
        return any(line.note for line in self.lines)


def tables_of(result: Result, name: str, palette: Palette) -> list[Table]:
    """Lay out one table of a result, once per split and way of averaging.

    Parameters
    ----------
    result
        What a study returned.
    name
        Name of the table, such as "frame-decoding".
    palette
        Colours of the rows.
    """
    parts: dict[tuple[str, bool], list[Row]] = {}
    for row in result.tables().get(name, []):
        parts.setdefault((row.split, row.metric.endswith(MEAN_OVER_NEURONS)), []).append(row)
    return [_table(name, split, averaged, rows, palette) for (split, averaged), rows in parts.items()]


def _table(name: str, split: str, averaged: bool, rows: Sequence[Row], palette: Palette) -> Table:
    metrics = tuple(dict.fromkeys(row.metric for row in rows))
    found = {(row.row, row.metric): row for row in rows}
    shared = {metric: _shared([row for row in rows if row.metric == metric]) for metric in metrics}
    lines = []
    for row_name in dict.fromkeys(row.row for row in rows):
        of_line = [(found.get((row_name, metric)), shared[metric]) for metric in metrics]
        note = "; ".join(dict.fromkeys(row.note for row, _ in of_line if row is not None and row.note))
        cells = tuple(cell_of(row, but=known) for row, known in of_line)
        lines.append(Line(shown(row_name), kind_of(row_name), palette[row_name], cells, note))
    caption = f"{TABLES.get(name, name)}, {SPLITS[split]}{', mean over neurons' if averaged else ''}"
    columns = tuple(Column(metric_of(metric).title, shared[metric]) for metric in metrics)
    return Table(caption, shared_facts(rows), columns, tuple(lines))


def _shared(rows: Sequence[Row]) -> tuple[str, ...]:
    """What the cells of all rows say beside their number."""
    beside = [set(cell_of(row).beside) for row in rows]
    return tuple(text for text in cell_of(rows[0]).beside if len(rows) > 1 and all(text in b for b in beside))


def cell_of(row: Row | None, but: Collection[str] = ()) -> Cell:
    """Make the cell of one row, without the words `but` that stand above it already.

    Examples
    --------
    >>> cell_of(Row(table="t", row="r", metric="m", split="test", value=0.5, chance=0.1, paper=0.6))
    Cell(text='0.500', error='', beside=('chance 0.100', 'paper 0.600'), sort=0.5)
    >>> cell_of(None).text
    '–'
    """
    if row is None:
        return Cell(numbers.MISSING)
    decimals = metric_of(row.metric).decimals
    marks = {"chance": row.chance, "ceiling": row.ceiling, "paper": row.paper}
    beside = (f"{what} {numbers.number(x, decimals)}" for what, x in marks.items() if x is not None)
    return Cell(
        numbers.number(row.value, decimals),
        numbers.error(row, decimals),
        tuple(text for text in beside if text not in but),
        row.value,
    )


def shared_facts(rows: Iterable[Row]) -> str:
    """Say what the numbers of a table have in common: interval, over what, n, units.

    Examples
    --------
    >>> row = dict(table="t", row="r", metric="m", split="test", value=0.5, over="repeats", n=20)
    >>> shared_facts([Row(**row, interval_kind="sem")])
    'interval: standard error of the mean · over repeats (n = 20)'
    """
    rows = list(rows)

    def all_of(name: str) -> list[object]:
        return list(dict.fromkeys(x for row in rows if (x := getattr(row, name)) is not None))

    kinds = [numbers.INTERVALS[str(kind)] for kind in all_of("interval_kind")]
    over, n, units, window = (all_of(name) for name in ("over", "n", "n_units", "window"))
    facts = [f"interval: {' or '.join(kinds)}"] if kinds else []
    if over:
        count = f" (n = {n[0]})" if len(n) == 1 and len(over) == 1 else ""
        facts.append(f"over {' or '.join(map(str, over))}{count}")
    facts += [f"{units[0]} units"] if len(units) == 1 else []
    facts += [f"window of {window[0]} bin{'s' if window[0] != 1 else ''}"] if len(window) == 1 else []
    return " · ".join(facts)
