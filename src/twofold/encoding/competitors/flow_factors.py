r"""Factor analysis behind monotone maps, frame by frame: FlowFA, and with silence ZIFFA.

.. math::

    T_i(y_{it} - \rho) = \alpha_i + \beta_i\, x_{it} + c_i \cdot z_t + \epsilon_{it}, \quad
    z_t \sim N(0, I), \quad \epsilon_{it} \sim N(0, \psi_i)

for responses above rho, which are as likely as the base model says, independently; x is the logarithm of the
base model's scale, standardised. The active neurons given say what z is, the silent ones nothing. All is
fitted at once by the exact likelihood.

Source: Bashiri et al. 2021 (A flow-based latent state generative model of neural population responses to
natural images, NeurIPS 34).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor

from twofold.encoding.competitors.competitor import Competitor, Law
from twofold.encoding.competitors.flow_state import FlowState, begun, fitted_state
from twofold.encoding.competitors.foretold import Foretold
from twofold.encoding.competitors.inferring import Reading, infer_by
from twofold.encoding.competitors.low_rank import Known, known
from twofold.encoding.latent.inferring import InferredLatents
from twofold.encoding.latent.selection import Roles
from twofold.errors import OptionError
from twofold.likelihoods import Gaussian, Poisson, ResponseDistribution, ZeroInflatedGamma
from twofold.likelihoods.statistics import RHO
from twofold.likelihoods.zero_inflated_flow import ZeroInflatedFlow
from twofold.options import Options
from twofold.recordings import Recording
from twofold.training import RandomState


class FlowFactorsOptions(Options):
    """How large it is and how it is fitted.

    Parameters
    ----------
    dimension
        Factors.
    zero_inflated
        Whether silence has a probability of its own, that of the base model, which must be "zig". Without,
        responses are a density above -0.005, whose bits do not compare with those of the others.
    steps, batch_frames, learning_rate
        Of Adam, on random frames; the rate falls to 0 evenly.
    seed
        Of the first loadings and of the frames.
    """

    dimension: PositiveInt = 3
    zero_inflated: bool = True
    steps: PositiveInt = 600
    batch_frames: PositiveInt = 512
    learning_rate: PositiveFloat = 0.03
    seed: NonNegativeInt = 0


class Seen(NamedTuple):
    """Responses of a trial: which are active, by how much, and what the base model says of each."""

    active: Tensor
    d: Tensor
    covariate: Tensor
    log_q: Tensor
    log_silent: Tensor


class FlowFactors(Competitor):
    """FlowFA and ZIFFA on what a base model foretells.

    Parameters
    ----------
    base
        A fitted video model, or a `ConstantModel`.
    options
        `FlowFactorsOptions`; instead of it, its fields may be given by name.

    Raises
    ------
    OptionError
        If silence has no probability in the base model.

    Examples
    --------
    >>> import twofold as tw
    >>> from twofold.encoding.competitors import ConstantModel
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=6, bins_per_frame=1))
    >>> base = ConstantModel.for_recordings([mouse], "gaussian", tier="all")
    >>> model = FlowFactors(base, dimension=1, zero_inflated=False, steps=2).fit([mouse], tier="all")
    >>> model.predict(mouse, given=0.5).concatenate().mean.shape[1]
    3
    """

    kind = "flow-factors"
    options_type = FlowFactorsOptions
    state_type = FlowState
    has_joint = True

    def measure_of(self, number: int) -> str:
        """That of the base model, or Lebesgue where silence has no probability."""
        return super().measure_of(number) if self.options.zero_inflated else "Lebesgue"

    def learned(self, trials: Sequence[Foretold], groups: Sequence[str]) -> FlowState:
        """By the exact likelihood of random frames."""
        everyone = np.arange(trials[0].raw.shape[1])
        parts = [self._seen(trial, everyone) for trial in trials]
        active, d, covariate = (torch.cat([part[k] for part in parts]) for k in range(3))
        options = self.options
        generator = torch.Generator().manual_seed(options.seed)
        first = begun(active, d, covariate, options.dimension, generator)
        return fitted_state(
            first,
            (active, d, covariate),
            options.steps,
            options.batch_frames,
            options.learning_rate,
            generator,
        )

    def law_given(self, number: int, who: Roles) -> Law:
        """Behind the map a Gaussian, moved and narrowed by the active neurons given."""
        own: FlowState = self.states[number].of_neurons(who.targets)
        loading = torch.from_numpy(own.loading)

        def law(trial: Foretold) -> ZeroInflatedFlow:
            z = self._known(number, trial, who.given)
            variance = torch.einsum("nk,tkl,nl->tn", loading, z.covariance, loading)
            return self._law_of(own, self._seen(trial, who.targets), z.mean @ loading.T, variance)

        return law

    def unconditioned(self, number: int, trial: Foretold, neurons: np.ndarray) -> ZeroInflatedFlow:
        """Behind the map a Gaussian around what the video says."""
        own: FlowState = self.states[number].of_neurons(neurons)
        variance = torch.from_numpy((own.loading**2).sum(1))
        seen = self._seen(trial, neurons)
        return self._law_of(own, seen, torch.zeros_like(seen.d), variance.expand(seen.d.shape))

    def joint(self, number: int, trial: Foretold, who: Roles) -> Tensor:
        """(time,) log p(y_J | y_I, x), exactly: that of all less that of those given."""
        everyone = np.concatenate([who.given, who.targets])
        own: FlowState = self.states[number].of_neurons(who.targets)
        seen = self._seen(trial, who.targets)
        slope = torch.where(seen.active, seen.log_q + own.flow.log_slope(seen.d), seen.log_silent)
        both = self._known(number, trial, everyone).log_density
        return both - self._known(number, trial, who.given).log_density + slope.sum(1)

    def infer(
        self, recording: Recording, *, given: ArrayLike | None = None, random_state: RandomState = 0
    ) -> InferredLatents:
        """The factors in every trial, with their spread, from all neurons or from those given."""

        def read(number: int, seen: np.ndarray) -> Reading:
            def one(trial: Foretold) -> tuple[np.ndarray, np.ndarray]:
                z = self._known(number, trial, seen)
                return z.mean.numpy(), z.covariance.numpy()

            return one

        return infer_by(self, read, recording, given, random_state)

    def parameters_per_neuron(self, number: int = 0) -> float:
        """alpha, beta, omega, p, psi, scale, and the loadings."""
        return 6.0 + self.options.dimension

    def _known(self, number: int, trial: Foretold, neurons: np.ndarray) -> Known:
        own: FlowState = self.states[number].of_neurons(neurons)
        seen = self._seen(trial, neurons)
        residual = own.flow.forward(seen.d) - own.center(seen.covariate)
        loading, noise = torch.from_numpy(own.loading), torch.from_numpy(own.noise)
        return known(loading, noise, residual, seen.active)

    def _law_of(self, own: FlowState, seen: Seen, shift: Tensor, variance: Tensor) -> ZeroInflatedFlow:
        sd = (variance + torch.from_numpy(own.noise)).sqrt()
        center = own.center(seen.covariate) + shift
        return ZeroInflatedFlow(center, sd, own.flow, seen.log_q, seen.log_silent, self._border)

    @property
    def _border(self) -> float:
        return RHO if self.options.zero_inflated else -RHO

    def _seen(self, trial: Foretold, neurons: np.ndarray) -> Seen:
        law = trial.law(neurons)
        observed, border = torch.from_numpy(trial.observed[:, neurons]), self._border
        active = observed > border
        d = torch.where(active, observed - border, 1.0)
        if not self.options.zero_inflated:
            none = torch.zeros_like(d)
            return Seen(active, d, _log_scale(law), none, none - math.inf)
        if not isinstance(law, ZeroInflatedGamma) or law.rho != RHO or law.spike != "mass":
            raise OptionError(
                "zero_inflated=True takes the probability of silence from a base model with likelihood 'zig' "
                "and its usual rho and spike; use such a one, or zero_inflated=False"
            )
        return Seen(active, d, _log_scale(law), law.log_q.double(), law.log_silent.double())


def _log_scale(law: ResponseDistribution) -> Tensor:
    if isinstance(law, ZeroInflatedGamma):
        return law.log_theta.double()
    if isinstance(law, Poisson):
        return law.log_rate.double()
    assert isinstance(law, Gaussian)
    return law.location.double()  # may be negative, and has no logarithm
