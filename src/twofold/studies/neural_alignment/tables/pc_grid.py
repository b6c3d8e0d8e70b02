"""The table pc-grid: logistic regression on more and more components, by the paper's 7 / 2 split."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.decomposition import PCA

from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.label_scores import label_chance, label_scores, metric_names
from twofold.studies.neural_alignment.methods.method import FrameDecoder, predict_frames
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.result import Row

TABLE = "pc-grid"
METRICS = ("exact_accuracy", "mae_frames")


def seven_to_two(repeats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation repeats: the last two of nine, and that share of any other number.

    Examples
    --------
    >>> [part.tolist() for part in seven_to_two(np.arange(9))]
    [[0, 1, 2, 3, 4, 5, 6], [7, 8]]
    """
    n = min(max(1, round(2 * len(repeats) / 9)), len(repeats) - 1)
    return repeats[:-n], repeats[-n:]


def components_tried(asked: tuple[int, ...], n_units: int, n_rows: int) -> list[int]:
    """Numbers of components that there can be, all of them at the end where more were asked for.

    Examples
    --------
    >>> components_tried((4, 16, 64), 48, 500)
    [4, 16, 48]
    """
    return sorted({min(n, n_units, n_rows) for n in asked})


def grid_of_components(
    data: Presentations,
    decoder: FrameDecoder,
    preprocessing: Preprocessing,
    repeats: np.ndarray,
    *,
    components: tuple[int, ...],
    seed: int,
) -> dict[str, np.ndarray]:
    """Decode the validation repeats, and the training repeats, from each number of components.

    Returns
    -------
    dict
        `components` (n,), and per split `<split>/<metric>` (n,); `n_units`.
    """
    train, validation = seven_to_two(repeats)
    part = Prepared.of(data, train, validation, preprocessing)
    tried = components_tried(components, part.rows.responses.shape[1], len(part.rows.frame))
    fitted = PCA(max(tried), random_state=seed).fit(part.rows.responses)
    latents = [fitted.transform(rows.responses) for rows in (part.rows, part.new)]
    out: dict[str, list[float]] = {}
    for n in tried:
        fitted_on, scored_on = (x[:, :n] for x in latents)
        for split, rows, x in (("train", part.rows, fitted_on), ("validation", part.new, scored_on)):
            told = predict_frames(decoder, decoder.candidates[0], fitted_on, part.rows.frame, x)
            scores = label_scores(data, rows.frame, told)
            for metric in METRICS:
                out.setdefault(f"{split}/{metric}", []).append(getattr(scores, metric))
    found = {name: np.array(values) for name, values in out.items()}
    return found | {"components": np.array(tried), "n_units": np.array(len(part.fitted.kept))}


def grid_rows(found: Mapping[str, np.ndarray], data: Presentations, decoder: str, seed: int) -> list[Row]:
    """One row per number of components, metric and split."""
    chance, named = label_chance(data), metric_names(data.label_name)
    rows = []
    for i, n in enumerate(found["components"].tolist()):
        for split, where in (("train", "the training repeats"), ("validation", "the validation repeats")):
            rows += [
                Row(
                    table=TABLE,
                    row=f"pca {n} + {decoder}",
                    metric=named[metric],
                    split="train" if split == "train" else "validation",
                    value=float(found[f"{split}/{metric}"][i]),
                    n=1,
                    n_units=int(found["n_units"]),
                    chance=getattr(chance, metric),
                    fitted_on="seven of nine training repeats, or that share of them",
                    scored_on=where,
                    window=1,
                    seed=seed,
                    note="one split",
                )
                for metric in METRICS
            ]
    return rows
