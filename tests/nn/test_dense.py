from __future__ import annotations

import numpy as np
import torch
from torch import nn

from twofold.nn import Dense


def test_it_is_affine_maps_with_an_activation_between_them():
    torch.manual_seed(0)
    network, x = Dense((5, 7, 4, 2)), torch.randn(6, 5)
    h = x.numpy().astype(float)
    for k, layer in enumerate(network.affine):
        h = h @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        if k < 2:
            h = np.where(h > 0, h, 0.01 * h)
    np.testing.assert_allclose(network(x).detach().numpy(), h, rtol=1e-5, atol=1e-6)


def test_rows_keep_their_length_through_many_rectified_layers():
    torch.manual_seed(0)
    network, x = Dense((200, *[200] * 8, 200), nn.ReLU), torch.randn(500, 200)
    for layer in network.affine[:-1]:
        x = torch.relu(layer(x))
    assert 0.5 < x.square().mean() < 2


def test_dropout_is_for_training_only():
    torch.manual_seed(0)
    network, x = Dense((5, 50, 2), dropout=0.5), torch.randn(6, 5)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))
