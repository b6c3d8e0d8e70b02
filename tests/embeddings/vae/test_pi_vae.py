"""The variational autoencoder with a label prior: what labels add, and what they must not."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from twofold.embeddings import PiVAE
from twofold.embeddings.vae.pi_vae_model import PiVAEBatch, PiVAEModel
from twofold.embeddings.vae.pi_vae_options import PiVAEOptions
from twofold.errors import DataError, OptionError
from twofold.simulate.synthetic_latents import simulate_synthetic_classes, simulate_synthetic_latents

TINY = {"hidden": (8,), "prior_hidden": (8,), "flow_hidden": 8, "device": "cpu", "random_state": 0}


N_TRAIN = 2000


def large(**changes):
    sizes = {"hidden": (60, 60), "flow_hidden": 30, "epochs": 25, "batch_size": 100, "learning_rate": 3e-3}
    return small(**sizes | changes)


def small(**changes):
    return PiVAE(**{"dimension": 2, "epochs": 2, "batch_size": 200, **TINY} | changes)


@parametrize_with_checks([PiVAE(1, epochs=2, **TINY), PiVAE(1, epochs=2, likelihood="gaussian", **TINY)])
def test_scikit_learn_s_own_checks_pass(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def continuous():
    return simulate_synthetic_latents(2500, 40, random_state=0)


@pytest.fixture(scope="module")
def classes():
    return simulate_synthetic_classes(2500, 40, random_state=1)


@pytest.fixture(scope="module")
def of_classes(classes):
    return large().fit(classes.responses[:N_TRAIN], classes.label[:N_TRAIN])


def recovered(latents, true):
    """Held-out R2 of a linear map to the true latents."""
    train, test = slice(N_TRAIN), slice(N_TRAIN, None)
    return LinearRegression().fit(latents[train], true[train]).score(latents[test], true[test])


def decoded(latents, label):
    """Held-out exact accuracy."""
    train, test = slice(N_TRAIN), slice(N_TRAIN, None)
    return KNeighborsClassifier(15).fit(latents[train], label[train]).score(latents[test], label[test])


@pytest.mark.parametrize("n_told", [2, -4])
@pytest.mark.parametrize("likelihood", ["poisson", "gaussian"])
def test_the_loss_is_the_evidence_lower_bound(n_told, likelihood):
    torch.manual_seed(0)
    model = PiVAEModel(PiVAEOptions(**small(likelihood=likelihood).get_params()), 5, n_told)
    x, noise = torch.poisson(torch.full((9, 5), 2.0)), torch.randn(9, 2)
    told = torch.randn(9, 2) if n_told > 0 else torch.arange(9) % 4
    model.start(x, told)
    own, prior = model.encode(x[:, None]), model.prior(told)
    precision = [(-law.log_variance).exp() for law in (own, prior)]
    variance = 1 / (precision[0] + precision[1])
    mean = variance * (precision[0] * own.mean + precision[1] * prior.mean)
    posterior = torch.distributions.Normal(mean, variance.sqrt())
    to = torch.distributions.Normal(prior.mean, (prior.log_variance / 2).exp())
    kl = torch.distributions.kl_divergence(posterior, to).sum(1)
    output = model.decode(mean + variance.sqrt() * noise)
    if likelihood == "poisson":
        law = torch.distributions.Poisson(output[..., 0].exp())
    else:
        law = torch.distributions.Normal(output[..., 0], model.likelihood.log_sd.exp())
    bound = law.log_prob(x).sum(1) - kl
    loss, parts = model.loss(PiVAEBatch(x[:, None], x, told, noise))
    half, _ = model.loss(PiVAEBatch(x[:, None], x, told, noise, beta=0.5))
    assert (loss - half).item() == pytest.approx(0.5 * kl.mean().item() / 5, rel=1e-3)
    assert loss.item() == pytest.approx(-bound.mean().item() / 5, rel=1e-4)
    assert parts["prior_share"].item() == pytest.approx((precision[1] * variance).mean().item(), rel=1e-4)


def test_continuous_latents_are_recovered_with_labels_and_without(continuous):
    vae = large(prior_hidden=(20, 20)).fit(continuous.responses[:N_TRAIN], continuous.label[:N_TRAIN])
    assert vae.label_kind_ == "continuous"
    with_labels = recovered(vae.transform(continuous.responses, continuous.label), continuous.latents)
    assert with_labels > 0.65
    assert recovered(vae.transform(continuous.responses), continuous.latents) > 0.6


def test_latents_are_recovered_beyond_what_the_class_says(classes, of_classes):
    vae = of_classes
    assert vae.label_kind_ == "discrete"
    with_labels, without = vae.transform(classes.responses, classes.label), vae.transform(classes.responses)
    prior = recovered(vae.prior_mean(classes.label), classes.latents)
    assert recovered(with_labels, classes.latents) > prior + 0.03
    assert recovered(without, classes.latents) > 0.6
    assert vae.prior_share(classes.responses, classes.label).mean() < 0.5


def test_labels_shuffled_in_time_are_not_decoded_even_by_latents_that_were_told_them(classes):
    shuffled = np.random.default_rng(0).permutation(classes.label)
    vae = large().fit(classes.responses[:N_TRAIN], shuffled[:N_TRAIN])
    largest = np.bincount(shuffled).max() / len(shuffled)
    sem = np.sqrt(largest * (1 - largest) / (len(shuffled) - N_TRAIN))
    for latents in (vae.transform(classes.responses), vae.transform(classes.responses, shuffled)):
        assert decoded(latents, shuffled) < largest + 3 * sem
    # and the true ones are: the responses were embedded, only not by their labels
    assert decoded(vae.transform(classes.responses), classes.label) > largest + 10 * sem


def test_the_share_of_the_label_tells_a_copy_of_the_prior(classes, of_classes):
    vae = copy.deepcopy(of_classes)
    before = vae.prior_share(classes.responses, classes.label).mean()
    with torch.no_grad():  # a prior that is ten times as sure of itself
        vae._fitted.model.prior.table[:, vae.dimension :] -= 2 * np.log(10)
    told = vae.transform(classes.responses, classes.label)
    assert vae.prior_share(classes.responses, classes.label).mean() > before + 0.2
    assert decoded(told, classes.label) > 0.95  # which says nothing about responses
    assert decoded(vae.transform(classes.responses), classes.label) < 0.95


def test_transform_with_labels_is_another_thing_than_without(continuous):
    vae = small().fit(continuous.responses, continuous.label)
    without, with_labels = (
        vae.transform(continuous.responses),
        vae.transform(continuous.responses, continuous.label),
    )
    share = vae.prior_share(continuous.responses, continuous.label)
    expected = (1 - share) * without + share * vae.prior_mean(continuous.label)
    np.testing.assert_allclose(with_labels, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(small().fit_transform(continuous.responses, continuous.label), without)


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_all_of_it_is_read_back_bit_for_bit(classes, continuous, kind, tmp_path):
    drawn = continuous if kind == "continuous" else classes
    label = drawn.label if kind == "continuous" else drawn.label.astype(str)
    vae = small(window=3).fit(drawn.responses, label)
    vae.save(tmp_path / "vae.safetensors")
    again = PiVAE.load(tmp_path / "vae.safetensors", device="cpu")
    assert again.label_kind_ == kind
    for y in (None, label):
        np.testing.assert_array_equal(vae.transform(drawn.responses, y), again.transform(drawn.responses, y))
    np.testing.assert_array_equal(vae.reconstruct(drawn.responses), again.reconstruct(drawn.responses))


def test_some_of_the_classes_keep_their_numbers(classes):
    vae = small().fit(classes.responses, classes.label)
    only = classes.label == 3
    np.testing.assert_allclose(
        vae.transform(classes.responses[only], classes.label[only]),
        vae.transform(classes.responses, classes.label)[only],
        atol=1e-5,
    )


def test_what_cannot_work_is_refused_in_words(classes, continuous):
    vae = small().fit(classes.responses, classes.label)
    with pytest.raises(DataError, match="class 9 was not among those fitted"):
        vae.transform(classes.responses[:2], [0, 9])
    with pytest.raises(DataError, match="y is continuous, and fitted were discrete labels"):
        vae.transform(continuous.responses[:2], continuous.label[:2])
    with pytest.raises(DataError, match="the first at row 3, neuron 0"):
        small().fit(np.where(np.arange(2500)[:, None] == 3, -1.0, classes.responses), classes.label)
    with pytest.raises(OptionError, match="dimension=50: the decoder needs as many neurons"):
        small(dimension=50).fit(classes.responses, classes.label)
    with pytest.raises(OptionError, match=r"epochs=-1.*learning_rate=0"):
        small(epochs=-1, learning_rate=0.0).fit(classes.responses, classes.label)
    two = small().fit(continuous.responses, np.column_stack([continuous.label] * 2))
    with pytest.raises(DataError, match="y has 1 features, and fitted were 2"):
        two.transform(continuous.responses, continuous.label)
