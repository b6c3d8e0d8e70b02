"""Recordings whose responses a model with known parts has made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from twofold.encoding import LatentVideoModel
from twofold.likelihoods.quadrature.loadings import drive_of
from twofold.recordings import LazyArray, Recording
from twofold.sampling import TrialClips


@torch.no_grad()
def made_by(
    model: LatentVideoModel, mouse: Recording, seed: int = 0, prior=None
) -> tuple[Recording, np.ndarray]:
    """The same trials with responses of the model, and the (time, dimension) states behind them.

    States are what `prior` makes of standard normal ones, white in time; where a clip begins, and the model
    says nothing, there is silence.
    """
    model.eval()
    draw, trials = torch.Generator().manual_seed(seed), TrialClips(mouse)
    own, likelihood = model.latent_population(0).loadings().detach(), model.likelihood_of(0)
    responses = np.zeros(mouse.responses.shape, dtype=np.float32)
    states = np.zeros((len(responses), own.shape[2]), dtype=np.float32)
    for clip, span in zip(trials.whole(), trials.spans, strict=True):
        raw = model.video.raw_of(0, clip)
        noise = torch.randn(len(raw), own.shape[2], generator=draw)
        z = noise if prior is None else prior(noise)
        rows = slice(span.first_row + model.frames_lost, span.first_row + span.n_frames)
        responses[rows] = likelihood.distribution(raw, drive_of(own, raw, z)).sample(draw).numpy()
        states[rows] = z.numpy()
    return replace(mouse, responses=LazyArray(responses)), states
