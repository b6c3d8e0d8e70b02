"""Whether wrong frames look alike: decoded beside true pictures, and accuracy once like frames are merged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.ndimage import uniform_filter
from scipy.spatial.distance import squareform

from twofold.studies.neural_alignment.methods.frame_features import frame_similarity
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.controls import is_control
from twofold.studies.neural_alignment.tables.decoding_rows import DecodedFolds
from twofold.studies.result import Row

TABLE = "picture-similarity"
NEIGHBOUR = "control: the neighbouring frame"
WINDOW = 7  # pixels, as in Wang et al. 2004 with a flat window
PAIRS = 1000
THRESHOLDS = 12


def ssim(a: np.ndarray, b: np.ndarray, data_range: float) -> np.ndarray:
    r"""(pair,) structural similarity of pictures (pair, height, width).

    .. math:: \frac{(2 \mu_a \mu_b + c_1)(2 \sigma_{ab} + c_2)}
              {(\mu_a^2 + \mu_b^2 + c_1)(\sigma_a^2 + \sigma_b^2 + c_2)}

    averaged over windows of 7 x 7 pixels, with c1 = (0.01 L)^2, c2 = (0.03 L)^2 and L the range of the data.

    References
    ----------
    Wang, Bovik, Sheikh, Simoncelli 2004, IEEE Transactions on Image Processing 13:600.

    Examples
    --------
    >>> picture = np.random.default_rng(0).random((1, 16, 16))
    >>> float(ssim(picture, picture, 1.0)[0]), bool(ssim(picture, 1 - picture, 1.0)[0] < 0)
    (1.0, True)
    """
    size = min(WINDOW, *a.shape[1:])

    def mean(x: np.ndarray) -> np.ndarray:
        return uniform_filter(x, size=(1, size, size), mode="reflect")

    a, b = a.astype(np.float64), b.astype(np.float64)
    mu_a, mu_b = mean(a), mean(b)
    var_a, var_b, cov = mean(a * a) - mu_a**2, mean(b * b) - mu_b**2, mean(a * b) - mu_a * mu_b
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    value = (2 * mu_a * mu_b + c1) * (2 * cov + c2) / ((mu_a**2 + mu_b**2 + c1) * (var_a + var_b + c2))
    return np.asarray(value.mean(axis=(1, 2)))


def similarity_rows(decoded: DecodedFolds, data: Presentations, seed: int) -> list[Row]:
    """SSIM and feature cosine between decoded and true frame, against chance and the neighbouring frame."""
    shown = data.label
    neighbour = shown[np.where(np.arange(len(shown)) + 1 < len(shown), np.arange(len(shown)) + 1, -2)]
    rng = np.random.default_rng([seed, 4])
    told = {NEIGHBOUR: neighbour[None]} | {
        name: frames for name, frames in decoded.predicted.items() if not is_control(name)
    }
    rows = []
    for metric, measure in _measures(data).items():
        true, guess = rng.choice(shown, PAIRS), rng.choice(shown, PAIRS)
        chance = float(measure(true, guess).mean())
        for name, frames in told.items():
            one = frames[-1]  # of the last left-out repeat: pictures are slow to compare
            value = float(measure(shown, one).mean())
            rows.append(
                Row(
                    table=TABLE,
                    row=name,
                    metric=metric,
                    split=decoded.scheme,
                    value=value,
                    n=1,
                    n_units=decoded.n_units.get(name),
                    chance=chance,
                    fitted_on="the training repeats",
                    scored_on="the last left-out repeat",
                    window=decoded.windows.get(name, 1),
                    seed=seed,
                    note="chance is a frame drawn at random",
                )
            )
    return rows


def _measures(data: Presentations) -> dict:
    """How alike two frames are, by metric, of what the recording has."""
    found = {}
    pictures = data.pictures
    if pictures is not None and min(pictures.shape[1:]) >= 2:
        spread = float(np.ptp(pictures)) or 1.0
        found["ssim"] = lambda a, b: ssim(pictures[a], pictures[b], spread)
    if data.features is not None:
        alike = frame_similarity(data.features)
        found["feature_cosine"] = lambda a, b: alike[a, b]
    return found


def merging(decoded: DecodedFolds, data: Presentations) -> dict[str, np.ndarray]:
    """Accuracy once frames more alike than a threshold are one answer, by average linkage.

    Returns
    -------
    dict
        `merging/threshold`, `merging/n_classes`, `merging/chance` (n,) and `merging/accuracy/<row>` (n,).
    """
    if data.features is None or data.n_frames < 3:
        return {}
    labels, inverse = np.unique(data.label, return_inverse=True)
    if len(labels) < 3:
        return {}
    distance = np.clip(1 - frame_similarity(data.features)[np.ix_(labels, labels)], 0, 2)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform((distance + distance.T) / 2, checks=False), "average")
    heights = np.quantile(tree[:, 2], np.linspace(0, 0.98, THRESHOLDS))
    place = {label: i for i, label in enumerate(labels.tolist())}
    out: dict[str, list[float]] = {"n_classes": [], "chance": []}
    for height in (-1.0, *heights):
        cluster = fcluster(tree, height, "distance") if height >= 0 else np.arange(1, len(labels) + 1)
        share = np.bincount(cluster[inverse], minlength=cluster.max() + 1) / len(inverse)
        out["n_classes"].append(int(cluster.max()))
        out["chance"].append(float((share**2).sum()))
        for name, told in decoded.predicted.items():
            if is_control(name):
                continue
            guess = np.array([place[label] for label in told.ravel().tolist()]).reshape(told.shape)
            hits = cluster[guess] == cluster[inverse]
            out.setdefault(f"accuracy/{name}", []).append(float(hits.mean()))
    threshold = 1 - np.array([0.0, *heights])
    return {"merging/threshold": threshold} | {f"merging/{k}": np.array(v) for k, v in out.items()}


def similarities(schemes: Mapping[str, DecodedFolds], data: Presentations, seed: int) -> list[Row]:
    """Rows of all schemes but that of blocks, where the recording has pictures or features."""
    if data.label_name != "frame" or not _measures(data):
        return []
    return [
        row
        for name, decoded in schemes.items()
        if name != "leave_one_block_out"
        for row in similarity_rows(decoded, data, seed)
    ]
