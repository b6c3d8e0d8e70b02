"""What is known of the state in one trial, and the distribution of responses that follows."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from twofold.encoding.latent.drawn import Drawn, moments_of, states_of
from twofold.encoding.latent.reading import read_state
from twofold.encoding.latent.state import StateMoments
from twofold.errors import OptionError, did_you_mean
from twofold.likelihoods import Likelihood, ResponseDistribution
from twofold.likelihoods.laplace import LatentPosterior, PathPosterior, laplace, laplace_path
from twofold.likelihoods.quadrature import GaussianOutputs, Loadings, integrated
from twofold.likelihoods.quadrature.loadings import drive_of
from twofold.nn import PriorFlow
from twofold.sampling import Clip, ClipBatch

if TYPE_CHECKING:
    from twofold.encoding.latent.model import LatentVideoModel

POSTERIORS = ("encoder", "laplace")
Neurons = Integer[np.ndarray, " chosen"]


@dataclass(frozen=True, eq=False)
class TrialState:
    """One trial: outputs of the readout, weights on the state, and what is known of the state.

    Parameters
    ----------
    likelihood
        Of all neurons.
    raw
        (time, neuron, parameter), from video alone.
    weights
        (neuron, parameter, dimension); with a gain, those that it adds to.
    prior, posterior
        The state before and after the neurons given were seen; None where nobody is given. With a flow it is
        u, which that bends.
    phi
        (dimension,) memory of the state; None where it has none.
    flow
        Behind which the state reaches the neurons, where its prior is not Gaussian.
    """

    likelihood: Likelihood
    raw: Float[Tensor, "time neuron parameter"]
    weights: Loadings
    prior: StateMoments
    posterior: StateMoments | None
    phi: Float[Tensor, " dimension"] | None = None
    flow: PriorFlow | None = None

    @classmethod
    @torch.no_grad()
    def of(
        cls,
        model: LatentVideoModel,
        number: int,
        clip: Clip,
        given: Bool[np.ndarray, " neuron"] | None,
        posterior: str = "encoder",
    ) -> TrialState:
        """What a model knows of a trial; of the responses only those given are read."""
        likelihood, raw = model.likelihood_of(number), model.video.raw_of(number, clip)
        weights = model.latent_population(number).loadings().detach().cpu()
        prior = StateMoments.prior(len(raw), weights.shape[2])
        if model.smoother is not None:
            prior = _smooth(model, prior)
        known, phi = None, None if model.memory is None else model.memory.phi.cpu()
        flow = None if model.prior_flow is None else copy.deepcopy(model.prior_flow).cpu()
        if given is not None and given.any() and posterior == "laplace":
            seen = torch.from_numpy(np.where(given, clip.responses[model.frames_lost :], 0))
            found: LatentPosterior | PathPosterior
            if phi is None:
                found = laplace(likelihood, raw, weights, seen, given=torch.from_numpy(given), bend=flow)
            else:
                found = laplace_path(likelihood, raw, weights, seen, phi, given=torch.from_numpy(given))
            known = StateMoments(found.mean.to(raw), found.covariance.to(raw))
        elif given is not None and given.any():
            known = _encoded(model, number, clip, given, raw)
        return cls(likelihood, raw, weights, prior, known, phi, flow)

    def distribution(
        self, targets: Neurons | None = None, *, conditioned: bool = True, plug_in: bool = False
    ) -> ResponseDistribution:
        """Distribution of the responses of some neurons, all by default.

        Parameters
        ----------
        targets
            Numbers of neurons, none of which is given.
        conditioned
            With the posterior of the state, where somebody is given; else with its prior.
        plug_in
            With the state at its mean, instead of integrated over.
        """
        state = self.posterior if conditioned and self.posterior is not None else self.prior
        likelihood, raw, weights = self.likelihood, self.raw, self.weights
        if targets is not None:
            likelihood, raw, weights = likelihood.of_neurons(targets), raw[:, targets], weights[targets]
        if self.flow is not None:
            states = self.states_of(state)
            states = states.mean(0, keepdim=True) if plug_in else states
            return Drawn(likelihood, raw, weights, states)
        if plug_in:
            return likelihood.distribution(raw, drive_of(weights, raw, state.mean))
        return integrated(likelihood, GaussianOutputs.of(raw, weights, state.mean, state.covariance))

    @torch.no_grad()
    def states_of(self, state: StateMoments) -> Float[Tensor, "draw time dimension"]:
        """Draws of the state as neurons see it."""
        assert self.flow is not None
        return states_of(state, self.flow)

    @property
    def seen(self) -> StateMoments | None:
        """Moments of the state as neurons see it, after those given were."""
        if self.posterior is None or self.flow is None:
            return self.posterior
        return moments_of(self.states_of(self.posterior))


def laplace_finds(model: LatentVideoModel) -> bool:
    """Whether Laplace's method finds the state: not behind a smoother, nor a path behind a flow."""
    return model.smoother is None and (model.prior_flow is None or model.memory is None)


def check_posterior(name: str, model: LatentVideoModel) -> None:
    """Refuse a posterior that does not exist.

    Raises
    ------
    OptionError
        If its name is unknown, or the model's state is not for Laplace's method.
    """
    if name not in POSTERIORS:
        raise OptionError(f"posterior={name!r}: {did_you_mean(name, POSTERIORS)}")
    if name == "laplace" and not laplace_finds(model):
        raise OptionError(
            "posterior='laplace' does not find the state behind a smoother, nor with prior='ar1' and "
            "prior_shape='flow' together; take posterior='encoder'"
        )


def _encoded(
    model: LatentVideoModel, number: int, clip: Clip, given: Bool[np.ndarray, " neuron"], raw: Tensor
) -> StateMoments:
    batch = ClipBatch.of(number, [clip]).to(model.device)
    mask = torch.from_numpy(given)[None, None].to(model.device)
    state = read_state(model, number, batch.responses, mask, raw[None].to(model.device)).of_clip(0)
    return state.to("cpu") if model.smoother is None else _smooth(model, state)


def _smooth(model: LatentVideoModel, state: StateMoments) -> StateMoments:
    assert model.smoother is not None
    return state.to(model.device).smoothed(model.smoother).to("cpu")
