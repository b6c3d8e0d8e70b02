"""Log-likelihoods of recorded responses under a model with a state, each under its own name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from twofold.encoding.latent.conditioning import Neurons, TrialState
from twofold.likelihoods.laplace import JointLikelihood, joint_log_likelihood, joint_path_log_likelihood

N_SAMPLES = 1000


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
    has_joint
        Whether there is a likelihood of all together; see `laplace_finds`.
    """

    states: Sequence[TrialState]
    responses: Sequence[np.ndarray]
    given: Bool[np.ndarray, " neuron"]
    targets: Neurons
    seed: int
    has_joint: bool = True

    def by_name(self) -> Mapping[str, Callable[[int], Tensor]]:
        """Functions from the number of a trial to nats."""
        found = {"marginal": self.marginal}
        if self.given.any():
            found["conditioned"] = self.conditioned
        if not self.has_joint:
            return found
        found |= {"joint": self.joint, "joint_laplace": self.joint_laplace}
        if self.has_memory:
            found["per_time_joint"] = self.per_time_joint
        return found

    @property
    def has_memory(self) -> bool:
        """Whether the state at one time tells of that at another."""
        return self.states[0].phi is not None

    def marginal(self, trial: int) -> Tensor:
        """(time, neuron) log p(y_i | video), of each response by itself, whoever is given."""
        return self._each(trial, conditioned=False)

    def conditioned(self, trial: int) -> Tensor:
        """(time, neuron) log p(y_i | video, those given), of each response by itself."""
        return self._each(trial, conditioned=True)

    def joint(self, trial: int) -> Tensor:
        """(time,) log p(y_targets | video, those given), of all together; NaN where sampling fails.

        Of a state with memory it is (1,), of all times of the trial together.
        """
        return self.joint_likelihood(trial).importance

    def joint_laplace(self, trial: int) -> Tensor:
        """The same by Laplace's method alone."""
        return self.joint_likelihood(trial, n_samples=1).laplace

    def per_time_joint(self, trial: int) -> Tensor:
        """(time,) log p(y_t,targets | video, y_t,given), as if there were no other time."""
        return self.joint_likelihood(trial, whole=False).importance

    def joint_likelihood(self, trial: int, whole: bool = True, n_samples: int = N_SAMPLES) -> JointLikelihood:
        """Both values, with the precision of the first; of the whole path, where the state has memory."""
        state, n_neurons = self.states[trial], len(self.given)
        scored = np.isin(np.arange(n_neurons), self.targets)
        y, draw = torch.from_numpy(self.responses[trial]), torch.Generator().manual_seed(self.seed + trial)
        given = torch.from_numpy(self.given) if self.given.any() else None
        told, targets = (state.likelihood, state.raw, state.weights, y), torch.from_numpy(scored)
        if whole and state.phi is not None:
            return joint_path_log_likelihood(*told, state.phi, draw, n_samples, given=given, scored=targets)
        return joint_log_likelihood(*told, draw, n_samples, given=given, scored=targets, bend=state.flow)

    def _each(self, trial: int, conditioned: bool) -> Tensor:
        observed = torch.from_numpy(self.responses[trial][:, self.targets])
        return self.states[trial].distribution(self.targets, conditioned=conditioned).log_prob(observed)
