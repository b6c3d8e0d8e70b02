"""Counts of neurons that mix two latents along a curve: the test of whether an embedding recovers latents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from twofold.errors import OptionError, did_you_mean
from twofold.shapes import Latents, Responses

NOISES = ("poisson", "gaussian", "laplace", "uniform", "t")
BLOCKS, COUPLINGS, WIDTH = 4, 2, 25
LOG_SCALE, LOG_RATE, LOG_RATE_OF_CLASSES = 0.1, 2.2, 2.0


@dataclass(frozen=True, eq=False)
class SyntheticLatents:
    """A label that is seen, two latents that are not, and what neurons make of them.

    Parameters
    ----------
    label
        (time,) u: floats from 0 to 2 pi, or class numbers.
    latents
        (time, 2) z.
    rates, responses
        (time, neuron) expected and observed counts.
    """

    label: np.ndarray
    latents: Latents
    rates: Responses
    responses: Responses


@dataclass(frozen=True, eq=False)
class CouplingFlow:
    """An invertible, volume-bending map of R^n onto itself (RealNVP; Dinh et al. 2017).

    A coupling with halves (a, b) is (b exp(s(a)) + t(a), a), where s = 0.1 tanh of a small ReLU network that
    also gives t. Two couplings are a block; between blocks, dimensions are permuted.

    Parameters
    ----------
    networks
        Per coupling, the weight matrices of its network, first layer first; there are no biases.
    permutations
        (dimension,) new order of the dimensions, one between each two blocks.

    Examples
    --------
    >>> flow = CouplingFlow.random(100, random_state=0)
    >>> z = np.random.default_rng(0).normal(size=(5, 100))
    >>> np.allclose(flow.inverse(flow(z)), z)
    True
    """

    networks: tuple[tuple[np.ndarray, ...], ...]
    permutations: tuple[np.ndarray, ...]

    @classmethod
    def random(cls, dimension: int, random_state: int | np.random.Generator = 0) -> CouplingFlow:
        """Four blocks with Glorot-uniform weights; the dimension is even."""
        rng = np.random.default_rng(random_state)
        sizes = (dimension // 2, WIDTH, WIDTH, dimension)
        networks = [_glorot(sizes, rng) for _ in range(BLOCKS * COUPLINGS)]
        return cls(tuple(networks), tuple(rng.permutation(dimension) for _ in range(BLOCKS - 1)))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Map (time, dimension) forwards."""
        for i, network in enumerate(self.networks):
            if i and i % COUPLINGS == 0:
                x = x[:, self.permutations[i // COUPLINGS - 1]]
            a, b = np.split(x, 2, axis=1)
            s, t = _scale_and_shift(network, a)
            x = np.hstack([b * np.exp(s) + t, a])
        return x

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Map (time, dimension) backwards."""
        for i, network in reversed(list(enumerate(self.networks))):
            b, a = np.split(x, 2, axis=1)
            s, t = _scale_and_shift(network, a)
            x = np.hstack([a, (b - t) * np.exp(-s)])
            if i and i % COUPLINGS == 0:
                x = x[:, np.argsort(self.permutations[i // COUPLINGS - 1])]
        return x


def simulate_synthetic_latents(
    n_samples: int = 15_000,
    n_neurons: int = 100,
    *,
    noise: str = "poisson",
    flow: CouplingFlow | None = None,
    random_state: int | np.random.Generator = 0,
) -> SyntheticLatents:
    """Draw latents around a sine of a label, and the counts of neurons that mix them nonlinearly.

        u ~ U(0, 2 pi),  z | u ~ N((u, 2 sin u), diag(0.6 - 0.3 |sin u|, 0.3 |sin u|))
        rate = exp(2.2 tanh f(z, 0, ..., 0)),  count ~ Poisson(rate)

    Samples are independent: there is no time in them but their order.

    Parameters
    ----------
    n_samples
        Samples.
    n_neurons
        Neurons, an even number from 4.
    noise
        "poisson"; or additive around the rate: "gaussian" of variance 1, truncated so that responses are not
        negative; "laplace" of scale 1, clipped at 0; "uniform" from 0 to 2; Student's "t" of 2 degrees of
        freedom.
    flow
        f, the mixing; by default another one for every `random_state`.
    random_state
        Seed or generator; label, mixing and noise have streams of their own.

    Raises
    ------
    OptionError
        If a size is odd or too small, or the noise is unknown.

    References
    ----------
    Zhou & Wei 2020, NeurIPS 33:7234 (the recipe); Schneider, Lee & Mathis 2023, Nature 617:360, Figure 1b
    (other noises).

    Examples
    --------
    >>> drawn = simulate_synthetic_latents(50, random_state=0)
    >>> drawn.latents.shape, drawn.responses.shape
    ((50, 2), (50, 100))
    """
    _check_sizes(n_samples, n_neurons)
    if noise not in NOISES:
        raise OptionError(f"noise={noise!r} is unknown, {did_you_mean(noise, NOISES)}")
    of_latents, of_flow, of_noise = np.random.default_rng(random_state).spawn(3)
    label = of_latents.uniform(0, 2 * np.pi, n_samples)
    bend = np.abs(np.sin(label))
    mean = np.column_stack([label, 2 * np.sin(label)])
    variance = np.column_stack([0.6 - 0.3 * bend, 0.3 * bend])
    latents = of_latents.normal(mean, np.sqrt(variance))

    rates = _rates(latents, flow or CouplingFlow.random(n_neurons, of_flow), n_neurons, LOG_RATE)
    return SyntheticLatents(label, latents, rates, _noisy(rates, noise, of_noise))


def simulate_synthetic_classes(
    n_samples: int = 15_000,
    n_neurons: int = 100,
    *,
    n_classes: int = 5,
    flow: CouplingFlow | None = None,
    random_state: int | np.random.Generator = 0,
) -> SyntheticLatents:
    """Draw latents around the centre of a class, and the counts of neurons that mix them nonlinearly.

        z | u ~ N(m_u, diag v_u),  m ~ U(-5, 5),  v ~ U(0.5, 3)
        rate = exp(2 tanh f(z, 0, ..., 0)),  count ~ Poisson(rate)

    Classes overlap where their centres lie close. Samples are independent.

    Parameters
    ----------
    n_samples
        Samples.
    n_neurons
        Neurons, an even number from 4.
    n_classes
        Classes, each as likely.
    flow
        f, the mixing; by default another one for every `random_state`.
    random_state
        Seed or generator; classes, mixing and noise have streams of their own.

    Raises
    ------
    OptionError
        If a size is odd or too small.

    References
    ----------
    Zhou & Wei 2020, NeurIPS 33:7234 (the recipe).

    Examples
    --------
    >>> drawn = simulate_synthetic_classes(50, n_classes=3, random_state=0)
    >>> drawn.latents.shape, np.unique(drawn.label)
    ((50, 2), array([0, 1, 2]))
    """
    _check_sizes(n_samples, n_neurons)
    if n_classes < 1:
        raise OptionError(f"n_classes={n_classes}: give 1 or more")
    of_latents, of_flow, of_noise = np.random.default_rng(random_state).spawn(3)
    mean = of_latents.uniform(-5, 5, (n_classes, 2))
    variance = of_latents.uniform(0.5, 3, (n_classes, 2))
    label = of_latents.integers(n_classes, size=n_samples)
    latents = of_latents.normal(mean[label], np.sqrt(variance[label]))
    mixing = flow or CouplingFlow.random(n_neurons, of_flow)
    rates = _rates(latents, mixing, n_neurons, LOG_RATE_OF_CLASSES)
    return SyntheticLatents(label, latents, rates, of_noise.poisson(rates).astype(float))


def _check_sizes(n_samples: int, n_neurons: int) -> None:
    if n_neurons % 2 or n_neurons < 4:
        raise OptionError(f"n_neurons={n_neurons}: the mixing halves them; give an even number from 4")
    if n_samples < 1:
        raise OptionError(f"n_samples={n_samples}: give 1 or more")


def _rates(latents: np.ndarray, flow: CouplingFlow, n_neurons: int, log_rate: float) -> np.ndarray:
    """exp(log_rate tanh f(z, 0, ..., 0))."""
    return np.exp(log_rate * np.tanh(flow(np.pad(latents, ((0, 0), (0, n_neurons - 2))))))


def _noisy(rates: np.ndarray, noise: str, rng: np.random.Generator) -> np.ndarray:
    """Responses around their expected counts."""
    if noise == "poisson":
        return rng.poisson(rates).astype(float)
    if noise == "laplace":
        return np.maximum(rates + rng.laplace(size=rates.shape), 0.0)
    if noise == "uniform":
        return rates + rng.uniform(0, 2, rates.shape)
    if noise == "t":
        return rates + rng.standard_t(2, rates.shape)
    drawn = rng.normal(rates)
    while (negative := drawn < 0).any():
        drawn[negative] = rng.normal(rates[negative])
    return drawn


def _scale_and_shift(network: Sequence[np.ndarray], a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    for weight in network[:-1]:
        a = np.maximum(a @ weight, 0.0)
    s, t = np.split(a @ network[-1], 2, axis=1)
    return LOG_SCALE * np.tanh(s), t


def _glorot(sizes: Sequence[int], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Weights (n_in, n_out) uniform within sqrt(6 / (n_in + n_out))."""
    return tuple(rng.uniform(-1, 1, pair) * np.sqrt(6 / sum(pair)) for pair in pairwise(sizes))
