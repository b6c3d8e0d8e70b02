"""Models of a simulated mouse for the table of worlds, as cheap as the analyses allow.

The core of the video model is the simulator's own filter bank, as a core that was trained on many mice would
be, and receptive fields are known; features and bias of the readout are fitted to the responses of the
training tier. The state is trained with the video part frozen. What it costs to train a core is the question
of `benchmarks.latent_recovery`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

import twofold as tw
from twofold.encoding.latent import LatentVideoModel
from twofold.nn.sparse_readout import corners, sample_products
from twofold.recordings import Recording
from twofold.sampling import TrialClips
from twofold.simulate.sensorium.gabor_drive import GAIN, GaborBank
from twofold.simulate.sensorium.video_classes import PIXEL_MEAN, PIXEL_SD

KERNEL = 7  # pixels and frames, of the simulator's filters at 18 x 32
PENALTY = 3e-4  # on squared features, per response
STATE = {"dimension": 3, "hidden": 16, "train_video": False}


def video_model(mouse: Recording, seed: int) -> tw.VideoModel:
    """A model of the video alone, whose readout is fitted to the training tier."""
    options = tw.VideoOptions(
        channels=(8,), spatial=(KERNEL,), temporal=(KERNEL,), positions=False, bias=True, init_sigma=0.01
    )
    model = tw.VideoModel.for_recordings([mouse], options=options, random_state=seed)
    height, width = model.frame_shape
    bank = GaborBank.for_frames(height, width).scaled_to(_first_pictures(mouse))
    with torch.no_grad():
        _copy_filters(model, bank)
        _copy_receptive_fields(model, mouse.truth["receptive_field_px"][mouse.neurons.column("unit")])
    _fit_readout(model, mouse)
    return model.eval()


def latent_model(video: tw.VideoModel, mouse: Recording, seed: int, epochs: int) -> LatentVideoModel:
    """The same with a state, which is all that is trained."""
    model = LatentVideoModel(video, random_state=seed, **STATE)
    options = tw.TrainOptions(
        epochs=epochs,
        learning_rate=0.02,
        batch_clips=2,
        clip_frames=60,
        frames_skipped=KERNEL,
        seed=seed,
        device="cpu",
    )
    return tw.fit(model, [mouse], options)


def with_neurons(
    model: LatentVideoModel, video: tw.VideoModel, known: np.ndarray, weights: np.ndarray
) -> LatentVideoModel:
    """The fitted state for more neurons, whose responses it does not read.

    Parameters
    ----------
    model
        Fitted to the neurons `known` of those of `video`.
    video
        Of all neurons.
    known
        Their numbers.
    weights
        (neuron, parameter, dimension) of all neurons.
    """
    larger = LatentVideoModel(video, model.latent_options)
    own, new = model.latent_population(0), larger.latent_population(0)
    with torch.no_grad():
        larger.encoder.load_state_dict(model.encoder.state_dict())
        if model.memory is not None and larger.memory is not None:
            larger.memory.load_state_dict(model.memory.state_dict())
        columns = new.input.weight.unflatten(1, (len(weights), -1))
        columns.zero_()
        columns[:, torch.from_numpy(known)] = own.input.weight.unflatten(1, (len(known), -1))
        new.input.bias.copy_(own.input.bias)
        new.map.weights.copy_(torch.from_numpy(weights))
    return larger.eval()


def of_neurons(video: tw.VideoModel, mouse: Recording, kept: np.ndarray) -> tw.VideoModel:
    """The video model of some of its neurons; `mouse` has these only, by their numbers."""
    part = tw.VideoModel.for_recordings([mouse], options=video.options)
    part.core.load_state_dict(video.core.state_dict())
    part.video_mean.copy_(video.video_mean)
    part.video_sd.copy_(video.video_sd)
    whole, own = video.population(0).readout, part.population(0).readout
    with torch.no_grad():
        own.mean.mean.copy_(whole.mean.mean[kept])
        own.vectors.copy_(whole.vectors[:, kept])
        own.bias.copy_(whole.bias[kept])
    return part.eval()


def _first_pictures(mouse: Recording) -> np.ndarray:
    """The frames whose responses the simulator scales its filters by."""
    stimuli = list(mouse.stimuli.values())[:2]
    return np.concatenate([np.asarray(clip.frames[:]) for clip in stimuli])


def _copy_filters(model: tw.VideoModel, bank: GaborBank) -> None:
    model.video_mean.fill_(PIXEL_MEAN)
    model.video_sd.fill_(PIXEL_SD)
    (block,) = model.core.blocks
    block.spatial.weight.copy_(torch.from_numpy(bank.spatial)[:, None])
    kernel = torch.from_numpy(bank.temporal[:, ::-1].copy())  # the last tap is the frame itself
    block.temporal.weight.copy_(torch.diag_embed(kernel.T).permute(1, 2, 0)[..., None])
    block.norm.running_mean.zero_()
    block.norm.running_var.fill_(1 - block.norm.eps)
    block.norm.weight.fill_(GAIN * bank.scale)
    block.norm.bias.zero_()


def _copy_receptive_fields(model: tw.VideoModel, field_px: np.ndarray) -> None:
    size = np.array(model.frame_shape)
    lost = KERNEL // 2
    share = (field_px - lost) / (size - 1 - 2 * lost)  # of the map, row and column
    mean = model.population(0).readout.mean.mean
    mean.copy_(torch.from_numpy(2 * share[:, ::-1] - 1).to(mean.dtype))


def _fit_readout(model: tw.VideoModel, mouse: Recording) -> None:
    """Features and bias by maximum likelihood, from the channels at each receptive field."""
    population = model.population(0)
    readout, likelihood = population.readout, population.likelihood
    channels, y = _channels(model, mouse)
    vectors = torch.zeros_like(readout.vectors).requires_grad_(True)
    bias = readout.bias.detach().clone().requires_grad_(True)
    centre, spread = channels.mean(dim=0), channels.std(dim=0)
    standard = (channels - centre) / spread
    optimiser = torch.optim.LBFGS([vectors, bias], max_iter=40, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        raw = torch.einsum("tnc,pnc->tnp", standard, vectors) + bias
        value = likelihood.total_nll(raw[None], y[None]) / y.numel() + PENALTY * vectors.square().mean()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        readout.vectors.copy_(vectors / spread)
        readout.bias.copy_(bias - torch.einsum("pnc,nc->np", readout.vectors, centre))


@torch.no_grad()
def _channels(model: tw.VideoModel, mouse: Recording) -> tuple[Tensor, Tensor]:
    """(time, neuron, channel) output of the core at each receptive field, and (time, neuron) responses."""
    readout, found, responses = model.population(0).readout, [], []
    model.eval()
    n, c = readout.vectors.shape[1:]
    one_by_one = torch.eye(c)[:, None].expand(c, n, c)
    points = readout.mean()[None, None]
    for clip in TrialClips(mouse, "train").whole():
        video = torch.from_numpy(np.asarray(clip.video)).float()[None, None]
        features = model.core((video - model.video_mean) / model.video_sd)
        maps = features.permute(0, 2, 3, 4, 1).contiguous()
        found.append(sample_products(maps, one_by_one.contiguous(), corners(points, *maps.shape[2:4]))[0])
        responses.append(torch.from_numpy(clip.responses[model.frames_lost :]).float())
    return torch.cat(found), torch.cat(responses)
