"""The verdict of each analysis on one simulated mouse, as a user of the analyses would come to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree
from scipy.stats import ttest_1samp

import twofold as tw
from benchmarks._worlds_models import latent_model, of_neurons, video_model, with_neurons
from twofold.analyses.behaviour import behaviour_correlation
from twofold.analyses.locked_share import locked_share
from twofold.analyses.mixed_repeats import MixedRepeats, RepeatPredictions, mixed_repeats
from twofold.analyses.stimulus_features import global_features, with_lags
from twofold.analyses.stimulus_independence import stimulus_r2
from twofold.analyses.topography import morans_i, separate_neurons, thin_neurons
from twofold.decoders.ridge import GroupedRidge
from twofold.encoding.latent import LatentVideoModel
from twofold.recordings import Recording
from twofold.simulate import Sensorium, simulate_sensorium

LEVEL = 0.01  # of every test: of 20 seeds, two false ones are then a 2 % accident
SURROGATES = 199
TIERS = ("live_test_main", "final_test_main")  # seen by no training and no choice
LATENT_EPOCHS = 6
HELD_OUT, TILES = 0.25, 8
GAP_UM, APART_UM, NEIGHBOURS = 30.0, 45.0, 10
RANDOM_OTHERS = 2
# Below these an effect is next to nothing, though it may be there: correlation, shares of variance.
LEAST_GAIN, LEAST_R2, LEAST_SHARE = 0.001, 0.02, 0.1


class Verdict(NamedTuple):
    """What an analysis says, and what it says it by."""

    found: bool
    value: float
    p: float


class Subject:
    """One mouse of a world, with the models that all analyses look at."""

    def __init__(self, world: str, seed: int) -> None:
        self.seed = seed
        self.mouse: Recording = simulate_sensorium(Sensorium.preset("tiny", world=world), random_state=seed)
        position = self.mouse.neurons.position_um
        split = separate_neurons(
            position,
            at_least_um=GAP_UM,
            tile_um=max(float(np.ptp(position[:, :2])) / TILES, GAP_UM),
            share_given=1 - HELD_OUT,
            random_state=np.random.default_rng([seed, 1]),
        )
        self.known, self.held = split.given, split.scored
        self.all_videos: tw.VideoModel = video_model(self.mouse, seed)
        self.known_mouse = self.mouse.select_neurons(self.known)
        self.video = of_neurons(self.all_videos, self.known_mouse, self.known)
        self.model: LatentVideoModel = latent_model(self.video, self.known_mouse, seed, LATENT_EPOCHS)

    @cached_property
    def test(self) -> Recording:
        """Trials that were neither trained nor chosen on, of the neurons that the model knows."""
        return self.known_mouse.tier(*TIERS)

    @cached_property
    def rows(self) -> np.ndarray:
        """Rows of these trials that the model predicts."""
        return np.flatnonzero(self.test.frame_of_row >= self.model.frames_lost)

    @cached_property
    def trial(self) -> np.ndarray:
        """(time,) of the rows."""
        return self.test.trial_of_row[self.rows]

    @cached_property
    def shown(self) -> np.ndarray:
        """(time,) number of the video."""
        return self.test.per_row("clip")[self.rows]

    @cached_property
    def latents(self) -> Float[np.ndarray, "time dimension"]:
        """Inferred from all known neurons."""
        return self.turned(self.model.infer(self.test).concatenate().mean)

    def turned(self, z: Float[np.ndarray, "time dimension"]) -> Float[np.ndarray, "time dimension"]:
        """Latents along the singular axes of the weights, each as large as what it does to neurons."""
        found = self.model.latent_weights()
        _, scale, turn = np.linalg.svd(np.concatenate([found["q"], found["theta"]]), full_matrices=False)
        return z @ turn.T * scale

    @cached_property
    def per_neuron(self) -> Float[np.ndarray, "neuron weight"]:
        """(neuron, parameter * dimension)."""
        found = self.model.latent_weights()
        return np.concatenate([found["q"], found["theta"]], axis=1)

    @cached_property
    def repeats(self) -> MixedRepeats:
        """Half of the known neurons predicted from the others, in the same repeat and in others."""
        n = len(self.known)
        given = np.random.default_rng([self.seed, 2]).permutation(n) < n // 2
        conditioned = self.model.predict(self.test, given=given, neurons=~given).concatenate()
        _, once = np.unique(self.test.trials.column("clip"), return_index=True)
        first = self.test.select_trials(np.sort(once))  # nothing is given, so all repeats are predicted alike
        alone = self.model.predict(first, neurons=~given).concatenate().mean
        alone_shown = first.per_row("clip")[first.frame_of_row >= self.model.frames_lost]
        videos = []
        for video in np.unique(self.shown):
            rows = self.shown == video
            n_repeats = len(np.unique(self.trial[rows]))

            def repeats(x: np.ndarray, rows: np.ndarray = rows, n: int = n_repeats) -> np.ndarray:
                return x[rows].reshape(n, -1, x.shape[1])

            videos.append(
                RepeatPredictions(
                    repeats(conditioned.mean), alone[alone_shown == video], repeats(conditioned.observed)
                )
            )
        return mixed_repeats(videos, random_state=self.seed)


def conditioning_gain(subject: Subject) -> Verdict:
    """Other neurons of the same repeat tell more than the video alone: a t-test over neurons."""
    same, _, alone = subject.repeats.per_video.mean(axis=1)
    return _above_zero(same - alone, above=LEAST_GAIN)


def behaviour(subject: Subject) -> Verdict:
    """Canonical correlation of latents with pupil and running, above shifts and swaps."""
    values = [subject.test.signal(name)[subject.rows] for name in ("pupil_dilation", "running_speed")]
    found = behaviour_correlation(
        subject.latents,
        np.stack(values, axis=1),
        trial=subject.trial,
        video=subject.shown,
        n_surrogates=SURROGATES,
        random_state=subject.seed,
    )
    return _judged(found.value.value, found.p)


def maps(subject: Subject) -> Verdict:
    """Moran's I of the weights."""
    return _maps_of(subject, np.arange(len(subject.per_neuron)))


