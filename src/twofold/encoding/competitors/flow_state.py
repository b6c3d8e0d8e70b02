"""What FlowFA learns of a recording, and how: Adam on the exact likelihood of random frames."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from twofold.encoding.competitors.low_rank import known
from twofold.likelihoods.flow_map import Flow

PerNeuron = Float[np.ndarray, " neuron"]
LEAST, MOST = 0.05, 0.9  # of omega and p: a sharper bend would need more nodes
Frames = tuple[Bool[Tensor, "time neuron"], Float[Tensor, "time neuron"], Float[Tensor, "time neuron"]]


@dataclass(frozen=True, eq=False)
class FlowState:
    """One recording, each (neuron,).

    Parameters
    ----------
    scale, weight, power
        s, omega and p of the maps.
    intercept, slope
        alpha and beta.
    covariate_mean, covariate_sd
        By which x is standardised.
    loading
        (neuron, dimension) C.
    noise
        psi.
    """

    scale: PerNeuron
    weight: PerNeuron
    power: PerNeuron
    intercept: PerNeuron
    slope: PerNeuron
    covariate_mean: PerNeuron
    covariate_sd: PerNeuron
    loading: Float[np.ndarray, "neuron dimension"]
    noise: PerNeuron

    def of_neurons(self, neurons: np.ndarray) -> FlowState:
        """That of some neurons."""
        return FlowState(**{field.name: getattr(self, field.name)[neurons] for field in fields(self)})

    @property
    def flow(self) -> Flow:
        """The maps."""
        return Flow(*(torch.from_numpy(part) for part in (self.scale, self.weight, self.power)))

    def center(self, covariate: Float[Tensor, "time neuron"]) -> Float[Tensor, "time neuron"]:
        """Alpha + beta x, what the base model says behind the map."""
        mean, sd = torch.from_numpy(self.covariate_mean), torch.from_numpy(self.covariate_sd)
        slope, intercept = torch.from_numpy(self.slope), torch.from_numpy(self.intercept)
        return intercept + slope * (covariate - mean) / sd


def begun(
    active: Tensor, d: Tensor, covariate: Tensor, dimension: int, generator: torch.Generator
) -> FlowState:
    """Maps halfway between logarithm and power, and small random loadings."""
    n = active.sum(0).clamp(min=1)
    scale = torch.where(active, d, 0.0).sum(0) / n
    scale = torch.where(scale > 0, scale, scale[scale > 0].median() if (scale > 0).any() else 1.0)
    half = torch.full_like(scale, 0.5)
    u = Flow(scale, half, half).forward(d)
    mean = torch.where(active, u, 0.0).sum(0) / n
    variance = (torch.where(active, u - mean, 0.0) ** 2).sum(0) / n
    variance = torch.where(variance > 0, variance, 1.0)
    loading = 0.1 * torch.randn((len(scale), dimension), generator=generator, dtype=torch.float64)
    sd = covariate.std(0, unbiased=False)
    parts = {
        "scale": scale,
        "weight": half,
        "power": half,
        "intercept": mean,
        "slope": torch.zeros_like(mean),
        "covariate_mean": covariate.mean(0),
        "covariate_sd": torch.where(sd > 1e-9, sd, 1.0),
        "loading": loading * variance.sqrt()[:, None],
        "noise": variance,
    }
    return FlowState(**{name: value.numpy() for name, value in parts.items()})


def log_likelihood(state: FlowState, frames: Frames) -> Float[Tensor, " time"]:
    """Log density of the active responses at each time, in nats; silence is not counted."""
    active, d, covariate = frames
    return _log_likelihood(
        _free(state), state, active, d, (covariate - _t(state.covariate_mean)) / _t(state.covariate_sd)
    )


def fitted_state(
    state: FlowState,
    frames: Frames,
    steps: int,
    batch_frames: int,
    learning_rate: float,
    generator: torch.Generator,
) -> FlowState:
    """After some steps of Adam."""
    active, d, covariate = frames
    standard = (covariate - _t(state.covariate_mean)) / _t(state.covariate_sd)
    free = {name: value.requires_grad_() for name, value in _free(state).items()}
    optimizer = torch.optim.Adam(free.values(), lr=learning_rate)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - step / steps)
        rows = torch.randint(len(d), (min(batch_frames, len(d)),), generator=generator)
        total = _log_likelihood(free, state, active[rows], d[rows], standard[rows]).sum()
        optimizer.zero_grad()
        (-total / active[rows].sum().clamp(min=1)).backward()
        optimizer.step()
    return _bound({name: value.detach() for name, value in free.items()}, state)


def _log_likelihood(
    free: dict[str, Tensor], state: FlowState, active: Tensor, d: Tensor, standard: Tensor
) -> Tensor:
    flow = Flow(_t(state.scale), _between(free["weight"]), _between(free["power"]))
    residual = flow.forward(d) - free["intercept"] - free["slope"] * standard
    density = known(free["loading"], free["noise"].exp(), residual, active).log_density
    return density + torch.where(active, flow.log_slope(d), 0.0).sum(1)


def _free(state: FlowState) -> dict[str, Tensor]:
    """Parameters without bounds."""
    shares = {name: (_t(getattr(state, name)) - LEAST) / (MOST - LEAST) for name in ("weight", "power")}
    return {
        **{name: torch.logit(share) for name, share in shares.items()},
        "intercept": _t(state.intercept).clone(),
        "slope": _t(state.slope).clone(),
        "loading": _t(state.loading).clone(),
        "noise": _t(state.noise).log(),
    }


def _bound(free: dict[str, Tensor], state: FlowState) -> FlowState:
    found = {name: getattr(state, name) for name in ("scale", "covariate_mean", "covariate_sd")}
    found |= {name: free[name].numpy() for name in ("intercept", "slope", "loading")}
    found |= {name: _between(free[name]).numpy() for name in ("weight", "power")}
    return FlowState(**found, noise=free["noise"].exp().numpy())


def _between(free: Tensor) -> Tensor:
    return LEAST + (MOST - LEAST) * torch.sigmoid(free)


def _t(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values)
