"""Validation, early stopping, schedules, full batches, strides, masks: what each does, as its name says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from twofold.embeddings import held_out
from twofold.embeddings.held_out import hold_out
from twofold.embeddings.recorded import as_tensor, read_recorded
from twofold.errors import DataError

CPU = torch.device("cpu")


def recorded_of(animal):
    return read_recorded(animal.responses, animal.frame, animal.repeat, lambda X, number: X, CPU)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.9])
def test_whole_trials_are_held_out_at_least_two_and_never_all(animal, share):
    (train,), (out,) = hold_out(recorded_of(animal), share, np.random.default_rng(0))
    of_train, of_out = (set(part.trial.tolist()) for part in (train, out))
    assert of_train | of_out == set(range(10))
    assert not of_train & of_out
    assert len(of_out) == max(2, round(10 * share))
    assert len(out.responses) == 20 * len(of_out)
    np.testing.assert_array_equal(out.labels.classes, np.tile(np.arange(20), len(of_out)))


def test_validation_needs_several_trials(small, animal):
    with pytest.raises(DataError, match="recording 0 has one"):
        small(validation=0.2).fit(animal.responses, animal.frame)


def test_held_out_responses_are_never_trained_on(small, animal):
    fitted = small(validation=0.3).fit(animal.responses, animal.frame, trials=animal.repeat)
    rng = np.random.default_rng(fitted._fitted.seeds)
    _, (out,) = hold_out(recorded_of(animal), 0.3, rng)
    changed = animal.responses.copy()
    changed[np.isin(animal.repeat, out.trial.unique().numpy())] *= -3
    again = small(validation=0.3).fit(changed, animal.frame, trials=animal.repeat)
    np.testing.assert_array_equal(again.history_["loss"], fitted.history_["loss"])
    assert (again.history_["validation"] != fitted.history_["validation"]).any()


def test_validation_is_measured_ten_times_and_falls(small, animal):
    fitted = small(validation=0.3, max_steps=100).fit(animal.responses, animal.frame, trials=animal.repeat)
    assert fitted.history_["validation_step"].tolist() == list(range(10, 101, 10))
    assert fitted.history_["validation"][-1] < fitted.history_["validation"][0] - 0.1


def test_patience_stops_training_and_gives_the_best_weights_back(small, make_animal):
    noise = make_animal(n_repeats=6, noise=3.0)
    labels = np.random.default_rng(0).permutation(noise.frame)  # nothing to learn but single samples
    options = {"validation": 0.4, "max_steps": 2000, "learning_rate": 1e-2, "hidden": 64}
    fitted = small(**options, patience=3).fit(noise.responses, labels, trials=noise.repeat)
    validation = fitted.history_["validation"]
    assert len(validation) < 20
    assert len(validation) - 1 - validation.argmin() == 3
    assert len(fitted.history_["loss"]) == fitted.history_["validation_step"][-1]

    rng = np.random.default_rng(fitted._fitted.seeds)
    recorded = read_recorded(noise.responses, labels, noise.repeat, lambda X, number: X, CPU)
    _, out = hold_out(recorded, 0.4, rng)
    loss = held_out.HeldOutLoss(out, fitted._fitted.options, fitted._fitted.seeds[1])
    assert loss(fitted._fitted.model) == pytest.approx(validation.min(), abs=1e-6)


def test_early_stopping_keeps_what_samples_learned_by_heart_would_lose(small, animal):
    train, test = animal.take(range(6)), animal.take(range(6, 10))

    def score(**options):
        embedding = small(similarity="euclidean", window=5, batch_size=64, max_steps=200, **options)
        embedding.fit(train.responses, train.frame, trials=train.repeat)
        return embedding.score(test.responses, test.frame, trials=test.repeat)

    assert score(validation=0.34, patience=2) > max(1.0, score() + 1.0)


def test_watching_alone_changes_no_weight(small, animal):
    kept = animal.take(range(10))
    watched = small(validation=0.3, max_steps=40).fit(kept.responses, kept.frame, trials=kept.repeat)
    _, (out,) = hold_out(recorded_of(kept), 0.3, np.random.default_rng(watched._fitted.seeds))
    rest = kept.take(set(range(10)) - set(out.trial.tolist()))
    alone = small(max_steps=40).fit(rest.responses, rest.frame, trials=rest.repeat)
    np.testing.assert_array_equal(watched.history_["loss"], alone.history_["loss"])


def test_a_cosine_schedule_starts_alike_and_ends_still(small, animal):
    constant, cosine = (
        small(schedule=schedule, max_steps=50).fit(animal.responses, animal.frame)
        for schedule in ("constant", "cosine")
    )
    assert constant.history_["loss"][1] == pytest.approx(cosine.history_["loss"][1], abs=1e-3)
    assert constant.history_["loss"][-1] != cosine.history_["loss"][-1]


def test_a_full_batch_takes_every_sample_and_has_the_chance_level_of_their_number(small, animal):
    fitted = small(batch_size=None).fit(animal.responses, None, trials=animal.repeat)
    assert fitted.chance_loss_ == pytest.approx(math.log(190))  # the last sample of a trial has no later one
    assert fitted.history_["loss"][-1] < fitted.history_["loss"][0]


def test_a_full_batch_of_samples_in_time_is_not_random(small, animal):
    fitted = small(batch_size=None, max_steps=1, learning_rate=1e-12).fit(animal.responses)
    again = small(batch_size=None, max_steps=3, learning_rate=1e-12).fit(animal.responses)
    np.testing.assert_allclose(again.history_["loss"], fitted.history_["loss"][0], atol=1e-5)


@pytest.mark.parametrize(("window", "stride"), [(4, 4), (8, 4), (12, 4), (10, 2)])
def test_a_stride_reads_the_whole_window_and_gives_a_latent_for_every_sample(small, animal, window, stride):
    fitted = small(window=window, stride=stride, max_steps=3).fit(
        animal.responses, animal.frame, trials=animal.repeat
    )
    before = fitted.transform(animal.responses)
    assert before.shape == (200, 3)
    for lag in range(-window, window + 1):
        changed = animal.responses.copy()
        changed[100 + lag] += 5
        moved = np.abs(fitted.transform(changed)[100] - before[100]).max() > 1e-6
        assert moved == (-(window // 2) <= lag < window - window // 2)


@pytest.mark.parametrize("window", [1, 2, 5, 10, 36])
def test_a_causal_latent_knows_nothing_of_the_future(small, animal, window):
    fitted = small(window=window, causal=True, max_steps=2).fit(animal.responses, animal.frame)
    changed = animal.responses.copy()
    changed[100:] += 5
    before, after = (fitted.transform(some) for some in (animal.responses, changed))
    np.testing.assert_allclose(before[:100], after[:100], atol=1e-6)
    reached = (before != after).any(1)
    assert reached[100 + window // 4 : 100 + window].all()  # its first samples weigh little


@pytest.mark.parametrize("mask", [{"mask_neurons": 0.3}, {"mask_time": 0.3, "window": 5}])
def test_masks_change_training_and_not_encoding(small, animal, mask):
    masked = small(**mask).fit(animal.responses, animal.frame)
    plain = small(**mask | {"mask_neurons": 0.0, "mask_time": 0.0}).fit(animal.responses, animal.frame)
    assert (masked.history_["loss"] != plain.history_["loss"]).any()
    np.testing.assert_array_equal(masked.transform(animal.responses), masked.transform(animal.responses))


def test_read_only_mapped_responses_are_not_copied(tmp_path, animal):
    np.save(tmp_path / "X.npy", animal.responses)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert as_tensor(mapped).data_ptr() == mapped.ctypes.data
