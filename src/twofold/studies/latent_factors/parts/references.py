"""Rows of the reader who knows the law of a simulation, for any table."""

from __future__ import annotations

from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.row_maker import RowMaker, by_mouse
from twofold.studies.latent_factors.truth import NOT_MATCHED
from twofold.studies.result import Row

TRUTH = "truth"
SCORED_AS = {"correlation_conditioned": "conditioned"}


def truth_rows(found: Findings, make: RowMaker, *metrics: str) -> list[Row]:
    """The rows "truth" of some metrics; none where the law is not known."""
    if not found.has(TRUTH):
        return []
    scores, n = found.results[TRUTH], len(found.mice)
    matched = all(bool(scores[f"{number}/is_matched"]) for number in range(n))
    note = "" if matched else NOT_MATCHED
    return [
        row
        for metric in metrics
        for row in make(TRUTH, metric, by_mouse(scores, SCORED_AS.get(metric, metric), n), note=note)
    ]


def compared(
    found: Findings, make: RowMaker, models: dict[str, str], against: str, notes: dict[str, str]
) -> list[Row]:
    """Bits from the video alone, and correlation and bits given half, of some models, and their differences.

    Parameters
    ----------
    found, make
        What was found, and the maker of the table's rows.
    models
        Row to the name of its fit.
    against
        The row that others are compared with.
    notes
        By metric.
    """
    asked = {
        "bits": "bits",
        "correlation_conditioned": "conditioned",
        "bits_conditioned": "bits_conditioned",
        "correlation": "correlation",
    }
    made: list[Row] = []
    for metric, name in asked.items():
        for row, fit in models.items():
            made += make(row, metric, found.values(fit, name), note=notes.get(metric, ""))
        for row, fit in models.items():
            if row != against:
                # of one seed each, because the others have but one
                pair = [by_mouse(found.scores(one), name, len(found.mice)) for one in (fit, models[against])]
                made += make.difference(f"{row} - {against}", metric, *pair)
    return made
