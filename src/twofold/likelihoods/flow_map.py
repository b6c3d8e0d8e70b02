r"""A monotone map from positive responses to the whole line, for each neuron: between logarithm and power.

.. math:: T(d) = (1 - \omega) \log \frac{d}{s} + \omega\, \frac{(d / s)^p - 1}{p}, \quad
          T'(d) = \frac{(1 - \omega) + \omega (d / s)^p}{d}, \quad 0 < \omega, p < 1 .

It maps onto all of the line, so that a Gaussian of T(d) is a law that integrates to one (a chain that ends in
an exponential, as in Bashiri et al. 2021, maps onto a half). Small responses are bent as by a logarithm and
large ones as by a power, so that all moments exist. With Wright's omega function, w + log w = z,

.. math:: \log \frac{d}{s} = \frac{v}{1 - \omega} - \frac{w}{p}, \quad v = T + \frac{\omega}{p}, \quad
          z = \log \frac{\omega}{1 - \omega} + \frac{p v}{1 - \omega} .
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from scipy.special import wrightomega
from torch import Tensor

Entries = Float[Tensor, "... neuron"]
PerNeuron = Float[Tensor, " neuron"]


@dataclass(frozen=True, eq=False)
class Flow:
    """The maps of some neurons.

    Parameters
    ----------
    scale
        (neuron,) s, in units of the response.
    weight, power
        (neuron,) omega and p, between 0 and 1.

    Examples
    --------
    >>> flow = Flow(torch.tensor([2.0]), torch.tensor([0.3]), torch.tensor([0.5]))
    >>> u = flow.forward(torch.tensor([[0.1], [5.0]]))
    >>> flow.inverse(u)
    tensor([[0.1000],
            [5.0000]])
    """

    scale: PerNeuron
    weight: PerNeuron
    power: PerNeuron

    def of_neurons(self, neurons: Tensor) -> Flow:
        """Those of some neurons."""
        return Flow(self.scale[neurons], self.weight[neurons], self.power[neurons])

    def forward(self, d: Entries) -> Entries:
        """T of positive values."""
        x = (d / self.scale).log()
        return (1 - self.weight) * x + self.weight * torch.expm1(self.power * x) / self.power

    def log_slope(self, d: Entries) -> Entries:
        """Log T'(d)."""
        bent = (d / self.scale) ** self.power
        return torch.log((1 - self.weight) + self.weight * bent) - d.log()

    def inverse(self, u: Entries) -> Entries:
        """The positive value with T(d) = u; with the gradient by u alone."""
        d = self._inverse(u)
        if not u.requires_grad:
            return d
        return d + (u - u.detach()) * (-self.log_slope(d).detach()).exp()  # dd/du = 1 / T'(d)

    @torch.no_grad()
    def _inverse(self, u: Entries) -> Entries:
        scale, weight, power = (part.double() for part in (self.scale, self.weight, self.power))
        straight, odds = 1 - weight, torch.logit(weight)
        v = u.double() + weight / power
        z = odds + power * v / straight
        omega = torch.from_numpy(wrightomega(z.cpu().numpy())).to(z)
        # Two forms of the same: each keeps its digits where the other loses them.
        small, large = v / straight - omega / power, (omega.log() - odds) / power
        return (scale * torch.where(z > 0, large, small).exp()).to(u.dtype)
