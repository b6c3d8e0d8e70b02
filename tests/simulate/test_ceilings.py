from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm, poisson
from sklearn.linear_model import Ridge

from twofold.errors import DataError
from twofold.simulate import (
    MovieRepeats,
    Truth,
    bayes_frame_decoder,
    conditional_responses,
    expected_responses,
    frame_counts,
    frame_log_likelihood,
    simulate_movie_repeats,
)

FRAMES, REPEATS = 120, 10
REPEAT = np.repeat(np.arange(REPEATS), FRAMES)
FRAME = np.tile(np.arange(FRAMES), REPEATS)
GIVEN, TARGETS = np.arange(0, 160, 2), np.arange(1, 160, 2)


@pytest.fixture(scope="module")
def truth(recording):
    return Truth.of(recording)


@pytest.fixture(scope="module")
def counts(recording):
    return frame_counts(recording)


@pytest.fixture(scope="module")
def responses(counts, truth):
    return np.sqrt(counts / truth.bins_per_frame)


@pytest.fixture(scope="module")
def log_likelihood(truth, counts):
    return frame_log_likelihood(truth, counts, REPEAT)


@pytest.fixture(scope="module")
def conditional(truth, counts):
    return conditional_responses(truth, counts[:, GIVEN], REPEAT, GIVEN, TARGETS)


def r2_per_repeat(observed, predicted):
    """(repeat,) variance-weighted R2 about the means of each repeat."""
    y, p = (x.reshape(-1, FRAMES, x.shape[1]) for x in (observed, predicted))
    residual = ((y - p) ** 2).sum(axis=(1, 2))
    return 1 - residual / ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2))


def assert_bounded(values, ceiling):
    """The paired differences over repeats are not above 0 by more than two standard errors."""
    difference = values - ceiling
    assert difference.mean() <= 2 * difference.std(ddof=1) / np.sqrt(len(difference))


def test_likelihood_agrees_with_averaging_over_sampled_states(truth, counts, log_likelihood):
    rng = np.random.default_rng(0)
    sample, frames = 250, np.array([10, 60, 61])
    states = rng.standard_normal((100_000, 3))
    expected = np.zeros(len(frames))
    few = np.arange(0, 160, 5)  # with few units, sampling from the prior converges
    known = truth.select(few)
    for mouse in (1, 2):
        own = known.mouse == mouse
        w = known.loadings[truth.latents_of(mouse)][:, own]
        for i, frame in enumerate(frames):
            mean = known.typical[frame, own] * known.drift[2, own] * np.exp(states @ w)
            log_p = poisson.logpmf(counts[sample, few][own], mean).sum(axis=1)
            expected[i] += logsumexp(log_p) - np.log(len(states))
    found = frame_log_likelihood(known, counts[[sample]][:, few], REPEAT[[sample]])[0, frames]
    assert np.allclose(found, expected, atol=0.1)


def test_without_state_the_likelihood_is_poisson():
    recording = simulate_movie_repeats(MovieRepeats.small(state_gain=0, n_units=12))
    truth, counts = Truth.of(recording), frame_counts(recording)[:120]
    found = frame_log_likelihood(truth, counts, REPEAT[:120])
    expected = poisson.logpmf(counts[:, None], truth.drive * truth.drift[0]).sum(axis=-1)
    assert np.allclose(found, expected)


def test_the_frame_posterior_is_calibrated(log_likelihood):
    posterior = np.exp(log_likelihood - logsumexp(log_likelihood, axis=1, keepdims=True))
    sure, right = posterior.max(axis=1), posterior.argmax(axis=1) == FRAME
    assert right.mean() == pytest.approx(sure.mean(), abs=0.03)
    for low, high in [(0.0, 0.7), (0.7, 0.95), (0.95, 1.01)]:
        inside = (sure >= low) & (sure < high)
        error = np.sqrt((sure[inside] * (1 - sure[inside])).sum()) / inside.sum()
        assert right[inside].mean() == pytest.approx(sure[inside].mean(), abs=3 * error + 0.01)


