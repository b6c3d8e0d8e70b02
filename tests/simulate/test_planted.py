from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from twofold.errors import DataError
from twofold.simulate import frame_counts, planted_embeddings

FRAME = np.tile(np.arange(120), 10)
TRAIN = np.arange(1200) < 1080


@pytest.fixture(scope="module")
def planted(recording):
    return planted_embeddings(recording, random_state=0)


def test_the_copy_is_the_square_root_of_the_mean_count(recording, planted):
    assert np.allclose(planted["copy"], np.sqrt(frame_counts(recording) / 2))


def test_codes_of_the_frame_are_the_same_in_every_repeat(planted):
    for name in ("stimulus", "random"):
        by_repeat = planted[name].reshape(10, 120, -1)
        assert np.array_equal(by_repeat[0], by_repeat[7])
        found = KNeighborsClassifier(1).fit(planted[name][TRAIN], FRAME[TRAIN]).predict(planted[name][~TRAIN])
        assert (found == FRAME[~TRAIN]).all()


def test_each_code_carries_what_its_name_says(planted):
    """Ridge to the responses of the same trial, on frames and a repeat that the fit has not seen."""
    responses, block = planted["copy"], FRAME * 5 // 120
    centred = responses[~TRAIN] - responses[~TRAIN].mean(axis=0)
    score = {}
    for name, code in planted.items():
        predicted = np.empty_like(responses)
        for fold in range(5):
            fit = Ridge(alpha=100.0).fit(code[TRAIN & (block != fold)], responses[TRAIN & (block != fold)])
            predicted[block == fold] = fit.predict(code[block == fold])
        score[name] = 1 - ((responses - predicted)[~TRAIN] ** 2).sum() / (centred**2).sum()
    assert score["copy"] > 0.6 > score["mixture"] > max(score["stimulus"], score["state"])
    assert min(score["stimulus"], score["state"]) > score["random"]
    assert score["random"] < 0.02


def test_only_the_random_code_depends_on_the_seed(recording, planted):
    other = planted_embeddings(recording, random_state=1)
    assert {name for name in planted if not np.array_equal(planted[name], other[name])} == {"random"}


def test_a_part_of_a_recording_and_a_real_one_are_refused(recording):
    with pytest.raises(DataError, match="whole recording"):
        planted_embeddings(recording.repeats([0, 1]))
    with pytest.raises(DataError, match="carries no truth"):
        planted_embeddings(replace(recording, truth={}))
