"""What the pages of all studies share: one HTML text that holds everything it shows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from twofold.reporting import numbers
from twofold.reporting.names import SPLITS, fact_title, kind_of, shown
from twofold.reporting.sections import Section
from twofold.studies.result import Result

MOST_LINES = 14  # of a table that stands open


def document(
    template: str,
    result: Result,
    sections: Sequence[Section],
    *,
    styles: Sequence[str] = ("style.css",),
    scripts: Sequence[str] = ("page.js",),
    **own: Any,
) -> str:
    """Write the page of a result.

    Parameters
    ----------
    template
        Of the study; it fills the blocks of `page.html.j2`.
    result
        The numbers.
    sections
        Parts of the page; one that has nothing but figures left out is told of at the end.
    styles, scripts
        Files that the page holds.
    own
        What the template of the study shows besides.
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
    full = [section for section in sections if section.pictures or section.rows]
    empty = [section for section in sections if not (section.pictures or section.rows)]
    return templates.get_template(template).render(
        css=_together(styles),
        js=_together(scripts),
        title=result.study.replace("-", " ").capitalize(),
        study=result.study,
        name=str(result.recording.get("name", "a recording")),
        recording=flat(result.recording),
        options=flat(result.options),
        versions=flat(result.versions),
        took=numbers.duration(round(result.seconds, 3)),
        preset=result.options.get("preset") or result.options.get("preset_name"),
        conclusions=result.conclusions,
        marked=partial(marked, names=sorted({row.row for row in result.rows}, key=len, reverse=True)),
        sections=full,
        left_out=[figure for section in empty for figure in section.left_out],
        most_lines=MOST_LINES,
        splits=SPLITS,
        missing=numbers.MISSING,
        intervals=numbers.INTERVALS,
        **own,
    )


def _together(names: Sequence[str]) -> Markup:
    """Files of the page, one after the other."""
    folder = resources.files("twofold.reporting") / "templates"
    return Markup("\n".join((folder / name).read_text(encoding="utf-8") for name in names))


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
