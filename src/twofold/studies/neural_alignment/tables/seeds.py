"""The table seeds: whether embeddings fitted with other seeds agree, and by more than chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.decomposition import PCA

from twofold.metrics.consistency import consistency
from twofold.metrics.cross_validation import SharedSubspace
from twofold.metrics.procrustes import OrthogonalAlignment
from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.methods.method import Method
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.result import Row

TABLE = "seeds"
SURROGATES = 20
MOST_COMPONENTS = 8
PARTS = ("score", "chance", "chance_high")


def fit_seeds(
    data: Presentations,
    method: Method,
    preprocessing: Preprocessing,
    train: np.ndarray,
    test: np.ndarray,
    *,
    n_seeds: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Fit the embedding with several seeds to the same repeats and compare the latents of the others.

    Returns
    -------
    dict
        `score`, `chance`, `chance_high`, `p` (seed, seed) of the subspace that two embeddings share, over
        left-out stretches of frames; and `latents` (seed, frame, 3), turned onto those of the first seed.
    """
    part = Prepared.of(data, train, test, preprocessing, method)
    # More components than a tenth of the frames could be turned onto anything.
    most = max(1, min(MOST_COMPONENTS, data.n_frames // 10))
    latents = []
    for i in range(n_seeds):
        encode = method.encoder(method.candidates[0], part.rows, seed + i)
        of_repeats = encode(part.new).reshape(len(test), data.n_frames, -1)
        mean = of_repeats.mean(axis=0, dtype=np.float64)
        latents.append(PCA(min(most, *mean.shape), random_state=0).fit_transform(mean))
    found = consistency(latents, measure=SharedSubspace, n_surrogates=SURROGATES, random_state=seed)
    return {
        **{name: getattr(found, name) for name in (*PARTS, "p")},
        "latents": _side_by_side(latents),
    }


def _side_by_side(latents: list[np.ndarray]) -> np.ndarray:
    """(seed, frame, 3) the first components of each embedding, turned onto those of the first one."""
    drawn = [one[:, :3] for one in latents]
    turned = [OrthogonalAlignment(scale=True).fit_transform(one, drawn[0]) for one in drawn]
    return np.stack(turned).astype(np.float32)


def seeds_rows(found: Mapping[str, Mapping[str, np.ndarray]], seed: int) -> list[Row]:
    """Mean agreement over pairs of seeds, by method, with its chance level."""
    rows = []
    for name, parts in found.items():
        pairs = ~np.eye(len(parts["score"]), dtype=bool)
        values = parts["score"][pairs]
        p = float(np.median(parts["p"][pairs]))
        rows.append(
            Row(
                table=TABLE,
                row=name,
                metric="shared_subspace",
                split="test",
                value=float(values.mean()),
                low=float(values.min()),
                high=float(values.max()),
                interval_kind="range",
                over="pairs of seeds",
                n=len(values),
                chance=float(np.nanmean(parts["chance"])),
                fitted_on="the training repeats",
                scored_on="mean latents of the frames of the test repeats, stretches of frames left out",
                window=1,
                seed=seed,
                note=f"{len(pairs)} seeds; low, high: the least and the most alike pair; median p = {p:.3g}",
            )
        )
    return rows


def seeds_arrays(found: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """For the figure: agreement and latents by method."""
    names = (*PARTS, "latents")
    return {f"seeds/{name}/{method}": parts[name] for method, parts in found.items() for name in names}
