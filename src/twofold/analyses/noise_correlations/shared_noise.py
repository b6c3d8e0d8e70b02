r"""Noise correlations: of responses over repeats of the same frames.

.. math::

    e_{rti} = y_{rti} - \bar y_{ti}, \quad
    r_{ij} = \frac{\sum_{rt} e_{rti} e_{rtj}}{\sqrt{\sum_{rt} e_{rti}^2 \sum_{rt} e_{rtj}^2}}

y is the response of neuron i to frame t in repeat r, and \bar y its mean over repeats. Since the mean of
every single frame is taken away, nothing of the signal correlations is left; the factor (R - 1) / R that this
costs cancels. Sums run over all clips.

A model's noise correlations are those of responses *drawn* from it, the state drawn once for all neurons: its
expected responses lack the noise of single neurons and correlate far too much.

Source: Cohen & Kohn 2011 (Nature Neuroscience 14:811).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num

from twofold.errors import DataError

Clips = Sequence[Num[np.ndarray, "_ _ _"]]


class NoiseSums(NamedTuple):
    """Sums of e_i e_j over the repeats and frames of each clip, pairs as in `numpy.triu_indices(n, 1)`.

    Attributes
    ----------
    square
        (clip, neuron) of e_i^2.
    product
        (clip, pair) of e_i e_j.
    first, second
        (pair,) the neurons i and j.
    """

    square: Float[np.ndarray, "clip neuron"]
    product: Float[np.ndarray, "clip pair"]
    first: Int[np.ndarray, " pair"]
    second: Int[np.ndarray, " pair"]

    @classmethod
    def of(cls, clips: Clips, name: str = "clips") -> NoiseSums:
        """Sums of some clips, (repeat, frame, neuron) each.

        Raises
        ------
        DataError
            If there is no clip, one has fewer than 2 repeats, neurons differ, or a response is not finite.
        """
        _check(clips, name)
        every = []
        for clip in clips:
            e = (clip - clip.mean(axis=0, dtype=float)).reshape(-1, clip.shape[2])
            every.append(e.T @ e)
        above = np.triu_indices(clips[0].shape[2], 1)
        return cls(np.stack([np.diagonal(s) for s in every]), np.stack([s[above] for s in every]), *above)

    @classmethod
    def of_varying(cls, clips: Clips, name: str = "clips") -> NoiseSums:
        """The same, once every one of at least 2 neurons varies over repeats.

        Raises
        ------
        DataError
            As in `of`, or if one does not.
        """
        sums = cls.of(clips, name)
        still = np.flatnonzero(~(sums.square > 0).any(axis=0))
        if len(still):
            raise DataError(f"{name}: neuron {still[0]} is the same in all repeats; leave it out")
        if sums.square.shape[1] < 2:
            raise DataError(f"{name}: a correlation needs at least 2 neurons, there is 1")
        return sums

    def correlations(self, weights: Float[np.ndarray, " clip"] | None = None) -> Float[np.ndarray, " pair"]:
        """(pair,) r, each clip counted so many times; NaN where a neuron does not vary."""
        weights = np.ones(len(self.square)) if weights is None else weights
        sd = np.sqrt(weights @ self.square)
        norm = sd[self.first] * sd[self.second]
        return np.divide(weights @ self.product, norm, out=np.full(len(norm), np.nan), where=norm > 0)


def noise_correlations(clips: Clips) -> Float[np.ndarray, "neuron neuron"]:
    """Noise correlation of each pair of neurons.

    Parameters
    ----------
    clips
        Per clip, responses (repeat, frame, neuron); repeats and frames may differ in number.

    Returns
    -------
    (neuron, neuron), 1 on the diagonal; NaN for a neuron that is the same in all repeats.

    Raises
    ------
    DataError
        If there is no clip, one has fewer than 2 repeats, neurons differ, or a response is not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> signal, shared = 9 * rng.normal(size=(100, 1)), rng.normal(size=(20, 100, 1))
    >>> clip = signal + shared + rng.normal(size=(20, 100, 3))
    >>> noise_correlations([clip])[0].round(1)
    array([1. , 0.5, 0.5])
    """
    sums = NoiseSums.of(clips)
    r = np.diag(np.where((sums.square > 0).any(axis=0), 1.0, np.nan))
    r[sums.first, sums.second] = r[sums.second, sums.first] = sums.correlations()
    return r


def _check(clips: Clips, name: str) -> None:
    if not clips or len({clip.shape[2] for clip in clips}) > 1:
        raise DataError(f"{name}: give at least one clip, and the same neurons in all")
    for number, clip in enumerate(clips):
        if len(clip) < 2:
            raise DataError(f"{name}: clip {number} has {len(clip)} repeats; noise needs 2 or more")
        if not np.isfinite(clip).all():
            at = np.argwhere(~np.isfinite(clip))[0]
            where = ", ".join(
                f"{axis} {k}" for axis, k in zip(("repeat", "frame", "neuron"), at, strict=True)
            )
            raise DataError(f"{name}: clip {number}, {where} is not finite; leave that repeat out")
