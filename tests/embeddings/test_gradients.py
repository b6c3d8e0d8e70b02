"""Loss and gradients of the whole model against plain numpy in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import erf

from twofold.embeddings.contrastive_model import ContrastiveModel, contrastive_batches
from twofold.embeddings.infonce import Cosine, SquaredEuclidean, Temperature
from twofold.nn import OffsetEncoder
from twofold.sampling import TimePositives, TrialWindows, TripletSampler

STEP = 1e-30  # of an imaginary part: f(x + ih) = f(x) + ih f'(x), exact to all digits


def infonce_by_hand(weights, windows, cosine, floor):
    """The formulas in numpy, for complex weights too; windows are references, positives, negatives."""

    def gelu(x):
        return x / 2 * (1 + erf(x / 2**0.5))

    def convolved(x, weight, bias, taps):
        valid = x.shape[1] - taps + 1
        return np.concatenate([x[:, j : j + valid] for j in range(taps)], axis=2) @ weight + bias

    first, hidden = weights["first.taps.weight"], windows.shape[2]
    taps = len(first) // len(weights["first.bias"])
    first = first.reshape(taps, -1, hidden).transpose(0, 2, 1).reshape(taps * hidden, -1)
    x = gelu(convolved(windows, first, weights["first.bias"], taps))
    blocks = [name for name in weights if name.endswith("convolution.weight")]
    for name in blocks:
        taps = weights[name].shape[1] // weights[name].shape[0]
        y = convolved(x, weights[name].T, weights[name.replace("weight", "bias")], taps)
        x = x[:, taps // 2 : x.shape[1] - taps // 2] + gelu(y)
    last = f"rest.{2 + len(blocks)}"
    z = x[:, 0] @ weights[f"{last}.weight"].T + weights[f"{last}.bias"]
    if cosine:
        z = z / np.sqrt((z**2).sum(1, keepdims=True))
    reference, positive, negative = np.split(z, 3)
    if cosine:
        paired, pairs = (reference * positive).sum(1), reference @ negative.T
    else:
        paired = -((reference - positive) ** 2).sum(1)
        pairs = -((reference[:, None] - negative) ** 2).sum(2)
    inverse = np.exp(weights["theta"])
    if inverse.real > 1 / floor:
        inverse = 1 / floor
    return -(paired * inverse).mean() + np.log(np.exp(pairs * inverse).sum(1)).mean()


def by_complex_step(weights, loss):
    gradients = {name: np.zeros(value.shape) for name, value in weights.items()}
    for name, value in weights.items():
        for at in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[at] += STEP * 1j
            gradients[name][at] = loss({**weights, name: moved}).imag / STEP
    return gradients


@pytest.mark.parametrize(("dtype", "digits"), [(torch.float32, 1e-6), (torch.float64, 1e-12)], ids=str)
@pytest.mark.parametrize("n_time", [40, 4000], ids=["sequence shared", "windows cut"])
@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize("similarity", [Cosine(), SquaredEuclidean()])
@pytest.mark.parametrize(("tau", "learned"), [(1.0, False), (0.4, False), (0.4, True), (0.1, True)], ids=str)
def test_loss_and_gradients_equal_numpy_in_double_precision(
    n_time, window, similarity, tau, learned, dtype, digits
):
    torch.manual_seed(0)
    trials = torch.arange(n_time) // 20
    model = ContrastiveModel(OffsetEncoder(3, window, 6, 4), similarity, Temperature(tau, learned))
    if tau == 0.1:  # below the floor, where no gradient passes
        model.temperature.theta.data += 0.1
    model.to(dtype)
    windows = TrialWindows(torch.randn(n_time, 3, dtype=dtype), trials, window)
    sampler = TripletSampler(TimePositives(trials, 1), n_time, 16, torch.Generator().manual_seed(0))
    again = TripletSampler(TimePositives(trials, 1), n_time, 16, torch.Generator().manual_seed(0))
    rows = torch.cat(again.draw()[:3])

    loss, _ = model.loss(next(contrastive_batches(windows, sampler)))
    loss.backward()
    weights = {name: value.detach().double().numpy() for name, value in model.encoder.named_parameters()}
    weights["theta"] = model.temperature.theta.detach().double().numpy()
    cut = windows(rows).double().numpy()

    def by_hand(of):
        return infonce_by_hand(of, cut, isinstance(similarity, Cosine), 0.1 if learned else 1e-9)

    scale = 2 / tau  # of a similarity's terms, and so of what rounding leaves of them
    assert loss.item() == pytest.approx(by_hand(weights).real, abs=digits * scale)
    expected = by_complex_step(weights, by_hand)
    found = dict(model.encoder.named_parameters()) | dict(model.temperature.named_parameters())
    for name in found:
        gradient = expected[name]
        atol = digits * max(scale, abs(gradient).max())
        np.testing.assert_allclose(found[name].grad, gradient, atol=atol, err_msg=name)
