"""Scores agree with `twofold.fit`'s own, and a model comes back from its arrays as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding.scores import score
from twofold.studies.latent_factors.fitting import arrays_of, model_of
from twofold.studies.latent_factors.prepared import TEST
from twofold.studies.latent_factors.scoring import quarter, score_fit
from twofold.studies.latent_factors.truth import score_truth

SIZES = {"channels": (4, 4), "spatial": (5, 3), "temporal": (5, 3)}


@pytest.fixture(scope="module")
def model(mice):
    """Untrained, but with weights on the state, so that neurons tell of each other."""
    video = tw.VideoModel.for_recordings(mice, "zig", bias=True, **SIZES)
    found = tw.LatentVideoModel(video, dimension=2)
    draw = torch.Generator().manual_seed(0)
    for own in found.latent_populations:
        torch.nn.init.normal_(own.map.weights, std=0.5, generator=draw)
    return found.eval()


@pytest.fixture(scope="module")
def scores(model, mice):
    return score_fit(mice, arrays_of(model), TEST)


def test_a_model_comes_back_from_its_arrays(model, mice):
    again = model_of(arrays_of(model))
    one, other = (m.predict(mice[0].tier(TEST), given=0.5).concatenate().mean for m in (model, again))
    np.testing.assert_array_equal(one, other)


def test_scores_are_those_of_the_encoding_room(scores, model, mice):
    for number, mouse in enumerate(mice):
        known = score(model, mouse, TEST, frames_skipped=30)  # half of trials of 60 frames
        assert scores[f"{number}/correlation"].mean() == pytest.approx(known.correlation_single_trial)
        assert np.nanmean(scores[f"{number}/conditioned"]) == pytest.approx(known.correlation_conditioned)
        assert scores[f"{number}/bits"].mean() == pytest.approx(known.bits_marginal)
        assert np.nanmean(scores[f"{number}/bits_conditioned"]) == pytest.approx(known.bits_conditioned)
        assert scores[f"{number}/null"].mean() == pytest.approx(known.bits_null)


def test_those_given_are_not_scored(scores):
    is_given = np.isnan(scores["0/conditioned"])
    assert is_given.sum() == len(is_given) // 2
    assert not (quarter(len(is_given)) & is_given).any()
    assert quarter(len(is_given)).sum() == len(is_given) // 4


def test_who_knows_the_law_is_scored_on_the_same_neurons(scores, mice):
    known = score_truth(mice, TEST, lost=6, skipped=30)
    np.testing.assert_array_equal(np.isnan(known["0/conditioned"]), np.isnan(scores["0/conditioned"]))
    assert known["0/bits"].shape == scores["0/bits"].shape
    assert known["0/bits"].mean() > scores["0/bits"].mean()
    assert np.nanmean(known["0/conditioned"]) > known["0/correlation"].mean() > 0.1
