"""On a simulation whose truth is known: no worse than factor analysis, and never above the ceiling."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from twofold.decoders import GroupedRidge
from twofold.embeddings import FactorAnalysisCV, GuidedVAE
from twofold.metrics import r2
from twofold.recordings.preprocess import bin_to_frames
from twofold.simulate import MovieRepeats, Truth, frame_counts, frame_log_likelihood, simulate_movie_repeats
from twofold.simulate.roots import mean_root

# The evidence lower bound, and weights that decay: otherwise a recording this small is learned by heart.
REGULAR = {
    "dimension": 32, "likelihood": "gaussian", "beta": 1.0, "kl_per": "neuron", "weight_decay": 3.0,
    "hidden": (128, 128, 128), "decoder_hidden": (128, 128), "epochs": 100, "batch_size": 192,
    "learning_rate": 3e-3, "device": "cpu", "random_state": 0,
}  # fmt: skip
LINEAR = {**REGULAR, "hidden": (), "decoder_hidden": (), "epochs": 40}


class Simulated:
    """A small simulation, standardised by its first 8 repeats; the last 2 are the test."""

    def __init__(self):
        recording = simulate_movie_repeats(MovieRepeats.small(), random_state=0)
        self.truth, counts = Truth.of(recording), frame_counts(recording)
        self.counts, self.law = counts, recording.truth
        binned = bin_to_frames(recording, "mean")
        self.repeat, self.frame = binned.per_row("repeat"), binned.frame_of_row
        self.train, self.test = self.repeat < 8, self.repeat >= 8
        bins, hz = int(self.law["bins_per_frame"][0]), float(self.law["frame_hz"][0])
        roots = np.sqrt(np.asarray(binned.responses[:], dtype=float))
        rates = mean_root(np.sqrt(self.law["rates"].astype(float) / hz)) / np.sqrt(bins)
        mean, scale = roots[self.train].mean(0), roots[self.train].std(0)
        self.responses = ((roots - mean) / scale).astype(np.float32)
        self.rates = (rates - mean) / scale
        self.pictures = np.asarray(next(iter(recording.stimuli.values())).frames[:], float)


@pytest.fixture(scope="module")
def simulated():
    return Simulated()


def told_by_ridge(embedding, seen, told, simulated):
    """Responses `told` of the test part, from the latents of `seen`."""
    train, test = simulated.train, simulated.test
    embedding.fit(seen[train], trials=simulated.repeat[train])
    ridge = GroupedRidge().fit(embedding.transform(seen[train]), told[train], simulated.repeat[train])
    return ridge.predict(embedding.transform(seen[test]))


@pytest.mark.parametrize("settings", [REGULAR, LINEAR])
def test_cosmoothing_is_no_worse_than_that_of_factor_analysis(simulated, settings):
    scores = {"vae": [], "factors": []}
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(simulated.responses.shape[1])
        given, hidden = (simulated.responses[:, half] for half in np.array_split(order, 2))
        for name, embedding in (("vae", GuidedVAE(**settings)), ("factors", FactorAnalysisCV())):
            predicted = told_by_ridge(embedding, given, hidden, simulated)
            scores[name].append(r2(hidden[simulated.test], predicted))
    assert np.mean(scores["vae"]) >= np.mean(scores["factors"]) > 0.02


@pytest.mark.parametrize("settings", [REGULAR, LINEAR])
def test_the_true_rate_is_told_no_worse_than_by_factor_analysis(simulated, settings):
    train, test = simulated.train, simulated.test
    by_factors = told_by_ridge(FactorAnalysisCV(), simulated.responses, simulated.responses, simulated)
    vae = GuidedVAE(**settings).fit(simulated.responses[train], trials=simulated.repeat[train])
    by_vae = vae.reconstruct(simulated.responses[test])
    true = simulated.rates[test]
    assert r2(true, by_vae) >= r2(true, by_factors) > 0.2
    # and no prediction from the other units or repeats is as good as the rate itself
    assert r2(simulated.responses[test], true) > 0.25


def test_the_guide_tells_more_than_ridge_and_less_than_counts_let_anyone_know(simulated):
    train, test = simulated.train, simulated.test
    flat = simulated.pictures.reshape(len(simulated.pictures), -1)
    of_frame = PCA(8, random_state=0).fit_transform(flat)
    features = of_frame[simulated.frame]
    vae = GuidedVAE(**REGULAR | {"guide": "features", "epochs": 60})
    vae.fit(simulated.responses[train], features[train], trials=simulated.repeat[train])
    reached = r2(features[test], vae.predict_guide(simulated.responses[test]))
    # The ceiling: the mean of the features over the posterior of the frame, the state integrated out.
    log_p = frame_log_likelihood(simulated.truth, simulated.counts[test], simulated.repeat[test])
    posterior = np.exp(log_p - log_p.max(1, keepdims=True))
    posterior /= posterior.sum(1, keepdims=True)
    ceiling = r2(features[test], posterior @ of_frame)
    ridge = GroupedRidge().fit(simulated.responses[train], features[train], simulated.repeat[train])
    linear = r2(features[test], ridge.predict(simulated.responses[test]))
    assert linear < reached < ceiling
