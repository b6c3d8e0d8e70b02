"""Predictions of some neurons' responses from the video and the responses of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool
from numpy.typing import ArrayLike

from twofold.encoding.checks import population_of, trials_to_predict
from twofold.encoding.latent.conditioning import Neurons, TrialState, check_posterior, laplace_finds
from twofold.encoding.latent.likelihoods import StateLikelihoods
from twofold.encoding.latent.selection import roles
from twofold.encoding.prediction import Prediction
from twofold.likelihoods import ResponseDistribution
from twofold.recordings import Recording, refuse_withheld
from twofold.sampling import Clip
from twofold.training import RandomState, seeds_from

if TYPE_CHECKING:
    from twofold.encoding.latent.model import LatentVideoModel


@dataclass(frozen=True, eq=False)
class Conditioning:
    """A model that predicts some neurons of one recording, given others.

    Parameters
    ----------
    model
        Fitted.
    number
        Of the recording.
    given
        (neuron,) True for those whose responses are read.
    neurons
        Numbers of those that are predicted.
    posterior, plug_in
        As in `LatentVideoModel.predict`.
    """

    model: LatentVideoModel
    number: int
    given: Bool[np.ndarray, " neuron"]
    neurons: Neurons
    posterior: str = "encoder"
    plug_in: bool = False

    @classmethod
    def of(
        cls,
        model: LatentVideoModel,
        recording: Recording,
        given: ArrayLike | None,
        neurons: ArrayLike | None = None,
        *,
        posterior: str = "encoder",
        plug_in: bool = False,
        random_state: RandomState = 0,
    ) -> Conditioning:
        """As a user says it, checked.

        Raises
        ------
        DataError, OptionError
            As in `LatentVideoModel.predict`.
        """
        check_posterior(posterior, model)
        number = population_of(model, recording)
        n_neurons = model.population(number).n_neurons
        chosen = roles(n_neurons, given, neurons, random_state)
        mask = np.isin(np.arange(n_neurons), chosen.given)
        if mask.any():
            refuse_withheld(recording, to="condition on")
        return cls(model, number, mask, chosen.targets, posterior, plug_in)

    def state(self, clip: Clip) -> TrialState:
        """What is known of a trial."""
        return TrialState.of(self.model, self.number, clip, self.given, self.posterior)

    def distribution(self, clip: Clip) -> ResponseDistribution:
        """Distribution of the responses of the neurons to predict in a whole trial."""
        return self.of_state(self.state(clip))

    def of_state(self, state: TrialState) -> ResponseDistribution:
        """The same, from what is known of the trial."""
        return state.distribution(self.neurons, plug_in=self.plug_in)


def predict(conditioning: Conditioning, recording: Recording, random_state: RandomState = 0) -> Prediction:
    """Distributions of the responses in every trial, with their likelihoods; `random_state` samples these."""
    model = conditioning.model
    _, trials = trials_to_predict(model, recording)
    model.eval()
    states: list[TrialState] = []

    def parts() -> Iterator[tuple[Clip, ResponseDistribution]]:
        for clip in trials.whole():
            states.append(conditioning.state(clip))
            yield clip, conditioning.of_state(states[-1])

    found = Prediction.of(parts(), trials, model.frames_lost, conditioning.neurons)
    likelihoods = StateLikelihoods(
        states,
        [trials.responses(trial)[model.frames_lost :] for trial in range(len(trials))],
        conditioning.given,
        conditioning.neurons,
        seeds_from(random_state, 1)[0],
        has_joint=laplace_finds(model),
    )
    return found.with_likelihoods(likelihoods.by_name())
