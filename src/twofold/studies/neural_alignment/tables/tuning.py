"""Sizes by search, on the training repeats only: what "found to be best" means. All trials are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from twofold.decoders.mlp_responses import ResponseMLP
from twofold.metrics import r2
from twofold.recordings.preprocess import Preprocessing
from twofold.runs.search.parzen import search_in_memory
from twofold.studies.neural_alignment.methods.method import Method
from twofold.studies.neural_alignment.methods.vae import VAEEncoder, fit_vae
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.pc_grid import seven_to_two
from twofold.studies.result import Row

TABLE = "tuning"
WIDTHS = (64, 128, 256, 512)


def tune_vae(
    data: Presentations,
    preprocessing: Preprocessing,
    repeats: np.ndarray,
    *,
    trials: int,
    settings: Mapping[str, Any],
    seed: int,
) -> dict[str, np.ndarray]:
    """Beta, depths and widths of the plain autoencoder by the R2 of the validation repeats (the 7 / 2 split).

    Returns
    -------
    dict
        `value` (trial,) and `options` (trial,) as JSON texts.
    """
    part = Prepared.of(data, *seven_to_two(repeats), preprocessing)

    def score(trial: Any) -> float:
        width = trial.suggest_categorical("width", WIDTHS)
        own = {
            "beta": trial.suggest_float("beta", 1e-3, 1.0, log=True),
            "hidden": (width,) * trial.suggest_int("encoder_layers", 1, 4),
            "decoder_hidden": (width,) * trial.suggest_int("decoder_layers", 1, 3),
        }
        encode = fit_vae({**settings, **own}, part.rows, seed)
        assert isinstance(encode, VAEEncoder)
        return float(r2(part.new.responses, encode.reconstruct(part.new)))

    return search_in_memory(score, trials, seed)


def tune_response_network(
    data: Presentations,
    method: Method,
    preprocessing: Preprocessing,
    repeats: np.ndarray,
    *,
    trials: int,
    epochs: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Depth and width of the network that tells responses from latents, in the same way."""
    part = Prepared.of(data, *seven_to_two(repeats), preprocessing)
    encode = method.encoder(method.candidates[0], part.rows, seed)
    fitted_on, scored_on = encode(part.rows), encode(part.new)

    def score(trial: Any) -> float:
        width = trial.suggest_categorical("width", WIDTHS)
        model = ResponseMLP(
            hidden=(width,) * trial.suggest_int("hidden_layers", 1, 4),
            dropout=trial.suggest_categorical("dropout", (0.0, 0.2, 0.5)),
            epochs=epochs,
            device="cpu",
            random_state=seed,
        ).fit(fitted_on, part.rows.responses, groups=part.rows.repeat)
        return float(r2(part.new.responses, model.predict(scored_on)))

    return search_in_memory(score, trials, seed)


def tuning_rows(found: Mapping[str, Mapping[str, np.ndarray]], seed: int) -> list[Row]:
    """One row per trial, and one that names the best of each search."""
    rows = []
    for name, parts in found.items():
        best = int(np.nanargmax(parts["value"]))
        lines = [*enumerate(zip(parts["value"], parts["options"], strict=True))]
        named = [(f"{name}, trial {i + 1:02d}", value, text) for i, (value, text) in lines]
        named.append((f"{name}, best of {len(lines)} trials", parts["value"][best], parts["options"][best]))
        rows += [
            Row(
                table=TABLE,
                row=row,
                metric="r2_same_trial",
                split="validation",
                value=float(value) if np.isfinite(value) else None,
                n=1,
                chance=0.0,
                fitted_on="seven of nine training repeats, or that share of them",
                scored_on="the other training repeats",
                window=1,
                seed=seed,
                note=str(text).strip("{}").replace('"', ""),
            )
            for row, value, text in named
        ]
    return rows


def tuning_arrays(found: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """For the figure."""
    return {
        f"tuning/{name}/{part}": values for name, parts in found.items() for part, values in parts.items()
    }


def tuning_table(found: Mapping[str, np.ndarray]) -> str:
    """All trials as the text of a csv file, from the arrays of a result."""
    lines = ["search,trial,r2_validation,options"]
    for key in (key for key in found if key.startswith("tuning/") and key.endswith("/value")):
        name = key.split("/")[1]
        for i, (value, text) in enumerate(
            zip(found[key], found[f"tuning/{name}/options"], strict=True), start=1
        ):
            quoted = str(text).replace('"', '""')
            lines.append(f'{name},{i},{value:.6g},"{quoted}"')
    return "\n".join(lines) + "\n"
