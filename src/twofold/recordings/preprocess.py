"""Recording to Recording; every statistic is fitted on a named part and kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from twofold.errors import DataError
from twofold.options import Options
from twofold.recordings.lazy import LazyArray
from twofold.recordings.recording import Recording
from twofold.shapes import NeuronMask, PerNeuron, Responses


def bin_to_frames(recording: Recording, how: Literal["mean", "sum"] = "mean") -> Recording:
    """One row per shown frame: the mean or the sum of the bins during it.

    Rows that show no frame are left out. A recording whose bins are frames comes back as it is.

    Raises
    ------
    DataError
        If no row shows a frame, or clips differ in frame rate.

    Examples
    --------
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(), random_state=0)
    >>> len(bin_to_frames(movie).time_s) == len(movie.trials) * len(movie.stimuli["movie"])
    True
    """
    recording = recording.in_trials()
    trial, frame = recording.trial_of_row, recording.frame_of_row
    rates = {clip.rate_hz for clip in recording.stimuli.values()}
    if len(rates) > 1:
        raise DataError(f"binning to frames needs one frame rate, there are {sorted(rates)} Hz")
    rows = np.flatnonzero(frame >= 0)
    if not rows.size:
        raise DataError("no row shows a frame; does the trial table name the clips?")
    change = (np.diff(trial[rows]) != 0) | (np.diff(frame[rows]) != 0)
    starts = np.concatenate([[0], np.flatnonzero(change) + 1])
    count = np.diff(np.append(starts, len(rows)))
    if (count == 1).all() and len(rows) == len(trial):
        return recording
    total = np.add.reduceat(np.asarray(recording.responses[rows], dtype=np.float32), starts, axis=0)
    values = total / count[:, None].astype(np.float32) if how == "mean" else total
    frame_s = 1 / rates.pop()
    start, stop = (recording.trials.column(name).astype(float) for name in ("start_s", "stop_s"))
    shown = trial[rows[starts]]
    centre = start[shown] + (frame[rows[starts]] + 0.5) * frame_s
    # The centre of a frame that its trial cuts short may lie in the next trial.
    last_bin = recording.time_s[rows[starts + count - 1]]
    return replace(
        recording,
        responses=LazyArray(values),
        time_s=np.where(centre < stop[shown], centre, last_bin),
        bin_s=frame_s,
        history=(*recording.history, f"binned to frames of {frame_s:g} s by their {how}"),
    )


class Preprocessing(Options):
    """What is done to the responses before anything is fitted to them.

    Parameters
    ----------
    drop_silent
        Leave out units that are silent during a whole repeat of the movie (paper A, section 3.1).
    top_variance
        Keep the smallest set of units whose summed variance reaches this share of the total.
    square_root
        Take the square root, which makes the variance of counts even.
    standardise
        Subtract the mean and divide by the standard deviation of each unit.
    """

    drop_silent: bool = True
    top_variance: float | None = None
    square_root: bool = True
    standardise: bool = True


@dataclass(frozen=True, eq=False)
class FittedPreprocessing:
    """Preprocessing with its statistics; call it on any recording of the same neurons.

    Parameters
    ----------
    kept
        (kept neuron,) indices of the neurons that stay.
    mean, scale
        (kept neuron,) statistics after the square root.
    square_root
        Whether the root is taken.
    fitted_on
        Which part the statistics came from, in words.
    """

    kept: np.ndarray
    mean: PerNeuron
    scale: PerNeuron
    square_root: bool
    fitted_on: str

    def __call__(self, recording: Recording) -> Recording:
        """The recording, preprocessed."""
        chosen = recording.select_neurons(self.kept)
        values = self.transform(np.asarray(chosen.responses))
        note = f"kept {len(self.kept)} units and scaled them by statistics of {self.fitted_on}"
        return replace(chosen, responses=LazyArray(values), history=(*recording.history, note))

    def transform(self, responses: Responses) -> Responses:
        """Responses of the kept units, (time, kept neuron), preprocessed to float32.

        Raises
        ------
        DataError
            If the root of negative responses is asked for.
        """
        values = responses.astype(np.float32)
        if self.square_root:
            _refuse_negative(values)
            values = np.sqrt(values)
        return ((values - self.mean) / self.scale).astype(np.float32)


def fit_preprocessing(part: Recording, options: Preprocessing, part_name: str) -> FittedPreprocessing:
    """Choose units and measure their statistics on one part of a recording.

    Parameters
    ----------
    part
        The part to fit on, such as the training repeats.
    options
        What to do.
    part_name
        How results call the part.

    Raises
    ------
    DataError
        If no unit would stay, or the root of negative responses is asked for.
    """
    return fit_to_responses(np.asarray(part.responses), part.per_row("repeat"), options, part_name)


def fit_to_responses(
    responses: Responses, presentation: np.ndarray, options: Preprocessing, part_name: str
) -> FittedPreprocessing:
    """The same on arrays: responses (time, neuron) and the presentation of each row, (time,).

    Raises
    ------
    DataError
        As `fit_preprocessing`.
    """
    if options.square_root:
        _refuse_negative(responses)
    keep = np.ones(responses.shape[1], dtype=bool)
    if options.drop_silent:
        keep &= ~silent_units(responses, presentation)
    if options.top_variance is not None:
        keep[np.flatnonzero(keep)] = top_variance_units(responses[:, keep], options.top_variance)
    if not keep.any():
        raise DataError(f"no unit is active in every repeat of {part_name}; set drop_silent=false")
    values = responses[:, keep].astype(np.float64)
    if options.square_root:
        values = np.sqrt(values)
    varies = np.ptp(values, axis=0) > 0  # rounding can give a constant a standard deviation
    return FittedPreprocessing(
        kept=np.flatnonzero(keep),
        mean=values.mean(axis=0) if options.standardise else np.zeros(values.shape[1]),
        # A unit that is constant here stays at zero instead of exploding elsewhere.
        scale=np.where(varies, values.std(axis=0), 1.0) if options.standardise else np.ones(values.shape[1]),
        square_root=options.square_root,
        fitted_on=part_name,
    )


def _refuse_negative(responses: Responses) -> None:
    if (responses < 0).any():
        raise DataError(
            "responses are negative somewhere, so they have no square root; set square_root=false"
        )


def silent_units(responses: Responses, trial: np.ndarray) -> NeuronMask:
    """(neuron,) which units are zero during at least one whole presentation.

    Parameters
    ----------
    responses
        (time, neuron).
    trial
        (time,) presentation of each row.

    Examples
    --------
    >>> silent_units(np.array([[0, 1], [0, 0], [2, 3]]), np.array([0, 0, 1]))
    array([ True, False])
    """
    order = np.argsort(trial, kind="stable")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(trial[order])) + 1])
    active = np.logical_or.reduceat(responses[order] != 0, starts, axis=0)
    return np.asarray(~active.all(axis=0))


def top_variance_units(responses: Responses, share: float) -> NeuronMask:
    """(neuron,) the smallest set of units, by variance, that reaches a share of the total variance.

    The share is the ratio of the traces of the two covariance matrices (paper A, section 3.1).

    Raises
    ------
    DataError
        If the share is not in (0, 1].

    Examples
    --------
    >>> top_variance_units(np.array([[0.0, 0.0, 0.0], [4.0, 1.0, 0.1]]), 0.9)
    array([ True, False, False])
    """
    if not 0 < share <= 1:
        raise DataError(f"top_variance is a share of the total variance, above 0 and at most 1; got {share}")
    variance = responses.var(axis=0, dtype=np.float64)
    order = np.argsort(variance)[::-1]
    reached = np.cumsum(variance[order]) / max(variance.sum(), np.finfo(float).tiny)
    needed = int(np.searchsorted(reached, share - 1e-12)) + 1
    keep = np.zeros(len(variance), dtype=bool)
    keep[order[:needed]] = True
    return keep
