"""What every encoding model keeps to: each member of the family passes each test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding.model import EncodingModel
from twofold.recordings import LazyArray, Recording
from twofold.sampling import ClipBatch, TrialClips

SIZES = {"channels": (4, 6), "spatial": (7, 3), "temporal": (5, 3), "bias": True, "init_sigma": 0.3}
TRAIN = {"epochs": 1, "clip_frames": 20, "batch_clips": 4, "device": "cpu", "frames_skipped": 8}


def video(recordings, random_state=0, **options):
    return tw.VideoModel.for_recordings(recordings, random_state=random_state, **{**SIZES, **options})


@dataclass(frozen=True)
class Member:
    """How to make an untrained model for some recordings."""

    make: Callable[..., EncodingModel]
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self, recordings, random_state=0):
        return self.make(recordings, random_state=random_state, **self.options)


PUPIL = ("pupil_x", "pupil_y")
EVERY = {
    "video-zig": Member(video),
    "video-poisson": Member(video, {"likelihood": "poisson"}),
    "video-gaussian": Member(video, {"likelihood": "gaussian"}),
    "video-per-frame": Member(video, {"draw": "frame", "positions": False, "bias": False}),
    "video-behaviour": Member(
        video, {"behaviour": ("running_speed",), "gain": ("pupil_dilation",), "pupil": PUPIL}
    ),
}


@pytest.fixture(scope="module")
def mouse() -> Recording:
    from twofold.simulate import Sensorium, simulate_sensorium

    sizes = {"n_neurons": 12, "train_clips": 12, "clip_frames": 30, "test_videos": 2, "repeats": 2}
    return simulate_sensorium(Sensorium.preset("tiny", **sizes), random_state=0)


@pytest.fixture(scope="module", params=EVERY.values(), ids=EVERY.keys())
def member(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(member, mouse):
    return tw.fit(member([mouse]), [mouse], tw.TrainOptions(**TRAIN))


def batch_of(model, mouse, *trials, tier="train"):
    clips = TrialClips(mouse, tier, signals=model.options.signals)
    return ClipBatch.of(0, [clips.read(trial) for trial in trials], seeds=trials)


def test_it_keeps_the_protocol(member, mouse):
    assert isinstance(member([mouse]), EncodingModel)


def test_predictions_are_finite_and_cover_every_trial_and_neuron(fitted, mouse):
    predicted = fitted.predict(mouse.tier("oracle"))
    for mean, variance, observed, time in zip(
        predicted.mean, predicted.variance, predicted.observed, predicted.time, strict=True
    ):
        assert (
            mean.shape == variance.shape == observed.shape == (len(time), 12) == (30 - fitted.frames_lost, 12)
        )
        assert np.isfinite(mean).all()
        assert (variance > 0).all()


def test_log_likelihoods_are_finite_and_in_bits(fitted, mouse):
    joined = fitted.predict(mouse.tier("oracle")).concatenate()
    assert np.isfinite(joined.log_likelihood()).all()
    low, high = joined.interval(0.9)
    assert (low <= high).all()


def test_predicting_does_not_read_responses_and_does_not_change_the_model(fitted, mouse):
    before = {name: value.clone() for name, value in fitted.state_dict().items()}
    oracle = mouse.tier("oracle")
    blind = replace(oracle, responses=LazyArray(np.zeros(oracle.responses.shape, np.float32)))
    first, second = (fitted.predict(one).concatenate().mean for one in (oracle, blind))
    np.testing.assert_array_equal(first, second)
    for name, value in fitted.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_loss_of_a_batch_is_the_sum_over_its_parts_in_evaluation(fitted, mouse):
    fitted.eval()
    total, n = fitted.total_loss(batch_of(fitted, mouse, 0, 1, 2))
    parts = [fitted.total_loss(batch_of(fitted, mouse, *trials)) for trials in ((0, 1), (2,))]
    assert n == sum(part[1] for part in parts)
    torch.testing.assert_close(total, sum(part[0] for part in parts), rtol=1e-4, atol=1e-2)


def test_the_loss_trains_every_weight_that_learns(member, mouse):
    model = member([mouse]).train()
    total, n = model.total_loss(batch_of(model, mouse, 0, 1))
    (total / n + model.regularizer()).backward()
    for name, parameter in model.named_parameters():
        assert not parameter.requires_grad or parameter.grad is not None, name


def test_equal_seeds_train_to_equal_bits_without_touching_global_state(member, mouse, fitted):
    before = torch.get_rng_state()
    again = tw.fit(member([mouse]), [mouse], tw.TrainOptions(**TRAIN))
    assert torch.equal(before, torch.get_rng_state())
    for name, value in fitted.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_training_changes_weights_and_stays_finite(member, mouse, fitted):
    start = member([mouse]).state_dict()
    changed = [name for name, value in fitted.state_dict().items() if not torch.equal(value, start[name])]
    assert changed
    assert all(value.isfinite().all() for value in fitted.state_dict().values())


def test_a_saved_model_is_loaded_with_equal_predictions(fitted, mouse, tmp_path):
    fitted.save(tmp_path / "model.safetensors")
    loaded = tw.load(tmp_path, device="cpu")
    oracle = mouse.tier("oracle")
    for name in ("mean", "variance"):
        first, second = (getattr(model.predict(oracle).concatenate(), name) for model in (fitted, loaded))
        np.testing.assert_array_equal(first, second)
    assert loaded.history == fitted.history


def test_test_trials_do_not_reach_the_weights(member, mouse, fitted):
    """Only the order of the epochs by the oracle tier may: with one epoch there is nothing to choose."""
    held_out = np.flatnonzero(mouse.trials.column("tier")[mouse.trial_of_row] != "train")
    values = np.array(mouse.responses[:])
    values[held_out] = np.roll(values[held_out], 1, axis=1)
    other = replace(mouse, responses=LazyArray(values))
    again = tw.fit(member([other]), [other], tw.TrainOptions(**TRAIN))
    for name, value in fitted.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
