"""The three alignments on linear populations whose stimulus part and noise are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.metrics import r2_score

from twofold.analyses.alignment import Alignment, cross_repeat, same_trial, score
from twofold.analyses.controls import random_code
from twofold.decoders import GroupedRidge
from twofold.errors import DataError
from twofold.recordings.splits import Split, frame_blocks

N_FRAMES, N_NEURONS, N_DRIVES = 120, 12, 4
TRAIN, TARGET, TEST = slice(0, 8), slice(8, 14), slice(14, 17)
KEEP = np.ones(N_NEURONS, dtype=bool)
FRAMES = frame_blocks(np.zeros(N_FRAMES, int), folds=5, gap=1)


class Population:
    """Responses = smooth drives of the frame times weights, plus noise of each neuron and trial."""

    def __init__(self, noise: float, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        drive = gaussian_filter1d(rng.normal(size=(N_FRAMES, N_DRIVES)), 1.5, axis=0)
        self.drive = drive / drive.std(axis=0)
        self.signal = self.drive @ rng.normal(size=(N_DRIVES, N_NEURONS)) + 3
        self.noise = noise * rng.normal(size=(17, N_FRAMES, N_NEURONS))
        self.responses = self.signal + self.noise
        self.targets = self.responses[TARGET].mean(axis=0)

    def shown_again(self, code: np.ndarray) -> np.ndarray:
        """(repeat, frame, dimension) a code of the frame, the same in every repeat."""
        return np.broadcast_to(code, (17, *code.shape))

    def cross(self, latents: np.ndarray, decoder=None, **how) -> Alignment:
        return cross_repeat(
            latents[TRAIN],
            self.responses[TRAIN],
            latents[TEST],
            self.targets,
            decoder=decoder or GroupedRidge(),
            frames=FRAMES,
            keep=KEEP,
            **how,
        )

    def same(self, latents: np.ndarray) -> Alignment:
        return same_trial(
            rows(latents[TRAIN]),
            rows(self.responses[TRAIN]),
            rows(latents[TEST]),
            rows(self.responses[TEST]),
            groups=np.repeat(np.arange(8), N_FRAMES),
            decoder=GroupedRidge(),
            keep=KEEP,
        )


class Remembering:
    """A decoder that keeps what it was fitted to and what it said."""

    def __init__(self, decoder) -> None:
        self.decoder = decoder
        self.fits: list[tuple[np.ndarray, ...]] = []
        self.said: list[np.ndarray] = []

    def fit(self, X, y, groups):
        self.fits.append((X.copy(), y.copy(), groups.copy()))
        self.decoder.fit(X, y)
        return self

    def predict(self, X):
        self.said.append(self.decoder.predict(X))
        return self.said[-1]


def rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, array.shape[-1])


# --- (a) the same trial --------------------------------------------------------------------------


def test_same_trial_is_fitted_and_scored_as_by_hand_with_scikit_learn():
    rng = np.random.default_rng(0)
    Z, new = rng.normal(size=(90, 3)), rng.normal(size=(40, 3))
    W = rng.normal(size=(3, 5))
    y, true = (latents @ W + rng.normal(size=(len(latents), 5)) for latents in (Z, new))
    keep = np.array([True, True, False, True, False])
    decoder, groups = Remembering(RidgeCV()), np.repeat([4, 5, 9], 30)
    found = same_trial(Z, y, new, true, groups=groups, decoder=decoder, keep=keep)
    expected = RidgeCV().fit(Z, y).predict(new)[:, keep]
    assert found.variance_weighted == pytest.approx(
        r2_score(true[:, keep], expected, multioutput="variance_weighted")
    )
    assert found.mean_over_neurons == pytest.approx(r2_score(true[:, keep], expected))
    assert (found.n_neurons, found.against_train_mean) == (3, None)
    np.testing.assert_array_equal(decoder.fits[0][2], groups)


# --- (b) other repeats, unseen frames ------------------------------------------------------------


def test_a_pure_stimulus_code_comes_near_the_ceiling():
    population = Population(noise=2.0)
    ceiling = r2_score(population.targets, population.signal, multioutput="variance_weighted")
    found = population.cross(population.shown_again(population.drive))
    assert 0.5 < ceiling < 0.95
    assert ceiling - 0.03 < found.variance_weighted < ceiling + 0.01
    assert found.n_neurons == N_NEURONS


@pytest.mark.parametrize("seed", range(3))
def test_a_random_code_is_a_look_up_table_of_the_frames_that_it_saw(seed):
    population = Population(noise=2.0, seed=seed)
    code = population.shown_again(random_code(N_FRAMES, 128, np.random.default_rng(seed)))
    seen, unseen = population.cross(code, frames_seen=True), population.cross(code)
    stimulus = population.cross(population.shown_again(population.drive))
    assert abs(unseen.against_train_mean) < 0.03
    assert unseen.variance_weighted < 0.0
    assert seen.variance_weighted > stimulus.variance_weighted - 0.15


def test_copying_the_noise_wins_the_same_trial_and_loses_across_repeats():
    population = Population(noise=3.0)
    stimulus, noise = population.shown_again(population.drive), population.noise
    assert population.same(noise).variance_weighted > population.same(stimulus).variance_weighted + 0.2
    assert population.cross(noise).variance_weighted < 0.02
    assert population.cross(stimulus).variance_weighted > 0.5


def test_the_decoder_learns_from_the_other_training_repeats_on_the_training_frames():
    population = Population(noise=1.0)
    decoder = Remembering(LinearRegression())
    latents = population.noise[..., :5]
    population.cross(latents, decoder)
    for (X, y, groups), part in zip(decoder.fits, FRAMES, strict=True):
        wanted = [
            population.responses[[r for r in range(8) if r != own], frame].mean(axis=0)
            for own in range(8)
            for frame in part.train
        ]
        np.testing.assert_allclose(y, wanted)
        np.testing.assert_array_equal(X, rows(latents[TRAIN][:, part.train]))
        # The same frame of two repeats is left out together when the penalty is chosen.
        by_repeat = groups.reshape(8, len(part.train))
        assert (by_repeat == by_repeat[0]).all()
        assert 2 <= len(np.unique(groups)) <= 5


def spoiled(population: Population, repeats: slice, frames: np.ndarray) -> Population:
    """The same population with nonsense in some repeats and frames."""
    other = Population(noise=1.0)
    other.responses = population.responses.copy()
    number = np.arange(17)[repeats]
    other.responses[np.ix_(number, frames)] += 1000 * np.random.default_rng(9).normal(
        size=(len(number), len(frames), N_NEURONS)
    )
    other.targets = other.responses[TARGET].mean(axis=0)
    return other


@pytest.mark.parametrize("repeats", [TARGET, TEST], ids=["target", "test"])
def test_no_fit_depends_on_target_or_test_repeats(repeats):
    population = Population(noise=1.0)
    one, two = Remembering(LinearRegression()), Remembering(LinearRegression())
    population.cross(population.responses, one)
    other = spoiled(population, repeats, np.arange(N_FRAMES))
    other.cross(other.responses, two)
    for fit, same in zip(one.fits, two.fits, strict=True):
        for before, after in zip(fit, same, strict=True):
            np.testing.assert_array_equal(before, after)


def test_no_fit_depends_on_the_frames_that_it_is_scored_on():
    population = Population(noise=1.0)
    one, two = Remembering(LinearRegression()), Remembering(LinearRegression())
    population.cross(population.responses, one)
    other = spoiled(population, slice(0, 17), FRAMES[2].test)
    other.cross(other.responses, two)
    changed = []
    for fit, other_fit in zip(one.fits, two.fits, strict=True):
        changed.append(not np.array_equal(fit[0], other_fit[0]) or not np.array_equal(fit[1], other_fit[1]))
    assert changed == [True, True, False, True, True]


def test_the_yardstick_is_the_mean_of_the_targets_themselves():
    population = Population(noise=1.0)
    population.targets = population.targets + 7 * np.arange(N_NEURONS)
    decoder = Remembering(LinearRegression())
    found = population.cross(population.shown_again(population.drive), decoder)
    predicted = np.concatenate([part.reshape(3, -1, N_NEURONS) for part in decoder.said], axis=1)
    observed = np.tile(population.targets, (3, 1))
    assert found.variance_weighted == pytest.approx(
        r2_score(observed, rows(predicted), multioutput="variance_weighted")
    )
    assert found.mean_over_neurons == pytest.approx(r2_score(observed, rows(predicted)))


def test_the_training_mean_has_exactly_nothing_against_itself():
    population = Population(noise=1.0)
    mean = Remembering(DummyRegressor())
    found = population.cross(population.responses, mean)
    assert found.against_train_mean == pytest.approx(0, abs=1e-12)
    assert found.variance_weighted < 0


def test_what_cannot_be_aligned_is_refused():
    population = Population(noise=1.0)
    given = {"decoder": GroupedRidge(), "keep": KEEP}
    latents = population.responses
    with pytest.raises(DataError, match="at least 2 training repeats"):
        cross_repeat(latents[:1], latents[:1], latents[TEST], population.targets, frames=FRAMES, **given)
    with pytest.raises(DataError, match="no part of the frames tests frame 24"):
        cross_repeat(
            latents[TRAIN],
            latents[TRAIN],
            latents[TEST],
            population.targets,
            frames=[FRAMES[0], *FRAMES[2:]],
            **given,
        )


# --- the score -----------------------------------------------------------------------------------


def test_constant_neurons_and_those_not_kept_are_not_scored():
    rng = np.random.default_rng(0)
    observed, predicted = rng.normal(size=(20, 4)), rng.normal(size=(20, 4))
    observed[:, 1] = 2.0
    found = score(observed, predicted, np.array([True, True, True, False]))
    assert found.n_neurons == 2
    assert found.mean_over_neurons == pytest.approx(r2_score(observed[:, [0, 2]], predicted[:, [0, 2]]))


def test_without_a_neuron_to_score_there_is_no_number():
    ones = np.ones((5, 2))
    assert score(ones, ones, np.ones(2, bool)) == Alignment(None, None, 0)
    assert score(np.eye(5, 2), ones, np.zeros(2, bool)) == Alignment(None, None, 0)


def test_frames_may_be_parts_in_any_order():
    population = Population(noise=1.0)
    latents = population.shown_again(population.drive)
    mixed = [Split(part.train, part.test, part.held_out) for part in reversed(FRAMES)]
    again = cross_repeat(
        latents[TRAIN],
        population.responses[TRAIN],
        latents[TEST],
        population.targets,
        decoder=GroupedRidge(),
        frames=mixed,
        keep=KEEP,
    )
    assert again == population.cross(latents)
