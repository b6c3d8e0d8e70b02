"""Log-likelihoods of recorded responses under a model with a state, each under its own name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from twofold.encoding.latent.conditioning import Neurons, TrialState
from twofold.likelihoods.laplace import JointLikelihood, joint_log_likelihood


@dataclass(frozen=True, eq=False)
class StateLikelihoods:
    """Of some neurons in some trials.

    Parameters
    ----------
    states
        Of each trial.
    responses
        (time, neuron) recorded in each trial, of all neurons.
    given
        (neuron,) True for those that the state was read from.
    targets
        Numbers of the neurons that are scored.
    seed
        Of the samples of the joint likelihood.
    is_white
        Whether the state at one time says nothing of that at another.
    """

    states: Sequence[TrialState]
    responses: Sequence[np.ndarray]
    given: Bool[np.ndarray, " neuron"]
    targets: Neurons
    seed: int
    is_white: bool = True

    def by_name(self) -> Mapping[str, Callable[[int], Tensor]]:
        """Functions from the number of a trial to nats."""
        found = {"marginal": self.marginal}
        if self.given.any():
            found["conditioned"] = self.conditioned
        if (
            self.is_white
        ):  # a smooth state ties times together, and their joint likelihood is no sum over them
            found |= {"joint": self.joint, "joint_laplace": self.joint_laplace}
        return found

    def marginal(self, trial: int) -> Tensor:
        """(time, neuron) log p(y_i | video), of each response by itself, whoever is given."""
        return self._each(trial, conditioned=False)

    def conditioned(self, trial: int) -> Tensor:
        """(time, neuron) log p(y_i | video, those given), of each response by itself."""
        return self._each(trial, conditioned=True)

    def joint(self, trial: int) -> Tensor:
        """(time,) log p(y_targets | video, those given), of all together; NaN where sampling fails."""
        return self.joint_likelihood(trial).importance

    def joint_laplace(self, trial: int) -> Tensor:
        """(time,) the same by Laplace's method alone."""
        return self.joint_likelihood(trial).laplace

    def joint_likelihood(self, trial: int) -> JointLikelihood:
        """Both values, with the precision of the first; proposals start from what is known of the state."""
        state, n_neurons = self.states[trial], len(self.given)
        scored = np.isin(np.arange(n_neurons), self.targets)
        return joint_log_likelihood(
            state.likelihood,
            state.raw,
            state.weights,
            torch.from_numpy(self.responses[trial]),
            torch.Generator().manual_seed(self.seed + trial),
            given=torch.from_numpy(self.given) if self.given.any() else None,
            scored=torch.from_numpy(scored),
        )

    def _each(self, trial: int, conditioned: bool) -> Tensor:
        observed = torch.from_numpy(self.responses[trial][:, self.targets])
        return self.states[trial].distribution(self.targets, conditioned=conditioned).log_prob(observed)
