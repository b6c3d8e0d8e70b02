from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from twofold.embeddings import ContrastiveEmbedding
from twofold.errors import DataError, OptionError


def small(**changes):
    options = {"hidden": 16, "max_steps": 30, "batch_size": 32, "learning_rate": 3e-3, "device": "cpu"}
    return options | {"random_state": 0} | changes


@parametrize_with_checks(
    [ContrastiveEmbedding(2, hidden=8, batch_size=16, max_steps=3, device="cpu", random_state=0)]
)
def test_scikit_learn_s_own_checks_pass_at_window_1(estimator, check):
    check(estimator)


def movie(n_repeats=8, n_frames=10, n_neurons=20, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    frame = np.tile(np.arange(n_frames), n_repeats)
    responses = rng.normal(size=(n_frames, n_neurons))[frame] + noise * rng.normal(
        size=(len(frame), n_neurons)
    )
    return responses.astype(np.float32), frame, np.repeat(np.arange(n_repeats), n_frames)


def test_frames_of_left_out_repeats_are_decoded_far_better_than_untrained():
    responses, frame, repeat = movie(n_repeats=20, n_neurons=30)
    train, test = repeat < 12, repeat >= 12

    def accuracy(max_steps):
        embedding = ContrastiveEmbedding(
            4, **small(hidden=32, batch_size=128, temperature=0.3, max_steps=max_steps)
        ).fit(responses[train], frame[train], trials=repeat[train])
        knn = KNeighborsClassifier(5, metric="cosine").fit(
            embedding.transform(responses[train]), frame[train]
        )
        return knn.score(embedding.transform(responses[test]), frame[test])

    assert accuracy(max_steps=150) > 0.9
    assert accuracy(max_steps=0) < 0.7


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize("learn_temperature", [False, True])
def test_the_loss_starts_at_chance_and_falls_well_below_it(similarity, learn_temperature):
    responses, frame, repeat = movie()
    fitted = ContrastiveEmbedding(
        3, similarity=similarity, learn_temperature=learn_temperature, **small(max_steps=100)
    ).fit(responses, frame, trials=repeat)
    history = fitted.history_
    assert fitted.chance_loss_ == math.log(32)
    assert history["loss"].shape == (100,)
    np.testing.assert_allclose(history["loss"], history["positive"] + history["negative"], atol=1e-5)
    assert history["loss"][-10:].mean() < fitted.chance_loss_ - 0.3
    assert (history["temperature"] == 1).all() != learn_temperature


def test_cosine_latents_are_of_unit_length():
    responses, frame, _ = movie()
    latents = ContrastiveEmbedding(3, **small()).fit_transform(responses, frame)
    np.testing.assert_allclose(np.linalg.norm(latents, axis=1), 1, atol=1e-5)


def test_no_steps_give_the_untrained_encoder():
    responses, frame, _ = movie()
    fitted = ContrastiveEmbedding(3, **small(max_steps=0)).fit(responses, frame)
    assert fitted.transform(responses).shape == (len(responses), 3)
    assert fitted.history_["loss"].shape == (0,)


def test_fit_starts_from_scratch():
    responses, frame, _ = movie()
    embedding = ContrastiveEmbedding(3, **small())
    first = embedding.fit_transform(responses, frame)
    np.testing.assert_array_equal(embedding.fit_transform(responses, frame), first)


@pytest.mark.parametrize("target", ["auto", "same", "other_repeat"])
def test_reconstruction_learns_to_predict_responses_from_latents(target):
    responses, frame, repeat = movie(noise=0.5)
    fitted = ContrastiveEmbedding(
        6, reconstruction=10.0, reconstruction_target=target, **small(max_steps=300)
    ).fit(responses, frame, trials=repeat)
    with torch.no_grad():
        predicted = fitted.decoder_(torch.from_numpy(fitted.transform(responses))).numpy()
    explained = 1 - ((predicted - responses) ** 2).sum() / ((responses - responses.mean(0)) ** 2).sum()
    assert explained > 0.4
    assert fitted.history_["reconstruction"][-1] < fitted.history_["reconstruction"][0]


def test_another_repeat_as_target_leaves_trial_noise_out_of_the_latents():
    # Noise that all neurons of a sample share is worth keeping to predict that sample, not another repeat.
    responses, frame, repeat = movie(n_repeats=20, noise=0.3)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=len(frame))
    responses = (responses + 2 * noise[:, None] * rng.normal(size=responses.shape[1])).astype(np.float32)

    def noise_r2(target):
        latents = ContrastiveEmbedding(
            6, reconstruction=10.0, reconstruction_target=target, **small(max_steps=300)
        ).fit_transform(responses, frame, trials=repeat)
        return LinearRegression().fit(latents, noise).score(latents, noise)

    assert noise_r2("other_repeat") < noise_r2("same") - 0.3


def test_it_works_in_a_pipeline_with_pandas_output_and_clones():
    responses, frame, _ = movie()
    pipeline = make_pipeline(StandardScaler(), ContrastiveEmbedding(3, **small())).set_output(
        transform="pandas"
    )
    table = clone(pipeline).fit(responses, frame).transform(responses)
    assert list(table.columns) == [f"contrastiveembedding{k}" for k in range(3)]


def test_all_wrong_options_are_told_at_once():
    responses, frame, _ = movie()
    wrong = ContrastiveEmbedding(
        0, window=0, similarity="dot", learn_temperature=True, temperature=0.05, dropout=1.0, device="gpu"
    )
    with pytest.raises(OptionError) as error:
        wrong.fit(responses, frame)
    for name in ("dimension", "window", "similarity", "temperature", "dropout", "device"):
        assert f"{name}=" in str(error.value)


@pytest.mark.parametrize("option", ["positives", "reconstruction_target"])
@pytest.mark.parametrize("y", [None, np.arange(80), np.arange(80.0)], ids=["time", "discrete", "continuous"])
def test_another_repeat_is_refused_where_there_is_none(option, y):
    responses, _, repeat = movie()
    with pytest.raises(DataError, match=f"{option}='other_repeat', but"):
        ContrastiveEmbedding(2, **small(), **{option: "other_repeat"}).fit(responses, y, trials=repeat)


def test_numpy_numbers_are_options_too():
    responses, frame, _ = movie()
    options = small(hidden=np.int64(8), dropout=np.float32(0.1))
    assert ContrastiveEmbedding(np.int64(2), **options).fit_transform(responses, frame).shape == (80, 2)


def test_bf16_stays_close_to_fp32():
    responses, frame, _ = movie()
    full, half = (
        ContrastiveEmbedding(3, precision=precision, **small(max_steps=1)).fit(responses, frame)
        for precision in ("fp32", "bf16")
    )
    assert full.history_["loss"][0] != half.history_["loss"][0]
    np.testing.assert_allclose(full.history_["loss"], half.history_["loss"], rtol=0.01)
