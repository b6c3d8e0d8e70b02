"""Richer latents: with a memory, a gain or a prior of another shape, or behind another likelihood."""

from __future__ import annotations

from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import MAIN, dimension_name, richer_name
from twofold.studies.latent_factors.parts.references import compared
from twofold.studies.result import Row


def rows(found: Findings) -> list[Row]:
    """Half of the neurons from the other half, and all from the video."""
    options = found.options
    if not options.richer:
        return []
    make = found.rows_of("richer-latents", note=f"at most {options.sweep_epochs} epochs")
    richer = {name: name for name in map(richer_name, options.richer)}
    return compared(found, make, {MAIN: dimension_name(options.dimension), **richer}, MAIN, {})
