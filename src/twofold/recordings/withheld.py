"""Trials whose responses were not given, as those of a competition's test tiers: they are stored as 0."""

from __future__ import annotations

import numpy as np

from twofold.errors import DataError
from twofold.recordings.recording import Recording
from twofold.recordings.wording import first_few

WITHHELD = "withheld"


def withheld_trials(recording: Recording) -> np.ndarray:
    """(trial,) which trials have no responses; none where the trial table has no column `withheld`."""
    if WITHHELD not in recording.trials.table:
        return np.zeros(len(recording.trials), dtype=bool)
    return recording.trials.column(WITHHELD).astype(bool)


def refuse_withheld(recording: Recording, to: str = "score") -> None:
    """Refuse a recording of which some trials have no responses.

    Parameters
    ----------
    recording
        What is to be scored, or fitted to.
    to
        What for, as the message says it.

    Raises
    ------
    DataError
        If responses are withheld, with the trials and what to select instead.

    Examples
    --------
    >>> import pandas as pd
    >>> from twofold.recordings import LazyArray, Neurons, Stimulus, Trials
    >>> recording = Recording(
    ...     responses=LazyArray(np.zeros((2, 1))), time_s=np.arange(2) + 0.5, bin_s=1.0,
    ...     neurons=Neurons(pd.DataFrame(index=range(1))),
    ...     trials=Trials(pd.DataFrame({"stimulus": ["a"], "repeat": [0], "tier": ["live_test_main"],
    ...                                 "start_s": [0.0], "stop_s": [2.0], "withheld": [True]})),
    ...     stimuli={"a": Stimulus(frame_ids=np.arange(2), rate_hz=1.0)})
    >>> refuse_withheld(recording)
    Traceback (most recent call last):
    ...
    twofold.errors.DataError: recording: there are no responses to score in trials 0 of tier ...
    """
    withheld = withheld_trials(recording)
    if withheld.any():
        tiers = first_few(dict.fromkeys(recording.trials.column("tier")[withheld]))
        others = dict.fromkeys(recording.trials.column("tier")[~withheld])
        hint = f"take {first_few(others)}" if others else "these can only be predicted"
        raise DataError(
            f"{recording.name}: there are no responses to {to} in trials "
            f"{first_few(np.flatnonzero(withheld))} of tier {tiers}, they were withheld and are stored as 0; "
            f"{hint}"
        )
