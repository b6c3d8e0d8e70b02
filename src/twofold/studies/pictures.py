"""The arrays that the figures of neural-alignment show."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from twofold.recordings.preprocess import fit_to_responses
from twofold.studies.alignment_options import AlignmentOptions
from twofold.studies.decoding_rows import DecodedFolds
from twofold.studies.presentations import Presentations

MOST_POINTS = 6000


def pictures(data: Presentations, decoded: DecodedFolds, options: AlignmentOptions) -> dict[str, np.ndarray]:
    """Raster, principal components, explained variance and decoded frames; for looking, not for scoring."""
    rows = data.rows(np.arange(data.n_repeats))
    fitted = fit_to_responses(
        rows.responses, rows.repeat, options.preprocessing, "all repeats (figures only)"
    )
    values = fitted.transform(rows.responses[:, fitted.kept])
    components = PCA(min(values.shape), svd_solver="full" if min(values.shape) < 1200 else "auto").fit(values)
    shown = np.linspace(0, len(values) - 1, min(len(values), MOST_POINTS)).astype(int)
    middle = len(decoded.repeats) // 2
    found = {
        "raster/responses": _raster(data, fitted.kept),
        "raster/bin_s": np.array(data.frame_s),
        "pca/embedding": components.transform(values[shown])[:, :3].astype(np.float32),
        "pca/frame": rows.frame[shown],
        "pca/repeat": rows.repeat[shown],
        "explained_variance/cumulative": np.cumsum(components.explained_variance_ratio_).astype(np.float32),
        "decoded/true": data.label,
        "decoded/repeat": np.array(decoded.repeats[middle]),
    }
    for name, predicted in decoded.predicted.items():
        found[f"decoded/predicted/{name}"] = predicted[middle]
    if data.pictures is not None:
        found["frames/pictures"] = data.pictures.astype(np.uint8)
    return found


def _raster(data: Presentations, kept: np.ndarray) -> np.ndarray:
    """(frame, unit) the first repeat, units in the order in which the other repeats peak."""
    others = data.responses[1:][:, :, kept].mean(axis=0)
    return data.responses[0][:, kept][:, np.argsort(others.argmax(axis=0), kind="stable")]
