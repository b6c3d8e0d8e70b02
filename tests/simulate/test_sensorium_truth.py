"""What the truth of a simulated mouse predicts."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.errors import DataError
from twofold.recordings import Recording, open_recording, save
from twofold.simulate import MovieRepeats, SensoriumTruth, simulate_movie_repeats

from .mice import correlation, few, more, responses


@pytest.fixture
def tiny() -> Recording:
    return more()


@pytest.fixture
def oracle() -> Recording:
    return more().tier("oracle")


def test_the_rate_of_the_truth_is_the_mean_of_the_responses_of_its_neurons(tiny):
    truth, y = SensoriumTruth.of(tiny.tier("train")), responses(tiny.tier("train"))
    for rate in (truth.video_only_rate(), truth.rate()):
        residual = y - rate
        z = residual.mean(axis=0) / residual.std(axis=0) * np.sqrt(len(y))
        assert np.abs(z).max() < 5
        assert z.std() == pytest.approx(1, abs=0.3)


def test_the_truth_of_a_part_is_a_part_of_the_truth(tiny, oracle):
    some = np.array([3, 17, 80])
    whole = SensoriumTruth.of(tiny.tier("oracle", "train"))
    part = SensoriumTruth.of(oracle.select_neurons(some))
    rows = tiny.tier("oracle", "train").per_row("tier") == "oracle"
    assert np.array_equal(part.drive_q, whole.drive_q[rows][:, some])
    assert np.array_equal(part.latents, whole.latents[rows])
    assert np.allclose(part.rate(), whole.rate()[rows][:, some])


def test_knowing_more_of_the_truth_predicts_better(oracle):
    truth, y = SensoriumTruth.of(oracle), responses(oracle)
    given = np.arange(100) % 2 == 0
    video = correlation(truth.video_only_rate()[:, ~given], y[:, ~given])
    conditioned = correlation(truth.conditioned_rate(y, given, ~given), y[:, ~given])
    known = correlation(truth.rate()[:, ~given], y[:, ~given])
    assert 0.2 < video < conditioned - 0.03
    assert conditioned < known
    few_given = truth.conditioned_rate(y, np.arange(0, 100, 20), ~given & (np.arange(100) % 20 > 0))
    assert few_given.shape[0] == len(y)


def test_marginal_bits_lie_between_no_state_and_the_known_state(oracle):
    truth, y = SensoriumTruth.of(oracle), responses(oracle)
    none, marginal, known = (truth.log_prob(y, state).mean() for state in ("none", "marginal", "known"))
    assert none + 0.01 < marginal < known - 0.02


def test_the_posterior_of_the_state_is_calibrated(oracle):
    truth = SensoriumTruth.of(oracle)
    found = truth.posterior(responses(oracle), np.arange(0, 100, 2))
    sd = np.sqrt(np.diagonal(found.covariance, axis1=1, axis2=2))
    z = (truth.latents - found.mean) / sd
    assert sd.mean() < 0.7
    assert 0.85 < (np.abs(z) < 1.645).mean() < 0.95


def test_a_state_with_memory_is_known_better_from_the_past_and_better_still_from_the_future():
    mouse = few(latent_memory=0.9).tier("oracle")
    truth, y = SensoriumTruth.of(mouse), responses(mouse)
    given = np.arange(0, 100, 3)

    def error(smooth, memory):
        changed = SensoriumTruth(**{**vars(truth), "latent_memory": memory})
        return ((changed.posterior(y, given, smooth=smooth).mean - truth.latents) ** 2).mean()

    assert error(True, 0.9) < 0.95 * error(False, 0.9) < 0.8 * error(False, 0.0)


def test_a_target_is_never_given(oracle):
    truth, y = SensoriumTruth.of(oracle), responses(oracle)
    with pytest.raises(DataError, match="3 neurons are both given and scored, such as neuron 7"):
        truth.conditioned_rate(y, np.arange(10), np.arange(7, 20))
    changed = y.copy()
    changed[:, 10:] = 99.0
    one, other = (truth.conditioned_rate(a, np.arange(10), np.arange(10, 100)) for a in (y, changed))
    assert np.array_equal(one, other)


def test_truth_survives_the_store_and_is_missed_elsewhere(tmp_path):
    mouse = few()
    opened = open_recording(save(mouse, tmp_path / "mouse.zarr"))
    one, other = (SensoriumTruth.of(which.tier("oracle")) for which in (mouse, opened))
    assert np.array_equal(one.video_only_rate(), other.video_only_rate())
    with pytest.raises(DataError, match="carries no truth about drive_q"):
        SensoriumTruth.of(simulate_movie_repeats(MovieRepeats.small(n_units=4, n_frames=20)))
