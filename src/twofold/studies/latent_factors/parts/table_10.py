"""Table 10: a model that starts from the fitted video model, and one that starts from nothing."""

from __future__ import annotations

from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import MAIN, SCRATCH
from twofold.studies.latent_factors.paper import ARTEFACT
from twofold.studies.latent_factors.parts.references import compared
from twofold.studies.result import Row


def rows(found: Findings) -> list[Row]:
    """Both were trained for as many epochs altogether."""
    make = found.rows_of("table-10")
    return compared(found, make, {MAIN: MAIN, SCRATCH: SCRATCH}, MAIN, {"bits": ARTEFACT})
