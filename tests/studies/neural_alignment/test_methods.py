"""Options are chosen inside the training repeats, by the rule that the docstring states."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from twofold.studies.neural_alignment.catalogue import embeddings
from twofold.studies.neural_alignment.methods.frame_decoders import knn
from twofold.studies.neural_alignment.methods.method import FrameDecoder, Method, choose, predict_frames
from twofold.studies.neural_alignment.methods.simple import pca, raw
from twofold.studies.neural_alignment.presentations import Rows

FRAMES, UNITS = 12, 6


def rows_of(repeats, noise=0.3, seed=0) -> Rows:
    """Responses whose first unit is the number of the repeat."""
    rng = np.random.default_rng(seed)
    drive, repeat = rng.normal(size=(FRAMES, UNITS)), np.repeat(repeats, FRAMES)
    responses = np.tile(drive, (len(repeats), 1)) + noise * rng.normal(size=(len(repeat), UNITS))
    responses[:, 0] = repeat
    return Rows(responses, np.tile(np.arange(FRAMES), len(repeats)), repeat, repeat)


def test_nothing_outside_the_training_repeats_is_fitted_and_no_repeat_scores_itself():
    """Every fit and every prediction of a real classifier is written down."""

    class Watched(KNeighborsClassifier):
        fits: ClassVar[list[set[int]]] = []
        predictions: ClassVar[list[tuple[set[int], set[int]]]] = []

        def fit(self, X, y):
            self.own = set(X[:, 0].astype(int))
            Watched.fits.append(self.own)
            return super().fit(X, y)

        def predict(self, X):
            Watched.predictions.append((self.own, set(X[:, 0].astype(int))))
            return super().predict(X)

    training = [2, 3, 5, 7]
    decoder = FrameDecoder("knn", Watched(), ({"n_neighbors": 1}, {"n_neighbors": 3}))
    chosen = choose(raw(), (decoder,), rows_of(training), inner_folds=4, seed=0)
    assert chosen["knn"][1] in decoder.candidates
    assert len(Watched.fits) == len(Watched.predictions) == 4 * 2
    for fitted_on, scored_on in Watched.predictions:
        assert len(scored_on) == 1
        assert fitted_on == set(training) - scored_on
    assert {min(scored) for _, scored in Watched.predictions} == set(training)


def test_the_embedding_too_is_fitted_without_the_repeat_that_scores_it():
    fitted: list[set[int]] = []

    def fit(choice, rows, seed):
        fitted.append(set(rows.repeat.tolist()))
        components = PCA(choice["components"], random_state=seed).fit(rows.responses)
        return lambda new: components.transform(new.responses)

    method = Method("pca", ({"components": 1}, {"components": 3}), fit)
    decoder = FrameDecoder("knn", KNeighborsClassifier(1))
    chosen = choose(method, (decoder,), rows_of([0, 1, 2]), inner_folds=3, seed=0)
    assert sorted(map(sorted, fitted)) == [[0, 1], [0, 1], [0, 2], [0, 2], [1, 2], [1, 2]]
    assert chosen["knn"] == ({"components": 3}, {})


def test_a_single_candidate_is_taken_without_a_fit():
    def fit(choice, rows, seed):
        raise AssertionError("nothing is to be chosen")

    method = Method("one", ({"a": 1},), fit)
    decoder = FrameDecoder("knn", KNeighborsClassifier(), ({"n_neighbors": 2},))
    assert choose(method, (decoder,), rows_of([0, 1]), inner_folds=2, seed=0) == {
        "knn": ({"a": 1}, {"n_neighbors": 2})
    }


class Says(ClassifierMixin, BaseEstimator):
    """Tells the frame that the first latent is, but errs on the first few, by so much."""

    def __init__(self, wrong: int = 0, by: int = 1, name: str = "") -> None:
        self.wrong, self.by, self.name = wrong, by, name

    def fit(self, X, y):
        return self

    def predict(self, X):
        frame = X[:, 0].astype(int)
        return np.where(frame < self.wrong, frame + self.by, frame)


def options(wrong: int, by: int, name: str = "") -> dict:
    return {"wrong": wrong, "by": by, "name": name}


@pytest.mark.parametrize(
    ("candidates", "best"),
    [
        ((options(3, 1), options(2, 9)), 1),
        ((options(2, 9), options(3, 1)), 0),
        ((options(2, 5), options(2, 1), options(2, 3)), 1),
        ((options(2, 1, "first"), options(2, 1, "second")), 0),
    ],
    ids=["most exact", "most exact though further off", "nearest of equals", "first of equals"],
)
def test_the_most_exact_wins_then_the_nearest_then_the_first(candidates, best):
    def by_frame(choice, rows, seed):
        return lambda new: new.frame[:, None].astype(float)

    method = Method("frame", ({},), by_frame)
    decoder = FrameDecoder("says", Says(), candidates)
    chosen = choose(method, (decoder,), rows_of([0, 1, 2]), inner_folds=2, seed=0)
    assert chosen["says"] == ({}, candidates[best])


def test_each_decoder_chooses_its_own_embedding():
    """Frames lie in the third of three components; only one decoder looks at it."""

    def fit(choice, rows, seed):
        return lambda new: np.roll(np.c_[new.frame, np.zeros((len(new.frame), 2))], choice["shift"], axis=1)

    class Looks(KNeighborsClassifier):
        def __init__(self, at: int = 0) -> None:
            super().__init__(1)
            self.at = at

        def fit(self, X, y):
            return super().fit(X[:, [self.at]], y)

        def predict(self, X):
            return super().predict(X[:, [self.at]])

    method = Method("shifted", ({"shift": 0}, {"shift": 2}), fit)
    decoders = (FrameDecoder("first", Looks(0)), FrameDecoder("third", Looks(2)))
    chosen = choose(method, decoders, rows_of([0, 1, 2]), inner_folds=2, seed=0)
    assert {name: of_method["shift"] for name, (of_method, _) in chosen.items()} == {"first": 0, "third": 2}


def test_fitting_leaves_the_decoder_as_it_was_and_asks_no_more_neighbours_than_there_are(few_steps):
    decoder, rows = knn(few_steps), rows_of([0])
    before = decoder.estimator.get_params()
    found = predict_frames(decoder, {"n_neighbors": 99}, rows.responses, rows.frame, rows.responses)
    assert found.shape == (FRAMES,)
    assert decoder.estimator.get_params() == before
    assert not hasattr(decoder.estimator, "classes_")


def test_principal_components_are_those_of_the_training_rows(few_steps):
    train, new = rows_of([0, 1]), rows_of([4, 5], seed=1)
    latents = pca(few_steps).fit({"components": 3}, train, 0)(new)
    centred = train.responses - train.responses.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:3]
    expected = (new.responses - train.responses.mean(axis=0)) @ axes.T
    np.testing.assert_allclose(np.abs(latents), np.abs(expected), atol=1e-9)


@pytest.mark.parametrize("name", ["raw", "pca", "untrained", "contrastive"])
def test_every_embedding_gives_a_row_per_row_and_the_same_bits_for_the_same_seed(few_steps, name):
    method = next(method for method in embeddings(few_steps) if method.name == name)
    train, new = rows_of([0, 1, 2]), rows_of([4], seed=1)
    first, again, other = (method.encoder(method.candidates[0], train, seed)(new) for seed in (0, 0, 1))
    assert len(first) == FRAMES
    np.testing.assert_array_equal(first, again)
    assert np.array_equal(first, other) == (name in ("raw", "pca"))
