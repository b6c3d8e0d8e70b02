"""A SENSORIUM 2023 folder, or its zip, to a Recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from twofold.errors import DataError, OptionError, did_you_mean
from twofold.readers.sensorium.arrays import TrialResponses, VideoFrames
from twofold.readers.sensorium.files import open_tree
from twofold.readers.sensorium.folder import SensoriumFolder, open_folder
from twofold.readers.sensorium.scan import FoundTrials, scan_trials
from twofold.readers.sensorium.statistics import (
    NORMALISATIONS,
    Scales,
    published_scales,
    training_scales,
)
from twofold.readers.sensorium.tables import FRAME_HZ, SIGNALS, neuron_table, trial_table
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.recordings.wording import first_few

Progress = Callable[[int, int, str], None]


def read_sensorium(
    path: str | Path,
    normalisation: str | None = None,
    *,
    name: str | None = None,
    progress: Progress | None = None,
) -> Recording:
    """Read one mouse of the SENSORIUM 2023 competition in place: responses and frames stay in their files.

    One pass reads all videos and signals. A trial ends at the first NaN of any modality; files of tier "none"
    are left out. Trials that show the same frames share one stimulus, whatever their tier, and its repeats
    are numbered over all tiers. Trials whose responses are all 0 are marked in the column `withheld`. The
    layout has no clock: trials stand in order of their files, which is not that of the session. Videos stay
    raw (uint8): what a model does to them happens at its input.

    Parameters
    ----------
    path
        The folder that holds `data` and `meta`, or its zip, which is not unpacked.
    normalisation
        None leaves responses and signals as they are. "per_neuron" divides responses by their standard
        deviation over the train tier, kept in the neuron column `response_scale`; "sensorium2023" by the
        published one, which differs from frame to frame. Both put behaviour in standard deviations and the
        centre of the pupil in z-scores.
    name
        Name of the recording; that of the folder by default.
    progress
        Called with (done, total, what) after each trial that was read.

    Returns
    -------
    Recording
        Responses (time, neuron) float32 at 30 Hz; signals pupil_dilation, running_speed, pupil_x and
        pupil_y where the folder has them; neurons with x_um, y_um, z_um and all else that
        `meta/neurons` says; trials with `file`, the number of the file.

    Raises
    ------
    OptionError
        If there is no such normalisation.
    DataError
        If files are missing, damaged, transposed or do not belong together. A NaN inside the responses of a
        trial is told when it is read.

    References
    ----------
    Turishcheva et al. 2023, "The dynamic Sensorium competition for predicting large-scale mouse visual cortex
    activity from videos".

    Examples
    --------
    >>> import tempfile
    >>> from twofold.readers import write_sensorium
    >>> clip = Stimulus(np.arange(9), 30.0, frames=np.zeros((9, 4, 6), np.uint8))
    >>> trial = {"stimulus": ["a"], "repeat": [0], "tier": ["train"], "start_s": [0.0], "stop_s": [0.3]}
    >>> mouse = Recording(
    ...     responses=LazyArray(np.ones((9, 5), np.float32)), time_s=(np.arange(9) + 0.5) / 30, bin_s=1 / 30,
    ...     neurons=Neurons(pd.DataFrame(index=range(5))), trials=Trials(pd.DataFrame(trial)),
    ...     stimuli={"a": clip})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_sensorium(write_sensorium(mouse, Path(folder) / "mouse"))
    Recording 'mouse': 9 time points of 0.0333333 s x 5 neurons, 1 trial, 1 stimulus, no signals
    """
    if normalisation is not None and normalisation not in NORMALISATIONS:
        raise OptionError(f"normalisation {normalisation!r}: {did_you_mean(normalisation, NORMALISATIONS)}")
    folder = open_folder(open_tree(path))
    neurons, no_columns = neuron_table(folder)
    read_again = int((folder.tiers == "train").sum()) if normalisation == "per_neuron" else 0
    tick = _ticker(progress, len(folder.numbers) + read_again)
    found = scan_trials(folder, tick)
    videos = _videos(found.frame_ids)
    trials, no_trial_columns = trial_table(folder, videos, found.n_frames, found.withheld)
    scales = _scales(normalisation, folder, found, neurons, tick)
    if scales is not None:
        neurons[scales.column] = scales.per_neuron
    start_s = trials["start_s"].to_numpy()
    time_s = np.concatenate(
        [start + (np.arange(n) + 0.5) / FRAME_HZ for start, n in zip(start_s, found.n_frames, strict=True)]
    )
    divisor = None if scales is None else scales.responses
    source = TrialResponses(folder.tree, folder.numbers, found.n_frames, folder.n_neurons, divisor)
    return Recording(
        responses=LazyArray(source),
        time_s=time_s,
        bin_s=1 / FRAME_HZ,
        neurons=Neurons(neurons),
        trials=Trials(trials),
        signals=_signals(found, scales, time_s),
        stimuli=_stimuli(folder, found, trials),
        name=name if name is not None else Path(path).name.removesuffix(".zip"),
        history=_history(folder, found, trials, [*no_columns, *no_trial_columns], scales),
    )


def _ticker(progress: Progress | None, total: int) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total, "reading trials")

    return tick


def _videos(frame_ids: tuple[np.ndarray, ...]) -> np.ndarray:
    """(trial,) number of the video that a trial shows: the same one where all frames are."""
    known: dict[bytes, int] = {}
    return np.array([known.setdefault(ids.tobytes(), len(known)) for ids in frame_ids])


def _scales(
    normalisation: str | None,
    folder: SensoriumFolder,
    found: FoundTrials,
    neurons: pd.DataFrame,
    tick: Callable[[], None],
) -> Scales | None:
    if normalisation is None:
        return None
    done = [column for column in ("response_scale", "mean_log_response_scale") if column in neurons]
    if done:
        raise DataError(
            f"{folder.tree.path.name} was normalised before it was written (meta/neurons/{done[0]}.npy); "
            "read it without a normalisation"
        )
    if normalisation == "sensorium2023":
        return published_scales(folder, int(found.n_frames.max()))
    raw = TrialResponses(folder.tree, folder.numbers, found.n_frames, folder.n_neurons)
    return training_scales(folder, found, raw, tick)


def _signals(found: FoundTrials, scales: Scales | None, time_s: np.ndarray) -> dict[str, Signal]:
    signals = {}
    for modality, by_trial in found.signals.items():
        parts = by_trial if scales is None else [scales.normalised(modality, one) for one in by_trial]
        values = np.concatenate(parts)
        for channel, (name, unit) in enumerate(SIGNALS[modality]):
            signals[name] = Signal(values[:, channel].copy(), time_s, unit if scales is None else "sd")
    return signals


def _stimuli(folder: SensoriumFolder, found: FoundTrials, trials: pd.DataFrame) -> dict[str, Stimulus]:
    """One clip per name; its frames are those of the first file that shows it."""
    stimuli = {}
    for name in dict.fromkeys(trials["stimulus"].tolist()):
        trial = int(np.flatnonzero(trials["stimulus"] == name)[0])
        shape = (int(found.n_frames[trial]), *folder.frame_shape)
        frames = VideoFrames(folder.tree, int(folder.numbers[trial]), shape, found.frame_dtype[trial])
        stimuli[name] = Stimulus(found.frame_ids[trial], FRAME_HZ, frames=frames)
    return stimuli


def _history(
    folder: SensoriumFolder,
    found: FoundTrials,
    trials: pd.DataFrame,
    left_out: list[str],
    scales: Scales | None,
) -> tuple[str, ...]:
    skipped = len(folder.tiers) - len(folder.numbers)
    told = [
        f"read {len(trials)} trials in SENSORIUM layout from {folder.tree.path.name}"
        + (f", without {skipped} of tier none" if skipped else ""),
        f"{trials['stimulus'].nunique()} different videos, told apart by their frames",
    ]
    if found.withheld.any():
        count = trials["tier"][found.withheld].value_counts(sort=False)
        told.append("responses withheld (all 0): " + ", ".join(f"{n} of {tier}" for tier, n in count.items()))
    if found.ends_early.any():
        short = folder.numbers[found.ends_early]
        told.append(f"cut where another modality ends before the video: files {first_few(short)}")
    if left_out:
        told.append(f"left out, as they are no columns: {first_few(left_out)}")
    return (*told, *(() if scales is None else (scales.history,)))
