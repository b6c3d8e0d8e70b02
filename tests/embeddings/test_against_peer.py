"""The same batch and weights through the published reference package, where it is installed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from twofold.embeddings.infonce import Cosine, SquaredEuclidean, Temperature, infonce
from twofold.nn import Affine, ResidualBlock, TimeConvolution

pytest.importorskip("cebra", reason="the peer package is not installed", exc_type=ImportError)
criterions = pytest.importorskip("cebra.models.criterions")
models = pytest.importorskip("cebra.models")

N_NEURONS, HIDDEN, DIMENSION, BATCH = 7, 16, 5, 32
PEERS = {
    (Cosine, False): criterions.FixedCosineInfoNCE,
    (Cosine, True): criterions.LearnableCosineInfoNCE,
    (SquaredEuclidean, False): criterions.FixedEuclideanInfoNCE,
    (SquaredEuclidean, True): criterions.LearnableEuclideanInfoNCE,
}


def assert_close(found, expected):
    scale = expected.abs().max().clamp(min=1.0)
    torch.testing.assert_close(found / scale, expected / scale, atol=1e-6, rtol=0)


@pytest.mark.parametrize("tau", [0.1, 0.5, 1.0, 3.21])
@pytest.mark.parametrize(("similarity", "learned"), PEERS)
def test_loss_and_its_gradients_equal_the_peer_s(similarity, learned, tau):
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(3, BATCH, DIMENSION, generator=generator)
    settings = {"min_temperature": 0.1} if learned else {}
    theirs = PEERS[similarity, learned](temperature=tau, **settings)
    temperature = Temperature(tau, learned)

    placed = latents.clone().requires_grad_()
    loss, align, uniform = theirs(*(similarity().place(part) for part in placed))
    loss.backward()
    ours = latents.clone().requires_grad_()
    nce = infonce(*(similarity().place(part) for part in ours), similarity(), temperature.inverse())
    nce.loss.backward()

    # The peer subtracts the row maximum of the similarities from one part and not from the other.
    assert_close(nce.loss, loss.detach())
    assert_close(nce.positive + nce.negative, (align + uniform).detach())
    assert_close(ours.grad, placed.grad)
    if learned:
        (theta,) = theirs.parameters()
        assert_close(temperature.theta.grad, theta.grad)


def windowed_peer_and_ours():
    """The peer's network of 10 samples, and our layers with its weights."""
    torch.manual_seed(0)
    theirs = models.init("offset10-model", N_NEURONS, HIDDEN, DIMENSION)
    convolutions = [part for part in theirs.modules() if isinstance(part, nn.Conv1d)]
    first, readout = TimeConvolution(N_NEURONS, HIDDEN, 2), Affine(3 * HIDDEN, DIMENSION)
    blocks = [ResidualBlock(HIDDEN, 3) for _ in range(3)]
    first.taps.weight.data = convolutions[0].weight.data.permute(2, 0, 1).flatten(0, 1)
    first.bias.data = convolutions[0].bias.data
    for mine, part in zip([*(b.convolution for b in blocks), readout], convolutions[1:], strict=True):
        mine.weight.data = part.weight.data.transpose(1, 2).flatten(1).contiguous()
        mine.bias.data = part.bias.data
    return theirs, nn.Sequential(first, nn.GELU(), *blocks, nn.Flatten(), readout)


def test_layers_give_the_latents_and_gradients_of_the_peer_s_network():
    theirs, ours = windowed_peer_and_ours()
    windows = torch.randn(3 * BATCH, 10, N_NEURONS)
    expected = theirs(windows.transpose(1, 2)).squeeze(-1)
    found = Cosine().place(ours(windows))
    assert_close(found, expected)
    inverse = Temperature(0.5, False).inverse()
    for latents in (found, expected):
        infonce(*latents.chunk(3), Cosine(), inverse).loss.backward()

    first = next(part for part in theirs.modules() if isinstance(part, nn.Conv1d))
    assert_close(ours[0].taps.weight.grad, first.weight.grad.permute(2, 0, 1).flatten(0, 1))
    last = [part for part in theirs.modules() if isinstance(part, nn.Conv1d)][-1]
    assert_close(ours[-1].weight.grad, last.weight.grad.transpose(1, 2).flatten(1))
