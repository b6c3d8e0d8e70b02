"""What every competitor keeps to: each member of the family passes each test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import twofold as tw
from twofold.encoding.competitors import (
    GPFA,
    ConstantModel,
    Factors,
    FlowFactors,
    PopulationGain,
    ReducedRank,
    ResidualRegression,
    Ridge,
)
from twofold.errors import DataError, OptionError
from twofold.recordings import LazyArray

GIVEN = [0, 2, 5, 7, 9]
TARGETS = np.setdiff1d(np.arange(12), GIVEN)
EVERY = {
    "reduced-rank": (ResidualRegression, {"rule": ReducedRank(penalties=(0.1, 1.0), ranks=(1, 3))}),
    "ridge-lags": (ResidualRegression, {"rule": Ridge(penalties=(0.3, 3.0)), "lags": (-1, 0, 1)}),
    "factors": (ResidualRegression, {"rule": Factors(dimensions=(1,)), "lags": (0, -1)}),
    "population-gain": (PopulationGain, {"steps": 5}),
    "flow-factors": (FlowFactors, {"dimension": 2, "steps": 20}),
    "gpfa": (GPFA, {"dimension": 2, "steps": 3}),
}


@pytest.fixture(scope="module", params=["video", "constant"])
def base(request, mouse, fitted):
    return fitted[0] if request.param == "video" else ConstantModel.for_recordings([mouse])


@pytest.fixture(scope="module", params=EVERY)
def model(request, base, mouse):
    kind, settings = EVERY[request.param]
    return kind(base, **settings).fit([mouse])


@pytest.fixture(scope="module")
def oracle(mouse):
    return mouse.tier("oracle")


def corrupted(recording, neurons, value=np.nan):
    responses = np.array(recording.responses)
    responses[:, neurons] = value
    return replace(recording, responses=LazyArray(responses))


def test_it_predicts_every_neuron_that_is_not_given(model, oracle):
    found = model.predict(oracle, given=GIVEN)
    np.testing.assert_array_equal(found.neurons, TARGETS)
    n_time = 30 - model.frames_lost
    assert all(part.shape == (n_time, 7) for part in (*found.mean, *found.variance, *found.observed))
    for kind in ("marginal", "conditioned"):
        assert found.concatenate().log_likelihood(kind).shape == (4 * n_time, 7)
    assert np.isfinite(found.concatenate().log_likelihood("conditioned")).all()
    np.testing.assert_array_equal(model.predict(oracle, given=GIVEN, neurons=[1, 3]).neurons, [1, 3])


def test_responses_of_the_neurons_to_predict_change_nothing(model, oracle):
    clean = model.predict(oracle, given=GIVEN).concatenate()
    for value in (np.nan, 50.0):
        blind = model.predict(corrupted(oracle, TARGETS, value), given=GIVEN).concatenate()
        for name in ("mean", "variance"):
            np.testing.assert_array_equal(getattr(blind, name), getattr(clean, name))
    seen = model.predict(corrupted(oracle, GIVEN, 3.0), given=GIVEN).concatenate()
    assert not np.array_equal(seen.mean, clean.mean)


def test_given_nobody_it_is_the_marginal_law(model, oracle):
    alone = model.predict(oracle).concatenate()
    np.testing.assert_array_equal(alone.neurons, np.arange(12))
    blind = model.predict(corrupted(oracle, GIVEN, 3.0)).concatenate()
    np.testing.assert_array_equal(alone.mean, blind.mean)
    given = model.predict(oracle, given=GIVEN).concatenate()
    np.testing.assert_array_equal(
        given.log_likelihood("marginal"), alone.log_likelihood("marginal")[:, TARGETS]
    )
    assert alone.log_likelihood("joint").shape == (len(alone.mean),)
    with pytest.raises(OptionError, match="marginal"):
        alone.log_likelihood("conditioned")


def test_a_neuron_that_is_both_given_and_predicted_is_refused(model, oracle):
    with pytest.raises(DataError, match="both given and to be predicted, such as neuron 2"):
        model.predict(oracle, given=GIVEN, neurons=[1, 2])
    with pytest.raises(DataError, match="no neuron 12"):
        model.predict(oracle, given=[12])


def test_shares_draw_the_neurons_that_the_latent_model_draws(model, oracle, latent_neurons):
    for seed, neurons in latent_neurons.items():
        np.testing.assert_array_equal(model.predict(oracle, given=0.5, random_state=seed).neurons, neurons)


@pytest.fixture(scope="module")
def latent_neurons(fitted, oracle):
    latent = tw.LatentVideoModel(fitted[0], dimension=1, hidden=4, width=4)
    return {seed: latent.predict(oracle, given=0.5, random_state=seed).neurons for seed in (0, 1)}


def test_the_same_seed_gives_the_same_bits_and_the_file_too(model, oracle, mouse, tmp_path):
    again = type(model)(model.base, model.options).fit([mouse])
    model.save(tmp_path / "model.safetensors")
    loaded = tw.load(tmp_path, device="cpu")
    assert loaded.options == model.options
    assert loaded.names == model.names
    expected = model.predict(oracle, given=GIVEN).concatenate()
    for other in (again, loaded):
        found = other.predict(oracle, given=GIVEN).concatenate()
        for name in ("mean", "variance"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        np.testing.assert_array_equal(
            found.log_likelihood("conditioned"), expected.log_likelihood("conditioned")
        )


def test_its_likelihood_is_that_of_a_measure_that_is_said(model):
    assert model.measure_of(0) == "atom at zero, Lebesgue above rho"
    assert model.parameters_per_neuron(0) > 0


def test_what_it_was_not_fitted_to_is_refused(model, oracle, other_mouse):
    with pytest.raises(DataError, match="not fitted to"):
        model.predict(other_mouse, given=GIVEN)
    with pytest.raises(DataError, match="but the recordings are"):
        type(model)(model.base, model.options).fit([other_mouse])
    fresh = type(model)(model.base, model.options)
    with pytest.raises(OptionError, match="call fit"):
        fresh.predict(oracle)
    with pytest.raises(OptionError, match="before saving"):
        fresh.save("nowhere.safetensors")


@pytest.mark.parametrize("likelihood", ["poisson", "gaussian"])
@pytest.mark.parametrize("name", EVERY)
def test_it_adds_to_a_base_of_any_likelihood(mouse, oracle, name, likelihood):
    kind, settings = EVERY[name]
    flow = {"zero_inflated": False} if kind is FlowFactors else {}
    base = ConstantModel.for_recordings([mouse], likelihood)
    model = kind(base, **settings, **flow).fit([mouse])
    found = model.predict(oracle, given=GIVEN).concatenate()
    assert np.isfinite(found.log_likelihood("conditioned")).all()
    assert model.measure_of(0) == ("Lebesgue" if flow else base.likelihood_of(0).measure)


@pytest.mark.parametrize("name", EVERY)
def test_each_recording_has_a_state_of_its_own(mouse, other_mouse, oracle, name):
    kind, settings = EVERY[name]
    both = ConstantModel.for_recordings([mouse, other_mouse])
    model = kind(both, **settings).fit([mouse, other_mouse])
    alone = kind(ConstantModel.for_recordings([other_mouse]), **settings).fit([other_mouse])
    tier = other_mouse.tier("oracle")
    np.testing.assert_array_equal(
        model.predict(tier, given=GIVEN).mean[0], alone.predict(tier, given=GIVEN).mean[0]
    )
    assert model.predict(oracle, given=GIVEN).trials.recording.name == mouse.name


def test_a_state_is_inferred_from_those_given_alone(model, oracle):
    if not hasattr(model, "infer"):
        return
    found = model.infer(oracle, given=GIVEN).concatenate()
    blind = model.infer(corrupted(oracle, TARGETS), given=GIVEN).concatenate()
    np.testing.assert_array_equal(found.mean, blind.mean)
    assert found.sd.shape == found.mean.shape
    assert model.infer(oracle).concatenate().sd.mean() < found.sd.mean()
