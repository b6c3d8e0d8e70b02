"""Choosing a model and reporting it on the same trials, beside the same choice reported on others."""

from __future__ import annotations

import numpy as np

from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import dimension_name
from twofold.studies.result import Row

TABLE, METRIC = "selection", "correlation_conditioned"


def rows(found: Findings) -> list[Row]:
    """The best number of latents by the tier oracle, scored there and on the held-out tier.

    The tiers differ in difficulty, so that the leak is what the best has above the mean of all on each.
    """
    fits = {f"K={k}": dimension_name(k) for k in found.options.dimensions}
    on_oracle = found.curve(list(fits.values()), "conditioned", found.validation).mean(axis=0)
    best = list(fits)[int(on_oracle.argmax())]
    leaky = found.rows_of(TABLE, scored_on=found.validation, note=f"chosen: {best}")
    honest = found.rows_of(TABLE, note=f"chosen on the tier oracle: {best}")
    fit = fits[best]
    made = leaky(
        "best of all, leaky: chosen and scored on oracle",
        METRIC,
        found.of_quarter(fit, "conditioned", found.validation),
    )
    made += honest("best of all, scored on held-out trials", METRIC, found.of_quarter(fit, "conditioned"))
    on_test = found.curve(list(fits.values()), "conditioned").mean(axis=0)
    chosen = int(on_oracle.argmax())
    above = {
        "above the mean of all, leaky: on oracle": on_oracle[chosen] - on_oracle.mean(),
        "above the mean of all, on held-out trials": on_test[chosen] - on_test.mean(),
    }
    note = f"{len(fits)} models; means over mice"
    for row, value in above.items():
        make = leaky if "leaky" in row else honest
        made.append(make.number(row, METRIC, float(np.round(value, 12)), note=note))
    return made
