"""Zero-inflated gamma responses from a readout: q = sigmoid(a), theta = ELU(b) + 1, kappa fixed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from twofold.errors import DataError, OptionError, did_you_mean
from twofold.likelihoods.kappa import Kappa, kappa_by_maximum_likelihood
from twofold.likelihoods.likelihood import Likelihood, Observed, Raw, Scored, Trials, with_drive
from twofold.likelihoods.links import inverse_of_elu_plus_one, log_elu_plus_one
from twofold.likelihoods.statistics import RHO, ResponseStatistics
from twofold.likelihoods.support import check_trial
from twofold.likelihoods.zero_inflated_gamma import SPIKES, ZeroInflatedGamma
from twofold.likelihoods.zig_nll import zig_nll


class ZigLikelihood(Likelihood):
    """Zero-inflated gamma responses from two outputs per neuron.

    Parameters
    ----------
    kappa
        (neuron,) shapes, above 0; a buffer, not trained.
    rho
        Border of silence, on the scale of the responses.
    spike
        "mass": silence is scored by its probability; "density": by (1 - q) / rho.
    paper_code
        q = 0.99999 sigmoid(a) + 1e-6 and theta = ELU(b) + 1 + 1e-6, as in the code of paper B.

    Attributes
    ----------
    estimate
        How kappa was estimated by `for_responses`, and for which neurons it was borrowed; None if given.

    Raises
    ------
    OptionError
        If kappa or rho is not above 0, or `spike` is neither.

    Examples
    --------
    >>> zig = ZigLikelihood(torch.tensor([0.5, 0.5]))
    >>> raw = torch.zeros(1, 3, 2, zig.n_parameters)
    >>> zig.distribution(raw).mean[0, 0], round(zig.nll(raw, torch.zeros(1, 3, 2)).item(), 4)
    (tensor([0.2537, 0.2537]), 0.6931)
    """

    name = "zig"
    parameter_names = ("q", "theta")
    measure = "atom at zero, Lebesgue above rho"
    kappa: Tensor
    log_gamma_kappa: Tensor

    def __init__(
        self,
        kappa: Float[Tensor, " neuron"],
        *,
        rho: float = RHO,
        spike: str = "mass",
        paper_code: bool = False,
    ) -> None:
        super().__init__()
        if not rho > 0:
            raise OptionError(f"rho={rho}: give a number above 0; 0.005 suits standardised responses")
        if spike not in SPIKES:
            raise OptionError(f"spike={spike!r}: {did_you_mean(spike, SPIKES)}")
        self.rho, self.spike, self.paper_code = rho, spike, paper_code
        self.estimate: Kappa | None = None
        self.register_buffer("kappa", torch.empty_like(kappa))
        self.register_buffer("log_gamma_kappa", torch.empty_like(kappa))
        self.set_kappa(kappa)

    @classmethod
    def for_responses(
        cls,
        trials: Trials,
        *,
        rho: float = RHO,
        spike: str = "mass",
        paper_code: bool = False,
        shape: Callable[[ResponseStatistics], Kappa] = kappa_by_maximum_likelihood,
    ) -> ZigLikelihood:
        """Estimate kappa from the training trials; `shape` says how.

        Raises
        ------
        DataError
            If a response is negative or not finite, or no neuron has enough of them above rho.
        """
        statistics = ResponseStatistics.of(_checked(trials), rho)
        estimate = shape(statistics)
        kappa = torch.from_numpy(estimate.values).float()
        likelihood = cls(kappa, rho=rho, spike=spike, paper_code=paper_code)
        likelihood.estimate = estimate
        return likelihood

    def set_kappa(self, kappa: Float[Tensor, " neuron"]) -> None:
        """Take other shapes, such as those of `kappa_given_theta`."""
        wrong = ~((kappa > 0) & kappa.isfinite())
        if wrong.any():
            neuron = int(wrong.nonzero()[0])
            raise OptionError(f"kappa of neuron {neuron} is {kappa[neuron]:g}: give finite numbers above 0")
        self.kappa.copy_(kappa.detach())
        self.log_gamma_kappa.copy_(torch.lgamma(self.kappa))

    def distribution(self, raw: Raw, drive: Raw | None = None) -> ZeroInflatedGamma:
        """Zero-inflated gamma responses with q and theta from raw + drive."""
        a, b = with_drive(raw, drive).unbind(-1)
        if self.paper_code:
            q, theta = 0.99999 * torch.sigmoid(a) + 1e-6, functional.elu(b) + 1 + 1e-6
            return ZeroInflatedGamma.of(q=q, theta=theta, kappa=self.kappa, rho=self.rho, spike=self.spike)
        log_q, log_silent = functional.logsigmoid(a), functional.logsigmoid(-a)
        return ZeroInflatedGamma(log_q, log_silent, log_elu_plus_one(b), self.kappa, self.rho, self.spike)

    def total_nll(
        self, raw: Raw, y: Observed, *, drive: Raw | None = None, scored: Scored | None = None
    ) -> Float[Tensor, ""]:
        """As in `Likelihood`, fused."""
        if self.paper_code:
            return super().total_nll(raw, y, drive=drive, scored=scored)
        return zig_nll(
            with_drive(raw, drive),
            y,
            self.kappa,
            self.log_gamma_kappa,
            rho=self.rho,
            spike=self.spike,
            scored=scored,
        )

    def information(self, raw: Raw) -> Raw:
        """Of a: q (1 - q). Of b: q kappa theta'(b)^2 / theta^2, q kappa below 0, q kappa / theta^2 above."""
        a, b = raw.unbind(-1)
        q, log_theta = torch.sigmoid(a), log_elu_plus_one(b)
        return torch.stack(
            [q * torch.sigmoid(-a), q * self.kappa * (-2 * log_theta.clamp(min=0)).exp()], dim=-1
        )

    def constant(self, statistics: ResponseStatistics) -> Float[Tensor, "neuron parameter"]:
        """Share of active responses and their scale given kappa; a neuron never above rho gets the median.

        The share stays half a response away from 0 and 1, so that no response is impossible.
        """
        self._check(statistics)
        theta = _constant_theta(statistics, self.kappa.double().cpu().numpy())
        edge = 0.5 / statistics.n
        q = torch.from_numpy(np.clip(statistics.n_active / statistics.n, edge, 1 - edge))
        raw = torch.logit(q), inverse_of_elu_plus_one(torch.from_numpy(theta))
        return torch.stack(raw, dim=-1).float()

    def null(self, statistics: ResponseStatistics) -> ZeroInflatedGamma:
        """The likeliest constant distribution of each neuron, with a kappa of its own."""
        self._check(statistics)
        kappa = torch.from_numpy(kappa_by_maximum_likelihood(statistics).values).float()
        own = ZigLikelihood(kappa, rho=self.rho, spike=self.spike)
        return own.distribution(own.constant(statistics))

    def _check(self, statistics: ResponseStatistics) -> None:
        if len(statistics.mean) != len(self.kappa) or statistics.rho != self.rho:
            raise DataError(
                f"statistics of {len(statistics.mean)} neurons at rho {statistics.rho:g} do not fit a "
                f"likelihood of {len(self.kappa)} at rho {self.rho:g}"
            )


def _constant_theta(statistics: ResponseStatistics, kappa: np.ndarray) -> np.ndarray:
    theta, active = statistics.mean_d / kappa, statistics.n_active > 0
    return np.where(active, theta, np.median(theta[active]) if active.any() else 1.0)


def _checked(trials: Trials) -> Trials:
    for number, responses in enumerate(trials):
        check_trial(responses, number, ZigLikelihood.name)
        yield responses
