"""Sentences of the study as the page writes them: rows in bold, tables as links to where they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from twofold.reporting.document import marked
from twofold.reporting.sections import Section


def anchors_of(sections: Sequence[Section]) -> dict[str, str]:
    """Where each table stands: its name to the part of the page."""
    return {row.table: section.anchor for section in sections for row in section.rows}


def linked(sentence: str, names: Sequence[str], anchors: Mapping[str, str]) -> Markup:
    """Write a sentence: names of rows bold, those of tables linked, minus signs true.

    Parameters
    ----------
    sentence
        As the study wrote it.
    names
        Of the rows, the longest first.
    anchors
        Of the tables.

    Examples
    --------
    >>> str(linked("video zig tells -0.02 (table-5).", ["video zig"], {"table-5": "other-videos"}))
    '<b>video zig</b> tells −0.02 (<a href="#other-videos">table-5</a>).'
    """
    text = str(marked(re.sub(r"(?<![\w.-])-(?=\d)", "−", sentence), names))
    for table in sorted(anchors, key=len, reverse=True):
        link = f'<a href="#{anchors[table]}">{table}</a>'
        text = re.sub(rf"(?<![\w#>-]){re.escape(table)}(?![\w-])", link, text)
    return Markup(text)
