"""Neurons that a model never saw: their weights on the state follow from where they lie (paper B, table 3).

Core, encoder and the map from position to weights stay as they were trained on other neurons. Of the neurons
that were not seen, only the readout from the video is trained.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from twofold.encoding import LatentVideoModel, VideoModel, fit
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.fits import Fit
from twofold.studies.latent_factors.fitting import arrays_of, model_of, train_options, unseen
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.prepared import for_training

OF_EACH_NEURON = ("readout.vectors", "readout.bias", "readout.sigma", "readout.mean.mean")


def extrapolate(
    recordings: Sequence[Recording], fitted: Fit, options: LatentFactorsOptions, seen: Arrays
) -> Arrays:
    """Train the readouts of the neurons that a model did not see.

    Parameters
    ----------
    recordings
        With all neurons.
    fitted
        What the model is.
    options
        Of the study.
    seen
        The model of the other neurons.
    """
    own = [for_training(recording, options.validation_repeats) for recording in recordings]
    model = with_unseen(model_of(seen), own, fitted, options.seed)
    training = train_options(fitted, options).model_copy(update={"weight_decay": 0.0})
    return arrays_of(fit(model, own, training))


def with_unseen(
    base: VideoModel | LatentVideoModel, recordings: Sequence[Recording], fitted: Fit, seed: int
) -> LatentVideoModel:
    """A model of all neurons that knows what `base` knows, and of which only unseen readouts are trained."""
    assert isinstance(base, LatentVideoModel) and fitted.latent is not None
    video = VideoModel.for_recordings(recordings, options=fitted.video, random_state=seed)
    places = [recording.neurons.position_um for recording in recordings]
    model = LatentVideoModel(video, fitted.latent, positions=places, random_state=seed)
    hidden = [unseen(len(recording.neurons), fitted.unseen_share, seed) for recording in recordings]
    known, tensors = base.state_dict(), model.state_dict()
    for name, value in tensors.items():
        tensors[name] = _completed(name, value, known[name], hidden)
    for number, (place, mask) in enumerate(zip(places, hidden, strict=True)):
        assert place is not None
        for part in ("map", "gain_map") if fitted.latent.latent_gain else ("map",):
            tensors[f"latent_populations.{number}.{part}.place"] = _in_sd_of(place, ~mask)
        in_readout = f"video.populations.{number}.readout.mean.place"
        if in_readout in tensors:
            tensors[in_readout] = _in_plane_of(place, ~mask)
    model.load_state_dict(tensors)
    _train_only(model, hidden)
    return model


def _completed(name: str, value: Tensor, known: Tensor, hidden: Sequence[np.ndarray]) -> Tensor:
    """What is known, beside the beginning of what is not; of unseen neurons nothing reaches the encoder."""
    if value.shape == known.shape:
        return known
    number = int(name.split("populations.")[1].split(".")[0])
    seen = torch.from_numpy(~hidden[number])
    axis = next(a for a in range(value.ndim) if value.shape[a] != known.shape[a])
    each = seen.repeat_interleave(value.shape[axis] // len(seen)).nonzero().squeeze(1)
    begun = torch.zeros_like(value) if name.endswith("input.weight") else value.clone()
    return begun.index_copy(axis, each, known)


def _in_sd_of(place: np.ndarray, seen: np.ndarray) -> Tensor:
    """Positions as the map of a model of the neurons seen has them."""
    spread = np.maximum(place[seen].std(axis=0), 1e-12)
    return torch.from_numpy((place - place[seen].mean(axis=0)) / spread).float()


def _in_plane_of(place: np.ndarray, seen: np.ndarray) -> Tensor:
    """The same for the readout, which looks at x and y alone."""
    plane = place[:, :2] - place[seen, :2].mean(axis=0)
    return torch.from_numpy(plane / max(np.abs(plane[seen]).max(), 1e-12)).float()


def _train_only(model: LatentVideoModel, hidden: Sequence[np.ndarray]) -> None:
    """Let gradients reach the readouts of the neurons unseen, and nothing else."""
    model.requires_grad_(False)
    model.video.core_is_frozen = model.is_shared_frozen = True
    for number, mask in enumerate(hidden):
        for name, parameter in model.population(number).named_parameters():
            if name not in OF_EACH_NEURON:
                continue
            axis = 1 if name == "readout.vectors" else 0
            shape = [-1 if a == axis else 1 for a in range(parameter.ndim)]
            own = torch.from_numpy(mask).float().reshape(shape)
            parameter.requires_grad_(True)
            parameter.register_hook(lambda gradient, own=own: gradient * own.to(gradient.device))
