"""Embeddings without gradients: the responses, their windows, linear ones, and a user's own."""

from __future__ import annotations

from functools import partial

import numpy as np
from sklearn.decomposition import PCA

from twofold.embeddings.factor_analysis import FactorAnalysisCV
from twofold.errors import DataError
from twofold.studies.neural_alignment.methods.method import Choice, Encoder, Method, grid_of
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.presentations import Rows

VARIANCE = 0.9  # of the responses, that the paper's 305 components hold


def raw() -> Method:
    """The responses themselves."""
    return Method("raw", ({},), _fit_raw)


def counts() -> Method:
    """The responses before the square root and scaling."""
    return Method("raw", ({},), _fit_raw, {"counts": True})


def raw_window(window: int) -> Method:
    """The responses of all samples that a windowed embedding sees, side by side."""
    return Method(f"raw window={window}", ({},), _fit_raw, {"window": window}, window=window)


def counts_window(window: int) -> Method:
    """The same of the counts."""
    depends = {"window": window, "counts": True}
    return Method(f"raw window={window}", ({},), _fit_raw, depends, window=window)


def raw_window_mean(window: int) -> Method:
    """Their mean, for decoders that could not hold them side by side."""
    return Method(f"raw window={window} mean", ({},), _fit_window_mean, {"window": window}, window=window)


def pca(options: AlignmentOptions) -> Method:
    """Principal components of the training repeats."""
    return Method("pca", grid_of(components=options.pca_components), _fit_pca)


def pca_of(components: int) -> Method:
    """So many principal components."""
    return Method(f"pca {components}", ({"components": components},), _fit_pca)


def pca_of_variance() -> Method:
    """The principal components that hold 90 % of the variance."""
    return Method("pca 90 % of variance", ({},), _fit_pca_of_variance, {"share": VARIANCE})


def factor_analysis(dimension: int) -> Method:
    """Factor analysis with so many factors, or as many as the units allow."""
    return Method(f"factor analysis {dimension}", ({},), _fit_factors, {"dimension": dimension})


def own_latents(name: str, latents: np.ndarray) -> Method:
    """Latents that a user brought: (repeat * frame, dimension), in the order of the presentations."""
    note = "latents as given: what they were fitted to is not known here"
    return Method(name, ({},), partial(_fit_own, latents), sees=(f"latents {name}",), note=note)


def windows(values: np.ndarray, trial: np.ndarray, window: int) -> np.ndarray:
    """(time, window * unit) values at t - window // 2 ... t + window - window // 2 - 1, edges repeated.

    Examples
    --------
    >>> windows(np.arange(4.0)[:, None], np.array([0, 0, 0, 1]), 2).tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 2.0], [3.0, 3.0]]
    """
    return np.asarray(values[_seen(trial, window)].reshape(len(values), -1))


def _seen(trial: np.ndarray, window: int) -> np.ndarray:
    """(time, window) rows in the window of each row, of its own trial."""
    place = np.arange(len(trial))
    starts = np.flatnonzero(np.append(True, np.diff(trial) != 0))
    own = np.searchsorted(starts, place, side="right") - 1
    first, last = starts[own], np.append(starts[1:], len(trial))[own] - 1
    seen = place[:, None] + np.arange(window) - window // 2
    return np.clip(seen, first[:, None], last[:, None])


def _fit_raw(choice: Choice, rows: Rows, seed: int) -> Encoder:
    window, of = choice.get("window", 1), _counts if choice.get("counts") else _responses
    return of if window == 1 else lambda new: windows(of(new), new.trial, window)


def _fit_window_mean(choice: Choice, rows: Rows, seed: int) -> Encoder:
    def mean(new: Rows) -> np.ndarray:
        return np.stack([new.responses[at] for at in _seen(new.trial, choice["window"]).T]).mean(axis=0)

    return mean


def _fit_pca(choice: Choice, rows: Rows, seed: int) -> Encoder:
    n = min(choice["components"], *rows.responses.shape)
    fitted = PCA(n, random_state=seed).fit(rows.responses)
    return lambda new: fitted.transform(new.responses)


def _fit_pca_of_variance(choice: Choice, rows: Rows, seed: int) -> Encoder:
    fitted = PCA(choice["share"], svd_solver="full").fit(rows.responses)
    return lambda new: fitted.transform(new.responses)


def _fit_factors(choice: Choice, rows: Rows, seed: int) -> Encoder:
    dimension = max(1, min(choice["dimension"], rows.responses.shape[1] - 1))
    fitted = FactorAnalysisCV((dimension,), random_state=seed).fit(rows.responses)
    return lambda new: fitted.transform(new.responses).astype(np.float32)


def _fit_own(latents: np.ndarray, choice: Choice, rows: Rows, seed: int) -> Encoder:
    def look_up(new: Rows) -> np.ndarray:
        if new.place is None:
            raise DataError("latents of a user belong to the rows of the recording only")
        return latents[new.place]

    return look_up


def _responses(rows: Rows) -> np.ndarray:
    return rows.responses


def _counts(rows: Rows) -> np.ndarray:
    if rows.counts is None:
        raise DataError("these rows have no counts")
    return rows.counts
