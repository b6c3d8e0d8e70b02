"""Checks of the responses, on what one pass over them found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from twofold.recordings.recording import Recording
from twofold.recordings.scan import Scan
from twofold.recordings.wording import first_few


def nothing_recorded(recording: Recording, found: Scan) -> Iterator[str]:
    """A recording without neurons or without time."""
    n_rows, n_neurons = recording.responses.shape
    if not (n_rows and n_neurons):
        yield f"there are no responses: {n_rows} time points x {n_neurons} neurons; read the recording again"


def not_finite(recording: Recording, found: Scan) -> Iterator[str]:
    """NaN or infinite responses."""
    if found.first_not_finite is None:
        return
    row, neuron = found.first_not_finite
    trial = int(recording.trial_of_row[row])
    where = f"trial {trial}, " if trial >= 0 else ""
    yield (
        f"{found.n_not_finite.sum()} responses are NaN or infinite, in "
        f"{np.count_nonzero(found.n_not_finite)} of {len(found.lowest)} neurons, the first at "
        f"neuron {neuron}, {where}{recording.time_s[row]:g} s; "
        "declare missing values when importing (--missing nan), or drop those neurons or repeats"
    )


def silent_neurons(recording: Recording, found: Scan) -> Iterator[str]:
    """Neurons whose responses are all 0."""
    silent = np.flatnonzero((found.lowest == 0) & (found.highest == 0))
    if silent.size:
        yield (
            f"{silent.size} of {len(found.lowest)} neurons never respond: {first_few(silent)}; "
            "drop them, they carry no information"
        )


def constant_neurons(recording: Recording, found: Scan) -> Iterator[str]:
    """Neurons that always give the same response, other than 0."""
    constant = np.flatnonzero((found.lowest == found.highest) & (found.lowest != 0))
    if constant.size:
        yield (
            f"{constant.size} of {len(found.lowest)} neurons always give the same response: "
            f"{first_few(constant)}; drop them, they carry no information"
        )


def silent_in_a_repeat(recording: Recording, found: Scan) -> Iterator[str]:
    """Neurons that respond, but not in some whole repeat: they may have been lost for a while."""
    if len(found.repeats) < 2:
        return
    lost = np.flatnonzero(found.responds.any(axis=0) & ~found.responds.all(axis=0))
    if lost.size:
        worst = found.repeats[np.argmin(found.responds[:, lost].sum(axis=1))]
        yield (
            f"{lost.size} of {len(found.lowest)} neurons are silent in a whole repeat, most in repeat "
            f"{worst}: {first_few(lost)}; consider dropping them, they may have been lost for a while"
        )


def negative_responses(recording: Recording, found: Scan) -> Iterator[str]:
    """Responses below 0."""
    negative = np.flatnonzero(found.lowest < 0)
    if negative.size:
        yield (
            f"{negative.size} of {len(found.lowest)} neurons have negative responses: {first_few(negative)}; "
            "Poisson and zero-inflated gamma likelihoods will refuse them, use spikes or events for those"
        )
