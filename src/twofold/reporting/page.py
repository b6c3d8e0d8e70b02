"""The page: one HTML text that holds everything it shows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from twofold.reporting import numbers
from twofold.reporting.figures import LeftOut, Picture
from twofold.reporting.figures.picture import label_of
from twofold.reporting.names import SPLITS, TABLES, fact_title, kind_of, shown
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Bar, Scoreboard, best_of_each, longest_bar
from twofold.reporting.summary import facts, headline
from twofold.reporting.tables import Table, cell_of, tables_of
from twofold.reporting.viewer import embedding_viewer
from twofold.studies.result import Result, Row

LEADS = {
    "data": "What was recorded, before any model.",
    "decoding": "Which {what} was shown, read from responses that no fit has seen.",
    "guidance": "Variational autoencoders: what they keep of the responses, and what a guide adds or takes.",
    "contrastive": "Embeddings that learn to tell samples apart: how they were fitted, and whether a second "
    "fit finds the same.",
    "alignment": "Whether an embedding still carries what the neurons did, and not only a code of the frame.",
    "state": "What the latents know of the animal itself. Read the value against its null, not against zero.",
    "controls": "Each of these must be at chance, or not above what it is compared with. Leaky rows were "
    "fitted on what they are scored on: they show what such a mistake looks like.",
    "ceilings": "The most that any row with the same window and target could reach.",
}
SECTIONS = (
    ("data", "Data", ()),
    (
        "decoding",
        "Decoding",
        ("frame-decoding", "frame-regression", "pc-grid", "picture-similarity", "saturation"),
    ),
    ("guidance", "Guidance", ("guidance", "tuning")),
    ("contrastive", "Contrastive", ("seeds",)),
    ("alignment", "Alignment", ("alignment", "responses-from-latents")),
    ("state", "State", ("state",)),
    ("controls", "Controls", ("controls",)),
    ("ceilings", "Ceilings", ("ceilings", "noise-ceiling")),
)
MOST_LINES = 14  # of a table that stands open, and of the scoreboard before one asks for more


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
    sections = _sections(result, palette, drawn)
    viewer = embedding_viewer(result)
    js = ("page.js", "embedding.js") if viewer else ("page.js",)
    return templates.get_template("page.html.j2").render(
        css=Markup((folder / "style.css").read_text(encoding="utf-8")),
        js=Markup("\n".join((folder / name).read_text(encoding="utf-8") for name in js)),
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
        marked=partial(marked, names=sorted({row.row for row in result.rows}, key=len, reverse=True)),
        viewer=viewer,
        overview=_section("overview", "Scoreboard", (), result, palette, drawn),
        sections=[section for section in sections if section.pictures or section.rows],
        left_out=[
            f for section in sections if not (section.pictures or section.rows) for f in section.left_out
        ],
        most_lines=MOST_LINES,
        first_lines=first_lines(scoreboard),
        scoreboard=scoreboard,
        split=SPLITS.get(scoreboard.split, ""),
        longest=longest_bar(scoreboard),
        winner=scoreboard.best("exact_accuracy"),
        splits=SPLITS,
        alone={"test": "one test repeat"},
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
        LEADS.get(anchor, "").format(what=label_of(result)),
        tuple(figure for figure in here if isinstance(figure, Picture)),
        tuple(figure for figure in here if isinstance(figure, LeftOut)),
        tuple(table for name in names for table in tables_of(result, name, palette)),
        tuple(row for name in names for row in result.tables().get(name, [])),
    )


def first_lines(scoreboard: Scoreboard) -> set[str]:
    """Names of the lines that compete and are shown before one asks for more; all, where they are few."""
    able = list(scoreboard.of_kind("honest"))
    best = able if len(able) <= MOST_LINES else best_of_each(scoreboard, MOST_LINES)
    return {entry.name for entry in best}


def marked(sentence: str, names: Sequence[str]) -> Markup:
    """Make the names of rows in a sentence bold; `names` are the longest first.

    Examples
    --------
    >>> str(marked("raw + knn reads best, <not> pca.", ["raw + knn", "pca"]))
    '<b>raw + knn</b> reads best, &lt;not&gt; <b>pca</b>.'
    """
    if not names:
        return escape(sentence)
    pattern = rf"(?<!\w)({'|'.join(map(re.escape, names))})(?!\w)"
    parts = re.split(pattern, sentence)  # every second part is a name
    return Markup("").join(
        Markup("<b>{}</b>").format(part) if k % 2 else escape(part) for k, part in enumerate(parts)
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
