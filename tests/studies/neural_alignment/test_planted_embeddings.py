"""Five embeddings of known worth are put in the right order, on every seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from twofold.analyses.alignment import cross_repeat, same_trial
from twofold.analyses.state import score_signals, within_repeats
from twofold.decoders import GroupedRidge
from twofold.metrics import frame_chance, frame_scores
from twofold.recordings.preprocess import Preprocessing, fit_to_responses
from twofold.recordings.splits import frame_blocks
from twofold.simulate import MovieRepeats, planted_embeddings, simulate_movie_repeats
from twofold.studies.neural_alignment.presentations import Presentations, presentations

TRAIN, TARGET, TEST = np.arange(4), np.array([4, 5]), np.array([6, 7])
GROUPS = [np.array([0, 1]), np.array([2, 3]), np.array([4, 5]), np.array([6, 7])]


class Scores(NamedTuple):
    """The scoreboard of one embedding."""

    exact: float
    same_trial: float
    cross_repeat: float
    state: float


def scores(data: Presentations, latents: np.ndarray) -> Scores:
    """Decoding, alignment (a) and (b), and state, of latents (repeat, frame, dimension)."""
    rows = data.rows(TRAIN)
    fitted = fit_to_responses(rows.responses, rows.repeat, Preprocessing(), "the training repeats")
    responses = fitted.transform(data.responses.reshape(-1, data.responses.shape[-1])[:, fitted.kept])
    responses = responses.reshape(data.n_repeats, data.n_frames, -1)
    keep = np.ones(responses.shape[-1], dtype=bool)

    def flat(array: np.ndarray, repeats: np.ndarray) -> np.ndarray:
        return array[repeats].reshape(-1, array.shape[-1])

    nearest = KNeighborsClassifier(1, metric="cosine").fit(flat(latents, TRAIN), rows.frame)
    predicted = nearest.predict(flat(latents, TEST))
    true = np.tile(data.label, len(TEST))
    copied = same_trial(
        flat(latents, TRAIN),
        flat(responses, TRAIN),
        flat(latents, TEST),
        flat(responses, TEST),
        groups=rows.repeat,
        decoder=GroupedRidge(),
        keep=keep,
    )
    locked = cross_repeat(
        latents[TRAIN],
        responses[TRAIN],
        latents[TEST],
        responses[TARGET].mean(axis=0),
        decoder=GroupedRidge(),
        frames=frame_blocks(data.clip, 4, gap=1),
        keep=keep,
    )
    folds = [(np.setdiff1d(np.arange(8), group), group) for group in GROUPS]
    scores = score_signals(
        [(flat(latents, train), flat(latents, test)) for train, test in folds],
        folds,
        [within_repeats(signal) for signal in data.signals.values()],
        decoder=GroupedRidge(per_target=True),
        n_surrogates=1,
        random_state=np.random.default_rng(0),
    )
    return Scores(
        exact=frame_scores(true, predicted, frame_seconds=data.frame_s).exact_accuracy,
        same_trial=copied.variance_weighted,
        cross_repeat=locked.variance_weighted,
        state=float(np.mean([score.value for score in scores])),
    )


@pytest.mark.parametrize("seed", range(4))
def test_planted_embeddings_are_ordered_as_the_truth_says(seed):
    movie = simulate_movie_repeats(MovieRepeats.small(n_units=100, n_repeats=8), random_state=seed)
    data = presentations(movie)
    found = {
        name: scores(data, code.reshape(data.n_repeats, data.n_frames, -1))
        for name, code in planted_embeddings(movie, random_state=seed).items()
    }
    chance = frame_chance(data.label, data.label, frame_seconds=data.frame_s).exact_accuracy

    def best(metric: str) -> str:
        return max(found, key=lambda name: getattr(found[name], metric))

    # a copy of the noise wins the same trial, and only that
    assert best("same_trial") == "copy"
    assert found["copy"].same_trial > 0.99
    # the stimulus code decodes and is the most aligned; the random code decodes and is not
    assert min(found["stimulus"].exact, found["random"].exact) > 0.99
    assert best("cross_repeat") in ("stimulus", "mixture")
    assert found["stimulus"].cross_repeat > found["copy"].cross_repeat > found["random"].cross_repeat
    assert found["random"].cross_repeat < 0
    # the state code is at chance and tells the animal best; codes of the frame do not tell it
    assert found["state"].exact < 5 * chance
    assert best("state") in ("state", "mixture")
    assert min(found["state"].state, found["mixture"].state) > found["copy"].state
    assert max(abs(found["stimulus"].state), abs(found["random"].state)) < 0.05
    # the mixture has both parts
    assert found["mixture"].exact > 0.5
    assert found["mixture"].cross_repeat > found["copy"].cross_repeat
    assert found["mixture"].state > found["copy"].state
    assert found["mixture"].same_trial > max(found["stimulus"].same_trial, found["state"].same_trial)
