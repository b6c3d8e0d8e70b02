"""A fitted competitor is scored by `score` and written by `write_prediction`, as any other model is."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

import twofold as tw
from twofold.encoding import score
from twofold.encoding.competitors import ConstantModel, FlowFactors, ResidualRegression, Ridge
from twofold.encoding.competitors.conditioning import Conditioning
from twofold.encoding.writing import write_prediction
from twofold.errors import OptionError


@pytest.fixture(scope="module", params=["video", "neurons"])
def model(request, fitted, mouse):
    base = fitted[0] if request.param == "video" else ConstantModel.for_recordings([mouse])
    return ResidualRegression(base, rule=Ridge()).fit([mouse])


def test_a_score_is_that_of_its_predictions(model, mouse):
    found = score(model, mouse, frames_skipped=8)
    half, expected = _half_given(model, mouse)
    assert found.bits_conditioned == pytest.approx(expected.log_likelihood("conditioned").mean())
    assert found.bits_marginal == pytest.approx(
        model.predict(mouse.tier("oracle")).concatenate().log_likelihood("marginal").mean()
    )
    assert found.measure == model.measure_of(0)
    assert found.n_neurons == 12
    assert len(half) == 6


def _half_given(model, mouse):
    """The neurons that a latent model predicts in validation."""
    clip = next(iter(model.trials_of(mouse, "oracle")[1].whole()))
    model.conditioned_of(0, clip)
    half = model._halves[0]
    predicted = model.predict(mouse.tier("oracle"), given=half.given).concatenate()
    np.testing.assert_array_equal(predicted.neurons, half.neurons)
    return half.neurons, predicted


def test_the_halves_are_those_of_the_latent_model(model, fitted, mouse):
    latent = tw.LatentVideoModel(fitted[0], dimension=1, hidden=4, width=4)
    clip = next(iter(latent_trials(latent, mouse)))
    expected, _ = latent.conditioned_of(0, clip)
    observed, _ = model.conditioned_of(0, clip)
    np.testing.assert_array_equal(observed[-len(expected) :], expected)


def latent_trials(latent, mouse):
    from twofold.sampling import TrialClips

    return TrialClips(mouse, "oracle").whole()


def test_of_a_video_alone_nothing_changes(fitted, mouse):
    model = FlowFactors(fitted[0], dimension=1, steps=2).fit([mouse])
    alone, own = score(fitted[0], mouse, frames_skipped=8), score(model, mouse, frames_skipped=8)
    assert own.bits_null == pytest.approx(alone.bits_null)
    assert own.measure == alone.measure
    assert own.correlation_conditioned is not None


def test_what_is_not_fitted_is_refused(fitted, mouse):
    with pytest.raises(OptionError, match="call fit"):
        score(ResidualRegression(fitted[0]), mouse)


def test_a_constant_model_leaves_out_the_frames_that_a_video_model_loses(mouse, tmp_path):
    whole, late = (ConstantModel.for_recordings([mouse], frames_lost=n) for n in (0, 5))
    models = [ResidualRegression(base, rule=Ridge(penalties=(1.0,))).fit([mouse]) for base in (whole, late)]
    models[1].save(tmp_path / "model.safetensors")
    loaded = tw.load(tmp_path, device="cpu")
    part = mouse.tier("oracle")
    for model in (models[1], loaded):
        found = model.predict(part)
        assert {len(time) for time in found.time} == {25}
        np.testing.assert_array_equal(found.observed[0], models[0].predict(part).observed[0][5:])


def test_predictions_are_written_given_others_or_nobody(model, mouse, tmp_path):
    part = mouse.tier("oracle")
    write_prediction(model, part, tmp_path / "alone.zarr")
    given = Conditioning.of(model, part, [0, 3, 4])
    write_prediction(model, part, tmp_path / "given.zarr", given=given)
    for name, expected in {
        "alone": model.predict(part).concatenate(),
        "given": model.predict(part, given=[0, 3, 4]).concatenate(),
    }.items():
        found = zarr.open_group(tmp_path / f"{name}.zarr", mode="r")
        np.testing.assert_allclose(found["mean"][:], expected.mean, rtol=1e-6)
        np.testing.assert_array_equal(found["neuron"][:], expected.neurons)
