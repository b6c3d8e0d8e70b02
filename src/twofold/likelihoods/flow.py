r"""Zero-inflated responses that are Gaussian behind a learned monotone map: q = sigmoid(a), location u.

.. math:: T_i(y - \rho) \sim N(s_i u, s_i^2) \quad (y > \rho), \qquad
          T_i(d) = (1 - \omega_i) \log x + 2 \omega_i (\sqrt x - 1), \quad x = d / \text{scale}_i

Small responses are bent as by a logarithm and large ones as by a root, which is what makes a gamma of any
shape Gaussian at either end. :math:`\omega_i` and the noise :math:`s_i` of each neuron are learned with the
readout; they begin where they make its responses above rho likeliest if nothing moves them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn
from torch.nn import functional

from twofold.errors import DataError, OptionError
from twofold.likelihoods.flow_map import Flow
from twofold.likelihoods.kappa import MIN_ACTIVE
from twofold.likelihoods.likelihood import Likelihood, Raw, Trials, with_drive
from twofold.likelihoods.statistics import RHO, ResponseStatistics
from twofold.likelihoods.support import check_trial
from twofold.likelihoods.zero_inflated_flow import ZeroInflatedFlow
from twofold.likelihoods.zero_inflated_gamma import ZeroInflatedGamma
from twofold.likelihoods.zig import ZigLikelihood

LEAST, MOST = 0.05, 0.9  # of omega: a sharper bend would need more nodes
POWER = 0.5
TRIED = np.linspace(0.1, 0.85, 16)  # values of omega to begin with
LOG_D = np.linspace(-20, 12, 321)  # borders of bins
LEAST_SD = 1e-2  # of T, where all responses of a neuron are the same
PerNeuron = Float[Tensor, " neuron"]


class FlowLikelihood(Likelihood):
    """Zero-inflated responses behind a monotone map, from two outputs per neuron.

    Scored, as the zero-inflated gamma is, by the probability of silence and the density above rho, and its
    null is the constant zero-inflated gamma: bits of the two compare.

    Parameters
    ----------
    scale
        (neuron,) in units of the response, above 0; a buffer.
    bend
        (neuron,) logit of omega between its bounds 0.05 and 0.9; learned.
    log_sd
        (neuron,) log s; learned.
    rho
        Border of silence, on the scale of the responses.

    Raises
    ------
    OptionError
        If a scale or rho is not above 0.

    Examples
    --------
    >>> one = torch.ones(2)
    >>> flow = FlowLikelihood(one, 0 * one, 0 * one)
    >>> raw = torch.zeros(1, 3, 2, flow.n_parameters)
    >>> round(flow.nll(raw, torch.zeros(1, 3, 2)).item(), 4)
    0.6931
    """

    name = "flow"
    parameter_names = ("q", "location")
    measure = "atom at zero, Lebesgue above rho"
    scale: Tensor

    def __init__(self, scale: PerNeuron, bend: PerNeuron, log_sd: PerNeuron, *, rho: float = RHO) -> None:
        super().__init__()
        if not rho > 0:
            raise OptionError(f"rho={rho}: give a number above 0; 0.005 suits standardised responses")
        wrong = ~((scale > 0) & scale.isfinite())
        if wrong.any():
            neuron = int(wrong.nonzero()[0])
            raise OptionError(f"scale of neuron {neuron} is {scale[neuron]:g}: give finite numbers above 0")
        self.rho = rho
        self.register_buffer("scale", scale.detach().clone())
        self.bend, self.log_sd = nn.Parameter(bend.detach().clone()), nn.Parameter(log_sd.detach().clone())

    @classmethod
    def for_responses(cls, trials: Trials, *, rho: float = RHO) -> FlowLikelihood:
        """With the maps that make the responses above rho of the training trials likeliest.

        Raises
        ------
        DataError
            If a response is negative or not finite, or no neuron has enough of them above rho.
        """
        scale, omega, sd = (torch.from_numpy(part).float() for part in beginning(trials, rho))
        return cls(scale, torch.logit((omega - LEAST) / (MOST - LEAST)), sd.log(), rho=rho)

    @property
    def flow(self) -> Flow:
        """The map T of each neuron."""
        omega = LEAST + (MOST - LEAST) * torch.sigmoid(self.bend)
        return Flow(self.scale, omega, torch.full_like(self.scale, POWER))

    def distribution(self, raw: Raw, drive: Raw | None = None) -> ZeroInflatedFlow:
        """Responses with q and location from raw + drive."""
        a, u = with_drive(raw, drive).unbind(-1)
        sd = self.log_sd.exp().expand_as(u)
        log_q, log_silent = functional.logsigmoid(a), functional.logsigmoid(-a)
        return ZeroInflatedFlow(u * sd, sd, self.flow, log_q, log_silent, self.rho)

    def information(self, raw: Raw) -> Raw:
        """Of a: q (1 - q). Of u: q."""
        q = torch.sigmoid(raw[..., 0])
        return torch.stack([q * torch.sigmoid(-raw[..., 0]), q], dim=-1)

    @torch.no_grad()
    def constant(self, statistics: ResponseStatistics) -> Float[Tensor, "neuron parameter"]:
        """Share of active responses, and the mean of T(d) / s of these; 0 of a neuron that has none.

        The share stays half a response away from 0 and 1, so that no response is impossible.
        """
        self._check(statistics)
        edge = 0.5 / statistics.n
        q = torch.from_numpy(np.clip(statistics.n_active / statistics.n, edge, 1 - edge))
        scale, omega = self.scale.double().cpu(), self.flow.weight.double().cpu()
        log_d, root_d = torch.from_numpy(statistics.mean_log_d), torch.from_numpy(statistics.mean_root_d)
        mean = (1 - omega) * (log_d - scale.log()) + 2 * omega * (root_d / scale.sqrt() - 1)
        mean = torch.where(torch.from_numpy(statistics.n_active > 0), mean, 0.0)
        return torch.stack([torch.logit(q), mean / self.log_sd.double().cpu().exp()], dim=-1).float()

    def null(self, statistics: ResponseStatistics) -> ZeroInflatedGamma:
        """The likeliest constant zero-inflated gamma, the null of all likelihoods of this measure."""
        self._check(statistics)
        return ZigLikelihood(torch.ones(len(statistics.mean)), rho=self.rho).null(statistics)

    def of_neurons(self, neurons: np.ndarray) -> FlowLikelihood:
        """The likelihood of some neurons, by their numbers or a boolean mask; nothing of it is learned."""
        chosen = torch.from_numpy(neurons)
        parts = (part[chosen] for part in (self.scale, self.bend, self.log_sd))
        return FlowLikelihood(*parts, rho=self.rho).requires_grad_(False)

    def _check(self, statistics: ResponseStatistics) -> None:
        if len(statistics.mean) != len(self.scale) or statistics.rho != self.rho:
            raise DataError(
                f"statistics of {len(statistics.mean)} neurons at rho {statistics.rho:g} do not fit a "
                f"likelihood of {len(self.scale)} at rho {self.rho:g}"
            )


class Beginning(NamedTuple):
    """Each (neuron,): scale, omega, and s."""

    scale: Float[np.ndarray, " neuron"]
    omega: Float[np.ndarray, " neuron"]
    sd: Float[np.ndarray, " neuron"]


def beginning(trials: Trials, rho: float = RHO) -> Beginning:
    r"""For each neuron the omega, of some tried, and the s under which its responses above rho are likeliest.

    The log-likelihood per response is :math:`-\log s + E[\log T'(d)]` and a constant, s being the standard
    deviation of T(d). Responses are counted in bins of log d. Neurons with fewer than 20 of them have the
    median of the others.

    Raises
    ------
    DataError
        If no neuron has enough responses above rho.
    """
    counts = _counted(trials, rho)
    n_active = counts.sum(axis=1)
    enough = n_active >= MIN_ACTIVE
    if not enough.any():
        raise DataError(
            f"no neuron has {MIN_ACTIVE} responses above rho, at most {n_active.max(initial=0)}: "
            "the zero-inflated flow needs some; is the scale of the responses right (rho is 0.005)?"
        )
    share = counts[enough] / n_active[enough, None]
    d = np.exp(LOG_D[:-1] + np.diff(LOG_D) / 2)
    scale = share @ d
    root = np.sqrt(d / scale[:, None])
    found = np.empty((2, len(TRIED), len(scale)))  # s, and the log-likelihood
    for k, omega in enumerate(TRIED):
        t = (1 - omega) * 2 * np.log(root) + 2 * omega * (root - 1)
        mean = (share * t).sum(axis=1)
        found[0, k] = np.sqrt(np.maximum((share * t**2).sum(axis=1) - mean**2, LEAST_SD**2))
        found[1, k] = (share * np.log1p(omega * (root - 1))).sum(axis=1) - np.log(found[0, k])
    best = found[1].argmax(axis=0)
    sd = found[0][best, np.arange(len(best))]
    parts = [np.full(len(counts), np.median(part)) for part in (scale, TRIED[best], sd)]
    for part, own in zip(parts, (scale, TRIED[best], sd), strict=True):
        part[enough] = own
    return Beginning(*parts)


def _counted(trials: Trials, rho: float) -> Integer[np.ndarray, "neuron bin"]:
    """How many responses each neuron has in each bin of log(y - rho)."""
    counts = np.zeros((0, len(LOG_D) - 1), dtype=np.int64)
    for number, responses in enumerate(trials):
        check_trial(responses, number, FlowLikelihood.name)
        if not len(counts):
            counts = np.zeros((responses.shape[1], len(LOG_D) - 1), dtype=np.int64)
        row, neuron = np.nonzero(responses > rho)
        log_d = np.log(np.maximum(responses[row, neuron].astype(float) - rho, np.finfo(float).tiny))
        within = np.clip(np.searchsorted(LOG_D, log_d) - 1, 0, len(LOG_D) - 2)
        flat = np.bincount(neuron * counts.shape[1] + within, minlength=counts.size)
        counts += flat.reshape(counts.shape)
    if not len(counts):
        raise DataError("there are no responses to fit a likelihood on; give at least one trial")
    return counts
