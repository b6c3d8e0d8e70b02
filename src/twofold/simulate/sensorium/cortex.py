"""Where neurons lie in the cortex, what is known of each, and latent weights that are maps of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twofold.errors import DataError

FIELD_UM, PLANES_UM = 616.0, np.arange(200.0, 426.0, 25.0)
POOL = 8000
MEDIAN_MEAN, LOG_MEAN_SD = 2.5, 0.8
MEDIAN_CV, LOG_CV_SD = 4.8, 0.25
MAPS = 3  # latents whose weights are a map of the cortex
TWIST = 0.8  # correlation of a neuron's weights on q and on theta


def random_weights(
    x_y: np.ndarray, latents: int, sd: float, noise: float, rng: np.random.Generator, maps: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """(neuron, latent) w_q and w_theta, of mean squared norm sd^2; the first three are maps of the cortex.

    Parameters
    ----------
    x_y
        (neuron, 2) position in the field, -1 to 1.
    latents
        How many.
    sd
        Standard deviation of w.z over latents and neurons.
    noise
        Share of the variance of the first three that does not depend on the position.
    rng
        Generator.
    maps
        False for weights that do not depend on the position at all.
    """
    x, y = 2.2 * x_y.T
    fields = np.stack([np.sin(x), np.sin(y), np.cos((x + y) / np.sqrt(2))], axis=1)
    fields = (fields - fields.mean(axis=0)) / fields.std(axis=0)
    smooth = np.zeros((len(x_y), latents))
    shares = np.ones(latents)
    if maps:
        smooth[:, :MAPS] = fields[:, :latents]
        shares[:MAPS] = noise
    own, q, theta = rng.standard_normal((3, len(x_y), latents))
    result = []
    for part in (q, theta):
        scatter = np.sqrt(TWIST) * own + np.sqrt(1 - TWIST) * part
        weights = np.sqrt(1 - shares) * smooth + np.sqrt(shares) * scatter
        result.append(sd / np.sqrt(latents) * weights)
    return result[0], result[1]


def neuron_table(
    n_neurons: int, rng: np.random.Generator, statistics: str | None = None, dense: bool = False
) -> pd.DataFrame:
    """Positions in micrometres, and mean and standard deviation of raw responses, one row per neuron.

    Parameters
    ----------
    n_neurons
        How many to draw out of a mouse of 8000.
    rng
        Generator.
    statistics
        npz file of a real mouse; else ten planes of 616 um and the marginals of ten mice (spec, section 5).
    dense
        Neurons that lie close together, instead of all over the field.

    Raises
    ------
    DataError
        If the file is not such a file, or has fewer neurons.
    """
    position, mean, sd = _measured(statistics) if statistics else _drawn(max(POOL, n_neurons), rng)
    if len(position) < n_neurons:
        raise DataError(f"{statistics} has {len(position)} neurons; n_neurons={n_neurons} are too many")
    if dense:
        keep = np.argsort(np.linalg.norm(position - np.median(position, axis=0), axis=1))[:n_neurons]
    else:
        keep = rng.choice(len(position), n_neurons, replace=False)
    keep.sort()
    x, y, z = position[keep].T
    return pd.DataFrame({"x_um": x, "y_um": y, "z_um": z, "raw_mean": mean[keep], "raw_sd": sd[keep]})


def _drawn(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = rng.uniform(0, FIELD_UM, (2, n))
    mean = MEDIAN_MEAN * np.exp(LOG_MEAN_SD * rng.standard_normal(n))
    cv = MEDIAN_CV * np.exp(LOG_CV_SD * rng.standard_normal(n))
    return np.stack([x, y, rng.choice(PLANES_UM, n)], axis=1), mean, mean * cv


def _measured(path: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names = ("cell_motor_coordinates", "response_mean", "response_std")
    try:
        with np.load(path, allow_pickle=False) as file:
            position, mean, sd = (np.asarray(file[name], dtype=float) for name in names)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"statistics={path}: {error}; give an npz file with {', '.join(names)}") from error
    return position - position.min(axis=0) * [1, 1, 0], mean, sd
