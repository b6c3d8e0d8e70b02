"""What is wrong with a recording, in words: every problem at once, each with the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from twofold.recordings import check_responses as responses
from twofold.recordings import check_signals as signals
from twofold.recordings import check_trials as trials
from twofold.recordings.recording import Recording
from twofold.recordings.scan import Scan, scan

Check = Callable[[Recording], Iterator[str]]
ScanCheck = Callable[[Recording, Scan], Iterator[str]]

ERRORS: tuple[Check, ...] = (
    trials.times_out_of_order,
    trials.uneven_bins,
    trials.impossible_spans,
    trials.overlapping_trials,
    trials.trials_without_samples,
    trials.repeats_given_twice,
    trials.unequal_samples,
    trials.clip_length_mismatch,
    signals.times_out_of_order,
    signals.infinite_values,
    signals.off_the_clock,
)
WARNINGS: tuple[Check, ...] = (
    trials.rows_in_no_trial,
    trials.only_one_repeat,
    trials.unequal_repeats,
    trials.clips_in_several_tiers,
    trials.withheld_responses,
    signals.unknown_values,
    signals.unknown_positions,
)
RESPONSE_ERRORS: tuple[ScanCheck, ...] = (responses.nothing_recorded, responses.not_finite)
RESPONSE_WARNINGS: tuple[ScanCheck, ...] = (
    responses.silent_neurons,
    responses.constant_neurons,
    responses.silent_in_a_repeat,
    responses.negative_responses,
)


@dataclass(frozen=True)
class Findings:
    """What `check` found: errors make results wrong, warnings one should know of."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.errors


def check(recording: Recording) -> Findings:
    """Find every problem of a recording; its responses are read once, block by block.

    Each finding says what is wrong, where (trial, neuron, time; counted from 0) and what to do.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from twofold.recordings import LazyArray, Neurons, Stimulus, Trials
    >>> recording = Recording(
    ...     responses=LazyArray(np.array([[0, 1], [0, 2], [0, 0], [0, 3]])), time_s=np.arange(4) + 0.5,
    ...     bin_s=1.0, neurons=Neurons(pd.DataFrame(index=range(2))),
    ...     trials=Trials(pd.DataFrame({"stimulus": "movie", "repeat": [0, 1], "tier": "all",
    ...                                 "start_s": [0.0, 2.0], "stop_s": [2.0, 4.0]})),
    ...     stimuli={"movie": Stimulus(frame_ids=np.arange(2), rate_hz=1.0)})
    >>> findings = check(recording)
    >>> findings.ok, findings.warnings[0]
    (True, '1 of 2 neurons never respond: 0; drop them, they carry no information')
    """
    found = scan(recording)
    return Findings(
        errors=tuple(
            [text for one in RESPONSE_ERRORS for text in one(recording, found)]
            + [text for one in ERRORS for text in one(recording)]
        ),
        warnings=tuple(
            [text for one in RESPONSE_WARNINGS for text in one(recording, found)]
            + [text for one in WARNINGS for text in one(recording)]
        ),
    )