def maps_apart(subject: Subject) -> Verdict:
    """The same among neurons none of which is closer than 45 um to another."""
    position = subject.known_mouse.neurons.position_um
    return _maps_of(subject, thin_neurons(position, at_least_um=APART_UM, random_state=subject.seed))


def stimulus_drive(subject: Subject) -> Verdict:
    """R2 of latents from contrast, luminance and motion energy up to a second ago, on left-out videos."""
    part = subject.known_mouse.tier("train")  # as many videos as trials, which counts for more than repeats
    features = {
        name: with_lags(global_features(np.asarray(clip.frames[:]), clip.rate_hz), clip.rate_hz)
        for name, clip in part.stimuli.items()
    }
    rows = np.flatnonzero(part.frame_of_row >= subject.model.frames_lost)
    trial, frames = part.trial_of_row[rows], part.frame_of_row[rows]
    names = part.trials.column("stimulus")[trial]
    found = stimulus_r2(
        np.stack([features[name][frame] for name, frame in zip(names, frames, strict=True)]),
        subject.turned(subject.model.infer(part).concatenate().mean),
        trial=trial,
        video=part.per_row("clip")[rows],
        regressor=GroupedRidge(per_target=True),
        n_surrogates=SURROGATES,
        random_state=subject.seed,
    )
    return _judged(found.value.value, found.p, above=LEAST_R2)


def locked(subject: Subject) -> Verdict:
    """Share of the latents that repeats with the video: above chance, and not next to nothing."""
    videos = []
    for video in np.unique(subject.shown):
        rows = subject.shown == video
        n_repeats = len(np.unique(subject.trial[rows]))
        videos.append(subject.latents[rows].reshape(n_repeats, -1, subject.latents.shape[1]))
    found = locked_share(videos, n_surrogates=SURROGATES, random_state=subject.seed)
    return _judged(found.value.value, found.p, above=LEAST_SHARE)


