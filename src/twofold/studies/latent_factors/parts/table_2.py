"""Table 2: weights on the state that are free, follow from the position, or are shared."""

from __future__ import annotations

from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import MAPS, map_name
from twofold.studies.latent_factors.paper import ARTEFACT
from twofold.studies.latent_factors.parts.references import compared, truth_rows
from twofold.studies.result import Row

NO_POSITIONS = "the position of some neuron is not known"


def rows(found: Findings) -> list[Row]:
    """Half of the neurons from the other half, and all from the video."""
    set_up = (
        "no positions in the readout"
        if found.options.own_setups
        else "positions in the readout, unlike the paper"
    )
    make = found.rows_of("table-2", note=set_up)
    models = {f"latent zig {kind}": map_name(kind) for kind in MAPS if map_name(kind) in found.fits}
    made = compared(found, make, models, "latent zig free", {"bits": ARTEFACT})
    if "latent zig position" not in models:
        made += [
            make.absent("latent zig position", m, NO_POSITIONS) for m in ("bits", "correlation_conditioned")
        ]
    return made + truth_rows(found, make, "correlation_conditioned")
