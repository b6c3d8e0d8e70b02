"""The table responses-from-latents: the paper's question, by its network and by ridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from twofold.decoders import GroupedRidge
from twofold.decoders.mlp_responses import ResponseMLP
from twofold.metrics import r2
from twofold.recordings.preprocess import top_variance_units
from twofold.studies.neural_alignment.paper import paper_value
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.result import Row

SHOWN_UNITS = 6
CURVES = ("r2_train", "r2_validation")
TABLE = "responses-from-latents"
NOTES = {
    "validation": "one split; the embedding saw this repeat, the decoder of the responses did not",
    "test": "one split",
}


@dataclass(frozen=True)
class ResponseDecoders:
    """The decoders of responses, and the units that they are to tell.

    Parameters
    ----------
    epochs, hidden
        Of the network; 0 epochs for ridge alone.
    shares
        Shares of the units' variance: the top units that reach it are told.
    """

    epochs: int
    hidden: tuple[int, ...]
    shares: tuple[float, ...] = (1.0, 0.95, 0.9)

    @property
    def key(self) -> dict[str, Any]:
        """What a result depends on, as plain JSON."""
        return {"epochs": self.epochs, "hidden": list(self.hidden), "shares": list(self.shares)}


def responses_from(
    decoders: ResponseDecoders,
    data: Presentations,
    part: Prepared,
    fitted_on: np.ndarray,
    scored_on: np.ndarray,
    *,
    seed: int,
) -> dict[str, np.ndarray]:
    """R2 on the last training repeat, which the decoders do not see, and on the test repeats.

    Parameters
    ----------
    decoders
        What to fit.
    data, part
        The recording, and the fold.
    fitted_on, scored_on
        (time, dimension) latents of its training and its test rows.
    seed
        Of the network.

    Returns
    -------
    dict
        `responses/<embedding> + <decoder> -> <units>/...`, with the embedding's name still to be filled in:
        `validation` and `test` (2,), variance-weighted and mean over neurons; `n_units`; curves of the
        network; and `reconstructed` (frame, unit) of a few units.
    """
    rows = part.rows
    validation = rows.repeat == rows.repeat.max()
    out: dict[str, np.ndarray] = {}
    for share in decoders.shares:
        variance = top_variance_units(data.rows(np.unique(rows.repeat)).responses[:, part.fitted.kept], share)
        units = np.flatnonzero(variance) if share < 1 else np.arange(len(part.fitted.kept))
        for name in ("mlp", "ridge") if decoders.epochs else ("ridge",):
            key = f"responses/<embedding> + {name} -> {_units_name(share)}"
            model, curves = _fitted(
                name, decoders, fitted_on, rows.responses[:, units], rows.repeat, validation, seed
            )
            told = model.predict(scored_on)
            parts = {
                "validation": (rows.responses[validation][:, units], model.predict(fitted_on[validation])),
                "test": (part.new.responses[:, units], told),
            }
            out |= {f"{key}/{split}": _scores(*pair) for split, pair in parts.items()}
            out |= {f"{key}/{curve}": values for curve, values in curves.items()}
            out[f"{key}/n_units"] = np.array(len(units))
            if share == 1:
                shown = np.argsort(-part.new.responses.var(axis=0), kind="stable")[:SHOWN_UNITS]
                first = part.new.repeat == part.new.repeat[0]
                out[f"{key}/reconstructed"] = told[first][:, shown].astype(np.float32)
                out["observed_units"] = part.new.responses[first][:, shown]
    return out


def _units_name(share: float) -> str:
    return "all units" if share == 1 else f"units of {100 * share:g} % of the variance"


def _scores(true: np.ndarray, told: np.ndarray) -> np.ndarray:
    return np.array([r2(true, told), r2(true, told, average="mean_over_neurons")])


def _fitted(
    name: str,
    decoders: ResponseDecoders,
    latents: np.ndarray,
    responses: np.ndarray,
    repeat: np.ndarray,
    validation: np.ndarray,
    seed: int,
) -> tuple[Any, dict[str, np.ndarray]]:
    train = ~validation
    if name == "ridge":
        return GroupedRidge().fit(latents[train], responses[train], repeat[train]), {}
    model = ResponseMLP(
        hidden=decoders.hidden,
        epochs=decoders.epochs,
        validation=1 / len(np.unique(repeat[train])),
        device="cpu",
        random_state=seed,
    ).fit(latents[train], responses[train], groups=repeat[train])
    return model, {curve: values for curve, values in model.history_.items() if curve in CURVES}


def response_rows(found: Mapping[str, np.ndarray], window: Mapping[str, int], seed: int) -> list[Row]:
    """Rows of the table, from what one fold told."""
    rows = []
    for key, values in found.items():
        kind, _, rest = key.partition("/")
        name, _, split = rest.rpartition("/")
        if kind != "responses" or split not in ("validation", "test"):
            continue
        for metric, value in zip(("r2_same_trial", "r2_same_trial_mean_over_neurons"), values, strict=True):
            finite = bool(np.isfinite(value))
            rows.append(
                Row(
                    table=TABLE,
                    row=name,
                    metric=metric,
                    split="validation" if split == "validation" else "test",
                    value=float(value) if finite else None,
                    n=1,
                    n_units=int(found[f"{kind}/{name}/n_units"]),
                    chance=0.0,
                    fitted_on="training repeats; the decoder of the responses, all but the last of them",
                    scored_on="the last training repeat" if split == "validation" else "the test repeat",
                    window=window.get(name.partition(" + ")[0], 1),
                    seed=seed,
                    paper=paper_value(TABLE, name, metric, split),
                    note=NOTES[split] if finite else "no unit varies",
                )
            )
    return rows
