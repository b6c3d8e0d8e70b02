"""Checks of the signals and of the neurons' positions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from twofold.recordings.recording import Recording
from twofold.recordings.signal import Signal
from twofold.recordings.wording import first_few


def times_out_of_order(recording: Recording) -> Iterator[str]:
    """Signals whose times do not increase."""
    for name, signal in recording.signals.items():
        back = np.flatnonzero(~(np.diff(signal.time_s) > 0))
        if back.size:
            yield (
                f"signal {name!r}: {back.size} of {len(signal)} times are not after the one before, the "
                f"first at sample {back[0] + 1} ({signal.time_s[back[0] + 1]:g} s); sort the samples by time"
            )


def infinite_values(recording: Recording) -> Iterator[str]:
    """Signals with infinite values."""
    for name, signal in recording.signals.items():
        infinite = np.flatnonzero(np.isinf(signal.values))
        if infinite.size:
            yield (
                f"signal {name!r}: {infinite.size} of {len(signal)} samples are infinite, the first at "
                f"{signal.time_s[infinite[0]]:g} s; write NaN where the value is not known"
            )


def off_the_clock(recording: Recording) -> Iterator[str]:
    """Signals that are known at no time point of the responses."""
    for name, signal in recording.signals.items():
        if not np.isfinite(signal.values).any():
            yield f"signal {name!r} has no known value; leave it out"
        elif _is_ordered(signal) and len(recording.time_s) and _unknown_share(recording, signal) == 1:
            yield (
                f"signal {name!r} is known at no time point of the responses: it runs from "
                f"{signal.time_s[0]:g} to {signal.time_s[-1]:g} s, they from {recording.time_s[0]:g} to "
                f"{recording.time_s[-1]:g} s; put it on the recording's clock"
            )


def unknown_values(recording: Recording) -> Iterator[str]:
    """Signals that are not known at some time points."""
    for name, signal in recording.signals.items():
        if not (_is_ordered(signal) and len(recording.time_s)):
            continue
        share = _unknown_share(recording, signal)
        if 0 < share < 1:
            yield (
                f"signal {name!r} is not known at {share:.1%} of the time points; "
                "analyses of state leave these out"
            )


def unknown_positions(recording: Recording) -> Iterator[str]:
    """Neurons without a position, where others have one."""
    position = recording.neurons.position_um
    if position is None:
        return
    unknown = np.flatnonzero(~np.isfinite(position).all(axis=1))
    if unknown.size:
        yield (
            f"{unknown.size} of {len(position)} neurons have no finite position: {first_few(unknown)}; "
            "models that use positions will refuse them, drop these neurons for those"
        )


def _is_ordered(signal: Signal) -> bool:
    return bool((np.diff(signal.time_s) > 0).all() and np.isfinite(signal.time_s).all())


def _unknown_share(recording: Recording, signal: Signal) -> float:
    return float(np.isnan(signal.at(recording.time_s, recording.bin_s)).mean())
