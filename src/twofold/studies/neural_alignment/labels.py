"""Recordings whose label is not the frame: a direction per trial, or a position along the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twofold.errors import DataError, did_you_mean
from twofold.recordings import Recording
from twofold.studies.neural_alignment.presentations import Presentations, presentations

UNITS = ("_deg", "_rad", "_um", "_mm", "_cm", "_m", "_s", "_hz")


def labelled(recording: Recording, label: str, bins: int, repeats: int) -> Presentations:
    """Arrange a recording by what is to be decoded.

    Parameters
    ----------
    recording
        Any recording.
    label
        "frame"; a column of the trial table, each of whose values is shown in several trials; or a signal.
    bins, repeats
        Of a signal: bins of equal width, and the stretches of time that take the place of repeats.

    Raises
    ------
    DataError
        If the recording has no such label, or it is not seen often enough.
    """
    if label == "frame":
        return presentations(recording)
    if label in recording.trials.table.columns:
        return _by_trial(recording, label)
    if label in recording.signals:
        return _by_signal(recording, label, bins, repeats)
    known = ["frame", *map(str, recording.trials.table.columns), *recording.signals]
    raise DataError(f"label={label!r}: the recording has none; {did_you_mean(label, known)}")


def label_title(label: str) -> str:
    """The label in the singular, without its unit.

    Examples
    --------
    >>> label_title("direction_deg"), label_title("position")
    ('direction', 'position')
    """
    for unit in UNITS:
        label = label.removesuffix(unit)
    return label


def _by_trial(recording: Recording, label: str) -> Presentations:
    """One row per trial, its mean; the k-th trial of every value is repeat k."""
    recording = recording.in_trials()
    values, number = np.unique(recording.trials.column(label), return_inverse=True)
    n_repeats = int(np.bincount(number).min())
    if len(values) < 2 or n_repeats < 4:
        raise DataError(
            f"label={label!r}: {len(values)} values, each in {n_repeats} or more trials; at least 2 "
            "values in 4 trials each are needed"
        )
    trials = np.stack([np.flatnonzero(number == i)[:n_repeats] for i in range(len(values))], axis=1)
    of_row = recording.trial_of_row
    responses = _means(np.asarray(recording.responses[:]), of_row, len(number))
    signals = {
        name: _means(recording.signal(name), of_row, len(number))[trials] for name in recording.signals
    }
    return _arranged(
        recording, responses[trials], signals, label, circular=_is_circle(values), clip=np.arange(len(values))
    )


def _by_signal(recording: Recording, label: str, bins: int, repeats: int) -> Presentations:
    """Mean responses in each bin of a signal, in stretches of time of as many samples each."""
    recording = recording.in_trials()
    signal = recording.signal(label)
    rows = np.flatnonzero(np.isfinite(signal))
    if len(rows) < repeats * 2:
        raise DataError(f"label={label!r}: only {len(rows)} samples of it are finite")
    values = np.unique(signal[rows])
    if len(values) > bins:
        edges = np.linspace(values[0], values[-1], bins + 1)[1:-1]
        place = np.searchsorted(edges, signal[rows], side="right")
        n_places = bins
    else:
        place, n_places = np.searchsorted(values, signal[rows]), len(values)
    stretch = np.arange(len(rows)) * repeats // len(rows)
    cell = stretch * n_places + place
    seen = np.bincount(cell, minlength=repeats * n_places).reshape(repeats, n_places).min(axis=0) > 0
    if seen.sum() < 2:
        raise DataError(
            f"label={label!r}: only {seen.sum()} of {n_places} bins are visited in each of {repeats} "
            "stretches; give fewer label_bins or label_repeats"
        )
    shape = (repeats, n_places)
    responses = _means(np.asarray(recording.responses[rows]), cell, repeats * n_places)
    signals = {
        name: _means(recording.signal(name)[rows], cell, repeats * n_places).reshape(shape)[:, seen]
        for name in recording.signals
        if name != label
    }
    arranged = responses.reshape(*shape, -1)[:, seen]
    return _arranged(
        recording, arranged, signals, label, circular=False, clip=np.zeros(seen.sum(), dtype=int)
    )


def _arranged(
    recording: Recording,
    responses: np.ndarray,
    signals: dict[str, np.ndarray],
    label: str,
    *,
    circular: bool,
    clip: np.ndarray,
) -> Presentations:
    if not np.isfinite(responses).all():
        raise DataError(
            "responses are missing; import again with --drop-units-missing and --drop-repeats-missing"
        )
    regions = recording.neurons.table["region"].to_numpy() if "region" in recording.neurons.table else None
    return Presentations(
        responses=responses.astype(np.float32),
        clip=clip,
        label=np.arange(responses.shape[1]),
        block=None,
        signals=signals,
        pictures=None,
        frame_s=recording.bin_s,
        label_name=label_title(label),
        circular=circular,
        regions=regions,
    )


def _means(values: np.ndarray, cell: np.ndarray, n: int) -> np.ndarray:
    """Mean of the values in each of n cells; zero where there are none."""
    total = np.zeros((n, *values.shape[1:]))
    np.add.at(total, cell, values)
    count = np.maximum(np.bincount(cell, minlength=n), 1)
    return np.asarray(total / count.reshape(-1, *[1] * (values.ndim - 1)))


def _is_circle(values: np.ndarray) -> bool:
    """Whether numbers go around a circle of 360 in equal steps, as directions do."""
    if values.dtype.kind not in "iuf" or len(values) < 3:
        return False
    steps = np.diff(np.append(values, values[0] + 360))
    return bool(np.allclose(steps, steps[0]))


def matched_latents(
    recording: Recording, latents: np.ndarray, label: str, bins: int, repeats: int
) -> np.ndarray:
    """(repeat * label, dimension) latents of a recording's rows, in the order of its presentations."""
    import pandas as pd

    from twofold.recordings import LazyArray
    from twofold.recordings.columns import Neurons

    inside = recording.in_trials()
    if len(latents) != len(inside.time_s):
        raise DataError(
            f"{len(latents)} rows of latents, and the recording has {len(inside.time_s)} in its trials"
        )
    as_units = replace(
        inside,
        responses=LazyArray(np.ascontiguousarray(latents)),
        neurons=Neurons(pd.DataFrame(index=range(latents.shape[1]))),
        signals={name: inside.signals[name] for name in inside.signals if name == label},
        truth={},
    )
    arranged = labelled(as_units, label, bins, repeats).responses
    return arranged.reshape(-1, latents.shape[1])
