"""Table 8: a smoother between state and neurons, and other encoders."""

from __future__ import annotations

from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import CNN_ENCODER, MAIN, PAPER_ENCODER, SMOOTHERS, dimension_name
from twofold.studies.latent_factors.paper import ARTEFACT
from twofold.studies.latent_factors.parts.references import compared
from twofold.studies.result import Row


def rows(found: Findings) -> list[Row]:
    """Half of the neurons from the other half, and all from the video."""
    options = found.options
    note = f"at most {options.sweep_epochs} epochs; smoothers by {options.smoother_samples} samples"
    make = found.rows_of("table-8", note=note)
    models = {name: name for name in (*SMOOTHERS, CNN_ENCODER, PAPER_ENCODER)}
    models = {MAIN: dimension_name(options.dimension), **models}
    return compared(found, make, models, MAIN, {"bits": ARTEFACT})
