"""What every decoder of the frame does through `decode_frames`, ours and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from twofold.decoders import PoissonNaiveBayes, TemplateDecoder, decode_frames
from twofold.metrics import permutation_interval

N_FRAMES, N_UNITS, N_REPEATS = 12, 40, 10
DECODERS = [
    TemplateDecoder(),
    PoissonNaiveBayes(),
    KNeighborsClassifier(3, metric="cosine"),
    LogisticRegression(C=0.001, max_iter=1000),
]


@pytest.fixture(params=DECODERS, ids=lambda decoder: type(decoder).__name__)
def decoder(request) -> BaseEstimator:
    return request.param


def counts_of_repeats(n_repeats: int, seed: int) -> np.ndarray:
    """(repeat * frame, unit) Poisson counts of units that prefer some frames by far."""
    rates = np.random.default_rng(0).gamma(0.5, 10.0, size=(N_FRAMES, N_UNITS))
    return (
        np.random.default_rng(seed).poisson(rates, size=(n_repeats, N_FRAMES, N_UNITS)).reshape(-1, N_UNITS)
    )


def decode(decoder, labels, train_ids=None, test_ids=None):
    """Train on all repeats but one and decode the last; `labels` name the frames in order."""
    train_ids = np.tile(labels, N_REPEATS - 1) if train_ids is None else train_ids
    test_ids = labels if test_ids is None else test_ids
    train = counts_of_repeats(N_REPEATS - 1, seed=1)
    test = counts_of_repeats(len(test_ids) // N_FRAMES, seed=2)
    return decode_frames(decoder, train, train_ids, test, test_ids, frame_seconds=0.2)


def test_separable_frames_are_decoded_perfectly(decoder):
    scores = decode(decoder, np.arange(N_FRAMES)).scores
    assert (scores.exact_accuracy, scores.within_1s_accuracy) == (1.0, 1.0)
    assert (scores.mae_frames, scores.median_error_frames, scores.n) == (0.0, 0.0, N_FRAMES)


def test_labels_permuted_in_every_repeat_are_decoded_at_chance(decoder):
    rng = np.random.default_rng(3)
    repeats = 40
    permuted = np.concatenate([rng.permutation(N_FRAMES) for _ in range(N_REPEATS - 1)])
    true = np.concatenate([rng.permutation(N_FRAMES) for _ in range(repeats)])
    decoding = decode(decoder, np.arange(N_FRAMES), permuted, true)
    groups = np.repeat(np.arange(repeats), N_FRAMES)
    interval = permutation_interval(true, decoding.predicted, groups=groups)
    assert decoding.scores.exact_accuracy in interval
    assert decoding.chance.exact_accuracy in interval


def test_one_permutation_of_all_repeats_controls_nothing(decoder):
    assert decode(decoder, np.random.default_rng(4).permutation(N_FRAMES)).scores.exact_accuracy == 1.0


def test_gaps_in_the_label_values_do_not_matter(decoder):
    gapped = np.array([3, 900, -5, 17, 18, 40, 41, 77, 300, 2000, 5000, 12])
    plain, other = decode(decoder, np.arange(N_FRAMES)), decode(decoder, gapped)
    np.testing.assert_array_equal(other.predicted, gapped[plain.predicted])
    assert other.chance.exact_accuracy == pytest.approx(1 / N_FRAMES)


def test_labels_may_be_text(decoder):
    names = np.array([f"picture {i}" for i in range(N_FRAMES)])
    decoding = decode(decoder, names)
    assert decoding.predicted.tolist() == names.tolist()
    assert decoding.scores.mae_frames is None


def test_same_input_same_output_and_the_estimator_stays_unfitted(decoder):
    before = dict(vars(decoder))
    one, two = decode(decoder, np.arange(N_FRAMES)), decode(decoder, np.arange(N_FRAMES))
    np.testing.assert_array_equal(one.predicted, two.predicted)
    assert one.scores == two.scores
    assert vars(decoder) == before
