"""Folders of experanto, the format of the OmniMouse data: one folder per device, each with a `meta.yml`.

screen/        timestamps.npy, meta/NUMBER.yml, data/NUMBER.npy          images, videos and blanks
responses/     data.npy or data.mem, meta/phase_shifts.npy, ...          a sequence, or spikes.npy
eye_tracker/ · treadmill/ · ...                                          sequences
tiers/ · ...   a npy file of intervals for each label
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from twofold.errors import DataError, OptionError, did_you_mean
from twofold.readers.experanto.events import SpikeCounts, open_spikes, read_intervals
from twofold.readers.experanto.meta import Meta, number, read_meta, read_npy
from twofold.readers.experanto.screen import Screen, open_screen
from twofold.readers.experanto.sequence import INTERPOLATIONS, Resampled, Sequence, open_sequence
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Trials
from twofold.recordings.columns import POSITION_COLUMNS, TRIAL_COLUMNS
from twofold.recordings.lazy import ArrayLike

STATISTICS = ("means", "stds", "std", "phase_shifts")
Intervals = Mapping[str, np.ndarray]


def read_experanto(
    folder: str | Path,
    *,
    rate_hz: float | None = None,
    interpolation: str = "nearest",
    responses: str = "responses",
    name: str | None = None,
) -> Recording:
    """Read a folder of experanto; responses and frames are read when they are indexed.

    Parameters
    ----------
    folder
        With one sub-folder per device.
    rate_hz
        Responses per second; by default as they were sampled. Spikes are counted in bins, and need it.
    interpolation
        The value at a time between samples, where the responses are resampled or each neuron was sampled at
        its own time: `nearest`, that of the sample whose interval holds the time; `linear`; or `previous`,
        that of the sample before, which is what experanto calls nearest.
    responses
        The device whose signals are the neurons; other sequences become signals.
    name
        Name of the recording; that of the folder by default.

    Raises
    ------
    OptionError
        If an option cannot be.
    DataError
        If files are missing, damaged, or not what their descriptions say.
    NotAvailableError
        If PyYAML is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     device = Path(folder) / "mouse" / "responses"
    ...     device.mkdir(parents=True)
    ...     np.save(device / "data.npy", np.ones((80, 5)))
    ...     _ = (device / "meta.yml").write_text(
    ...         "{modality: sequence, sampling_rate: 8.0, start_time: 0.0, end_time: 10.0, n_signals: 5}")
    ...     read_experanto(device.parent)
    Recording 'mouse': 80 time points of 0.125 s x 5 neurons, no trials, no stimuli, no signals
    """
    folder = Path(folder)
    _refuse_options(rate_hz, interpolation)
    devices = _devices(folder)
    if responses not in devices:
        raise DataError(
            f"{folder} has no device {responses!r} (--responses); {did_you_mean(responses, devices)}"
        )
    recorded = _recorded(folder / responses, devices[responses], rate_hz, interpolation)
    others = {key: meta for key, meta in devices.items() if key != responses}
    intervals: dict[str, np.ndarray] = {}
    signals: dict[str, Signal] = {}
    screens, notes = [], []
    for device, meta in others.items():
        match meta.get("modality"):
            case "time_interval":
                intervals |= dict(read_intervals(folder / device, meta))
            case "sequence":
                signals |= _signals(device, open_sequence(folder / device, meta))
            case "screen":
                screens.append(device)
            case other:
                notes.append(f"left out the device {device}, of modality {other}")
    screen = _screen(folder, screens, others, intervals)
    signals |= {label: _membership(spans, recorded.time_s) for label, spans in intervals.items()}
    return Recording(
        responses=LazyArray(recorded.responses),
        time_s=recorded.time_s,
        bin_s=recorded.bin_s,
        neurons=Neurons(_neuron_table(folder / responses, recorded.responses.shape[1])),
        trials=Trials(screen.trials),
        signals=signals,
        stimuli=screen.stimuli,
        name=name if name is not None else folder.resolve().name,
        history=(
            f"read {', '.join(devices)} from {folder.resolve().name}",
            *notes,
            *screen.history,
            *recorded.history,
        ),
    )


def _refuse_options(rate_hz: float | None, interpolation: str) -> None:
    if rate_hz is not None and not (isfinite(rate_hz) and rate_hz > 0):
        raise OptionError(f"--rate-hz {rate_hz:g}: the responses per second must be above 0")
    if interpolation not in INTERPOLATIONS:
        raise OptionError(f"--interpolation {interpolation}: {did_you_mean(interpolation, INTERPOLATIONS)}")


def _devices(folder: Path) -> dict[str, Meta]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder" if not folder.exists() else f"{folder} is not a folder")
    found = sorted(path.parent for path in folder.glob("*/meta.yml"))
    if not found:
        raise DataError(f"{folder} is no folder of experanto: no folder in it has a meta.yml")
    return {path.name: read_meta(path / "meta.yml") for path in found}


@dataclass(frozen=True, eq=False)
class _Recorded:
    """The responses, (time, neuron), on their clock."""

    responses: ArrayLike
    time_s: np.ndarray
    bin_s: float
    history: tuple[str, ...] = ()


def _recorded(folder: Path, meta: Meta, rate_hz: float | None, interpolation: str) -> _Recorded:
    if meta.get("modality") == "spikes":
        if rate_hz is None:
            raise OptionError("these are times of spikes: say how many bins per second, such as --rate-hz 30")
        start, stop = (number(meta, key, folder / "meta.yml") for key in ("start_time", "end_time"))
        n_bins = int((stop - start) * rate_hz + 1e-6)
        if n_bins < 1:
            raise DataError(
                f"{folder / 'meta.yml'}: no bin of {1 / rate_hz:g} s from {start:g} to {stop:g} s"
            )
        edges_s = start + np.arange(n_bins + 1) / rate_hz
        counts = SpikeCounts(*open_spikes(folder, meta), edges_s)
        return _Recorded(
            counts, edges_s[:-1] + 0.5 / rate_hz, 1 / rate_hz, (f"counted spikes at {rate_hz:g} Hz",)
        )
    if meta.get("modality") != "sequence":
        raise DataError(f"{folder} has modality {meta.get('modality')!r}; responses are a sequence or spikes")
    sampled = open_sequence(folder, meta)
    own = number(meta, "sampling_rate", folder / "meta.yml", above=0)
    if rate_hz is None and sampled.shift_s is None:
        return _Recorded(sampled.data, sampled.time_s, 1 / own)
    start, stop = sampled.span_s
    time_s = sampled.time_s[(sampled.time_s >= start) & (sampled.time_s <= stop)]
    if rate_hz is not None:
        time_s = start + np.arange(int((stop - start) * rate_hz + 1e-6) + 1) / rate_hz
    if not len(time_s):
        raise DataError(
            f"{folder}: no time at which all neurons were sampled; are the phase shifts in seconds?"
        )
    told = f"responses at {rate_hz or own:g} Hz by interpolation: {interpolation}"
    return _Recorded(Resampled(sampled, time_s, interpolation), time_s, 1 / (rate_hz or own), (told,))


def _screen(folder: Path, screens: list[str], devices: Mapping[str, Meta], intervals: Intervals) -> Screen:
    if len(screens) > 1:
        raise DataError(f"{folder} has {len(screens)} screens ({', '.join(screens)}); keep one")
    if not screens:
        kinds = dict(zip(TRIAL_COLUMNS, ("str", "int64", "str", "float64", "float64"), strict=True))
        return Screen(pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in kinds.items()}), {})

    def tier_at(start_s: float) -> str:
        """The first label whose intervals hold the start of the trial."""
        return next(
            (label for label, spans in intervals.items() if _inside(spans, np.array([start_s]))[0]), "all"
        )

    return open_screen(folder / screens[0], devices[screens[0]], tier_at)


def _inside(spans: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """(time,) whether each time lies in a half-open interval [start, stop), which may overlap."""
    started = np.searchsorted(np.sort(spans[:, 0]), time_s, side="right")
    return started > np.searchsorted(np.sort(spans[:, 1]), time_s, side="right")


def _membership(spans: np.ndarray, time_s: np.ndarray) -> Signal:
    return Signal(_inside(spans, time_s).astype(float), time_s)


def _signals(device: str, sequence: Sequence) -> dict[str, Signal]:
    n_signals = sequence.data.shape[1]
    shift_s = np.zeros(n_signals) if sequence.shift_s is None else sequence.shift_s
    return {
        device if n_signals == 1 else f"{device}_{i}": Signal(
            sequence.data[:, i], sequence.time_s + shift_s[i]
        )
        for i in range(n_signals)
    }


def _neuron_table(folder: Path, n_neurons: int) -> pd.DataFrame:
    """Arrays of `meta/` with one entry per neuron; coordinates of cells are places in micrometres."""
    table = pd.DataFrame(index=range(n_neurons))
    for file in sorted((folder / "meta").glob("*.npy")):
        values = read_npy(file) if file.stem not in STATISTICS else np.empty(0)
        if values.shape == (n_neurons, 3) and "coordinates" in file.stem:
            table[POSITION_COLUMNS] = values
        elif values.shape == (n_neurons,):
            table[file.stem] = values
    return table
