"""Models are trained as jobs: recordings go in, and tensors come out as arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from twofold.encoding import LatentVideoModel, TrainOptions, VideoModel, fit
from twofold.encoding.latent.saving import rebuild as rebuild_latent
from twofold.encoding.saving import SavedVideoModel
from twofold.encoding.saving import rebuild as rebuild_video
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.fits import Fit
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.prepared import for_training

ABOUT, TENSOR, HISTORY = "about", "tensor/", "history/"
FittedModel = VideoModel | LatentVideoModel


def train(
    recordings: Sequence[Recording],
    fitted: Fit,
    options: LatentFactorsOptions,
    start: Arrays | None = None,
) -> Arrays:
    """Train a model on the training trials of all recordings.

    Parameters
    ----------
    recordings
        As they were prepared.
    fitted
        What to train.
    options
        How.
    start
        What the model that it starts from has learned.

    Returns
    -------
    Arrays
        All that `model_of` needs, and the history of the training.
    """
    own = [
        for_training(seen_by(fitted, recording, options.seed), options.validation_repeats)
        for recording in recordings
    ]
    model = untrained(fitted, own, start)
    return arrays_of(fit(model, own, train_options(fitted, options)))


def untrained(fitted: Fit, own: Sequence[Recording], start: Arrays | None = None) -> FittedModel:
    """The model at the beginning of its training."""
    video = model_of(start) if start is not None else None
    if video is None:
        video = VideoModel.for_recordings(own, options=fitted.video, random_state=fitted.seed)
    assert isinstance(video, VideoModel)
    if fitted.latent is None:
        return video
    places = [recording.neurons.position_um for recording in own]
    return LatentVideoModel(video, fitted.latent, positions=places, random_state=fitted.seed)


def train_options(fitted: Fit, options: LatentFactorsOptions) -> TrainOptions:
    """How a model is trained."""
    return TrainOptions(
        epochs=fitted.epochs,
        clip_frames=options.clip_frames,
        batch_clips=options.batch_clips,
        learning_rate=options.learning_rate,
        patience=options.patience,
        decay_patience=min(options.decay_patience, max(1, fitted.epochs // 4)),
        rounds=options.rounds,
        seed=fitted.seed,
        device=options.device,
        precision=options.precision,
    )


def seen_by(fitted: Fit, recording: Recording, seed: int) -> Recording:
    """The neurons that the training of a model sees."""
    if not fitted.unseen_share:
        return recording
    return recording.select_neurons(~unseen(len(recording.neurons), fitted.unseen_share, seed))


def unseen(n_neurons: int, share: float, seed: int) -> np.ndarray:
    """(neuron,) True for those that training does not see.

    Examples
    --------
    >>> unseen(10, 0.2, seed=0).sum()
    np.int64(2)
    """
    drawn = np.random.default_rng([seed, n_neurons]).permutation(n_neurons)
    return drawn < max(1, round(share * n_neurons))


def arrays_of(model: FittedModel) -> Arrays:
    """All of a model that numpy can hold, without pickle."""
    described = model.describe()
    history = described.pop("history", [])
    tensors = {TENSOR + name: value.cpu().numpy() for name, value in model.state_dict().items()}
    curves = {HISTORY + name: np.array([row[name] for row in history]) for name in (history or [{}])[0]}
    return {ABOUT: np.array(json.dumps(described)), **tensors, **curves}


def model_of(found: Mapping[str, np.ndarray]) -> FittedModel:
    """A trained model back from its arrays, in evaluation mode."""
    about = json.loads(str(found[ABOUT]))
    tensors = {
        name.removeprefix(TENSOR): torch.from_numpy(np.array(value))
        for name, value in found.items()
        if name.startswith(TENSOR)
    }
    is_latent = about["format"] == "twofold latent video model"
    model: FittedModel = (
        rebuild_latent(about, tensors)
        if is_latent
        else rebuild_video(SavedVideoModel.model_validate(about), tensors)
    )
    return model.eval()
