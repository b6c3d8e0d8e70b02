"""The page: one HTML text that holds everything it shows."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from twofold.reporting import numbers
from twofold.reporting.figures import LeftOut, Picture
from twofold.reporting.names import SPLITS, TABLES, fact_title, kind_of, shown
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Bar, Scoreboard, longest_bar
from twofold.reporting.summary import facts, headline
from twofold.reporting.tables import Table, cell_of, tables_of
from twofold.studies.result import Result, Row

LEADS = {
    "data": "What was recorded, before any model.",
    "decoding": "Which frame of the clip was on the screen, read from responses that no fit has seen.",
    "alignment": "Whether an embedding still carries what the neurons did, and not only a code of the frame.",
    "state": "What the latents know of the animal itself. Read the value against its null, not against zero.",
    "controls": "Each of these must be at chance, or not above what it is compared with. Leaky rows were "
    "fitted on what they are scored on: they show what such a mistake looks like.",
    "ceilings": "The most that any row with the same window and target could reach.",
}
SECTIONS = (
    ("data", "Data", ()),
    ("decoding", "Decoding", ("frame-decoding",)),
    ("alignment", "Alignment", ("alignment",)),
    ("state", "State", ("state",)),
    ("controls", "Controls", ("controls",)),
    ("ceilings", "Ceilings", ("ceilings",)),
)


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


def page(result: Result, scoreboard: Scoreboard, palette: Palette, drawn: Sequence[Picture | LeftOut]) -> str:
    """Write the page of a result.

    Parameters
    ----------
    result, scoreboard, palette
        The numbers, the lines of the scoreboard, and the colour of each row.
    drawn
        Every figure, or why there is none.
    """
    templates = Environment(
        loader=PackageLoader("twofold.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters |= {
        "number": numbers.number,
        "shown": shown,
        "fact_title": fact_title,
        "kind": kind_of,
        "inline": lambda content: base64.b64encode(content).decode("ascii"),
    }
    folder = resources.files("twofold.reporting") / "templates"
    return templates.get_template("page.html.j2").render(
        css=Markup((folder / "style.css").read_text(encoding="utf-8")),
        js=Markup((folder / "page.js").read_text(encoding="utf-8")),
        title=result.study.replace("-", " ").capitalize(),
        study=result.study,
        name=str(result.recording.get("name", "a recording")),
        recording=flat(result.recording),
        options=flat(result.options),
        versions=flat(result.versions),
        took=numbers.duration(round(result.seconds, 3)),
        preset=result.options.get("preset"),
        headline=headline(result, scoreboard),
        facts=facts(scoreboard),
        conclusions=result.conclusions,
        overview=_section("overview", "Scoreboard", (), result, palette, drawn),
        sections=[*_sections(result, palette, drawn)],
        scoreboard=scoreboard,
        split=SPLITS.get(scoreboard.split, ""),
        longest=longest_bar(scoreboard),
        winner=scoreboard.best("exact_accuracy"),
        splits=SPLITS,
        palette=palette,
        cell_of=cell_of,
        bar_of=Bar.of,
        missing=numbers.MISSING,
        intervals=numbers.INTERVALS,
    )


def _sections(result: Result, palette: Palette, drawn: Sequence[Picture | LeftOut]) -> list[Section]:
    known = {name for _, _, names in SECTIONS for name in names}
    others = tuple((name, TABLES.get(name, name), (name,)) for name in result.tables() if name not in known)
    sections = [_section(*part, result, palette, drawn) for part in (*SECTIONS, *others)]
    return [section for section in sections if section.pictures or section.left_out or section.rows]


def _section(
    anchor: str,
    title: str,
    names: Sequence[str],
    result: Result,
    palette: Palette,
    drawn: Sequence[Picture | LeftOut],
) -> Section:
    here = [figure for figure in drawn if figure.group == anchor]
    return Section(
        anchor,
        title,
        LEADS.get(anchor, ""),
        tuple(figure for figure in here if isinstance(figure, Picture)),
        tuple(figure for figure in here if isinstance(figure, LeftOut)),
        tuple(table for name in names for table in tables_of(result, name, palette)),
        tuple(row for name in names for row in result.tables().get(name, [])),
    )


def flat(content: Mapping[str, Any], under: str = "") -> list[tuple[str, str]]:
    """Lines of nested options, written as JSON writes them.

    Examples
    --------
    >>> flat({"preset": "quick", "encoder": {"hidden": 64, "dims": (2, 3)}, "seed": None})
    [('preset', 'quick'), ('encoder.hidden', '64'), ('encoder.dims', '[2, 3]'), ('seed', 'null')]
    """
    lines: list[tuple[str, str]] = []
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            lines += flat(value, f"{under}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append((f"{under}{name}", text))
    return lines
