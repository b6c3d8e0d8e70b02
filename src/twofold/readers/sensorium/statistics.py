"""What responses and signals of a SENSORIUM folder are divided by, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError
from twofold.readers.sensorium.arrays import TrialResponses
from twofold.readers.sensorium.folder import SensoriumFolder
from twofold.readers.sensorium.scan import FoundTrials

NORMALISATIONS = ("sensorium2023", "per_neuron")
FLOOR = 0.01  # of the mean standard deviation: neurons that hardly respond are divided by this


@dataclass(frozen=True, eq=False)
class Scales:
    """What a normalisation divides by; multiplying gives the raw values back.

    Parameters
    ----------
    responses
        (neuron,) or (frame of the clip, neuron).
    signals
        Per modality mean and standard deviation, each (2,) or (frame of the clip, 2).
    column, per_neuron
        Name and values (neuron,) of a column of the neuron table.
    history
        What was done, in words.
    """

    responses: np.ndarray
    signals: dict[str, tuple[np.ndarray, np.ndarray]]
    column: str
    per_neuron: np.ndarray
    history: str

    def normalised(self, modality: str, values: np.ndarray) -> np.ndarray:
        """(frame, 2) a signal of one trial, in standard deviations."""
        mean, std = (part if part.ndim == 1 else part[: len(values)] for part in self.signals[modality])
        return (values - mean) / std


def floored(std: np.ndarray) -> np.ndarray:
    """Standard deviations, those of at most 1 % of their mean replaced by 1 % of their mean.

    With m the mean of all s: s where s > 0.01 m, else 0.01 m, as in the competition's code.

    Examples
    --------
    >>> floored(np.array([0.0, 1.0, 3.0])).round(4)
    array([0.0133, 1.    , 3.    ])
    """
    floor = FLOOR * std.mean()
    return np.where(std > floor, std, floor if floor > 0 else 1.0)


def published_scales(folder: SensoriumFolder, longest: int) -> Scales:
    """`sensorium2023`: the folder's own statistics, per neuron and frame of the clip.

    That each frame is divided by a number of its own was an error of the published files, which was kept.

    Parameters
    ----------
    folder
        With `meta/statistics/{responses,behavior,pupil_center}/all/{mean,std}.npy`.
    longest
        Frames of the longest clip; later entries of the statistics rest on padding and are not used.

    Raises
    ------
    DataError
        If a statistic is missing, has another shape, or is not finite within the clips.
    """
    std = floored(_statistic(folder, "responses", "std", folder.n_neurons, longest))
    signals = {}
    for modality in (m for m in folder.modalities if m in ("behavior", "pupil_center")):
        spread = _statistic(folder, modality, "std", 2, longest)
        centre = (
            _statistic(folder, modality, "mean", 2, longest) if modality == "pupil_center" else 0 * spread
        )
        signals[modality] = (centre, np.where(spread > 0, spread, 1.0))
    return Scales(
        responses=std,
        signals=signals,
        column="mean_log_response_scale",
        per_neuron=np.log(std).mean(axis=0),
        history=(
            "normalised as sensorium2023: responses divided per neuron and frame of the clip by "
            "meta/statistics/responses/all/std.npy (where at most 1 % of its mean: by 1 % of its mean), "
            "behavior by its std, pupil_center to z-scores; mean log of the divisors: "
            "neuron column mean_log_response_scale"
        ),
    )


def training_scales(
    folder: SensoriumFolder, found: FoundTrials, responses: TrialResponses, tick: Callable[[], None]
) -> Scales:
    """`per_neuron`: standard deviations over all frames of the train tier, and of no other.

    Parameters
    ----------
    folder, found
        Which trials there are.
    responses
        The raw responses; those of the train tier are read once, a trial at a time.
    tick
        Called after each trial.

    Raises
    ------
    DataError
        If no trial of the train tier has responses.
    """
    train = train_trials(folder, found)
    if not train.size:
        tiers = ", ".join(np.unique(folder.tiers[folder.numbers]))
        raise DataError(
            f"{folder.tree.path.name}: per_neuron needs trials of tier 'train' with responses; "
            f"there are only {tiers}"
        )

    def blocks() -> Iterable[np.ndarray]:
        for trial in train.tolist():
            yield responses.trial(trial)
            tick()

    std = floored(_moments(blocks())[1])
    signals = {}
    for modality, values in found.signals.items():
        mean, spread = _moments(values[trial] for trial in train)
        signals[modality] = (
            mean if modality == "pupil_center" else np.zeros(2),
            np.where(spread > 0, spread, 1.0),
        )
    told = "; ".join(
        f"{modality} minus {mean[0]:g}, {mean[1]:g} divided by {spread[0]:g}, {spread[1]:g}"
        for modality, (mean, spread) in signals.items()
    )
    return Scales(
        responses=std,
        signals=signals,
        column="response_scale",
        per_neuron=std,
        history=(
            f"normalised per_neuron on {len(train)} trials of tier train: responses divided by the neuron "
            "column response_scale (std over time; where at most 1 % of the mean std: 1 % of it)"
            f"{'; ' if told else ''}{told}"
        ),
    )


def train_trials(folder: SensoriumFolder, found: FoundTrials) -> np.ndarray:
    """(train trial,) indices of the trials of tier train whose responses are given."""
    return np.flatnonzero((folder.tiers[folder.numbers] == "train") & ~found.withheld)


def _moments(blocks: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over the rows of all blocks (Chan, Golub and LeVeque 1979)."""
    n, mean, squares = 0, np.zeros(1), np.zeros(1)
    for block in blocks:
        own = block.mean(axis=0, dtype=np.float64)
        difference, total = own - mean, n + len(block)
        squares = squares + len(block) * block.var(axis=0, dtype=np.float64)
        squares = squares + difference**2 * (n * len(block) / total)
        mean = mean + difference * (len(block) / total)
        n = total
    return mean, np.sqrt(squares / n)


def _statistic(folder: SensoriumFolder, modality: str, which: str, width: int, longest: int) -> np.ndarray:
    """(frame, channel) one statistic over the frames that clips have."""
    where, file = f"meta/statistics/{modality}/all", f"{which}.npy"
    if file not in folder.tree.names(where):
        raise DataError(
            f"{folder.tree.path.name} lacks {where}/{file}, which sensorium2023 needs; "
            "normalise per_neuron instead"
        )
    values = folder.tree.array(f"{where}/{file}")
    if values.ndim != 2 or values.shape[0] != width or values.shape[1] < longest:
        raise DataError(
            f"{folder.tree.path.name}: {where}/{file} has shape {values.shape}; ({width}, {longest}) or "
            "longer is due: normalise per_neuron instead"
        )
    used = np.array(values[:, :longest].T, dtype=np.float64)
    if not np.isfinite(used).all():
        frame, channel = np.argwhere(~np.isfinite(used))[0]
        raise DataError(
            f"{folder.tree.path.name}: {where}/{file} is not finite at row {channel}, frame {frame}, which "
            f"clips of {longest} frames need; normalise per_neuron instead"
        )
    return used
