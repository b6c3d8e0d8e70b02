"""One competitor of the latent model: fitted to training trials, and scored as the study's own models are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from twofold.encoding import LatentOptions, LatentVideoModel, VideoModel
from twofold.encoding.competitors import Competitor, ConstantModel
from twofold.encoding.competitors.foretold import Foretold
from twofold.encoding.competitors.saving import KINDS
from twofold.encoding.latent.conditioning import TrialState
from twofold.encoding.latent.masks import given_in_validation
from twofold.encoding.latent.selection import Roles
from twofold.likelihoods.laplace import laplace
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.sampling import TrialClips
from twofold.studies.latent_factors.fitting import FittedModel, model_of
from twofold.studies.latent_factors.scoring import ScoreTable, frames_skipped


def compete(
    recordings: Sequence[Recording],
    kind: str,
    settings: Mapping[str, Any],
    tier: str,
    lost: int,
    tensors: Arrays | None = None,
) -> Arrays:
    """Fit a competitor to the training trials, and score it in those of another tier.

    Parameters
    ----------
    recordings
        Of the study.
    kind, settings
        Which it is, and its options.
    tier
        To score on.
    lost
        Frames at the beginning of each trial that are left out.
    tensors
        Of the video model that it starts from; None for neurons alone.

    Returns
    -------
    Arrays
        As `score_fit`; also "m/bits_joint" (clip, 1) where there is a law of all neurons together, and
        "m/seconds" and "m/parameters" () of the fit and of each neuron.
    """
    began = time.perf_counter()
    base = _base(recordings, lost, tensors)
    model = KINDS[kind](base, **settings).fit(recordings)
    seconds = (time.perf_counter() - began) / len(recordings)
    found = Arrays()
    for number, recording in enumerate(recordings):
        own = _scores(model, number, TrialClips(recording, tier), lost)
        own["seconds"] = np.array(seconds)
        own["parameters"] = np.array(_of_base(base, number) + model.parameters_per_neuron(number))
        found |= {f"{number}/{name}": values for name, values in own.items()}
    return found


def score_joint(recordings: Sequence[Recording], tensors: Arrays, tier: str) -> Arrays:
    """Bits of all neurons together given the video, by Laplace's method, of a model with a state.

    Returns
    -------
    Arrays
        "m/bits_joint" (clip, 1) per neuron, of mouse m.
    """
    model, found = model_of(tensors), Arrays()
    assert isinstance(model, LatentVideoModel)
    for number, recording in enumerate(recordings):
        clips = TrialClips(recording, tier)
        lost = model.frames_lost
        table = ScoreTable(clips, frames_skipped(clips, lost), lost, model.population(number).n_neurons)
        for clip in clips.whole():
            state = TrialState.of(model, number, clip, None)
            observed = torch.from_numpy(clip.responses[lost:])
            table.add_joint(laplace(state.likelihood, state.raw, state.weights, observed).log_marginal)
        found |= {f"{number}/{name}": values for name, values in table.result().items()}
    return found


def parameters_of(model: FittedModel, number: int) -> float:
    """Numbers that a neuron of a recording adds to a trained model."""
    video = model.population(number)
    parts: list[nn.Module] = [video]
    if isinstance(model, LatentVideoModel):
        parts.append(model.latent_population(number))
    return sum(p.numel() for part in parts for p in part.parameters()) / video.n_neurons


def _base(recordings: Sequence[Recording], lost: int, tensors: Arrays | None) -> VideoModel | ConstantModel:
    if tensors is None:
        return ConstantModel.for_recordings(recordings, frames_lost=lost)
    video = model_of(tensors)
    assert isinstance(video, VideoModel)
    return video


def _of_base(base: VideoModel | ConstantModel, number: int) -> float:
    if isinstance(base, VideoModel):
        return parameters_of(base, number)
    own = [value for name, value in base.state_dict().items() if name.startswith(f"{number}.")]
    return sum(value.numel() for value in own) / base.n_neurons_of(number)


def _scores(model: Competitor, number: int, clips: TrialClips, lost: int) -> Arrays:
    n_neurons = clips.recording.responses.shape[1]
    everyone, nobody = np.arange(n_neurons), np.empty(0, dtype=np.int64)
    given = given_in_validation(n_neurons, LatentOptions())  # as the models with a state
    who = Roles(np.flatnonzero(given), np.flatnonzero(~given))
    table = ScoreTable(clips, frames_skipped(clips, lost), lost, n_neurons)
    conditioned = model.law_given(number, who)
    for clip in clips.whole():
        trial = Foretold.of(model.base, number, clip)
        table.add("conditioned", clip, conditioned(trial), who.targets, True)
        table.add("", clip, model.unconditioned(number, trial, everyone), everyone, True)
        if model.has_joint:
            table.add_joint(model.joint(number, trial, Roles(nobody, everyone)))
    return table.result()
