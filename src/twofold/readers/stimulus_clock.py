"""The clock of the stimulus: which bins responses are counted in, and which trial and frame each bin is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twofold.errors import DataError
from twofold.readers.binning import Bins
from twofold.recordings import Stimulus, Trials
from twofold.recordings.wording import first_few

ROUNDING = 1e-6  # of a bin


@dataclass(frozen=True, eq=False)
class StimulusClock:
    """Bins of presentations, one after the other.

    Displays are not perfectly even: `bins` follow what was shown when, `time_s` says the same bins on an even
    clock that starts afresh with each trial. How far the two are apart is told in `history`.

    Parameters
    ----------
    trials
        One row per presentation, with the columns of `Trials`.
    stimuli
        Clip by name.
    bins
        (bin,) in seconds, trial after trial.
    trial_of_bin
        (bin,) index into the trial table.
    time_s
        (bin,) centre of each bin on the even clock.
    bin_s
        Width of a bin on the even clock, in seconds.
    history
        What was done, a sentence each.
    """

    trials: pd.DataFrame
    stimuli: Mapping[str, Stimulus]
    bins: Bins
    trial_of_bin: np.ndarray
    time_s: np.ndarray
    bin_s: float
    history: tuple[str, ...] = ()

    def keep(self, bins: np.ndarray, why_not: str) -> StimulusClock:
        """The presentations all of whose bins are kept; repeats are counted anew.

        Parameters
        ----------
        bins
            (bin,) truth values.
        why_not
            What is the matter with the others, after "left out 3 of 20 presentations, ".

        Raises
        ------
        DataError
            If none is left.
        """
        if bins.all():
            return self
        trials = np.ones(len(self.trials), dtype=bool)
        trials[self.trial_of_bin[~bins]] = False
        told = f"left out {(~trials).sum()} of {len(trials)} presentations, {why_not}"
        if not trials.any():
            raise DataError(f"no presentation can be used: {told}")
        rows = trials[self.trial_of_bin]
        table = self.trials[trials].reset_index(drop=True)
        table["repeat"] = table.groupby("stimulus").cumcount()
        return replace(
            self,
            trials=table,
            stimuli={name: clip for name, clip in self.stimuli.items() if name in set(table["stimulus"])},
            bins=self.bins[rows],
            trial_of_bin=(np.cumsum(trials) - 1)[self.trial_of_bin[rows]],
            time_s=self.time_s[rows],
            history=(*self.history, f"{told}: {first_few(np.flatnonzero(~trials))}"),
        )

    def outside(self, start_s: np.ndarray, stop_s: np.ndarray) -> np.ndarray:
        """(bin,) whether a bin lies outside all of some spans of time."""
        outside = np.ones(len(self.bins), dtype=bool)
        for start, stop in zip(start_s, stop_s, strict=True):
            outside &= (self.bins.stop_s <= start) | (self.bins.start_s >= stop)
        return outside


def clock_of_frames(
    edges_s: np.ndarray,
    frame_ids: np.ndarray,
    name: str,
    *,
    bins_per_frame: int = 1,
    block: np.ndarray | None = None,
    tier: str = "all",
) -> StimulusClock:
    """The clock of one clip whose frames were timed one by one.

    Parameters
    ----------
    edges_s
        (repeat, frame + 1) start of each frame, and the end of the last.
    frame_ids
        (frame,) id of each frame.
    name
        What the clip is called.
    bins_per_frame
        Equal parts of each frame.
    block
        (repeat,) which block of presentations each is in; by default a new one begins where more than the
        length of the clip passes between two.
    tier
        Tier of all trials.

    Examples
    --------
    >>> clock = clock_of_frames(np.array([[0.0, 1.0, 2.5], [4.0, 5.0, 6.0]]), np.arange(2), "movie")
    >>> clock.bins.start_s, clock.time_s
    (array([0., 1., 4., 5.]), array([0.5, 1.5, 4.5, 5.5]))
    """
    n_repeats, n_frames = edges_s.shape[0], edges_s.shape[1] - 1
    lengths = edges_s[:, -1] - edges_s[:, 0]
    frame_s = float(lengths.min()) / n_frames  # the shortest: even trials never run into the next one
    bin_s = frame_s / bins_per_frame
    parts = np.linspace(0, 1, bins_per_frame, endpoint=False)
    starts = (edges_s[:, :-1, None] + np.diff(edges_s)[..., None] * parts).reshape(n_repeats, -1)
    ends = np.concatenate([starts[:, 1:], edges_s[:, -1:]], axis=1)
    even = edges_s[:, :1] + (np.arange(starts.shape[1]) + 0.5) * bin_s
    if block is None:
        pause = edges_s[1:, 0] - edges_s[:-1, -1]
        block = np.concatenate([[0], np.cumsum(pause > lengths.max())])
    start_s = edges_s[:, 0]
    trials = {"stimulus": name, "repeat": np.arange(n_repeats), "tier": tier, "start_s": start_s}
    off = float(np.abs(even - (starts + ends) / 2).max())
    return StimulusClock(
        trials=pd.DataFrame({**trials, "stop_s": start_s + n_frames * frame_s, "block": block}),
        stimuli={name: Stimulus(frame_ids=frame_ids, rate_hz=1 / frame_s)},
        bins=_bins(starts.ravel(), ends.ravel()),
        trial_of_bin=np.repeat(np.arange(n_repeats), starts.shape[1]),
        time_s=even.ravel(),
        bin_s=bin_s,
        history=(
            f"{n_repeats} presentations of {n_frames} frames of {frame_s:.6g} s, {bins_per_frame} bins each",
            f"bins follow the frames shown; the even clock of each trial is at most {1000 * off:.2g} ms off",
        ),
    )


def clock_of_trials(table: pd.DataFrame, bin_s: float) -> StimulusClock:
    """The clock of trials of which only start and stop are known: bins of one width from each start.

    Parameters
    ----------
    table
        As of `Trials`, in order of time.
    bin_s
        Width of a bin in seconds; a clip has as many as fit into its shortest trial.

    Raises
    ------
    DataError
        If trials overlap, or a clip is shorter than a bin.

    Examples
    --------
    >>> table = pd.DataFrame({"stimulus": ["up", "down"], "repeat": 0, "tier": "all",
    ...                       "start_s": [0.0, 3.0], "stop_s": [2.0, 5.0]})
    >>> clock_of_trials(table, bin_s=1.0).bins.start_s
    array([0., 1., 3., 4.])
    """
    names = Trials(table).column("stimulus")
    start, stop = (table[column].to_numpy(dtype=float) for column in ("start_s", "stop_s"))
    length = pd.Series(stop - start).groupby(names, sort=False).min()
    n_bins = np.floor(length / bin_s + ROUNDING).astype(int)
    short = n_bins[n_bins < 1]
    if len(short):
        raise DataError(
            f"{short.index[0]} lasts {length[short.index[0]]:g} s, which is less than a bin of {bin_s:g} s; "
            "make the bins narrower"
        )
    first = n_bins.cumsum() - n_bins
    stimuli = {
        str(name): Stimulus(frame_ids=np.arange(first[name], first[name] + n), rate_hz=1 / bin_s)
        for name, n in n_bins.items()
    }
    count = n_bins[names].to_numpy()
    trial = np.repeat(np.arange(len(table)), count)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    even = start[trial] + number * bin_s
    ends = np.append(np.where(np.diff(trial) == 0, even[1:], even[:-1] + bin_s), even[-1:] + bin_s)
    return StimulusClock(
        trials=table.assign(stop_s=start + count * bin_s).reset_index(drop=True),
        stimuli=stimuli,
        bins=_bins(even, ends),
        trial_of_bin=trial,
        time_s=even + bin_s / 2,
        bin_s=bin_s,
        history=(f"{len(table)} presentations of {len(stimuli)} stimuli in bins of {bin_s:g} s",),
    )


def _bins(start_s: np.ndarray, stop_s: np.ndarray) -> Bins:
    """Bins without the overlap that rounding makes where one presentation follows another."""
    touching = stop_s[:-1] - start_s[1:] < ROUNDING * (stop_s[:-1] - start_s[:-1])
    over = np.flatnonzero((stop_s[:-1] > start_s[1:]) & ~touching)
    if over.size:
        raise DataError(
            f"presentations overlap: one starts at {start_s[over[0] + 1]:g} s, "
            f"before the one before it has ended at {stop_s[over[0]]:g} s; correct their times"
        )
    return Bins(start_s, np.append(np.minimum(stop_s[:-1], start_s[1:]), stop_s[-1:]))
