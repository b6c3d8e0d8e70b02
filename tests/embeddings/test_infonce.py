from __future__ import annotations

import math

import pytest
import torch

from twofold.embeddings.infonce import Cosine, SquaredEuclidean, Temperature, infonce


def by_double_loops(reference, positive, negative, phi, tau):
    attraction = sum(-phi(x, y) / tau for x, y in zip(reference, positive, strict=True)) / len(reference)
    repulsion = 0.0
    for x in reference:
        repulsion += math.log(sum(math.exp(phi(x, y) / tau) for y in negative)) / len(reference)
    return attraction, repulsion


def dot(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


def minus_squared_distance(x, y):
    return -sum((a - b) ** 2 for a, b in zip(x, y, strict=True))


@pytest.mark.parametrize("tau", [0.1, 0.3, 1.0, 3.21])
@pytest.mark.parametrize(
    ("similarity", "phi"), [(Cosine(), dot), (SquaredEuclidean(), minus_squared_distance)]
)
def test_infonce_equals_double_loops(similarity, phi, tau):
    generator = torch.Generator().manual_seed(0)
    x, y, z = (
        similarity.place(torch.randn(n, 3, generator=generator, dtype=torch.float64)) for n in (5, 5, 8)
    )
    ours = infonce(x, y, z, similarity, torch.tensor(1 / tau, dtype=torch.float64))
    attraction, repulsion = by_double_loops(x.tolist(), y.tolist(), z.tolist(), phi, tau)
    assert ours.positive.item() == pytest.approx(attraction, abs=1e-12)
    assert ours.negative.item() == pytest.approx(repulsion, abs=1e-12)
    assert ours.loss.item() == pytest.approx(attraction + repulsion, abs=1e-12)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("similarity", [Cosine(), SquaredEuclidean()])
def test_gradients_equal_finite_differences(similarity, learned):
    generator = torch.Generator().manual_seed(0)
    latents = [
        torch.randn(n, 3, generator=generator, dtype=torch.float64, requires_grad=True) for n in (4, 4, 6)
    ]
    temperature = Temperature(0.5, learned).double()

    def loss(x, y, z, theta):
        placed = (similarity.place(part) for part in (x, y, z))
        inverse = theta.exp().clamp(max=10.0) if learned else temperature.inverse()
        return infonce(*placed, similarity, inverse).loss

    theta = temperature.theta.detach().clone().requires_grad_(learned)
    assert torch.autograd.gradcheck(loss, (*latents, theta))


@pytest.mark.parametrize("tau", [0.1, 1.0])
@pytest.mark.parametrize("similarity", [Cosine(), SquaredEuclidean()])
def test_a_collapse_to_one_point_gives_exactly_log_of_the_number_of_negatives(similarity, tau):
    point = similarity.place(torch.tensor([[3.0, -1.0]], dtype=torch.float64))
    ours = infonce(
        point.expand(4, 2),
        point.expand(4, 2),
        point.expand(16, 2),
        similarity,
        torch.tensor(1 / tau).double(),
    )
    assert ours.loss.item() == pytest.approx(math.log(16), abs=1e-13)


def test_unit_length_has_the_gradients_of_its_formula_and_their_gradients():
    torch.manual_seed(0)
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(Cosine().place(x), x / x.norm(dim=1, keepdim=True))
    assert torch.autograd.gradcheck(Cosine().place, x)
    assert torch.autograd.gradgradcheck(Cosine().place, x)


def test_huge_similarities_do_not_overflow():
    far = torch.tensor([[0.0], [1e3]])
    ours = infonce(far, far, far, SquaredEuclidean(), torch.tensor(10.0))
    assert ours.loss.item() == pytest.approx(0.0)


def test_a_higher_temperature_is_less_sharp():
    similarities = torch.tensor([1.0, 0.0])
    sharp, blunt = (
        torch.softmax(similarities * Temperature(tau, False).inverse(), 0)[0] for tau in (0.3, 3.0)
    )
    assert sharp > blunt > 0.5


def test_a_learned_temperature_stops_at_its_floor_without_gradient():
    temperature = Temperature(0.2, learned=True)
    assert 1 / temperature.inverse().item() == pytest.approx(0.2)
    with torch.no_grad():
        temperature.theta.fill_(5.0)
    inverse = temperature.inverse()
    inverse.backward()
    assert (inverse.item(), temperature.theta.grad.item()) == (10.0, 0.0)


def test_a_fixed_temperature_is_no_parameter_and_has_no_floor():
    temperature = Temperature(0.05, learned=False)
    assert not list(temperature.parameters())
    assert temperature.inverse().item() == pytest.approx(20.0)