def test_bayes_bounds_the_template_decoder(truth, counts, responses, log_likelihood):
    bayes = (truth.frame_ids[log_likelihood.argmax(axis=1)] == FRAME).reshape(REPEATS, FRAMES).mean(axis=1)
    template = np.zeros(REPEATS)
    for repeat in range(REPEATS):
        train, test = responses[repeat != REPEAT], responses[repeat == REPEAT]
        centre, scale = train.mean(axis=0), train.std(axis=0) + 1e-9
        mean = train.reshape(-1, FRAMES, train.shape[1]).mean(axis=0)
        similarity = np.corrcoef((test - centre) / scale, (mean - centre) / scale)[:FRAMES, FRAMES:]
        template[repeat] = (similarity.argmax(axis=1) == np.arange(FRAMES)).mean()
    assert template.mean() > 0.3
    assert_bounded(template, bayes)
    some = slice(0, 30)
    assert np.array_equal(
        bayes_frame_decoder(truth, counts[some], REPEAT[some]), log_likelihood[some].argmax(axis=1)
    )


def test_bayes_answers_with_the_shared_id_of_identical_frames():
    recording = simulate_movie_repeats(MovieRepeats.small(identical_adjacent=8, n_units=60))
    ids = recording.stimuli["movie"].frame_ids
    found = bayes_frame_decoder(Truth.of(recording), frame_counts(recording)[:120], REPEAT[:120])
    assert set(found) <= set(ids)
    assert (found == ids).mean() > 0.4


def test_expected_responses_agree_with_the_mean_over_simulated_states(truth):
    rng = np.random.default_rng(0)
    frame, repeat = 30, 4
    states = rng.standard_normal((40_000, len(truth.loadings)))
    mean = truth.typical[frame] * truth.drift[repeat] * np.exp(states @ truth.loadings)
    drawn = np.sqrt(rng.poisson(mean) / truth.bins_per_frame)
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    z = (drawn.mean(axis=0) - expected_responses(truth, repeat)[frame]) / error
    assert np.abs(z).max() < 4.5
    assert z.std() == pytest.approx(1, abs=0.25)


def test_expected_responses_bound_the_mean_of_other_repeats(truth, responses):
    ceiling = np.concatenate([expected_responses(truth, repeat) for repeat in range(REPEATS)])
    total = responses.reshape(REPEATS, FRAMES, -1)
    others = (total.sum(axis=0) - total) / (REPEATS - 1)
    shrunk = total.mean(axis=1, keepdims=True) + 0.6 * (others - others.mean(axis=1, keepdims=True))
    best = r2_per_repeat(responses, ceiling)
    assert best.mean() > 0.1
    assert_bounded(r2_per_repeat(responses, others.reshape(responses.shape)), best)
    # a shrunk mean that even knows the test part's own mean comes close, so the bound is not idle
    close = r2_per_repeat(responses, shrunk.reshape(responses.shape))
    assert 0 < close.mean() < best.mean()


def test_conditional_responses_are_calibrated(responses, conditional):
    observed = responses[:, TARGETS]
    residual = observed - conditional
    spread = conditional - conditional.mean(axis=0)
    slope = (residual * spread).sum(axis=0) / (spread**2).sum(axis=0)
    assert np.average(slope, weights=(spread**2).sum(axis=0)) == pytest.approx(0, abs=0.05)
    z = residual.mean(axis=0) / (residual.std(axis=0) / np.sqrt(len(residual)))
    # samples are correlated within seconds by state, so the spread of z is somewhat above 1
    assert z.std() < 2.5


def test_conditional_responses_bound_ridge_regression(responses, conditional):
    ceiling = r2_per_repeat(responses[:, TARGETS], conditional)
    assert ceiling.mean() > 0.1
    scores = np.zeros(REPEATS)
    for repeat in range(REPEATS):
        train, test = repeat != REPEAT, repeat == REPEAT
        ridge = Ridge(alpha=200).fit(responses[train][:, GIVEN], responses[train][:, TARGETS])
        scores[repeat] = r2_per_repeat(responses[test][:, TARGETS], ridge.predict(responses[test][:, GIVEN]))[
            0
        ]
    assert_bounded(scores, ceiling)


