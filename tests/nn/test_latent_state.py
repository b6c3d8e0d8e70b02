"""Encoders of the state, maps from it, smoothers: causality, shapes of influence, and how they begin."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.errors import OptionError
from twofold.nn import (
    CnnLayers,
    CnnSmoother,
    FreeWeights,
    GruLayer,
    GruSmoother,
    LatentEncoder,
    SharedWeights,
    WeightsFromPosition,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


PLACES = np.random.default_rng(0).uniform(0, 600, (7, 3))
MAPS = {
    "free": lambda: FreeWeights(7, 2, 4),
    "position": lambda: WeightsFromPosition(PLACES, 2, 4, generator=generator()),
    "shared": lambda: SharedWeights(7, 2, 4, generator()),
}


def reach(module, at=20, length=41):
    """Times whose output changes when the input at one time does."""
    module.eval()
    x = torch.randn(1, length, 6, generator=generator(1))
    changed = x.clone()
    changed[0, at] += 1
    difference = (module(changed) - module(x)).abs().amax(2)[0]
    return np.flatnonzero(difference.detach().numpy() > 0)


def test_the_gru_looks_back_only_and_the_cnn_to_both_sides():
    assert reach(GruLayer(6, 5, generator())).min() == 20
    both = reach(CnnLayers(6, (8, 5), (5, 3), generator=generator()))
    assert (both.min(), both.max()) == (17, 23)
    both = reach(CnnSmoother(6, generator=generator()))
    assert (both.min(), both.max()) == (13, 27)
    assert reach(GruSmoother(6, generator())).min() == 20


def test_convolutions_over_time_are_those_of_torch():
    layers = CnnLayers(6, (5,), (3,), generator=generator()).eval()
    x = torch.randn(2, 11, 6, generator=generator(1))
    layer, norm = layers.layers[0], layers.norms[0]
    plain = torch.nn.functional.conv1d(x.mT, layer.weight[..., 0], layer.bias, padding=1)
    plain = torch.nn.functional.elu(plain / (1 + norm.eps) ** 0.5).mT
    torch.testing.assert_close(layers(x), plain)


def test_residual_layers_are_added_where_widths_agree():
    x = torch.randn(1, 9, 5, generator=generator(1))
    with_input = CnnLayers(5, (5, 3), (3, 3), residual=True, generator=generator()).eval()
    for layer in with_input.layers[:1]:
        torch.nn.init.zeros_(layer.weight)
    first = torch.nn.functional.elu(with_input.norms[0](torch.zeros(1, 5, 9, 1)))
    assert first.abs().max() == 0
    rest = CnnLayers(5, (3,), (3,), generator=generator()).eval()
    rest.layers[0].load_state_dict(with_input.layers[1].state_dict())
    torch.testing.assert_close(with_input(x), rest(x))


@pytest.mark.parametrize("predict_sd", [False, True])
def test_the_state_begins_at_the_spread_of_the_prior(predict_sd):
    encoder = LatentEncoder(
        GruLayer(6, 5, generator()), hidden=6, width=5, dimension=3, predict_sd=predict_sd
    )
    state = encoder(torch.randn(2, 8, 6, generator=generator(1)))
    assert state.mean.shape == (2, 8, 3)
    assert state.sd.shape == ((2, 8, 1) if predict_sd else ())
    assert (state.sd == 1).all()


def test_equal_generators_give_equal_weights_and_leave_torchs_own_alone():
    def weights(seed):
        layers = GruLayer(6, 5, generator(seed))
        encoder = LatentEncoder(layers, hidden=6, width=5, dimension=3, generator=generator(seed))
        return torch.cat([p.flatten() for p in encoder.parameters()])

    before = torch.get_rng_state()
    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", MAPS)
def test_maps_of_each_neuron_begin_at_zero_and_all_learn(name):
    latent_map = MAPS[name]()
    assert latent_map().shape == (7, 2, 4)
    assert (latent_map() == 0).all() == (name != "position")
    before = (latent_map() - 1).square().sum()
    before.backward()
    torch.optim.SGD(latent_map.parameters(), 0.01).step()
    assert (latent_map() - 1).square().sum() < before


def test_free_weights_begin_with_the_deviation_asked_for():
    weights = FreeWeights(2000, 2, 4, 0.1, generator())()
    assert abs(float(weights.detach().std()) - 0.1) < 0.005
    assert torch.equal(weights, FreeWeights(2000, 2, 4, 0.1, generator())())


def test_latents_of_a_map_from_position_begin_apart():
    weights = WeightsFromPosition(PLACES, 2, 4, generator=generator())().flatten(0, 1)
    assert torch.linalg.matrix_rank(weights) == 4


def test_shared_weights_have_one_direction_per_parameter():
    shared = SharedWeights(7, 2, 4, generator())
    torch.nn.init.normal_(shared.scale, generator=generator(1))
    for parameter in range(2):
        assert torch.linalg.matrix_rank(shared()[:, parameter]) == 1


def test_weights_from_position_depend_on_nothing_else():
    twins = np.concatenate([PLACES, PLACES[:1]])
    latent_map = WeightsFromPosition(twins, 2, 4, generator=generator())
    for one in latent_map.maps:
        torch.nn.init.normal_(one[2].weight, generator=generator(1))
    weights = latent_map()
    torch.testing.assert_close(weights[0], weights[-1])
    assert not torch.equal(weights[0], weights[1])


@pytest.mark.parametrize("places", [np.full((3, 2), np.nan), np.zeros((3, 4)), np.zeros(3)])
def test_positions_that_cannot_be_are_refused(places):
    with pytest.raises(OptionError, match="micrometres"):
        WeightsFromPosition(places, 2, 4)
