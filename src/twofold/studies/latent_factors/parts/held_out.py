"""Trials of one mouse that no model was fitted to or chosen by, and what a latent model knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from twofold.encoding import LatentVideoModel
from twofold.encoding.checks import trials_to_predict
from twofold.encoding.latent.conditioning import TrialState
from twofold.encoding.latent.masks import given_in_validation
from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.recordings.withheld import withheld_trials
from twofold.sampling import Clip, TrialClips

HELD_OUT, CHOSEN_ON = "live_test_main", "oracle"
LEAST_LENGTH = 0.05  # of an axis of the state, of the longest one: shorter ones move no neuron
Given = Bool[np.ndarray, " neuron"]
Axes = Float[np.ndarray, "dimension axis"]


class KnownTrial(NamedTuple):
    """One trial: its number among those held out, its video, what was recorded and what a model knows."""

    number: int
    video: str
    clip: Clip
    state: TrialState


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The held-out trials of one mouse under a fitted model, at the frames that it predicts.

    Parameters
    ----------
    model
        Fitted.
    number
        Of the mouse in the model.
    part
        The held-out trials.
    trials
        The same, to be read one by one.
    """

    model: LatentVideoModel
    number: int
    part: Recording
    trials: TrialClips

    @classmethod
    def of(cls, model: LatentVideoModel, recording: Recording) -> HeldOut:
        """Those of a recording that the model was fitted to.

        Raises
        ------
        DataError
            If it has no such trials, or the model does not know it.
        """
        return cls.of_trials(model, held_out_trials(recording))

    @classmethod
    def of_trials(cls, model: LatentVideoModel, part: Recording) -> HeldOut:
        """Some trials of a recording, also of those that the model was fitted to."""
        model.eval()
        number, trials = trials_to_predict(model, part)
        return cls(model, number, part, trials)

    @property
    def n_neurons(self) -> int:
        """How many neurons the mouse has."""
        return self.model.population(self.number).n_neurons

    @property
    def given(self) -> Given:
        """True for the half of the neurons that is given in validation; the others are predicted."""
        return given_in_validation(self.n_neurons, self.model.latent_options)

    @property
    def videos(self) -> dict[str, list[int]]:
        """Numbers of the trials of each video."""
        found: dict[str, list[int]] = {}
        for number, span in enumerate(self.trials.spans):
            found.setdefault(span.stimulus, []).append(number)
        return found

    @property
    def rows(self) -> Int[np.ndarray, " time"]:
        """Rows of `part` that the model predicts, in order of time."""
        lost = self.model.frames_lost
        spans = self.trials.spans
        return np.concatenate([np.arange(s.first_row + lost, s.first_row + s.n_frames) for s in spans])

    @property
    def trial(self) -> Int[np.ndarray, " time"]:
        """Number of the trial of each such row."""
        lengths = self.trials.n_frames - self.model.frames_lost
        return np.repeat(np.arange(len(lengths)), lengths)

    @property
    def video(self) -> Int[np.ndarray, " time"]:
        """Number of the video of each such row."""
        names = [span.stimulus for span in self.trials.spans]
        return np.unique(names, return_inverse=True)[1][self.trial]

    def known(self, given: Given | None, trials: Iterable[int] | None = None) -> Iterator[KnownTrial]:
        """Some trials, all by default, with the state as the neurons given show it; None gives nobody."""
        for number in range(len(self.trials)) if trials is None else trials:
            clip = self.trials.read(number)
            state = TrialState.of(self.model, self.number, clip, given)
            yield KnownTrial(number, self.trials.spans[number].stimulus, clip, state)

    def latents(self, given: Given | None = None) -> Float[np.ndarray, "time axis"]:
        """The state in every row on the axes that move neurons, strongest first; from all by default."""
        axes = latent_axes(self.model)
        given = np.ones(self.n_neurons, dtype=bool) if given is None else given
        return np.concatenate([posterior_mean(one.state) for one in self.known(given)]) @ axes


def held_out_trials(recording: Recording) -> Recording:
    """Trials that no model saw: the test tier, or half of the videos of the tier that models are chosen on.

    Raises
    ------
    DataError
        If there are neither.
    """
    tiers = set(recording.trials.column("tier"))
    if HELD_OUT in tiers:
        part = recording.tier(HELD_OUT)
        if not withheld_trials(part).any():
            return part
    if CHOSEN_ON in tiers:
        part = recording.tier(CHOSEN_ON)
        shown = part.trials.column("stimulus")
        videos = np.unique(shown.astype(str))
        if len(videos) > 1 and not withheld_trials(part).any():
            return part.select_trials(np.isin(shown.astype(str), videos[len(videos) // 2 :]))
    raise DataError(
        f"{recording.name!r} has no trials that models were not fitted to: give trials of tier {HELD_OUT!r}, "
        f"or of two videos or more of tier {CHOSEN_ON!r}, with their responses"
    )


def repeated(held: HeldOut) -> dict[str, list[int]]:
    """Trials of each video that was shown twice or more, all of one length.

    Raises
    ------
    DataError
        If there is no such video.
    """
    lengths = held.trials.n_frames
    found = {video: trials for video, trials in held.videos.items() if len(trials) > 1}
    alike = {video: trials for video, trials in found.items() if len(set(lengths[trials])) == 1}
    if not alike:
        raise DataError(f"{held.part.name!r}: no held-out video was shown twice; this needs repeats")
    return alike


def latent_axes(model: LatentVideoModel) -> Axes:
    """Orthonormal axes of the state that move any neuron of any mouse, strongest first.

    Along all others the state keeps its prior, and says nothing of responses.

    Raises
    ------
    DataError
        If the state moves no neuron.
    """
    weights = [w for number in range(len(model.names)) for w in model.latent_weights(number).values()]
    _, length, axes = np.linalg.svd(np.concatenate(weights).astype(float), full_matrices=False)
    if not length[0] > 0:
        raise DataError("the state of this model moves no neuron; fit it for more epochs")
    return axes[length > LEAST_LENGTH * length[0]].T


def posterior_mean(state: TrialState) -> Float[np.ndarray, "time dimension"]:
    """Where the state is expected to be, given the neurons that were seen."""
    assert state.posterior is not None
    return state.posterior.mean.double().numpy()


def model_name(model: LatentVideoModel) -> str:
    """How rows call the model.

    Examples
    --------
    >>> import twofold as tw
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=4, bins_per_frame=1))
    >>> sizes = {"channels": (4, 4), "spatial": (5, 3), "temporal": (3, 3)}
    >>> model_name(LatentVideoModel.for_recordings([mouse], "poisson", tier="all", **sizes))
    'latent poisson free'
    """
    return f"latent {model.video.options.likelihood} {model.latent_options.latent_map}"
