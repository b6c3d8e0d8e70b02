r"""How likely a model of the stimulus can make responses: the posterior predictive from the other repeats.

.. math::

    \log p(y) = \begin{cases} \log(1 - \hat q) & y \le \rho \\
    \log \hat q + \log \hat p(y - \rho) & y > \rho \end{cases}

Of each repeat, q and p are foretold from the other repeats of the same frame and neuron, with a prior of how
they differ between frames (`SharePrior`; `LogNormalSizes` or `GammaSizes`) that is fitted to other videos
than the one scored. A model is placed between a null and this bound, (L - null) / (oracle - null).

It bounds models of the stimulus whose responses are of the oracle's family. A model that knows the state of
the animal, or a better law, may exceed it; with few repeats it lies below what a perfect model would reach.

Source: Lurz, Bashiri, Walker & Sinz 2023 (Bayesian oracle for bounding information gain in neural encoding
models, ICLR).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from twofold.errors import DataError
from twofold.metrics.oracle_prior import Repeats, SharePrior
from twofold.metrics.oracle_sizes import LogNormalSizes, SizePrior

PerUnit = Float[np.ndarray, "neuron"]
RHO = 0.005  # on the scale of standardised responses


def left_out_log_prob(
    repeats: Repeats, shares: SharePrior, sizes: SizePrior
) -> Float[np.ndarray, "repeat frame neuron"]:
    """Log probability of silence, or log density above rho, of each repeat given all others, in nats.

    Parameters
    ----------
    repeats
        Of one video.
    shares, sizes
        Priors of each neuron.

    Examples
    --------
    >>> one = np.ones(1)
    >>> silent = Repeats.of(np.zeros((3, 1, 1)), rho=RHO)
    >>> np.exp(left_out_log_prob(silent, SharePrior(one, one), LogNormalSizes(one, one, one, one)))[:, 0, 0]
    array([0.75, 0.75, 0.75])
    """
    q = shares.left_out(repeats)
    return np.where(repeats.active, np.log(q) + sizes.left_out(repeats), np.log1p(-q))


def bayesian_oracle(
    videos: Sequence[np.ndarray], *, sizes: type[SizePrior] = LogNormalSizes, rho: float = RHO
) -> tuple[np.ndarray, ...]:
    """Each repeat of each video foretold from the others, in nats, with priors from the other videos.

    Parameters
    ----------
    videos
        (repeat, frame, neuron) of each, on the scale of the model that it is compared with.
    sizes
        Family of responses above rho: `LogNormalSizes`, as in the paper, or `GammaSizes`.
    rho
        Border of silence, whose probability is a mass.

    Returns
    -------
    tuple of np.ndarray
        (repeat, frame, neuron) of each video.

    Raises
    ------
    DataError
        If there are fewer than 2 videos, or one has fewer than 2 repeats, or a response is not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> videos = [rng.gamma(0.5, size=(5, 20, 2)) * (rng.random((5, 20, 2)) < 0.4) for _ in range(2)]
    >>> [log_prob.shape for log_prob in bayesian_oracle(videos)]
    [(5, 20, 2), (5, 20, 2)]
    """
    _check(videos)
    repeats = [Repeats.of(responses, rho) for responses in videos]
    found = []
    for number, own in enumerate(repeats):
        others = [*repeats[:number], *repeats[number + 1 :]]
        found.append(left_out_log_prob(own, SharePrior.fitted(others), sizes.fitted(others)))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class NormalisedScore:
    """A model between the null and the oracle.

    Parameters
    ----------
    model, null, oracle
        (neuron,) bits per response.
    """

    model: PerUnit
    null: PerUnit
    oracle: PerUnit

    @property
    def per_neuron(self) -> PerUnit:
        """(L - null) / (oracle - null); NaN where the oracle is not above the null."""
        room = self.oracle - self.null
        return np.divide(self.model - self.null, room, out=np.full(len(room), np.nan), where=room > 0)

    @property
    def pooled(self) -> float:
        """The same of the means over neurons; NaN where the oracle is not above the null."""
        room = float((self.oracle - self.null).mean())
        return float((self.model - self.null).mean()) / room if room > 0 else float("nan")


def normalised_score(
    model: Sequence[np.ndarray], null: Sequence[np.ndarray], oracle: Sequence[np.ndarray]
) -> NormalisedScore:
    """Place a model between a null and an oracle.

    Parameters
    ----------
    model, null, oracle
        Log-likelihoods in nats of the same responses, (repeat, frame, neuron) of each video, all of the same
        measure.

    Raises
    ------
    DataError
        If they are of other responses, or one is NaN.

    Examples
    --------
    >>> score = normalised_score(*([np.full((2, 3, 1), np.log(p))] for p in (0.5, 0.25, 1.0)))
    >>> score.pooled, score.per_neuron
    (0.5, array([0.5]))
    """
    shapes = [[part.shape for part in each] for each in (model, null, oracle)]
    if not shapes[0] or shapes[0] != shapes[1] or shapes[0] != shapes[2]:
        raise DataError("model, null and oracle are log-likelihoods of the same videos, repeats and neurons")
    return NormalisedScore(*(_bits(each) for each in (model, null, oracle)))


def _bits(parts: Sequence[np.ndarray]) -> PerUnit:
    rows = np.concatenate([part.reshape(-1, part.shape[-1]) for part in parts])
    if np.isnan(rows).any():
        raise DataError(f"neuron {np.argwhere(np.isnan(rows))[0][1]}: a log-likelihood is NaN")
    return rows.mean(axis=0) / np.log(2)


def _check(videos: Sequence[np.ndarray]) -> None:
    if len(videos) < 2:
        raise DataError(f"a Bayesian oracle has its priors from other videos; {len(videos)} is not enough")
    for number, responses in enumerate(videos):
        if len(responses) < 2:
            raise DataError(f"video {number}: {len(responses)} repeat; leaving one out needs at least 2")
        if not np.isfinite(responses).all():
            repeat, frame, neuron = np.argwhere(~np.isfinite(responses))[0]
            raise DataError(
                f"video {number}: response not finite at repeat {repeat}, frame {frame}, neuron {neuron}"
            )
