"""Table 1: what models tell of all neurons from the video alone."""

from __future__ import annotations

from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import MAIN, POISSON, ZIG
from twofold.studies.latent_factors.paper import ARTEFACT
from twofold.studies.latent_factors.parts.references import truth_rows
from twofold.studies.result import Row

OTHER_MEASURE = "a Poisson model gives probabilities to counts, which do not compare with densities"


def rows(found: Findings) -> list[Row]:
    """Correlations and bits of three models with all seeds, and their differences."""
    make = found.rows_of("table-1")
    made = [
        row
        for name in (POISSON, ZIG, MAIN)
        for row in make(name, "correlation", found.values(name, "correlation"))
    ]
    made += [make.absent(POISSON, "bits", OTHER_MEASURE)]
    for name in (ZIG, MAIN):
        made += make(name, "bits", found.values(name, "bits"), note=ARTEFACT)
    made += make(
        "constant responses", "bits", found.values(ZIG, "null"), note="a zero-inflated gamma per neuron"
    )
    pairs = [(ZIG, POISSON, "correlation"), (MAIN, ZIG, "correlation"), (MAIN, ZIG, "bits")]
    for one, other, metric in pairs:
        pair = found.values(one, metric), found.values(other, metric)
        made += make.difference(f"{one} - {other}", metric, *pair)
    made += truth_rows(found, make, "correlation", "bits")
    leaky = found.rows_of("table-1", scored_on=found.validation)
    for name in (POISSON, ZIG, MAIN):
        values = found.values(name, "correlation", found.validation)
        made += leaky(f"{name}, leaky: scored where training stopped", "correlation", values)
    return made
