"""How well a model predicts trials that nothing was fitted on: per neuron, and per clip and neuron."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from twofold.analyses.hierarchical_bootstrap import mean_by_clip
from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.conditioning import TrialState
from twofold.encoding.latent.masks import drawn, given_in_validation
from twofold.encoding.scores import null_of
from twofold.likelihoods import ResponseDistribution
from twofold.metrics import SingleTrialCorrelation
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.sampling import Clip, TrialClips
from twofold.studies.latent_factors.fitting import FittedModel, model_of
from twofold.studies.latent_factors.prepared import TRAIN

FRAMES_SKIPPED = 50  # by custom of the field; fewer where trials are short


def score_fit(recordings: Sequence[Recording], tensors: Arrays, tier: str, with_bits: bool = True) -> Arrays:
    """Scores of a model in the trials of a tier, of every recording.

    Returns
    -------
    Arrays
        For mouse m: "m/correlation" (neuron,) from the video alone; "m/bits", "m/null" (clip, neuron) of each
        response by itself; for a model with a state "m/conditioned" (neuron,) and "m/bits_conditioned"
        (clip, neuron) given half of the neurons, NaN for these, "m/norm" (parameter,) root mean square of
        the weights, and "m/variance" () mean predictive variance.
    """
    model, found = model_of(tensors), Arrays()
    for number, recording in enumerate(recordings):
        clips = TrialClips(recording, tier)
        own = Scored(model, number, clips)
        found |= {f"{number}/{name}": values for name, values in own.scores(with_bits, recording).items()}
    return found


class Scored:
    """A model on some trials of one recording.

    Parameters
    ----------
    model
        Fitted.
    number
        Of the recording in the model.
    clips
        The trials.
    """

    def __init__(self, model: FittedModel, number: int, clips: TrialClips) -> None:
        self.model, self.number, self.clips = model, number, clips
        self.lost, self.n_neurons = model.frames_lost, model.population(number).n_neurons
        self.skipped = frames_skipped(clips, self.lost)

    def scores(self, with_bits: bool, recording: Recording) -> Arrays:
        """By name; see `score_fit`."""
        null = null_of(self.model, self.number, TrialClips(recording, TRAIN)) if with_bits else None
        table = ScoreTable(self.clips, self.skipped, self.lost, self.n_neurons)
        everyone = np.arange(self.n_neurons)
        for clip in self.clips.whole():
            if isinstance(self.model, LatentVideoModel):
                given = given_half(self.model, self.number)
                state = TrialState.of(self.model, self.number, clip, given)
                prior = state.distribution(conditioned=False)
                others = np.flatnonzero(~given)
                table.add("conditioned", clip, state.distribution(others), others, with_bits)
            else:
                prior = self.model.distribution_of(self.number, clip)
            table.add("", clip, prior, everyone, with_bits)
            if with_bits:
                table.add_variance(prior)
            if null is not None:
                table.add_bits("null", clip, null, everyone)
        return {**table.result(), **self._sizes()}

    def _sizes(self) -> Arrays:
        if not isinstance(self.model, LatentVideoModel):
            return {}
        weights = self.model.latent_population(self.number).weights().detach()
        return {"norm": weights.square().sum(-1).mean(0).sqrt().cpu().numpy()}


def frames_skipped(clips: TrialClips, lost: int) -> int:
    """Frames that correlations leave out: at most half of the shortest trial, and those not predicted."""
    return max(min(FRAMES_SKIPPED, int(clips.n_frames.min()) // 2), lost)


def given_half(model: LatentVideoModel, number: int) -> Bool[np.ndarray, " neuron"]:
    """True for the neurons given in validation; the others are scored."""
    return given_in_validation(model.population(number).n_neurons, model.latent_options)


def quarter(n_neurons: int) -> Bool[np.ndarray, " neuron"]:
    """True for the neurons that curves score, none of which is given in validation."""
    rng = np.random.default_rng(0)
    given = drawn(n_neurons, 0.5, rng)
    others = np.flatnonzero(~given)
    return np.isin(np.arange(n_neurons), rng.permutation(others)[: max(1, n_neurons // 4)])


class ScoreTable:
    """Sums over trials, by name."""

    def __init__(self, clips: TrialClips, skipped: int, lost: int, n_neurons: int) -> None:
        self.skipped, self.lost, self.n_neurons = skipped, lost, n_neurons
        self.shown = np.array([span.stimulus for span in clips.spans])
        self.correlations: dict[str, SingleTrialCorrelation] = {}
        self.columns: dict[str, np.ndarray] = {}
        self.bits: dict[str, list[np.ndarray]] = {}
        self.variance: list[float] = []

    def add(
        self, name: str, clip: Clip, predicted: ResponseDistribution, neurons: np.ndarray, with_bits: bool
    ) -> None:
        """One trial's prediction of some neurons."""
        score = self.correlations.setdefault(name, SingleTrialCorrelation(frames_skipped=self.skipped))
        mean = predicted.mean.numpy()
        score.update(clip.responses[self.lost :, neurons], mean, first_frame=self.lost)
        self.columns[name] = neurons
        if with_bits:
            self.add_bits(f"bits_{name}" if name else "bits", clip, predicted, neurons)

    def add_bits(self, name: str, clip: Clip, predicted: ResponseDistribution, neurons: np.ndarray) -> None:
        """Mean over time of the bits of one trial."""
        observed = torch.from_numpy(clip.responses[self.lost :, neurons])
        each = np.full(self.n_neurons, np.nan)
        each[neurons] = predicted.log_prob(observed).double().mean(0).numpy() / log(2)
        self.bits.setdefault(name, []).append(each)

    def add_joint(self, nats: Tensor) -> None:
        """Mean over time of the bits of all neurons of one trial together, per neuron."""
        bits = float(nats.double().mean()) / log(2) / self.n_neurons
        self.bits.setdefault("bits_joint", []).append(np.array([bits]))

    def add_variance(self, predicted: ResponseDistribution) -> None:
        """Mean predictive variance in one trial."""
        self.variance.append(float(predicted.variance.mean()))

    def result(self) -> Arrays:
        """Correlations by neuron, and bits by clip and neuron."""
        found = Arrays()
        for name, score in self.correlations.items():
            values = np.full(self.n_neurons, np.nan)
            values[self.columns[name]] = np.nan_to_num(score.result().per_neuron)
            found[name or "correlation"] = values
        for name, rows in self.bits.items():
            found[name] = mean_by_clip(np.stack(rows), self.shown)
        if self.variance:
            found["variance"] = np.array(np.mean(self.variance))
        return found
