"""Rows, arrays and sentences from what all steps found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.conclusions import conclusions
from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fitting import HISTORY
from twofold.studies.latent_factors.parts import (
    competitors,
    figure_3,
    figure_4,
    figure_8,
    richer_latents,
    selection,
    table_1,
    table_2,
    table_3,
    table_5,
    table_8,
    table_10,
)
from twofold.studies.latent_factors.parts.of_models import Part
from twofold.studies.result import Row

TABLES = (
    *(table_1, table_2, table_3, table_5, table_8, table_10),
    *(figure_3, figure_4, figure_8, richer_latents, competitors, selection),
)
FIGURES = (figure_3, figure_4, figure_8)


@dataclass(frozen=True, eq=False)
class Assembled:
    """Rows, arrays and sentences."""

    rows: list[Row]
    arrays: Arrays
    conclusions: list[str]


def assembled(found: Findings, parts: Sequence[Part], notes: Sequence[str]) -> Assembled:
    """Put the results of all steps together."""
    rows = [row for table in TABLES for row in table.rows(found)]
    arrays: Arrays = {"mice": np.array(found.mice)}
    for figure in FIGURES:
        arrays |= figure.arrays(found)
    for part in parts:
        looked = {
            name: values for fit in part.fits for name, values in found.results[f"{part.name}, {fit}"].items()
        }
        arrays |= looked
        rows += part.rows(looked, found.mice)
    arrays |= _histories(found)
    return Assembled(rows, arrays, conclusions(rows, notes))


def _histories(found: Findings) -> Arrays:
    """Loss and score after each epoch, of every model."""
    return {
        f"history/{fit}/{what}": found.results[fit][f"{HISTORY}{what}"]
        for fit in found.fits
        for what in ("loss", "correlation", "seconds")
        if f"{HISTORY}{what}" in found.results[fit]
    }
