"""The guided variational autoencoder: its objective, what it measures, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.utils.estimator_checks import parametrize_with_checks

from twofold.embeddings import GuidedVAE
from twofold.embeddings.vae.guided_vae_model import GuidedVAEModel, VAEBatch
from twofold.embeddings.vae.guided_vae_options import GuidedVAEOptions
from twofold.errors import DataError, OptionError
from twofold.metrics import r2

TINY = {
    "hidden": (16, 16, 16),
    "decoder_hidden": (16, 16),
    "batch_size": 64,
    "device": "cpu",
    "random_state": 0,
}


def tiny(**changes):
    return GuidedVAE(**{"dimension": 3, "epochs": 5, **TINY} | changes)


@parametrize_with_checks(
    [
        GuidedVAE(2, epochs=2, **TINY),
        GuidedVAE(
            2, epochs=2, likelihood="gaussian", anneal="cyclical", kl_per="neuron", dropout=0.1, **TINY
        ),
    ]
)
def test_scikit_learn_s_own_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kl_per", ["dimension", "neuron"])
@pytest.mark.parametrize("guide", [None, "features", "frame"])
def test_the_loss_is_the_formula(guide, kl_per):
    torch.manual_seed(0)
    given = tiny(guide=guide, kl_per=kl_per, guide_weight=0.7, beta=0.3).get_params()
    model = GuidedVAEModel(GuidedVAEOptions(**given), 5, 0 if guide is None else 4).double()
    x, noise = torch.randn(9, 5, dtype=torch.float64), torch.randn(9, 3, dtype=torch.float64)
    told = {None: None, "features": torch.randn(9, 4).double(), "frame": torch.arange(9) % 4}[guide]
    model.start(x)
    if told is not None:
        model.guide.start(told)
    batch = VAEBatch(x[:, None].float(), x.float(), told, noise, beta=0.3)
    m, log_v = model.double().encoder((x - x.mean(0)) / x.std(0, correction=0)).chunk(2, dim=1)
    z = m + (log_v / 2).exp() * noise
    expected = ((model.decoder(z) - x) ** 2).sum() / (9 * 5)
    kl = ((m**2 + log_v.exp() - 1 - log_v) / 2).sum() / 9
    expected = expected + 0.3 * kl / (3 if kl_per == "dimension" else 5)
    if guide == "features":
        unit = told.var(0, correction=0).mean().sqrt()
        expected = expected + 0.7 * ((model.guide.head(z) - (told - told.mean(0)) / unit) ** 2).mean()
    if guide == "frame":
        log_p = torch.log_softmax(model.guide.head(z), 1)
        expected = expected - 0.7 * log_p[torch.arange(9), told].mean()
    loss, parts = model.loss(batch)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert parts["kl"].item() == pytest.approx(kl.item(), rel=1e-5)


def test_history_holds_what_the_embedding_does(animal):
    vae = tiny(guide="features", epochs=4).fit(animal.responses, animal.position, trials=animal.repeat)
    told = vae.reconstruct(animal.responses, trials=animal.repeat)
    assert vae.history_["r2_train"].shape == (4,)
    assert vae.history_["r2_train"][-1] == pytest.approx(r2(animal.responses, told), abs=1e-6)
    guide = r2(animal.position, vae.predict_guide(animal.responses, trials=animal.repeat))
    assert vae.history_["guide_train"][-1] == pytest.approx(guide, abs=1e-6)
    assert vae.history_["kl_per_dimension"].shape == (4, 3)
    assert (vae.history_["active"] == (vae.history_["kl_per_dimension"] > 0.01).sum(1)).all()
    assert len(vae.history_["loss"]) == 4 * 4


def test_held_out_trials_are_measured_and_not_trained_on(animal):
    vae = tiny(validation=0.2, guide="frame").fit(animal.responses, animal.frame, trials=animal.repeat)
    assert {"r2_validation", "guide_validation"} <= vae.history_.keys()
    assert len(vae.history_["loss"]) == 5 * 3  # 160 of 200 rows
    strange = animal.responses.copy()
    for repeat in range(10):  # whatever was held out, the rest gives the same weights
        strange[:] = animal.responses
        strange[animal.repeat == repeat] += 5
        again = tiny(validation=0.2, guide="frame").fit(strange, animal.frame, trials=animal.repeat)
        if np.array_equal(again.transform(animal.responses), vae.transform(animal.responses)):
            return
    raise AssertionError("every repeat changed the weights")


def test_early_stopping_gives_back_the_weights_of_the_highest_validation_r2(animal):
    vae = tiny(validation=0.3, early_stopping=True, patience=3, epochs=60, learning_rate=0.05)
    told = []
    vae.fit(animal.responses, trials=animal.repeat, progress=lambda *what: told.append(what))
    curve = vae.history_["r2_validation"]
    assert len(curve) == len(told) < 60
    assert curve.argmax() == len(curve) - 4
    longer = tiny(validation=0.3, epochs=60, learning_rate=0.05).fit(animal.responses, trials=animal.repeat)
    np.testing.assert_array_equal(longer.history_["r2_validation"][: len(curve)], curve)
    best = r2(animal.responses, vae.reconstruct(animal.responses))
    assert best != pytest.approx(r2(animal.responses, longer.reconstruct(animal.responses)), abs=1e-6)


def test_a_heavy_divergence_leaves_no_dimension_active(animal):
    heavy, light = (tiny(beta=beta, anneal="none", epochs=40, learning_rate=0.01) for beta in (100.0, 0.01))
    heavy.fit(animal.responses)
    light.fit(animal.responses)
    assert heavy.history_["active"][-1] == 0
    assert light.history_["active"][-1] == 3
    assert light.history_["r2_train"][-1] > heavy.history_["r2_train"][-1] + 0.3


def test_draws_lie_around_what_transform_gives(animal):
    vae = tiny(epochs=20).fit(animal.responses)
    draws = vae.sample(animal.responses, 400, random_state=1)
    assert draws.shape == (400, 200, 3)
    spread = draws.std(0)
    assert np.abs(draws.mean(0) - vae.transform(animal.responses)).max() < 6 * spread.max() / 20
    np.testing.assert_array_equal(draws, vae.sample(animal.responses, 400, random_state=1))
    with pytest.raises(OptionError, match="n_samples=0"):
        vae.sample(animal.responses, 0)


def test_the_guide_tells_the_frame_of_repeats_it_has_not_seen(animal):
    train, test = animal.take(range(8)), animal.take([8, 9])
    vae = tiny(guide="frame", dimension=8, epochs=100, learning_rate=0.01, beta=0.01)
    vae.fit(train.responses, train.frame.astype(str), trials=train.repeat)
    told = vae.predict_guide(test.responses, trials=test.repeat)
    assert told.dtype.kind == "U"
    assert (told == test.frame.astype(str)).mean() > 0.3  # chance is 0.05
    unguided = tiny().fit(train.responses)
    with pytest.raises(DataError, match="no guide"):
        unguided.predict_guide(test.responses)


def test_head_dropout_acts_on_the_head_alone(animal):
    torch.manual_seed(0)
    given = tiny(guide="frame", head_dropout=0.5).get_params()
    model = GuidedVAEModel(GuidedVAEOptions(**given), 5, 4)
    z, told = torch.randn(50, 3), torch.arange(50) % 4
    assert model.guide.loss(z, told) != model.guide.loss(z, told)
    assert torch.equal(model.decode(z), model.decode(z))
    model.eval()
    assert model.guide.loss(z, told) == model.guide.loss(z, told)


@pytest.mark.parametrize("likelihood", ["poisson", "zig"])
def test_counts_are_explained_better_than_by_their_mean(animal, likelihood):
    counts = np.random.default_rng(0).poisson(3 * np.maximum(animal.responses, 0)).astype(np.float32)
    vae = tiny(likelihood=likelihood, kl_per="neuron", beta=0.3, epochs=60, learning_rate=0.01)
    vae.fit(counts, trials=animal.repeat)
    assert vae.history_["loss"][-1] < vae.history_["loss"][0]
    assert r2(counts, vae.reconstruct(counts)) > 0.2
    with pytest.raises(DataError, match="the first at row 0, neuron"):
        vae.fit(animal.responses - 10)


def test_a_recurrent_trial_is_encoded_among_others_as_it_is_alone(animal):
    vae = tiny(recurrent=True, window=3, guide="frame", epochs=2)
    vae.fit(animal.responses, animal.frame, trials=animal.repeat)
    for what in (vae.transform, vae.reconstruct, vae.predict_guide):
        together = what(animal.responses, trials=animal.repeat)
        alone = what(animal.take([4]).responses)
        np.testing.assert_allclose(together[animal.repeat == 4], alone, rtol=1e-4, atol=1e-5)
    changed = animal.responses.copy()
    changed[animal.repeat == 4] += 1
    before, after = (vae.transform(some, trials=animal.repeat) for some in (animal.responses, changed))
    np.testing.assert_allclose(before[animal.repeat != 4], after[animal.repeat != 4], rtol=1e-4, atol=1e-5)


def test_recurrence_averages_over_time_what_a_single_sample_cannot(make_animal):
    noisy = make_animal(noise=1.0)
    train, test = noisy.take(range(8)), noisy.take([8, 9])
    found = {}
    for recurrent in (False, True):
        vae = tiny(recurrent=recurrent, guide="features", epochs=25, learning_rate=0.02)
        vae.fit(train.responses, train.position, trials=train.repeat)
        found[recurrent] = r2(test.position, vae.predict_guide(test.responses, trials=test.repeat))
    assert found[True] > found[False] + 0.1


@pytest.mark.parametrize(
    "options",
    [{"guide": "features"}, {"guide": "frame"}, {"recurrent": True}, {"likelihood": "gaussian", "window": 4}],
)
def test_all_of_it_is_read_back_bit_for_bit(animal, tmp_path, options):
    labels = animal.frame if options.get("guide") == "frame" else animal.position
    vae = tiny(**options).fit(animal.responses, labels, trials=animal.repeat)
    vae.save(tmp_path / "vae.safetensors")
    again = GuidedVAE.load(tmp_path / "vae.safetensors", device="cpu")
    given = animal.responses
    for name in ("transform", "reconstruct", *(["predict_guide"] if "guide" in options else [])):
        first, second = (getattr(one, name)(given, trials=animal.repeat) for one in (vae, again))
        np.testing.assert_array_equal(first, second)
    for name, values in vae.history_.items():
        np.testing.assert_array_equal(values, again.history_[name])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"early_stopping": True}, "give validation"),
        ({"head_dropout": 0.2}, "guide='features' or guide='frame'"),
        ({"recurrent": True, "hidden": (8,)}, "give two or more"),
        ({"beta": -1.0, "epochs": -1}, r"beta=-1.0.*epochs=-1"),
        ({"guide": "picture"}, "guide='picture'"),
        ({"hidden": (0,)}, r"hidden"),
    ],
)
def test_options_that_cannot_work_are_refused_together(animal, options, words):
    with pytest.raises(OptionError, match=words):
        tiny(**options).fit(animal.responses, animal.position)


def test_labels_that_cannot_guide_are_refused_in_words(animal):
    for guide, y, words in (
        ("features", animal.frame, "guide='features' needs float features"),
        ("features", None, "guide='features' needs float features"),
        ("frame", animal.position, "guide='frame' needs an integer or string id"),
        ("frame", animal.frame[:5], "give one label per row"),
    ):
        with pytest.raises(DataError, match=words):
            tiny(guide=guide).fit(animal.responses, y)


@pytest.mark.parametrize("recurrent", [False, True])
def test_bf16_products_give_nearly_the_same(animal, recurrent):
    fits = [
        tiny(precision=precision, recurrent=recurrent, guide="frame").fit(animal.responses, animal.frame)
        for precision in ("fp32", "bf16")
    ]
    np.testing.assert_allclose(fits[0].history_["loss"], fits[1].history_["loss"], rtol=0.02)
    assert (fits[0].history_["loss"] != fits[1].history_["loss"]).any()
