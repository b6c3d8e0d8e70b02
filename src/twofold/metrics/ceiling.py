"""How well any model of the stimulus can predict responses that differ from repeat to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from jaxtyping import Float, Num

from twofold.errors import DataError, OptionError

PerUnit = Float[np.ndarray, "neuron"]
Repeats = Num[np.ndarray, "repeat frame neuron"]
Covariance = Float[np.ndarray, "neuron repeat repeat"]


@dataclass(frozen=True, eq=False)
class NoiseCeiling:
    """Signal and noise of each neuron over repeats of the same frames.

    Parameters
    ----------
    signal_power
        (neuron,) SP, in squared units of the response; unbiased, so it may be negative.
    variance
        (neuron,) var = SP + NP, mean over repeats of the variance over frames.
    reliability
        (neuron,) correlation to expect between the mean of these repeats and the mean of as many new ones;
        NaN where a half is constant.
    n_repeats, n_frames
        How many they come from.
    min_distance
        Least distance between the two repeats of a pair that SP is taken from.
    """

    signal_power: PerUnit
    variance: PerUnit
    reliability: PerUnit
    n_repeats: int
    n_frames: int
    min_distance: int

    @property
    def noise_power(self) -> PerUnit:
        """(neuron,) NP = var - SP."""
        return self.variance - self.signal_power

    @property
    def n_negative(self) -> int:
        """Number of neurons with SP below 0; kept, because dropping them would bias every mean."""
        return int((self.signal_power < 0).sum())

    @property
    def single_trial(self) -> PerUnit:
        """(neuron,) ceiling of the R2 of single trials, SP / var; NaN for constant neurons."""
        return self.of_mean(1)

    def of_mean(self, n: int) -> PerUnit:
        """Ceiling of the R2 of the mean of n repeats, SP / (SP + NP / n), (neuron,).

        NaN where SP + NP / n is not positive: constant neurons, and strongly negative SP with large n.
        """
        total = self._variance_of_mean(n)
        return np.divide(self.signal_power, total, out=np.full(len(total), np.nan), where=total > 0)

    def variance_weighted(self, n: int = 1, keep: np.ndarray | None = None) -> float:
        """Ceiling of the variance-weighted R2 of the mean of n repeats, over the neurons to keep.

        Sums over neurons above and below the fraction bar, as in that R2; NaN where nothing varies.
        """
        chosen = np.ones(len(self.variance), dtype=bool) if keep is None else keep
        signal, total = self.signal_power[chosen].sum(), self._variance_of_mean(n)[chosen].sum()
        return float(signal / total) if total > 0 else float("nan")

    def feve(self, mse: PerUnit) -> PerUnit:
        """Fraction of explainable variance explained, 1 - (MSE - NP) / SP, (neuron,).

        Parameters
        ----------
        mse
            (neuron,) mean over repeats and frames of the squared error of predicting single trials.

        Returns
        -------
        np.ndarray
            (neuron,), not limited to [0, 1]; NaN where SP is not positive: there is nothing to explain.

        References
        ----------
        Cadena et al. (2019), PLOS Computational Biology 15(4), e1006897.
        """
        signal = self.signal_power
        excess = np.divide(mse - self.noise_power, signal, out=np.full(len(signal), np.nan), where=signal > 0)
        return 1 - excess

    def _variance_of_mean(self, n: int) -> PerUnit:
        if n < 1:
            raise OptionError(f"n={n}: the mean of at least 1 repeat is needed")
        return self.signal_power + self.noise_power / n


def noise_ceiling(
    responses: Repeats, *, min_distance: int = 1, n_splits: int = 50, random_state: int = 0
) -> NoiseCeiling:
    r"""Signal power, noise power and reliability from repeats of the same frames.

    With :math:`\mathrm{cov}_{ij}` the (unbiased) covariance over frames of repeats i and j,

    .. math:: SP = \operatorname*{mean}_{|i - j| \ge d} \mathrm{cov}_{ij}, \quad
              var = \operatorname*{mean}_i \mathrm{cov}_{ii}, \quad NP = var - SP .

    SP is unbiased, also where there is no signal. Neighbouring repeats share the animal's state, which
    counts as signal; `min_distance` takes it from pairs of repeats that lie at least so far apart.

    Parameters
    ----------
    responses
        (repeat, frame, neuron), repeats in order of time.
    min_distance
        Least distance d between the repeats of a pair, in repeats.
    n_splits
        Number of halvings that the reliability is averaged over: all choices of a first half, where there
        are no more; else random ones. Their correlations r are averaged, then stepped up to
        2 r / (1 + r) (Spearman, Brown 1910).
    random_state
        Seed of the random halvings.

    Raises
    ------
    DataError
        If there are fewer than 2 repeats or 2 frames, or a response is not finite.
    OptionError
        If no pair of repeats lies `min_distance` apart, or `n_splits` is below 1.

    References
    ----------
    Sahani, Linden (2002), How linear are auditory cortical responses? NeurIPS 15.

    Examples
    --------
    >>> drive = np.sin(np.arange(50.0))[:, None]
    >>> noise = np.random.default_rng(0).normal(size=(40, 50, 1))
    >>> ceiling = noise_ceiling(drive + noise)
    >>> ceiling.single_trial.round(2), ceiling.of_mean(40).round(2)
    (array([0.34]), array([0.95]))
    """
    _check_repeats(responses, min_distance, n_splits)
    n_repeats, n_frames, _ = responses.shape
    covariance = _covariance_of_repeats(responses)
    repeat = np.arange(n_repeats)
    far = np.abs(repeat[:, None] - repeat) >= min_distance
    return NoiseCeiling(
        signal_power=covariance[:, far].mean(axis=1),
        variance=covariance[:, repeat, repeat].mean(axis=1),
        reliability=_reliability(covariance, n_splits, np.random.default_rng(random_state)),
        n_repeats=n_repeats,
        n_frames=n_frames,
        min_distance=min_distance,
    )


def _check_repeats(responses: np.ndarray, min_distance: int, n_splits: int) -> None:
    n_repeats, n_frames, _ = responses.shape
    if n_repeats < 2 or n_frames < 2:
        raise DataError(f"a noise ceiling needs 2 repeats of 2 frames, got {n_repeats} of {n_frames}")
    if not np.isfinite(responses).all():
        repeat, frame, neuron = np.argwhere(~np.isfinite(responses))[0]
        where = f"repeat {repeat}, frame {frame}, neuron {neuron}"
        raise DataError(f"response not finite at {where}; drop missing repeats or neurons first")
    if not 1 <= min_distance < n_repeats:
        known = f"{n_repeats} repeats lie 1 to {n_repeats - 1} apart"
        raise OptionError(f"min_distance={min_distance}: {known}; use one of these")
    if n_splits < 1:
        raise OptionError(f"n_splits={n_splits}: at least 1 is needed")


def _covariance_of_repeats(responses: np.ndarray) -> Covariance:
    """(neuron, repeat, repeat) unbiased covariance over frames; all else is read from it."""
    x = np.ascontiguousarray(responses.transpose(2, 0, 1), dtype=float)
    # the first frame is taken off beforehand, so that a constant neuron has a variance of exactly 0
    x -= x[:, :, :1]
    x -= x.mean(axis=2, keepdims=True)
    return x @ x.swapaxes(1, 2) / (x.shape[2] - 1)


def _reliability(covariance: Covariance, n_splits: int, rng: np.random.Generator) -> PerUnit:
    """Correlation of the means of two halves of the repeats, stepped up to all of them (Spearman-Brown)."""
    first = _halvings(covariance.shape[1], n_splits, rng)
    a, b = first / first.sum(axis=1, keepdims=True), ~first / (~first).sum(axis=1, keepdims=True)

    def between(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return np.einsum("sj,nsj->ns", v, u @ covariance)

    scale = np.sqrt(between(a, a) * between(b, b))
    r = np.divide(between(a, b), scale, out=np.full(scale.shape, np.nan), where=scale > 0).mean(axis=1)
    return np.divide(2 * r, 1 + r, out=np.full(len(r), np.nan), where=1 + r > 0)


def _halvings(n_repeats: int, n_splits: int, rng: np.random.Generator) -> np.ndarray:
    """(split, repeat) True for the first half: every halving if they are few, else random ones."""
    half = n_repeats // 2
    if comb(n_repeats, half) <= n_splits:
        rows = np.array(list(combinations(range(n_repeats), half)))
    else:
        rows = np.stack([rng.permutation(n_repeats)[:half] for _ in range(n_splits)])
    first = np.zeros((len(rows), n_repeats), dtype=bool)
    np.put_along_axis(first, rows, True, axis=1)
    return first
