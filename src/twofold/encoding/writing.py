"""Predictions of all trials as one Zarr group, trial by trial in bounded memory."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import zarr

from twofold.encoding.checks import trials_to_predict
from twofold.encoding.scores import Foretelling
from twofold.errors import DataError
from twofold.files import set_aside
from twofold.likelihoods import ResponseDistribution
from twofold.recordings import Recording
from twofold.sampling import Clip, TrialClips

if TYPE_CHECKING:
    from twofold.encoding.model import EncodingModel

CHUNK_BYTES = 2**22


@runtime_checkable
class SomeNeurons(Protocol):
    """What predicts some neurons, by whatever it is given."""

    @property
    def neurons(self) -> np.ndarray:
        """Their numbers."""
        ...

    def distribution(self, clip: Clip) -> ResponseDistribution:
        """Distribution of their responses in a whole trial."""
        ...


def write_prediction(
    model: EncodingModel | Foretelling,
    recording: Recording,
    path: Path | str,
    *,
    given: SomeNeurons | None = None,
    overwrite: bool = False,
) -> Path:
    """Write what a model predicts for every trial of a recording; it is there whole, or not at all.

    Arrays: `mean` and `variance` (time, neuron), `trial` (time,) number in the trial table of the recording,
    `time_s` (time,) on its clock, `neuron` (neuron,) numbers in the recording. The first `frames_lost` frames
    of each trial are not predicted.

    Parameters
    ----------
    model
        Fitted to the recording.
    recording
        Responses are not looked at, but those of the neurons given.
    path
        Name of the new folder, by custom ending in `.zarr`.
    given
        The same model, given the responses of some neurons; None predicts all from the video.
    overwrite
        Rename what is there to NAME.old-1, NAME.old-2, ... and write afresh.

    Raises
    ------
    DataError
        If something is there already, or the model does not fit the recording.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise DataError(f"{path} exists; add --overwrite to set it aside")
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent} to write {path.name} into; make it first")
    if isinstance(model, Foretelling):
        number, trials = model.trials_of(recording)
    else:
        number, trials = trials_to_predict(model, recording)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        _write(model, number, trials, temporary, given)
        if path.exists():
            set_aside(path)
        temporary.rename(path)
    except OSError as error:
        raise DataError(f"could not write {path}: {error.strerror or error}; nothing is kept") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return path


def _write(
    model: EncodingModel | Foretelling,
    number: int,
    trials: TrialClips,
    path: Path,
    given: SomeNeurons | None,
) -> None:
    lengths = trials.n_frames - model.frames_lost
    neurons = np.arange(len(trials.recording.neurons)) if given is None else given.neurons
    n_time, n_neurons = int(lengths.sum()), len(neurons)
    about = {"recording": trials.recording.name, "frames_lost": model.frames_lost}
    group = zarr.create_group(path, zarr_format=3, attributes=about)
    rows = max(1, min(n_time, CHUNK_BYTES // (4 * n_neurons)))
    arrays = {
        name: group.create_array(
            name,
            shape=(n_time, n_neurons),
            chunks=(rows, n_neurons),
            dtype="float32",
            dimension_names=("time", "neuron"),
        )
        for name in ("mean", "variance")
    }
    numbers = np.repeat([span.trial for span in trials.spans], lengths)
    time_s, start = np.empty(n_time), 0
    for clip, length in zip(trials.whole(), lengths.tolist(), strict=True):
        distribution = model.distribution_of(number, clip) if given is None else given.distribution(clip)
        here = slice(start, start + length)
        arrays["mean"][here] = distribution.mean.numpy()
        arrays["variance"][here] = distribution.variance.numpy()
        time_s[here] = clip.time_s[model.frames_lost :]
        start += length
    group.create_array("trial", data=numbers, dimension_names=("time",))
    group.create_array("time_s", data=time_s, dimension_names=("time",))
    group.create_array("neuron", data=neurons, dimension_names=("neuron",))
