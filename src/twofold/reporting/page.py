"""The page of a study of alignment: a scoreboard, and what stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from twofold.reporting.document import MOST_LINES, document
from twofold.reporting.figures import LeftOut, Picture
from twofold.reporting.figures.picture import label_of
from twofold.reporting.names import SPLITS
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Bar, Scoreboard, best_of_each, longest_bar
from twofold.reporting.sections import Part, section_of, sections_of
from twofold.reporting.summary import facts, headline
from twofold.reporting.tables import cell_of, tables_of
from twofold.reporting.viewer import embedding_viewer
from twofold.studies.result import Result

PARTS = (
    Part("data", "Data", "What was recorded, before any model."),
    Part(
        "decoding",
        "Decoding",
        "Which {what} was shown, read from responses that no fit has seen.",
        ("frame-decoding", "frame-regression", "pc-grid", "picture-similarity", "saturation"),
    ),
    Part(
        "guidance",
        "Guidance",
        "Variational autoencoders: what they keep of the responses, and what a guide adds or takes.",
        ("guidance", "tuning"),
    ),
    Part(
        "contrastive",
        "Contrastive",
        "Embeddings that learn to tell samples apart: how they were fitted, and whether a second fit finds "
        "the same.",
        ("seeds",),
    ),
    Part(
        "alignment",
        "Alignment",
        "Whether an embedding still carries what the neurons did, and not only a code of the frame.",
        ("alignment", "responses-from-latents"),
    ),
    Part(
        "state",
        "State",
        "What the latents know of the animal itself. Read the value against its null, not against zero.",
        ("state",),
    ),
    Part(
        "controls",
        "Controls",
        "Each of these must be at chance, or not above what it is compared with. Leaky rows were fitted on "
        "what they are scored on: they show what such a mistake looks like.",
        ("controls",),
    ),
    Part(
        "ceilings",
        "Ceilings",
        "The most that any row with the same window and target could reach.",
        ("ceilings", "noise-ceiling"),
    ),
)


def page(result: Result, scoreboard: Scoreboard, palette: Palette, drawn: Sequence[Picture | LeftOut]) -> str:
    """Write the page of a result.

    Parameters
    ----------
    result, scoreboard, palette
        The numbers, the lines of the scoreboard, and the colour of each row.
    drawn
        Every figure, or why there is none.
    """
    lay_out = partial(tables_of, result, palette=palette)
    parts = [replace(part, lead=part.lead.format(what=label_of(result))) for part in PARTS]
    viewer = embedding_viewer(result)
    return document(
        "alignment.html.j2",
        result,
        sections_of(parts, result, drawn, lay_out),
        scripts=("page.js", "embedding.js") if viewer else ("page.js",),
        headline=headline(result, scoreboard),
        facts=facts(scoreboard),
        viewer=viewer,
        overview=section_of(Part("overview", "Scoreboard"), result, drawn, lay_out),
        first_lines=first_lines(scoreboard),
        scoreboard=scoreboard,
        split=SPLITS.get(scoreboard.split, ""),
        longest=longest_bar(scoreboard),
        winner=scoreboard.best("exact_accuracy"),
        alone={"test": "one test repeat"},
        palette=palette,
        cell_of=cell_of,
        bar_of=Bar.of,
    )


def first_lines(scoreboard: Scoreboard) -> set[str]:
    """Names of the lines that compete and are shown before one asks for more; all, where they are few."""
    able = list(scoreboard.of_kind("honest"))
    best = able if len(able) <= MOST_LINES else best_of_each(scoreboard, MOST_LINES)
    return {entry.name for entry in best}
