"""What the best possible reader of a simulation could know: bounds that no method can exceed.

A ceiling holds for the window of one frame and for square-root responses sqrt(count / bins_per_frame).
Standardising is an affine map per unit, whatever its statistics: apply it to a ceiling as to a response.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.special import logsumexp

from twofold.errors import DataError
from twofold.shapes import Ids
from twofold.simulate.laplace import state_posterior
from twofold.simulate.roots import mean_root
from twofold.simulate.truth import Truth

CHUNK_ELEMENTS = 2_000_000
NEGLIGIBLE = 1e-5
QUADRATURE_NODES = 9


def frame_log_likelihood(truth: Truth, counts: np.ndarray, repeats: Ids) -> np.ndarray:
    """(sample, frame) log p(counts | frame), the state of every mouse integrated out.

    Parameters
    ----------
    truth
        The law of the units counted.
    counts
        (sample, unit) spikes per frame, such as `frame_counts` gives.
    repeats
        (sample,) the presentation that each sample comes from, which decides the drift.

    Raises
    ------
    DataError
        If counts, repeats and truth do not fit together.

    Examples
    --------
    >>> from twofold.simulate import MovieRepeats, simulate_movie_repeats
    >>> from twofold.simulate.truth import frame_counts
    >>> recording = simulate_movie_repeats(MovieRepeats.small())
    >>> counts = frame_counts(recording)[:120]
    >>> frame_log_likelihood(Truth.of(recording), counts, np.zeros(120, dtype=int)).shape
    (120, 120)
    """
    _check(truth, counts, repeats)
    chunks = [
        sum(part.log_evidence for part in _by_mouse(truth, counts[rows], repeats[rows]))
        for rows in _chunks(len(counts), truth.drive.size)
    ]
    return np.concatenate(chunks)


def bayes_frame_decoder(truth: Truth, counts: np.ndarray, repeats: Ids) -> Ids:
    """(sample,) most probable frame ids, each frame as probable as another before the counts are seen.

    The bound of every frame decoder that sees one frame's counts. Parameters as in `frame_log_likelihood`;
    the probabilities of identical frames, which share an id, add up.
    """
    log_likelihood = frame_log_likelihood(truth, counts, repeats)
    ids, which = np.unique(truth.frame_ids, return_inverse=True)
    if len(ids) < len(which):
        log_likelihood = np.stack(
            [logsumexp(log_likelihood[:, which == i], axis=1) for i in range(len(ids))], axis=1
        )
    return ids[log_likelihood.argmax(axis=1)]


def expected_responses(truth: Truth, repeat: int) -> np.ndarray:
    """(frame, unit) mean over states and spikes of sqrt(count / bins_per_frame) in one presentation.

    The best prediction, in mean squared error, of a presentation whose state is not known: the ceiling of
    `r2_cross_repeat`. Unit n has s.w ~ N(0, |w|^2); its mean over s is a Gauss-Hermite sum.

    Parameters
    ----------
    truth
        The law of the units.
    repeat
        The presentation to predict.
    """
    log_mean = np.log(truth.typical * truth.drift[repeat])
    spread = np.linalg.norm(truth.loadings, axis=0)
    return _mean_root_over_state(log_mean, spread) / np.sqrt(truth.bins_per_frame)


def conditional_responses(
    truth: Truth, counts: np.ndarray, repeats: Ids, given: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """(sample, target) mean of sqrt(count / bins_per_frame) of the targets, given other units' counts.

    The ceiling of `r2_cosmoothing`: frames are mixed by their posterior, and within a frame the state of
    each mouse by its Laplace posterior. Frames of posterior under 1e-5 are left out.

    Parameters
    ----------
    truth
        The law of all units.
    counts
        (sample, given) spikes per frame of the given units.
    repeats
        (sample,) the presentation that each sample comes from.
    given, targets
        Integer indices of units in `truth`, without a common one.

    Raises
    ------
    DataError
        If given and targets overlap, or counts, repeats and truth do not fit together.
    """
    common = np.intersect1d(given, targets)
    if common.size:
        raise DataError(f"given and targets share {common.size} units, such as unit {common[0]}")
    known = truth.select(given)
    _check(known, counts, repeats)
    largest = len(truth.drive) * max(len(given), len(targets))
    return np.concatenate(
        [
            _conditional(truth, counts[rows], repeats[rows], given, targets)
            for rows in _chunks(len(counts), largest)
        ]
    )


class _MousePosterior(NamedTuple):
    mouse: int
    log_evidence: np.ndarray
    latents: np.ndarray
    mean: np.ndarray
    precision: np.ndarray


def _conditional(
    truth: Truth, counts: np.ndarray, repeats: Ids, given: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    parts = list(_by_mouse(truth, counts, repeats, given))
    log_evidence = sum(part.log_evidence for part in parts)
    posterior = np.exp(log_evidence - logsumexp(log_evidence, axis=1, keepdims=True))
    sample, frame = np.nonzero(posterior > NEGLIGIBLE)
    weight = posterior[sample, frame] / np.bincount(sample, posterior[sample, frame])[sample]
    mix = csr_array((weight, (sample, np.arange(len(sample)))))
    expected = np.empty((len(counts), len(targets)))
    for part in parts:
        columns = np.flatnonzero(truth.mouse[targets] == part.mouse)
        units = targets[columns]
        loadings = truth.loadings[np.ix_(part.latents, units)]
        precision = part.precision[sample, frame]
        # the state's covariance times w, for every pair of sample and frame
        spread_w = np.linalg.solve(precision, np.broadcast_to(loadings, (len(sample), *loadings.shape)))
        spread = np.sqrt((spread_w * loadings).sum(axis=1))
        log_mean = np.log(truth.typical[np.ix_(frame, units)] * truth.drift[np.ix_(repeats[sample], units)])
        log_mean += part.mean[sample, frame] @ loadings
        expected[:, columns] = mix @ _mean_root_over_state(log_mean, spread)
    return expected / np.sqrt(truth.bins_per_frame)


def _by_mouse(
    truth: Truth, counts: np.ndarray, repeats: Ids, given: np.ndarray | None = None
) -> Iterator[_MousePosterior]:
    """What the given units of each mouse say; a mouse without given units keeps its prior."""
    given = np.arange(truth.drive.shape[1]) if given is None else given
    for mouse in np.unique(truth.mouse).tolist():
        latents, columns = truth.latents_of(mouse), np.flatnonzero(truth.mouse[given] == mouse)
        own = truth.select(given[columns])
        found = state_posterior(counts[:, columns], own.typical, own.drift[repeats], own.loadings[latents])
        yield _MousePosterior(mouse, found.log_evidence, latents, found.mean, found.precision)


def _mean_root_over_state(log_mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """E sqrt(count), count ~ Poisson(exp(log_mean + spread z)), z ~ N(0, 1), by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(QUADRATURE_NODES)
    weights = weights / weights.sum()
    total = np.zeros(log_mean.shape)
    for node, weight in zip(nodes, weights, strict=True):
        total += weight * mean_root(np.exp((log_mean + node * spread) / 2))
    return total


def _chunks(n_samples: int, elements_per_sample: int) -> Iterator[slice]:
    size = max(1, CHUNK_ELEMENTS // max(1, elements_per_sample))
    for start in range(0, n_samples, size):
        yield slice(start, start + size)


def _check(truth: Truth, counts: np.ndarray, repeats: Ids) -> None:
    n_repeats, n_units = truth.drift.shape
    if counts.ndim != 2 or counts.shape != (len(repeats), n_units):
        raise DataError(
            f"counts have shape {counts.shape}, but {len(repeats)} repeats and {n_units} units were given; "
            "give counts (sample, unit) and one repeat per sample"
        )
    if counts.size and (counts.min() < 0 or (counts != np.rint(counts)).any()):
        raise DataError(
            "counts must be whole spikes per frame; give `frame_counts(recording)`, not responses"
        )
    if len(repeats) and not 0 <= repeats.min() <= repeats.max() < n_repeats:
        raise DataError(
            f"repeats run from {repeats.min()} to {repeats.max()}; the truth has 0 to {n_repeats - 1}"
        )
