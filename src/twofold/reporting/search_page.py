"""The page of a search: one HTML text with every trial, its figures, and the line to type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from twofold.reporting.palette import FAINT, HUES, INK
from twofold.runs.search.figures import SearchFigure

HEIGHT, MOST_DIGITS = 420, 7
CONFIG = {"displaylogo": False, "responsive": True}


def search_page(
    title: str,
    facts: Mapping[str, str],
    best: Mapping[str, Any] | None,
    trials: Sequence[Mapping[str, str]],
    figures: Sequence[SearchFigure],
) -> str:
    """Write the page; it needs no network.

    Parameters
    ----------
    title
        What was searched.
    facts
        What is told in the head.
    best
        What `best.json` holds; None where no trial is complete.
    trials
        Rows of `trials.csv`.
    figures
        Those of `twofold.runs.search.figures`.
    """
    templates = Environment(
        loader=PackageLoader("twofold.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    style = resources.files("twofold.reporting") / "templates" / "style.css"
    return templates.get_template("search.html.j2").render(
        css=Markup(style.read_text(encoding="utf-8")),
        plotly=Markup(get_plotlyjs()) if any(one.figure is not None for one in figures) else "",
        title=title,
        facts=facts,
        best=best,
        columns=list(trials[0]) if trials else [],
        trials=[{key: _short(text) for key, text in row.items()} for row in sorted(trials, key=_by_value)],
        figures=[(one, Markup(_html(one)) if one.figure is not None else "") for one in figures],
    )


def _by_value(row: Mapping[str, str]) -> tuple[float, int]:
    """Complete trials first, the best of them at the top."""
    complete = row["state"] == "complete"
    return (-float(row["value"]) if complete else float("inf"), int(row["trial"]))


def _short(text: str) -> str:
    """Four digits of a number with more."""
    try:
        return f"{float(text):.4g}" if len(text) > MOST_DIGITS else text
    except ValueError:
        return text


def _html(one: SearchFigure) -> str:
    assert one.figure is not None
    one.figure.update_layout(
        template="none",
        title=None,
        height=HEIGHT,
        width=None,
        colorway=HUES,
        margin={"l": 60, "r": 20, "t": 20, "b": 60},
        font={"family": "system-ui, sans-serif", "size": 12, "color": INK},
    )
    one.figure.update_xaxes(gridcolor=FAINT, zeroline=False, automargin=True)
    one.figure.update_yaxes(gridcolor=FAINT, zeroline=False, automargin=True)
    html: str = one.figure.to_html(
        full_html=False, include_plotlyjs=False, div_id=f"figure-{one.name}", config=CONFIG
    )
    return html
