"""Tables over mice: one of the means, and one with a column per mouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from twofold.reporting.latent_factors.mice import OverMice, model_and_mouse, over_mice
from twofold.reporting.latent_factors.words import TABLES_DRAWN, TABLES_OPEN
from twofold.reporting.names import TABLES, kind_of, metric_of, shown
from twofold.reporting.palette import Palette
from twofold.reporting.tables import Cell, Column, Line, Table, cell_of, tables_of
from twofold.studies.result import Result


def tables_over_mice(result: Result, name: str, palette: Palette) -> list[Table]:
    """Lay out a table of a result: its means, then every mouse; numbers that figures show are folded away.

    Parameters
    ----------
    result
        What the study returned.
    name
        Name of the table, such as "table-1".
    palette
        Colours of the rows.
    """
    rows = result.tables().get(name, [])
    means = [row for row in rows if not model_and_mouse(row.row)[1]]
    of_means = Result(result.study, {}, {}, {}, 0.0, means, {})
    tables = [
        replace(_notes_lifted(each), folded=name not in (*TABLES_DRAWN, *TABLES_OPEN))
        for each in tables_of(of_means, name, palette)
    ]
    found = over_mice(rows)
    mice = list(dict.fromkeys(mouse for of in found.values() for mouse in of.each))
    several = len(mice) > 1 or any(of.seeds for of in found.values())
    return [*tables, _every_mouse(name, found, mice, palette)] if several else tables


def _notes_lifted(table: Table) -> Table:
    """A table that says once, above, what the notes of all its lines say."""
    notes = [line.note.split("; ") for line in table.lines]
    common = [part for part in dict.fromkeys(notes[0]) if part and all(part in each for each in notes)]
    if len(notes) < 2 or not common:
        return table
    lines = tuple(
        replace(line, note="; ".join(part for part in dict.fromkeys(each) if part not in common))
        for line, each in zip(table.lines, notes, strict=True)
    )
    return replace(table, shared=" · ".join([table.shared, *common]).strip(" ·"), lines=lines)


def _every_mouse(
    name: str, found: Mapping[tuple[str, str], OverMice], mice: Sequence[str], palette: Palette
) -> Table:
    """A line per model and metric, a column per mouse, and one for the seeds where there are several."""
    metrics = list(dict.fromkeys(metric for _, metric in found))
    seeds = any(of.seeds for of in found.values())
    lines = []
    for (model, metric), of in found.items():
        title = shown(model) if len(metrics) == 1 else f"{shown(model)}: {metric_of(metric).title}"
        each = [*(of.each.get(mouse) for mouse in mice), *([of.seeds] if seeds else [])]
        cells = tuple(cell_of(row, but=_beside(of)) for row in each)
        lines.append(Line(title, kind_of(model), palette[of.mean.row], cells))
    what = f", {metric_of(metrics[0]).title}" if len(metrics) == 1 else ""
    columns = tuple(Column(name) for name in (*mice, *(["over seeds"] if seeds else [])))
    return Table(f"{TABLES.get(name, name)}{what}, every mouse", "", columns, tuple(lines), folded=True)


def _beside(of: OverMice) -> tuple[str, ...]:
    """What stands beside the mean, and need not stand beside every mouse."""
    cell: Cell = cell_of(of.mean)
    return cell.beside
