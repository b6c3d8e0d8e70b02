"""What every embedding keeps to: each member of the family passes each test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from twofold.embeddings import ContrastiveEmbedding, GuidedVAE, PiVAE
from twofold.errors import DataError

N_TRIALS, N_FRAMES, N_NEURONS = 12, 25, 30


@dataclass(frozen=True)
class Member:
    """How to make an embedding, and what guides it: a function of (frame, position on a 2-d path)."""

    make: Callable[..., Any]
    guide: Callable[[np.ndarray, np.ndarray], Any] = lambda frame, position: None

    def fit(self, responses, frame, position, trial, **changes):
        embedding = self.make(**changes)
        labels = self.guide(frame, position)
        if isinstance(embedding, PCA):
            return embedding.fit(responses, labels)
        return embedding.fit(responses, labels, trials=trial)


def contrastive(**changes):
    options = {
        "dimension": 2, "hidden": 32, "batch_size": 64, "max_steps": 20, "learning_rate": 3e-3,
        "device": "cpu", "random_state": 0,
    }  # fmt: skip
    return ContrastiveEmbedding(**options | changes)


def guided_vae(max_steps=20, **changes):
    options = {
        "dimension": 2, "hidden": (32, 32, 32), "decoder_hidden": (32, 32), "batch_size": 100,
        "epochs": max_steps // 2, "learning_rate": 1e-2, "device": "cpu", "random_state": 0,
    }  # fmt: skip
    return GuidedVAE(**options | changes)


def pi_vae(max_steps=20, **changes):
    options = {
        "dimension": 2, "likelihood": "gaussian", "hidden": (32,), "flow_hidden": 16, "batch_size": 100,
        "epochs": max_steps // 2, "learning_rate": 1e-2, "device": "cpu", "random_state": 0,
    }  # fmt: skip
    return PiVAE(**options | changes)


def principal_components(random_state=0):
    return PCA(2, svd_solver="randomized", random_state=random_state)


CONTRASTIVE = {
    "contrastive-time": Member(contrastive),
    "contrastive-continuous": Member(contrastive, lambda frame, position: position),
    "contrastive-discrete": Member(contrastive, lambda frame, position: frame),
    "contrastive-both": Member(contrastive, lambda frame, position: (position, frame // 13)),
    "contrastive-euclidean": Member(
        lambda **changes: contrastive(similarity="euclidean", **changes), lambda frame, position: position
    ),
    "contrastive-jittered": Member(
        lambda **changes: contrastive(conditional="normal", jitter=0.2, **changes),
        lambda frame, position: position,
    ),
    "contrastive-hybrid": Member(
        lambda **changes: contrastive(**{"time_dimensions": 2, "behaviour_dimensions": 2} | changes),
        lambda frame, position: frame,
    ),
    "contrastive-causal": Member(
        lambda **changes: contrastive(causal=True, **changes), lambda frame, position: frame
    ),
    "contrastive-masked": Member(
        lambda **changes: contrastive(mask_neurons=0.2, learn_temperature=True, **changes),
        lambda frame, position: frame,
    ),
    "contrastive-full-batch": Member(
        lambda **changes: contrastive(batch_size=None, schedule="cosine", **changes),
        lambda frame, position: frame,
    ),
    "contrastive-validated": Member(
        lambda **changes: contrastive(validation=0.25, patience=2, **changes), lambda frame, position: frame
    ),
    "contrastive-aligned": Member(
        lambda **changes: contrastive(reconstruction=1.0, dropout=0.2, **changes),
        lambda frame, position: frame,
    ),
}
VARIATIONAL = {
    "vae-features": Member(
        lambda **changes: guided_vae(guide="features", **changes), lambda frame, position: position
    ),
    "vae-frame": Member(
        lambda **changes: guided_vae(
            guide="frame", guide_weight=0.2, head_dropout=0.1, mask_neurons=0.1, weight_decay=5.0, **changes
        ),
        lambda frame, position: frame,
    ),
    "vae-validated": Member(
        lambda **changes: guided_vae(
            guide="features",
            validation=0.25,
            early_stopping=True,
            patience=20,
            likelihood="gaussian",
            **changes,
        ),
        lambda frame, position: position,
    ),
    "pi-vae-continuous": Member(pi_vae, lambda frame, position: position),
    "pi-vae-discrete": Member(pi_vae, lambda frame, position: frame),
}
SEEDED = CONTRASTIVE | VARIATIONAL
EVERY = SEEDED | {"pca": Member(principal_components)}


@pytest.fixture(params=EVERY.values(), ids=EVERY.keys())
def member(request):
    return request.param


@pytest.fixture(params=SEEDED.values(), ids=SEEDED.keys())
def seeded_member(request):
    """Members whose fit is random to the last."""
    return request.param


@pytest.fixture(scope="module")
def population():
    """Neurons tuned to places on a closed 2-d path that every trial runs through."""
    rng = np.random.default_rng(0)
    frame, trial = np.tile(np.arange(N_FRAMES), N_TRIALS), np.repeat(np.arange(N_TRIALS), N_FRAMES)
    angle = 2 * np.pi * np.arange(N_FRAMES) / N_FRAMES
    position = np.column_stack([np.cos(angle), np.sin(angle)])[frame]
    centre = rng.uniform(-1.2, 1.2, size=(N_NEURONS, 2))
    tuning = np.exp(-((position[:, None] - centre) ** 2).sum(-1) / 0.5)
    # Gain from trial to trial is the largest variance, and nothing of the path.
    gain = np.exp(0.5 * rng.normal(size=N_TRIALS))[trial, None]
    responses = gain * tuning + 0.3 * rng.normal(size=tuning.shape)
    return responses.astype(np.float32), frame, position, trial


def test_one_row_of_finite_latents_per_row_of_responses(member, population):
    responses, *_ = population
    latents = member.fit(*population).transform(responses[:77])
    assert latents.shape == (77, 2)
    assert np.isfinite(latents).all()


def test_equal_seeds_give_equal_bits(member, population):
    first, second = (member.fit(*population).transform(population[0]) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_another_embedding(seeded_member, population):
    first, second = (
        seeded_member.fit(*population, random_state=seed).transform(population[0]) for seed in (0, 1)
    )
    assert np.abs(first - second).max() > 0.01


def test_input_is_not_modified(member, population):
    before = [part.copy() for part in population]
    member.fit(*population).transform(population[0])
    for now, then in zip(population, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_read_only_input_will_do(member, population):
    locked = [part.copy() for part in population]
    for part in locked:
        part.flags.writeable = False
    np.testing.assert_array_equal(
        member.fit(*locked).transform(locked[0]), member.fit(*population).transform(population[0])
    )


def test_global_random_states_are_untouched(member, population):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    member.fit(*population).transform(population[0])
    assert torch.equal(torch_state, torch.get_rng_state())
    np.testing.assert_array_equal(numpy_state[1], np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_responses_that_are_not_finite_are_refused(member, population, bad):
    responses = population[0].copy()
    responses[3, 5] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        member.fit(responses, *population[1:])
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        member.fit(*population).transform(responses)


def test_rows_do_not_depend_on_other_rows_at_window_1(member, population):
    responses, *_ = population
    fitted = member.fit(*population)
    one_by_one = np.concatenate([fitted.transform(row[None]) for row in responses[:20]])
    np.testing.assert_allclose(fitted.transform(responses)[:20], one_by_one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("window", [2, 5, 10])
def test_windows_do_not_cross_trials(seeded_member, population, window):
    responses, _, _, trial = population
    fitted = seeded_member.fit(*population, window=window)
    changed = responses.copy()
    changed[trial == 1] += 10
    before, after = (fitted.transform(some, trials=trial) for some in (responses, changed))
    np.testing.assert_array_equal(before[trial != 1], after[trial != 1])
    assert (before[trial == 1] != after[trial == 1]).any(1).all()
    # Without trials the same change reaches over the border.
    across = fitted.transform(changed) != fitted.transform(responses)
    assert across[trial != 1].any()


def test_a_trial_is_encoded_among_others_as_it_is_alone(seeded_member, population):
    responses, _, _, trial = population
    fitted = seeded_member.fit(*population, window=5)
    together = fitted.transform(responses, trials=trial)[trial == 4]
    np.testing.assert_allclose(fitted.transform(responses[trial == 4]), together, rtol=1e-4, atol=1e-5)


def test_it_is_read_back_bit_for_bit(seeded_member, population, tmp_path):
    fitted = seeded_member.fit(*population)
    fitted.save(tmp_path / "embedding.safetensors")
    again = type(fitted).load(tmp_path / "embedding.safetensors", device="cpu")
    assert repr(again.get_params()) == repr(fitted.get_params())
    np.testing.assert_array_equal(fitted.transform(population[0]), again.transform(population[0]))
    assert again.history_.keys() == fitted.history_.keys()


def test_a_damaged_file_is_refused(seeded_member, population, tmp_path):
    path = tmp_path / "embedding.safetensors"
    fitted = seeded_member.fit(*population)
    fitted.save(path)
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="changed since they were written"):
        type(fitted).load(path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        type(fitted).load(path)


def test_a_clone_has_the_options_and_nothing_fitted(seeded_member, population):
    fitted = seeded_member.fit(*population)
    copied = clone(fitted)
    assert repr(copied.get_params()) == repr(fitted.get_params())
    with pytest.raises(NotFittedError):
        copied.transform(population[0])


def test_what_does_not_fit_is_told_in_words(seeded_member, population):
    responses, frame, position, trial = population
    with pytest.raises(DataError, match=r"trials: shape .5,., but X has 300 rows; give one id per row"):
        seeded_member.fit(responses, frame, position, trial[:5])
    fitted = seeded_member.fit(*population)
    with pytest.raises(ValueError, match=r"7 features, but .* is expecting 30 features"):
        fitted.transform(responses[:, :7])
    with pytest.raises(DataError, match="comes back at row 300 after another trial"):
        fitted.transform(np.tile(responses, (2, 1)), trials=np.tile(trial, 2))


def test_the_path_is_recovered_better_than_by_the_untrained_encoder(seeded_member, population):
    responses, _, position, trial = population
    train, test = trial < 8, trial >= 8

    def r2(max_steps):
        scores = []
        for seed in range(3):  # a closed path sometimes folds as it is learned, and then stays folded
            fitted = seeded_member.fit(
                *(part[train] for part in population), max_steps=max_steps, dimension=3, random_state=seed
            )
            latents = fitted.transform(responses[train]), fitted.transform(responses[test])
            scores.append(
                LinearRegression().fit(latents[0], position[train]).score(latents[1], position[test])
            )
        return np.median(scores)

    assert r2(max_steps=100) > max(0.6, r2(max_steps=0) + 0.15)
