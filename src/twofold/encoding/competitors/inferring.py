"""The state in every trial, for the competitors that have one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from twofold.encoding.competitors.foretold import Foretold, trials_of
from twofold.encoding.latent.inferring import InferredLatents
from twofold.encoding.latent.selection import roles
from twofold.errors import OptionError
from twofold.recordings import Recording, refuse_withheld
from twofold.training import RandomState

if TYPE_CHECKING:
    from twofold.encoding.competitors.competitor import Competitor

Reading = Callable[[Foretold], tuple[np.ndarray, np.ndarray]]


def infer_by(
    model: Competitor,
    reader: Callable[[int, np.ndarray], Reading],
    recording: Recording,
    given: ArrayLike | None,
    random_state: RandomState,
) -> InferredLatents:
    """The state, read trial by trial.

    Parameters
    ----------
    model
        Fitted.
    reader
        From the number of the recording and those of the neurons given, what reads a trial: mean (time,
        dimension) and covariance (time, dimension, dimension).
    recording, given, random_state
        As in `LatentVideoModel.infer`; given=None reads all neurons.

    Raises
    ------
    DataError
        If the recording does not fit the model, or its responses are withheld.
    OptionError
        If the model is not fitted.
    """
    if not model.states:
        raise OptionError(f"{type(model).__name__} is not fitted; call fit(recordings) first")
    number, trials = trials_of(model.base, recording)
    refuse_withheld(recording, to="infer the state from")
    n_neurons = len(recording.neurons)
    seen = np.arange(n_neurons)
    if given is not None:
        seen = roles(n_neurons, given, None, random_state).given
    read, rows = reader(number, seen), []
    for clip, span in zip(trials.whole(), trials.spans, strict=True):
        mean, covariance = read(Foretold.of(model.base, number, clip))
        sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        time = clip.time_s[model.frames_lost :]
        rows.append((mean, sd, covariance, time, np.full(len(time), span.trial)))
    return InferredLatents(*(tuple(column) for column in zip(*rows, strict=True)))
