"""Training, resuming, saving and adapting a latent model, and what it gains from a state that is there."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding import LatentVideoModel, score
from twofold.encoding.latent.choosing import choose_dimension
from twofold.errors import DataError, OptionError
from twofold.training import read_tensors, write_tensors

from .conftest import FEW, SMALL

WORLD = {"n_neurons": 40, "train_clips": 30, "clip_frames": 60, "test_videos": 2, "repeats": 4}
TRAINING = {"clip_frames": 50, "frames_skipped": 10, "device": "cpu"}


def bits(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_equal_bits(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def gain(world, random_state=0):
    """What knowing half of the neurons adds to the correlation of the others: to the model, to the truth."""
    from twofold.simulate import Sensorium, SensoriumTruth, simulate_sensorium

    mouse = simulate_sensorium(Sensorium.preset("tiny", **WORLD, **world), random_state=random_state)
    video = tw.VideoModel.for_recordings(
        [mouse], channels=(6,), spatial=(7,), temporal=(7,), bias=True, init_sigma=0.3
    )
    tw.fit(video, [mouse], tw.TrainOptions(epochs=4, learning_rate=0.01, batch_clips=3, **TRAINING))
    model = LatentVideoModel(video, dimension=3, hidden=16, train_video=False)
    tw.fit(model, [mouse], tw.TrainOptions(epochs=12, learning_rate=0.02, batch_clips=1, **TRAINING))
    test = mouse.tier("live_test_main")
    given = np.arange(40) < 20
    with_state = model.predict(test, given=given).concatenate()
    without = model.predict(test, neurons=~given).concatenate()
    truth, y = SensoriumTruth.of(test), np.asarray(test.responses)
    rows = np.isin(test.time_s, with_state.time)
    true = truth.video_only_rate()[rows][:, ~given], truth.conditioned_rate(y, given, ~given)[rows]

    def correlation(mean):
        pairs = zip(mean.T, with_state.observed.T, strict=True)
        return np.mean([np.corrcoef(a, b)[0, 1] for a, b in pairs])

    found = correlation(with_state.mean) - correlation(without.mean)
    return found, correlation(true[1]) - correlation(true[0])


def test_a_state_that_is_there_is_found():
    found, best = gain({"latent_sd": 1.2})
    assert best > 0.1
    assert found > 0.5 * best


def test_a_world_without_a_state_gives_no_gain():
    found, best = gain({"world": "no_latents"})
    assert best == pytest.approx(0, abs=1e-6)
    assert found < 0.005


def test_a_run_interrupted_and_resumed_has_the_bits_of_one_that_was_not(fitted, mouse, tmp_path):
    options = tw.TrainOptions(epochs=3, **FEW)
    for number, settings in enumerate(({}, {"smoother": "cnn", "n_samples": 3, "mask": "time"})):
        whole = tw.fit(LatentVideoModel(fitted[0], **SMALL | settings), [mouse], options)

        def stop(done, total, text):
            if done == 4:
                signal.raise_signal(signal.SIGINT)

        out = tmp_path / str(number)
        with pytest.raises(KeyboardInterrupt):
            model = LatentVideoModel(fitted[0], **SMALL | settings)
            tw.fit(model, [mouse], options, out=out, progress=stop)
        other = LatentVideoModel(fitted[0], random_state=5, **SMALL | settings)
        assert_equal_bits(bits(tw.fit(other, [mouse], options, out=out, resume=True)), bits(whole))


def test_training_changes_all_parts_but_those_that_are_frozen(fitted, mouse):
    options = tw.TrainOptions(epochs=1, **FEW)
    for train_video in (True, False):
        model = LatentVideoModel(fitted[0], train_video=train_video, **SMALL)
        before = bits(model)
        tw.fit(model, [mouse], options)
        changed = {name for name, value in bits(model).items() if not torch.equal(value, before[name])}
        assert any(name.startswith("video.") for name in changed) == train_video
        for part in ("encoder.layers", "encoder.log_sd", "latent_populations.0.map"):
            assert any(name.startswith(part) for name in changed), part


def test_a_model_is_read_back_as_it_was(fitted_latent, mouse):
    model, folder = fitted_latent
    again = tw.load(folder, device="cpu")
    assert isinstance(again, tw.LatentVideoModel)
    assert_equal_bits(bits(again), bits(model))
    assert again.latent_options == model.latent_options
    assert again.history == model.history
    oracle = mouse.tier("oracle")
    np.testing.assert_array_equal(
        again.predict(oracle, given=0.5).concatenate().mean,
        model.predict(oracle, given=0.5).concatenate().mean,
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"latent_map": "position", "encoder": "cnn", "residual": True},
        {"latent_map": "shared", "smoother": "gru", "spread": "predicted"},
        {"reads": "responses", "show_mask": True, "normalise": False},
    ],
)
def test_every_kind_of_model_is_read_back(fitted, mouse, settings, tmp_path):
    model = LatentVideoModel(fitted[0], positions=[mouse.neurons.position_um], **SMALL | settings)
    model.save(tmp_path / "model.safetensors")
    assert_equal_bits(bits(tw.load(tmp_path, device="cpu")), bits(model))


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, content: tensors.pop("encoder.log_sd"),
        lambda tensors, content: content["options"].update(dimension=4),
        lambda tensors, content: content["options"].update(dimensoin=3),
        lambda tensors, content: content["video"].pop("frame_shape"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused_in_one_line(fitted_latent, tmp_path, change):
    tensors, content = read_tensors(fitted_latent[1] / "model.safetensors")
    change(tensors, content)
    write_tensors(tmp_path / "model.safetensors", tensors, content)
    with pytest.raises(DataError, match="cannot be read"):
        tw.load(tmp_path)


def test_adapting_trains_what_is_the_recordings_own(fitted_latent, other_mouse):
    model = fitted_latent[0]
    before = bits(model)
    adapted = model.adapt(other_mouse, tw.TrainOptions(epochs=2, **FEW))
    assert_equal_bits(bits(model), before)
    assert adapted.names == ("mouse-2",)
    for name, value in adapted.state_dict().items():
        if name.startswith(("encoder.", "video.core.", "video.video_")):
            assert torch.equal(value, before[name]), name
    own = adapted.latent_population(0)
    assert (own.weights() != 0).any()
    assert (own.input.weight != model.latent_population(0).input.weight).all()


def test_scores_hold_what_is_predicted_given_half(fitted_latent, mouse):
    model, folder = fitted_latent
    found = score(model, mouse, "oracle", frames_skipped=8)
    rows = json.loads((folder / "scores.json").read_text())["rows"]
    assert found.as_dict() in rows
    assert found.correlation_conditioned == pytest.approx(model.history[-1]["correlation"], abs=0.05)
    assert max(row["correlation"] for row in model.history) == pytest.approx(
        found.correlation_conditioned, abs=1e-6
    )
    assert np.isfinite(found.bits_conditioned)


def test_models_for_recordings_begin_with_an_untrained_video_part(mouse, other_mouse):
    sizes = {"channels": (4, 6), "spatial": (7, 3), "temporal": (5, 3)}
    options = tw.LatentOptions(latent_map="position", **SMALL)
    model = LatentVideoModel.for_recordings([mouse, other_mouse], options=options, **sizes)
    assert model.names == ("mouse-1", "mouse-2")
    tw.fit(model, [mouse, other_mouse], tw.TrainOptions(epochs=1, **FEW))
    assert model.latent_weights(1)["theta"].shape == (12, 3)


def test_the_dimension_is_chosen_by_neurons_that_others_predict(fitted, mouse):
    options = tw.TrainOptions(epochs=1, **FEW)
    choice = choose_dimension(fitted[0], [mouse], (2, 1), options, tolerance=10.0, hidden=8)
    assert choice.dimensions == (1, 2)
    assert choice.best == 1
    assert choice.model.latent_options.dimension == 1
    expected = score(choice.model, mouse, "oracle", frames_skipped=8).bits_conditioned
    assert choice.bits[0] == pytest.approx(expected)
    strict = choose_dimension(fitted[0], [mouse], (2, 1), options, tolerance=0.0, hidden=8)
    assert strict.best == strict.dimensions[int(np.argmax(strict.bits))]
    with pytest.raises(OptionError, match="dimensions is empty"):
        choose_dimension(fitted[0], [mouse], ())


def test_bf16_trains_and_keeps_weights_in_fp32(fitted, mouse):
    model = LatentVideoModel(fitted[0], **SMALL)
    tw.fit(model, [mouse], tw.TrainOptions(epochs=1, precision="bf16", **FEW))
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert np.isfinite(model.history[0]["loss"])