def mixed_above_video(subject: Subject) -> Verdict:
    """Other neurons of another repeat tell more than the video alone: a t-test over neurons."""
    _, mixed, alone = subject.repeats.per_video.mean(axis=1)
    return _above_zero(mixed - alone, above=LEAST_GAIN)


def extrapolation(subject: Subject) -> Verdict:
    """Weights by position alone, of neurons that no fit has seen, predict these neurons.

    Better than the video alone, than the mean weights, and than those of random other neurons. All of these
    are 30 um away or more.
    """
    position = subject.mouse.neurons.position_um[:, :2]
    _, nearest = KDTree(position[subject.known]).query(position[subject.held], k=NEIGHBOURS)
    by_place = subject.per_neuron[nearest].mean(axis=1)
    rng = np.random.default_rng([subject.seed, 3])
    others = rng.integers(len(subject.known), size=(RANDOM_OTHERS, len(subject.held)))
    mean = np.broadcast_to(subject.per_neuron.mean(axis=0), by_place.shape)
    candidates = [by_place, np.zeros_like(by_place), mean, *subject.per_neuron[others]]
    scores = np.stack([_scores(subject, weights) for weights in candidates])
    rivals = np.stack([scores[1], scores[2], scores[3:].mean(axis=0)])
    tests = [_above_zero(scores[0] - rival) for rival in rivals]
    worst = max(tests, key=lambda verdict: verdict.p)
    return Verdict(worst.found, float((scores[0] - scores[1]).mean()), worst.p)


ANALYSES: dict[str, Callable[[Subject], Verdict]] = {
    "conditioning gain": conditioning_gain,
    "behaviour": behaviour,
    "maps": maps,
    "maps apart": maps_apart,
    "stimulus drive": stimulus_drive,
    "locked share": locked,
    "mixed above video": mixed_above_video,
    "extrapolation": extrapolation,
}


def verdicts(world: str, seed: int) -> dict[str, Verdict]:
    """Of all analyses on one mouse."""
    subject = Subject(world, seed)
    return {name: analysis(subject) for name, analysis in ANALYSES.items()}


def _maps_of(subject: Subject, kept: np.ndarray) -> Verdict:
    position = subject.known_mouse.neurons.position_um[kept]
    found = morans_i(
        subject.per_neuron[kept],
        position,
        neighbours=min(NEIGHBOURS, len(kept) // 3),  # of dense neurons few are left
        n_permutations=499,
        random_state=subject.seed,
    )
    return _judged(found.value, found.p)


def _scores(subject: Subject, weights: np.ndarray) -> np.ndarray:
    """(held,) correlation of predicted and recorded responses of neurons with such weights."""
    n, shape = len(subject.mouse.neurons), (-1, 2, subject.model.latent_options.dimension)
    everyone = np.zeros((n, *shape[1:]), dtype=np.float32)
    everyone[subject.known] = subject.per_neuron.reshape(shape)
    everyone[subject.held] = weights.reshape(shape)
    model = with_neurons(subject.model, subject.all_videos, subject.known, everyone)
    part = subject.mouse.tier(TIERS[0])
    found = model.predict(part, given=subject.known, neurons=subject.held).concatenate()
    one, other = (x - x.mean(axis=0) for x in (found.mean, found.observed))
    norms = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
    return np.divide((one * other).sum(axis=0), norms, out=np.zeros(len(norms)), where=norms > 0)


def _above_zero(differences: np.ndarray, above: float = 0.0) -> Verdict:
    if np.ptp(differences) == 0:
        return Verdict(False, float(differences.mean()), 1.0)
    p = ttest_1samp(differences, 0, alternative="greater").pvalue
    return _judged(float(differences.mean()), float(p), above)


def _judged(value: float, p: float, above: float = 0.0) -> Verdict:
    return Verdict(bool(value > above and p <= LEVEL), float(value), float(p))
