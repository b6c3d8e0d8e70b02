from __future__ import annotations

import pytest
import torch

from twofold.nn import AffineCoupling, FlowDecoder


@pytest.mark.parametrize("n", [2, 3, 8])
def test_a_coupling_keeps_volume(n):
    torch.manual_seed(0)
    coupling = AffineCoupling(n, hidden=7).double()
    x = torch.randn(1, n, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda row: coupling(row[None])[0], x[0])
    assert torch.linalg.det(jacobian).abs().item() == pytest.approx(1)
    torch.testing.assert_close(coupling.inverse(coupling(x)), x)


def test_the_decoder_is_injective_near_every_point():
    torch.manual_seed(0)
    decoder = FlowDecoder(2, 9, hidden=8, blocks=2).double()
    for z in torch.randn(5, 2, dtype=torch.float64):
        jacobian = torch.autograd.functional.jacobian(lambda row: decoder(row[None])[0], z)
        assert torch.linalg.svdvals(jacobian).min() > 0.1


@pytest.mark.parametrize(("dimension", "n_out"), [(1, 1), (2, 2), (1, 2), (3, 10)])
def test_any_number_of_coordinates_from_the_latents_on(dimension, n_out):
    assert FlowDecoder(dimension, n_out, hidden=4, blocks=2)(torch.zeros(3, dimension)).shape == (3, n_out)
