"""Where a prediction lies between a null and the Bayesian oracle of repeated videos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from twofold.encoding.prediction import Prediction
from twofold.errors import DataError, OptionError
from twofold.likelihoods import (
    ResponseDistribution,
    ResponseStatistics,
    ZeroInflatedGamma,
    kappa_by_moments,
)
from twofold.metrics.bayesian_oracle import RHO, NormalisedScore, bayesian_oracle, normalised_score
from twofold.metrics.oracle_sizes import GammaSizes, SizePrior
from twofold.recordings import Recording, refuse_withheld
from twofold.sampling import TrialClips


def between_bounds(
    prediction: Prediction,
    recording: Recording,
    *,
    kind: str = "marginal",
    sizes: type[SizePrior] = GammaSizes,
    training_tier: str = "train",
) -> NormalisedScore:
    """Normalised information gain of a prediction, (L - null) / (oracle - null).

    Parameters
    ----------
    prediction
        Of zero-inflated responses, by any model, in trials that show at least 2 videos at least twice; videos
        shown once are left out. Conditioned on neurons it may exceed 1: the oracle knows the stimulus alone.
    recording
        With the training trials of the same neurons, from which the null is: for each neuron a constant
        zero-inflated gamma with the moments of its responses.
    kind
        As in `Prediction.log_likelihood`: "marginal" or "conditioned".
    sizes
        Family of the oracle's responses above rho: `GammaSizes`, that of the video model, or `LogNormalSizes`
        (Lurz et al. 2023), whose bound is lower where responses are gamma.
    training_tier
        Trials of the null.

    Raises
    ------
    DataError
        If too few videos were repeated, or responses are withheld.
    OptionError
        If the likelihood is of another measure, or `kind` is no likelihood of single responses.

    Examples
    --------
    >>> import twofold as tw
    >>> from twofold.encoding.competitors import ConstantModel, PopulationGain
    >>> mouse = tw.simulate_sensorium(
    ...     tw.Sensorium.preset(
    ...         "tiny", n_neurons=12, train_clips=4, test_videos=2, repeats=3, clip_frames=30))
    >>> model = PopulationGain(ConstantModel.for_recordings([mouse]), steps=2).fit([mouse])
    >>> between_bounds(model.predict(mouse.tier("oracle")), mouse).per_neuron.shape
    (12,)
    """
    if kind == "joint":
        raise OptionError("kind='joint': the oracle is one of single responses; give marginal or conditioned")
    _check_measure(prediction.distributions[0])
    refuse_withheld(recording.tier(training_tier), to="fit the null to")
    nats = [np.log(2) * part for part in _each(prediction, kind)]
    videos = _repeats(prediction, list(prediction.responses))
    null = moment_matched_null(recording, training_tier, prediction.neurons)
    return normalised_score(
        _repeats(prediction, nats),
        [null.log_prob(torch.from_numpy(video)).double().numpy() for video in videos],
        bayesian_oracle(videos, sizes=sizes),
    )


def moment_matched_null(
    recording: Recording, tier: str = "train", neurons: np.ndarray | None = None
) -> ZeroInflatedGamma:
    """For each neuron the constant law with the moments of its training responses.

    Parameters
    ----------
    recording, tier
        Trials to take them from.
    neurons
        Numbers of some neurons; all by default.
    """
    trials, chosen = TrialClips(recording, tier), slice(None) if neurons is None else neurons
    found = ResponseStatistics.of(trials.responses(number)[:, chosen] for number in range(len(trials)))
    kappa, edge = kappa_by_moments(found).values, 0.5 / found.n
    theta, active = found.mean_d / kappa, found.n_active > 0
    theta = np.where(active, theta, np.median(theta[active]))
    share = np.clip(found.n_active / found.n, edge, 1 - edge)
    return ZeroInflatedGamma.of(
        q=torch.from_numpy(share),
        theta=torch.from_numpy(theta),
        kappa=torch.from_numpy(kappa),
        rho=found.rho,
    )


def _check_measure(law: ResponseDistribution) -> None:
    """Whether silence is scored by its probability, and what is above rho by a density."""
    zero = torch.zeros_like(law.mean)
    silent = law.cdf(zero + RHO)
    has_mass = torch.allclose(law.log_prob(zero).exp(), silent, rtol=1e-2, atol=1e-4)
    if not has_mass or not (law.cdf(zero + 0.9) > silent + 1e-6).any():
        raise OptionError(
            "these responses have probabilities of another measure than the oracle's, which has a mass at "
            "silence and a density above rho; predict with a model of likelihood 'zig'"
        )


def _each(prediction: Prediction, kind: str) -> Sequence[np.ndarray]:
    """One (time, neuron) array of bits per trial, also where trials are joined."""
    found = prediction.log_likelihood(kind)
    if isinstance(found, tuple):
        return found
    return np.split(found, np.cumsum([len(time) for time in prediction.times])[:-1])


def _repeats(prediction: Prediction, parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """(repeat, frame, neuron) of each video that was shown more than once, as long as its shortest repeat."""
    by_video: dict[tuple[str, int], list[np.ndarray]] = {}
    for span, part in zip(prediction.trials.spans, parts, strict=True):
        by_video.setdefault((span.stimulus, span.first_frame), []).append(part)
    repeated = [each for each in by_video.values() if len(each) > 1]
    if len(repeated) < 2:
        raise DataError(
            f"{len(repeated)} of the predicted videos was shown more than once; the Bayesian oracle needs 2"
        )
    shortest = [min(len(part) for part in each) for each in repeated]
    return [np.stack([part[:n] for part in each]) for n, each in zip(shortest, repeated, strict=True)]
