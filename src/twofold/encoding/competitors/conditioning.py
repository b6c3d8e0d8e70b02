"""A competitor with its given neurons fixed, trial by trial: what `score` and `twofold predict` ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from twofold.encoding.competitors.foretold import Foretold, trials_of
from twofold.encoding.latent.selection import Roles, roles
from twofold.encoding.video import VideoModel
from twofold.errors import OptionError
from twofold.likelihoods import ResponseDistribution
from twofold.recordings import Recording, refuse_withheld
from twofold.sampling import Clip
from twofold.training import RandomState

if TYPE_CHECKING:
    from twofold.encoding.competitors.competitor import Competitor


@dataclass(frozen=True, eq=False)
class Conditioning:
    """A competitor that predicts some neurons of one recording, given others or nobody.

    Parameters
    ----------
    model
        Fitted.
    number
        Of the recording.
    given, neurons
        Numbers of those whose responses are read, and of those that are predicted.
    law
        What turns a trial into their distribution.
    """

    model: Competitor
    number: int
    given: np.ndarray
    neurons: np.ndarray
    law: Callable[[Foretold], ResponseDistribution]

    @classmethod
    def of(
        cls,
        model: Competitor,
        recording: Recording,
        given: ArrayLike | None = None,
        neurons: ArrayLike | None = None,
        *,
        random_state: RandomState = 0,
    ) -> Conditioning:
        """As a user says it, checked.

        Raises
        ------
        DataError, OptionError
            As in `Competitor.predict`.
        """
        number, _ = trials_of(model.base, recording)
        who = roles(len(recording.neurons), given, neurons, random_state)
        if len(who.given):
            refuse_withheld(recording, to="condition on")
        return cls.of_roles(model, number, who)

    @classmethod
    def of_roles(cls, model: Competitor, number: int, who: Roles) -> Conditioning:
        """With everybody's role known; the weights are solved here, once for all trials.

        Raises
        ------
        OptionError
            If the model is not fitted.
        """
        if not model.states:
            raise OptionError(f"{type(model).__name__} is not fitted; call fit(recordings) first")

        if isinstance(model.base, VideoModel):
            model.base.eval()

        def unconditioned(trial: Foretold) -> ResponseDistribution:
            return model.unconditioned(number, trial, who.targets)

        law = model.law_given(number, who) if len(who.given) else unconditioned
        return cls(model, number, who.given, who.targets, law)

    def distribution(self, clip: Clip) -> ResponseDistribution:
        """Distribution of the responses of the neurons to predict in a whole trial."""
        return self.law(Foretold.of(self.model.base, self.number, clip))
