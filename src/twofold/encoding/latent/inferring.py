"""The state of the animal in every trial, with its spread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from twofold.encoding.checks import trials_to_predict
from twofold.encoding.latent.conditioning import TrialState, check_posterior
from twofold.encoding.latent.selection import roles
from twofold.recordings import Recording, refuse_withheld
from twofold.training import RandomState

if TYPE_CHECKING:
    from twofold.encoding.latent.model import LatentVideoModel

PerTrial = tuple[np.ndarray, ...] | np.ndarray


@dataclass(frozen=True, eq=False)
class InferredLatents:
    """The state that neurons see, one array per trial; `concatenate()` joins them.

    Parameters
    ----------
    mean, sd
        (time, dimension) centre and standard deviation of each latent.
    covariance
        (time, dimension, dimension).
    time
        (time,) seconds on the recording's clock.
    trial
        (time,) number of the trial in the recording's trial table.
    """

    mean: PerTrial
    sd: PerTrial
    covariance: PerTrial
    time: PerTrial
    trial: PerTrial

    def concatenate(self) -> InferredLatents:
        """The same with trials joined, in order of time."""
        fields = {name: np.concatenate(list(getattr(self, name))) for name in self.__dataclass_fields__}
        return replace(self, **fields)


def infer(
    model: LatentVideoModel,
    recording: Recording,
    *,
    given: ArrayLike | None,
    posterior: str,
    random_state: RandomState,
) -> InferredLatents:
    """See `LatentVideoModel.infer`."""
    check_posterior(posterior, model)
    number, trials = trials_to_predict(model, recording)
    refuse_withheld(recording, to="infer the state from")
    n_neurons = model.population(number).n_neurons
    mask = np.ones(n_neurons, dtype=bool)
    if given is not None:
        mask = np.isin(np.arange(n_neurons), roles(n_neurons, given, None, random_state).given)
    model.eval()
    rows = []
    for clip, span in zip(trials.whole(), trials.spans, strict=True):
        state = TrialState.of(model, number, clip, mask, posterior).seen
        assert state is not None
        k = state.mean.shape[1]
        time = clip.time_s[model.frames_lost :]
        rows.append(
            (
                state.mean.numpy(),
                state.sd.numpy(),
                state.covariance.expand(len(time), k, k).numpy(),
                time,
                np.full(len(time), span.trial),
            )
        )
    return InferredLatents(*(tuple(column) for column in zip(*rows, strict=True)))
