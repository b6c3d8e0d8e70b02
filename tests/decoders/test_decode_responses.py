from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from twofold.decoders import GroupedRidge, decode_responses
from twofold.errors import DataError


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(120, 4)) * [1, 10, 0.1, 1]
    responses = latents @ (rng.normal(size=(4, 7)) / [[1], [10], [0.1], [1]]) + rng.normal(size=(120, 7))
    return latents[:80], responses[:80], latents[80:], responses[80:]


def test_r2_is_that_of_scikit_learn_on_the_predictions(parts):
    decoding = decode_responses(*parts)
    true = parts[3]
    np.testing.assert_allclose(
        decoding.r2_per_neuron, r2_score(true, decoding.predicted, multioutput="raw_values")
    )
    assert decoding.variance_weighted == pytest.approx(
        r2_score(true, decoding.predicted, multioutput="variance_weighted")
    )
    assert decoding.mean_over_neurons == pytest.approx(r2_score(true, decoding.predicted))
    assert decoding.variance_weighted > 0.5


def test_the_default_decoder_is_a_ridge_that_leaves_out_stretches_of_rows(parts):
    latents, responses, latents_test, _ = parts
    expected = GroupedRidge().fit(latents, responses, np.arange(80) // 16).predict(latents_test)
    np.testing.assert_allclose(decode_responses(*parts).predicted, expected)


def test_the_scale_of_the_latents_does_not_matter(parts):
    latents, responses, latents_test, responses_test = parts
    scale = np.array([1e-3, 1.0, 1e3, 7.0])
    scaled = decode_responses(latents * scale, responses, latents_test * scale, responses_test)
    np.testing.assert_allclose(scaled.predicted, decode_responses(*parts).predicted, atol=1e-8)


def test_latents_without_the_responses_explain_nothing(parts):
    _, responses, _, responses_test = parts
    rng = np.random.default_rng(1)
    noise = decode_responses(rng.normal(size=(80, 4)), responses, rng.normal(size=(40, 4)), responses_test)
    assert abs(noise.variance_weighted) < 0.1


def test_constant_neurons_are_left_out_and_counted(parts):
    latents, responses, latents_test, responses_test = parts
    silent = responses_test.copy()
    silent[:, [1, 3]] = 0.1
    decoding = decode_responses(latents, responses, latents_test, silent)
    assert decoding.n_constant == 2
    assert np.flatnonzero(np.isnan(decoding.r2_per_neuron)).tolist() == [1, 3]
    assert decoding.mean_over_neurons == pytest.approx(np.nanmean(decoding.r2_per_neuron))


def test_any_regressor_may_decode_and_is_left_as_it_was(parts):
    decoder = LinearRegression()
    decoding = decode_responses(*parts, decoder=decoder)
    expected = LinearRegression().fit(*parts[:2]).predict(parts[2])
    np.testing.assert_allclose(decoding.predicted, expected)
    assert not hasattr(decoder, "coef_")


def test_a_single_neuron_keeps_its_axis(parts):
    latents, responses, latents_test, responses_test = parts
    decoding = decode_responses(latents, responses[:, :1], latents_test, responses_test[:, :1])
    assert decoding.predicted.shape == (40, 1)
    assert decoding.variance_weighted == pytest.approx(decoding.mean_over_neurons)


def test_parts_that_do_not_fit_together_are_refused(parts):
    latents, responses, latents_test, responses_test = parts
    with pytest.raises(DataError, match="training part: 79 rows of latents and 80"):
        decode_responses(latents[1:], responses, latents_test, responses_test)
    with pytest.raises(DataError, match="responses: 7 columns in training, 6 in the test part"):
        decode_responses(latents, responses, latents_test, responses_test[:, 1:])
    with pytest.raises(DataError, match="test part: 0 rows"):
        decode_responses(latents, responses, latents_test[:0], responses_test[:0])
    spoiled = responses.copy()
    spoiled[5, 2] = np.nan
    with pytest.raises(DataError, match="training part: responses are not finite at row 5, column 2"):
        decode_responses(latents, spoiled, latents_test, responses_test)
