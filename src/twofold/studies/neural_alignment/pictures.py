"""The arrays that the figures of neural-alignment show.

Names and shapes of all arrays of a result; those that a recording or a preset has not are absent. `<row>`
is a row's name as in its table, `<method>` that of an embedding. `result.recording["label"]` says what is
decoded ("frame", "direction", "position").

- `raster/responses` (frame, unit), `raster/bin_s`: the first repeat.
- `pca/embedding` (point, 3), `pca/frame`, `pca/repeat` (point,); `tsne/embedding` (point, 2), `tsne/frame`,
  `tsne/repeat`; `explained_variance/cumulative` (component,).
- `frames/pictures` (frame, height, width) uint8.
- `decoded/true` (frame,), `decoded/repeat`: the repeat that is shown; `decoded/predicted/<row>` (frame,).
- `decoded/every_repeat/<row>` (left-out repeat, frame): for confusions and errors by frame.
- `regression/predicted/<row>` (frame,) frame number told by a regression, beside `decoded/true`.
- `pc_grid/components` (n,), `pc_grid/<split>/exact_accuracy`, `pc_grid/<split>/mae_frames` (n,) for the
  splits train and validation.
- `knn_grid/neighbours` (n,), `knn_grid/exact_accuracy/<method>`, `knn_grid/mae_frames/<method>` (n,).
- `epochs/<method>/r2_train`, `.../r2_validation`, `.../guide_train`, `.../guide_validation`, `.../active`
  (epoch,), `.../kl_per_dimension` (epoch, dimension): variational autoencoders.
- `steps/<method>/loss`, `.../temperature` (step,), `.../step` (step,), `.../chance_loss` (): contrastive.
- `response_epochs/<row>/r2_train`, `.../r2_validation` (epoch,): response decoders that are trained.
- `reconstructed/observed` (frame, unit), `reconstructed/predicted/<row>` (frame, unit): some units.
- `embedding/latents/<method>` (point, 3), `embedding/frame`, `embedding/repeat` (point,),
  `embedding/fitted` (point,) bool: whether the encoder saw the repeat.
- `seeds/score/<method>`, `seeds/chance/<method>`, `seeds/chance_high/<method>` (seed, seed);
  `seeds/latents/<method>` (seed, frame, 3), turned onto those of the first seed.
- `saturation/n_units`, `saturation/n_repeats` (n,); `saturation/by_units/<row>`,
  `saturation/by_repeats/<row>` (n, draw) exact accuracy, NaN where there were fewer draws.
- `merging/threshold`, `merging/n_classes`, `merging/chance` (n,), `merging/accuracy/<row>` (n,): frames more
  alike than the threshold are one. SSIM and feature cosine are rows of the table picture-similarity.
- `tuning/<search>/value` (trial,), `tuning/<search>/options` (trial,) JSON texts.
- `trade_off/lambda`, `trade_off/exact_accuracy`, `trade_off/r2_cross_repeat` (lambda,).
- `state/<signal>/observed`, `state/<signal>/predicted` (time,).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from twofold.recordings.preprocess import Preprocessing, fit_to_responses
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.decoding_rows import DecodedFolds

MOST_POINTS = 6000
PASSED_ON = ("epochs/", "steps/")  # curves go to the result as they come


def pictures(
    data: Presentations, schemes: Mapping[str, DecodedFolds], main: DecodedFolds, preprocessing: Preprocessing
) -> dict[str, np.ndarray]:
    """Raster, principal components, explained variance and decoded frames; for looking, not for scoring.

    Parameters
    ----------
    data
        The recording.
    schemes, main
        Decoded frames of all schemes; and the one whose rows are shown first.
    preprocessing
        What is done to the responses.
    """
    rows = data.rows(np.arange(data.n_repeats))
    fitted = fit_to_responses(rows.responses, rows.repeat, preprocessing, "all repeats (figures only)")
    values = fitted.transform(rows.responses[:, fitted.kept])
    components = PCA(min(values.shape), svd_solver="full" if min(values.shape) < 1200 else "auto").fit(values)
    shown = np.linspace(0, len(values) - 1, min(len(values), MOST_POINTS)).astype(int)
    found = {
        "raster/responses": _raster(data, fitted.kept),
        "raster/bin_s": np.array(data.frame_s),
        "pca/embedding": components.transform(values[shown])[:, :3].astype(np.float32),
        "pca/frame": rows.frame[shown],
        "pca/repeat": rows.repeat[shown],
        "explained_variance/cumulative": np.cumsum(components.explained_variance_ratio_).astype(np.float32),
        **decoded_pictures(data, schemes, main),
    }
    if data.pictures is not None:
        found["frames/pictures"] = data.pictures.astype(np.uint8)
    return found


def decoded_pictures(
    data: Presentations, schemes: Mapping[str, DecodedFolds], main: DecodedFolds
) -> dict[str, np.ndarray]:
    """What every row decodes: of one repeat that all of them decode, and of all left-out repeats."""
    repeat = int(main.repeats[len(main.repeats) // 2])
    found = {"decoded/true": data.label, "decoded/repeat": np.array(repeat)}
    others = [decoded for name, decoded in schemes.items() if name != "leave_one_block_out"]
    for decoded in (main, *others):
        at = np.flatnonzero(decoded.repeats == repeat)
        for name, predicted in decoded.predicted.items():
            line = predicted[at[0]] if len(at) else predicted[-1]
            found.setdefault(f"decoded/predicted/{name}", line)
            found.setdefault(f"decoded/every_repeat/{name}", predicted.astype(np.int32))
    return found


def tsne_picture(
    data: Presentations, preprocessing: Preprocessing, *, points: int, seed: int
) -> dict[str, np.ndarray]:
    """`embedding` (point, 2) by t-SNE of the first 50 principal components, with `frame` and `repeat`."""
    rows = data.rows(np.arange(data.n_repeats))
    fitted = fit_to_responses(rows.responses, rows.repeat, preprocessing, "all repeats (figures only)")
    values = fitted.transform(rows.responses[:, fitted.kept])
    reduced = PCA(min(50, *values.shape), random_state=seed).fit_transform(values)
    shown = np.linspace(0, len(values) - 1, min(len(values), points)).astype(int)
    model = TSNE(2, init="pca", perplexity=min(30.0, (len(shown) - 1) / 3), random_state=seed)
    embedding = model.fit_transform(reduced[shown])
    return {
        "tsne/embedding": embedding.astype(np.float32),
        "tsne/frame": rows.frame[shown],
        "tsne/repeat": rows.repeat[shown],
    }


def told_arrays(told: Mapping[str, np.ndarray], neighbours: tuple[int, ...], label: np.ndarray) -> dict:
    """What the last fold told beside its rows, under the names of the figures."""
    found: dict[str, np.ndarray] = {}
    for key, values in told.items():
        kind, _, rest = key.partition("/")
        name, _, what = rest.rpartition("/")
        if key.startswith(PASSED_ON):
            found[key] = values
        elif kind == "embedding":
            found[f"embedding/latents/{name}" if what == "latents" else f"embedding/{what}"] = values
        elif kind == "neighbours":
            error = np.abs(values.reshape(len(values), -1, len(label)) - label)
            found["knn_grid/neighbours"] = np.array(neighbours[: len(values)])
            found[f"knn_grid/exact_accuracy/{rest}"] = (error == 0).mean(axis=(1, 2))
            found[f"knn_grid/mae_frames/{rest}"] = error.mean(axis=(1, 2))
        elif kind == "responses" and what in ("r2_train", "r2_validation"):
            found[f"response_epochs/{name}/{what}"] = values
        elif kind == "responses" and what == "reconstructed":
            found[f"reconstructed/predicted/{name}"] = values
        elif key == "observed_units":
            found["reconstructed/observed"] = values
    return found


def _raster(data: Presentations, kept: np.ndarray) -> np.ndarray:
    """(frame, unit) the first repeat, units in the order in which the other repeats peak."""
    others = data.responses[1:][:, :, kept].mean(axis=0)
    return data.responses[0][:, kept][:, np.argsort(others.argmax(axis=0), kind="stable")]
