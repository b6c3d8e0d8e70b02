"""The table guidance: what each variational autoencoder reconstructs, and how well its guide is told."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twofold.studies.neural_alignment.paper import paper_value
from twofold.studies.result import Row, SplitName

TABLE = "guidance"
SPLITS: dict[str, tuple[SplitName, str]] = {
    "train": ("train", "some of the training rows"),
    "validation": ("validation", "one training repeat that was held out"),
    "test": ("test", "the test repeat"),
}


def guidance_rows(found: Mapping[str, np.ndarray], seed: int) -> list[Row]:
    """R2 of responses and score of the guide at the last epoch, and the peak over epochs on held-out data.

    Parameters
    ----------
    found
        What the last fold told: `epochs/<method>/<curve>` and `guidance/<method>/<score>`.
    seed
        Of the fits.
    """
    names = dict.fromkeys(key.split("/")[1] for key in found if key.startswith("guidance/"))
    rows = []
    for name in names:
        for what, metric in (("r2", "r2_same_trial"), ("guide", _guide_metric(name))):
            for split in SPLITS:
                curve = found.get(f"epochs/{name}/{what}_{split}")
                last = found.get(f"guidance/{name}/{what}_{split}")
                if curve is not None and len(curve):
                    rows.append(_row(name, metric, split, float(curve[-1]), seed))
                    if split == "validation":
                        best = int(np.argmax(curve))
                        note = f"the highest of {len(curve)} epochs, epoch {best + 1}, so it flatters"
                        rows.append(_row(name, f"{metric}_peak", split, float(curve[best]), seed, note))
                elif last is not None:
                    rows.append(_row(name, metric, split, float(last), seed))
        active = found.get(f"epochs/{name}/active")
        if active is not None and len(active):
            rows.append(_row(name, "active_dimensions", "train", float(active[-1]), seed))
    return rows


def _guide_metric(name: str) -> str:
    return "guide_accuracy" if " frame" in name else "guide_r2"


def _row(name: str, metric: str, split: str, value: float, seed: int, note: str = "") -> Row:
    kind, where = SPLITS[split]
    return Row(
        table=TABLE,
        row=name,
        metric=metric,
        split=kind,
        value=value if np.isfinite(value) else None,
        n=1,
        chance=0.0 if "r2" in metric else None,
        fitted_on="the training repeats but one",
        scored_on=where,
        window=1,
        seed=seed,
        paper=paper_value(TABLE, name, metric, split),
        note=note or "one split",
    )