def test_conditional_responses_agree_with_a_sum_over_a_grid():
    rng = np.random.default_rng(0)
    n, frames = 30, 3
    truth = Truth(
        drive=rng.gamma(2.0, 0.5, (frames, n)),
        drift=np.exp(0.1 * rng.standard_normal((2, n))),
        loadings=0.5 * rng.standard_normal((1, n)),
        mouse=np.ones(n, dtype=int),
        frame_ids=np.arange(frames),
        bins_per_frame=2,
    )
    given, targets, repeat = np.arange(5, n), np.arange(5), np.array([1, 0])
    counts = rng.poisson(truth.drive[:2, given])
    found = conditional_responses(truth, counts, repeat, given, targets)
    s, k = np.linspace(-5, 5, 201), np.arange(60)
    for sample in range(2):
        mean = truth.typical[:, None] * truth.drift[repeat[sample]] * np.exp(s[:, None] * truth.loadings[0])
        log_p = poisson.logpmf(counts[sample], mean[..., given]).sum(axis=-1) + norm.logpdf(s)
        weight = np.exp(log_p - logsumexp(log_p))
        root = (poisson.pmf(k, mean[..., targets, None]) * np.sqrt(k / 2)).sum(axis=-1)
        assert np.allclose(found[sample], (weight[..., None] * root).sum(axis=(0, 1)), atol=3e-3)


def test_a_mouse_without_given_units_is_predicted_from_the_frame_alone(truth, counts):
    given, targets = np.flatnonzero(truth.mouse == 1), np.flatnonzero(truth.mouse == 2)
    some = slice(600, 640)
    found = conditional_responses(truth, counts[some][:, given], REPEAT[some], given, targets)
    log_p = frame_log_likelihood(truth.select(given), counts[some][:, given], REPEAT[some])
    posterior = np.exp(log_p - logsumexp(log_p, axis=1, keepdims=True))
    assert np.allclose(found, posterior @ expected_responses(truth, 5)[:, targets], atol=1e-3)


def test_results_do_not_depend_on_the_chunks(truth, counts, log_likelihood):
    rows = np.array([3, 700, 1100])
    assert np.allclose(
        frame_log_likelihood(truth, counts[rows], REPEAT[rows]), log_likelihood[rows], atol=1e-3
    )


def test_the_truth_of_chosen_units_is_that_of_their_columns(recording, truth):
    chosen = np.array([5, 2, 100])
    found = Truth.of(recording.select_neurons(chosen))
    for name in ("drive", "drift", "loadings"):
        assert np.array_equal(getattr(found, name), getattr(truth, name)[:, chosen])
    assert np.array_equal(found.mouse, truth.mouse[chosen])


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ({"counts": "negative-binomial"}, "negative-binomial"),
        ({"refractory_ms": 2.0}, "refractoriness"),
        ({"adaptation": 0.2}, "adaptation"),
    ],
)
def test_ceilings_refuse_laws_that_they_do_not_hold_for(switch, words):
    recording = simulate_movie_repeats(MovieRepeats.small(n_units=4, n_frames=10, **switch))
    with pytest.raises(DataError, match=f"Poisson counts only; this simulation has {words}"):
        Truth.of(recording)


def test_ceilings_refuse_what_does_not_fit(recording, truth, counts, responses):
    with pytest.raises(DataError, match="carries no truth about drive"):
        Truth.of(replace(recording, truth={}))
    with pytest.raises(DataError, match="share 1 units, such as unit 3"):
        conditional_responses(truth, counts[:, :4], REPEAT, np.arange(4), np.array([3, 9]))
    with pytest.raises(DataError, match="whole spikes per frame"):
        frame_log_likelihood(truth, responses, REPEAT)
    with pytest.raises(DataError, match="one repeat per sample"):
        frame_log_likelihood(truth, counts, REPEAT[:5])
    with pytest.raises(DataError, match="the truth has 0 to 9"):
        frame_log_likelihood(truth, counts, REPEAT + 1)
