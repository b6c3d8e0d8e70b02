"""Arrays in a file, whose axes the user names, to a Recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from twofold.errors import DataError, OptionError
from twofold.readers.axes import Axes
from twofold.readers.companions import Companion, refuse_misfits
from twofold.readers.containers import ArrayFile, open_arrays
from twofold.readers.missing import Kept, Missing
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.recordings.columns import POSITION_COLUMNS, TRIAL_COLUMNS


def read_arrays(
    path: str | Path,
    *,
    responses: str,
    axes: Sequence[str],
    bin_seconds: float,
    neuron: Sequence[str] = (),
    signal: Sequence[str] = (),
    trial: Sequence[str] = (),
    frames: str | None = None,
    features: Sequence[str] = (),
    select: Mapping[str, int] = {},
    missing: float | None = None,
    drop_units_missing: float | None = None,
    drop_repeats_missing: bool = False,
    repeats_per_block: int | None = None,
    tier: str = "all",
    name: str | None = None,
) -> Recording:
    """Read a recording from a npz, npy, mat or HDF5 file by naming its arrays and their axes.

    Trials lie on the clock back to back from 0, each repeat showing every clip once. Nothing is unpickled.

    Parameters
    ----------
    path
        The file; in a npy file, the one array answers to any name.
    responses
        Name of the array of responses.
    axes
        Name of each of its axes: `neuron`, `time`, `repeat`, `stimulus`; axes of one name are joined in the
        order given, and an axis of any other name is fixed by `select`.
    bin_seconds
        Width of a time bin, in seconds.
    neuron
        Arrays (neuron,), numbers or text, that become columns of the neuron table; `position_um` is
        (neuron, 3), in micrometres.
    signal
        Arrays with the axes of the responses, in their order, without neuron and the fixed axes.
    trial
        Arrays (repeat,), or with the repeat and stimulus axes in their order: columns of the trial table.
    frames
        Array (frame, height, width) or (stimulus, time, height, width); a frame is one time bin of one clip.
    features
        Arrays (frame, feature) or (stimulus, time, feature).
    select
        Index by name, for axes that are fixed.
    missing
        The value that marks what was not measured, possibly NaN; the responses are float32 then.
    drop_units_missing
        Drop units with this share of missing values or more, before anything else.
    drop_repeats_missing
        Drop repeats in which any kept unit misses a value.
    repeats_per_block
        Trial column `block` is the file's repeat // this.
    tier
        Tier of all trials.
    name
        Name of the recording; that of the file by default.

    Raises
    ------
    OptionError
        If the options cannot work.
    DataError
        If the file or its arrays are not what the options say.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder) / "mouse.npz", counts=np.ones((5, 2, 3), int), speed=np.zeros((2, 3)))
    ...     read_arrays(Path(folder) / "mouse.npz", responses="counts", axes=("neuron", "repeat", "time"),
    ...                 bin_seconds=0.5, signal=["speed"])
    Recording 'mouse': 6 time points of 0.5 s x 5 neurons, 2 trials, 1 stimulus, 1 signal
    """
    gaps = Missing(missing, drop_units_missing, drop_repeats_missing)
    _refuse_options(bin_seconds, repeats_per_block, gaps)
    file = open_arrays(path)
    wanted = {"--neuron": neuron, "--signal": signal, "--trial": trial, "--features": features}
    wanted["--frames"] = () if frames is None else [frames]
    values = file.read(responses)
    layout = Axes(_listed(axes), values.shape, dict(select))
    beside = _read_companions(file, wanted)
    if values.dtype.kind == "U":
        raise DataError(f"array {responses!r} holds text; --responses takes numbers")
    refuse_misfits(beside, layout)

    bin_seconds = float(bin_seconds)
    kept = gaps.clean(layout.arrange(layout.selected(values)))
    n_repeats, n_stimuli, n_time, n_neurons = kept.responses.shape
    time_s = (np.arange(n_repeats * n_stimuli * n_time) + 0.5) * bin_seconds
    stimuli = _stimuli(beside, n_stimuli, n_time, 1 / bin_seconds)
    trials = _trial_table(list(stimuli), n_repeats, n_time * bin_seconds, tier)
    if repeats_per_block is not None:
        trials["block"] = np.repeat(np.flatnonzero(kept.repeats) // repeats_per_block, n_stimuli)
    for column in (one for one in beside if one.flag == "--trial"):
        trials[column.label] = column.by_trial(layout)[kept.repeats].ravel()
    return Recording(
        responses=LazyArray(np.ascontiguousarray(kept.responses.reshape(-1, n_neurons))),
        time_s=time_s,
        bin_s=bin_seconds,
        neurons=Neurons(_neuron_table(beside, kept)),
        trials=Trials(trials),
        signals=_signals(beside, layout, kept, time_s),
        stimuli=stimuli,
        name=name if name is not None else file.path.stem,
        history=(f"read {responses} ({layout}) from {file.path.name}", *kept.history),
    )


def _refuse_options(bin_seconds: float, repeats_per_block: int | None, gaps: Missing) -> None:
    problems = gaps.problems()
    if not (isfinite(bin_seconds) and bin_seconds > 0):
        problems.append(f"--bin-seconds {bin_seconds:g}: the width of a bin in seconds must be above 0")
    if repeats_per_block is not None and repeats_per_block < 1:
        problems.append(f"--repeats-per-block {repeats_per_block}: must be 1 or more")
    if problems:
        raise OptionError("; ".join(problems))


def _listed(names: Sequence[str]) -> tuple[str, ...]:
    """Names as a sequence, or as one types them: with commas."""
    return tuple(names.split(",")) if isinstance(names, str) else tuple(names)


def _read_companions(file: ArrayFile, wanted: Mapping[str, Sequence[str]]) -> list[Companion]:
    beside = [
        Companion(flag, name, file.read(name)) for flag, names in wanted.items() for name in _listed(names)
    ]
    labels = [(one.flag, one.label) for one in beside]
    for one in beside:
        if labels.count((one.flag, one.label)) > 1:
            raise OptionError(f"{one.flag} {one.name}: two arrays would be called {one.label!r}; give one")
        if one.flag == "--trial" and one.label in TRIAL_COLUMNS:
            raise OptionError(f"--trial {one.name}: the column {one.label!r} follows from --axes; rename it")
    return beside


def _neuron_table(beside: Sequence[Companion], kept: Kept) -> pd.DataFrame:
    table = pd.DataFrame(index=range(int(kept.neurons.sum())))
    for one in (one for one in beside if one.flag == "--neuron"):
        if one.is_position:
            table[POSITION_COLUMNS] = one.values.reshape(-1, 3)[kept.neurons]
        else:
            table[one.label] = one.values.ravel()[kept.neurons]
    return table


def _trial_table(clips: Sequence[str], n_repeats: int, seconds: float, tier: str) -> pd.DataFrame:
    """One row per presentation, back to back: for each repeat, each clip."""
    n_trials = n_repeats * len(clips)
    return pd.DataFrame(
        {
            "stimulus": np.tile(clips, n_repeats),
            "repeat": np.repeat(np.arange(n_repeats), len(clips)),
            "tier": tier,
            "start_s": np.arange(n_trials) * seconds,
            "stop_s": np.arange(1, n_trials + 1) * seconds,
        }
    )


def _signals(beside: Sequence[Companion], layout: Axes, kept: Kept, time_s: np.ndarray) -> dict[str, Signal]:
    signals = {}
    for one in (one for one in beside if one.flag == "--signal"):
        values = layout.arrange(one.values, ("repeat", "stimulus", "time"))
        signals[one.label] = Signal(values[kept.repeats].ravel().astype(float), time_s)
    return signals


def _stimuli(beside: Sequence[Companion], n_stimuli: int, n_time: int, rate_hz: float) -> dict[str, Stimulus]:
    """Clips by name; a frame is what one bin of one clip showed."""
    n_frames, digits = n_stimuli * n_time, max(2, len(str(n_stimuli - 1)))
    names = [f"clip-{i:0{digits}d}" for i in range(n_stimuli)] if n_stimuli > 1 else ["movie"]
    pictures = [one.values for one in beside if one.flag == "--frames"]
    frames = pictures[0].reshape(n_frames, *pictures[0].shape[-2:]) if pictures else None
    features = {one.label: one.values.reshape(n_frames, -1) for one in beside if one.flag == "--features"}
    clips = {}
    for i, name in enumerate(names):
        own = slice(i * n_time, (i + 1) * n_time)
        clips[name] = Stimulus(
            frame_ids=np.arange(n_frames)[own],
            rate_hz=rate_hz,
            frames=None if frames is None else frames[own],
            features={label: values[own] for label, values in features.items()},
        )
    return clips
