"""The video model: what was shown to a distribution over the responses of each neuron."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Integer, Num
from torch import Tensor, nn

from twofold.encoding.adapting import with_core_of
from twofold.encoding.checks import check_recordings, population_of, trials_to_predict
from twofold.encoding.core import core_of
from twofold.encoding.population import Population, Raw
from twofold.encoding.prediction import Prediction
from twofold.encoding.receptive_fields import linearised_fields
from twofold.encoding.train_options import TrainOptions
from twofold.encoding.video_options import VideoOptions
from twofold.encoding.video_statistics import grey_levels
from twofold.likelihoods import Likelihood, ResponseDistribution
from twofold.nn import FactorizedCore3d
from twofold.recordings import Recording
from twofold.sampling import Clip, ClipBatch, TrialClips
from twofold.training import RandomState, seeds_from

FRAMES_AT_ONCE = 300


class VideoModel(nn.Module):
    r"""Responses from video: a core that all recordings share, and a readout for each.

    .. math:: y_{it} \sim p(y \mid a_{it}), \quad a_{it} = \langle f_i, C(x)(t, \mu_i) \rangle

    with C the core, a factorised convolution over the last frames of the video x, and the link of the
    likelihood p. Source: Hoefling et al. 2024 (eLife 86860) and Lurz et al. 2021 (ICLR) for core and readout,
    paper B for sizes and likelihood.

    Parameters
    ----------
    options
        What it is made of.
    core
        Shared by all.
    populations
        One per recording.
    video_mean, video_sd
        Grey levels of the training videos, by which every video is standardised.
    frame_shape
        (height, width) of the frames.

    Examples
    --------
    See `twofold.fit`.
    """

    def __init__(
        self,
        options: VideoOptions,
        core: FactorizedCore3d,
        populations: Sequence[Population],
        video_mean: float,
        video_sd: float,
        frame_shape: tuple[int, int],
    ) -> None:
        super().__init__()
        self.options, self.frame_shape = options, frame_shape
        self.core, self.populations = core, nn.ModuleList(populations)
        self.video_mean: Tensor
        self.video_sd: Tensor
        self.register_buffer("video_mean", torch.tensor(float(video_mean)))
        self.register_buffer("video_sd", torch.tensor(float(video_sd)))
        self.core_is_frozen = False
        self.history: tuple[Mapping[str, float], ...] = ()

    @classmethod
    def for_recordings(
        cls,
        recordings: Sequence[Recording],
        likelihood: str = "zig",
        *,
        options: VideoOptions | None = None,
        tier: str = "train",
        random_state: RandomState = 0,
        **sizes: Any,
    ) -> VideoModel:
        """An untrained model for some recordings.

        Parameters
        ----------
        recordings
            With one response per frame. Grey levels, signals and the shape of the gamma are estimated on
            their trials of `tier`.
        likelihood
            "zig", "flow", "poisson" or "gaussian".
        options
            Sizes and parts, instead of the defaults; its likelihood is that one.
        tier
            Trials that will be trained on.
        random_state
            Of the weights.
        **sizes
            Any option of `VideoOptions`.

        Raises
        ------
        OptionError
            If an option is unknown or cannot work.
        DataError
            If recordings do not fit together, are too small for the core, or have responses that the
            likelihood cannot explain.

        Examples
        --------
        >>> import twofold as tw
        >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=4, bins_per_frame=1))
        >>> model = VideoModel.for_recordings(
        ...     [mouse], "poisson", tier="all", channels=(4, 4), spatial=(3, 3), temporal=(5, 3))
        >>> model.frames_lost, model.names
        (6, ('movie-repeats',))
        """
        if options is None:
            options = VideoOptions(**{"likelihood": likelihood, **sizes})
        trials = [TrialClips(recording, tier, signals=options.signals) for recording in recordings]
        frame_shape = check_recordings(recordings, trials, options)
        generator = torch.Generator().manual_seed(seeds_from(random_state, 1)[0])
        core = core_of(options, generator)
        populations = [
            Population.of(recording, own, options, generator)
            for recording, own in zip(recordings, trials, strict=True)
        ]
        return cls(options, core, populations, *grey_levels(trials), frame_shape)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings, in order."""
        return tuple(population.name for population in self.each_population)

    @property
    def each_population(self) -> list[Population]:
        """What each recording has of its own, in order."""
        return [one for one in self.populations if isinstance(one, Population)]

    def population(self, number: int) -> Population:
        """What a recording has of its own."""
        return self.each_population[number]

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a clip for which there is no prediction."""
        return self.core.frames_lost

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.video_mean.device

    # --- one batch -------------------------------------------------------------------------------

    def raw(self, batch: ClipBatch) -> Raw:
        """Outputs of the readout, (clip, time - frames_lost, neuron, parameter), before the link."""
        population = self.population(batch.recording)
        video = ((batch.video.float() - self.video_mean) / self.video_sd).unsqueeze(1)
        if self.options.behaviour:
            channels = population.signals(batch, self.options.behaviour).movedim(2, 1)[..., None, None]
            video = torch.cat([video, channels.expand(-1, -1, -1, *video.shape[3:])], dim=1)
        return population.raw(self.core(video), batch)

    def distribution(self, batch: ClipBatch) -> ResponseDistribution:
        """Distribution of the responses to the last frames of each clip."""
        return self.population(batch.recording).likelihood.distribution(self.raw(batch))

    def total_loss(self, batch: ClipBatch) -> tuple[Tensor, int]:
        """Negative log-likelihood in nats, summed over clips, time and neurons, and over how many."""
        raw, observed = self.raw(batch), batch.responses[:, self.frames_lost :]
        likelihood = self.population(batch.recording).likelihood
        return likelihood.total_nll(raw.float(), observed), observed.numel()

    def regularizer(self) -> Float[Tensor, ""]:
        """Roughness of the core's first kernels."""
        return self.options.smoothness * self.core.regularizer()

    def train(self, mode: bool = True) -> VideoModel:
        """As ever; a frozen core keeps its statistics."""
        super().train(mode)
        if self.core_is_frozen:
            self.core.eval()
        return self

    # --- whole recordings ------------------------------------------------------------------------

    @torch.no_grad()
    def raw_of(
        self, number: int, clip: Clip, frames_at_once: int = FRAMES_AT_ONCE
    ) -> Float[Tensor, "time neuron parameter"]:
        """Outputs of the readout for a whole trial, of any length in bounded memory; on the processor."""
        lost, n_frames = self.frames_lost, len(clip.video)
        parts = []
        for start in range(0, n_frames - lost, frames_at_once):
            part = Clip(*(values[start : start + frames_at_once + lost] for values in clip))
            parts.append(self.raw(ClipBatch.of(number, [part]).to(self.device))[0].float().cpu())
        return torch.cat(parts)

    def likelihood_of(self, number: int) -> Likelihood:
        """Likelihood of a recording, on the processor."""
        return copy.deepcopy(self.population(number).likelihood).cpu().requires_grad_(False)

    def distribution_of(self, number: int, clip: Clip) -> ResponseDistribution:
        """Distribution of the responses in a whole trial, from frame `frames_lost` on."""
        return self.likelihood_of(number).distribution(self.raw_of(number, clip))

    def validation_pair(self, number: int, clip: Clip) -> tuple[np.ndarray, np.ndarray]:
        """Recorded and expected responses in a whole trial, each (time - frames_lost, neuron)."""
        mean = self.distribution_of(number, clip).mean
        return clip.responses[self.frames_lost :], mean.numpy()

    def adapt(
        self,
        recording: Recording,
        options: TrainOptions | None = None,
        *,
        out: Path | str | None = None,
        random_state: RandomState = 0,
    ) -> VideoModel:
        """A model of another recording: the core stays as it is, and only a new readout is trained.

        Parameters
        ----------
        recording
            With frames of the same size.
        options, out
            As in `twofold.fit`.
        random_state
            Of the new readout.

        Raises
        ------
        DataError
            If the recording does not fit the core or the likelihood.
        """
        from twofold.encoding.fit import fit

        options = options or TrainOptions()
        model = with_core_of(self, recording, tier=options.training_tier, random_state=random_state)
        return fit(model, [recording], options, out=out)

    def predict(self, recording: Recording) -> Prediction:
        """Distribution of the responses in every trial of a recording.

        Parameters
        ----------
        recording
            One of those that the model was made for, or other trials of the same neurons; found by its name.

        Returns
        -------
        Prediction
            From frame `frames_lost` of each trial on.

        Raises
        ------
        DataError
            If the model has no such recording, or a trial is too short or has other frames.
        """
        number, trials = trials_to_predict(self, recording)
        self.eval()
        parts = ((clip, self.distribution_of(number, clip)) for clip in trials.whole())
        return Prediction.of(parts, trials, self.frames_lost)

    def receptive_fields(
        self,
        recording: Recording,
        neurons: Integer[np.ndarray, " field"] | None = None,
        around: Num[np.ndarray, "lag height width"] | None = None,
    ) -> Float[np.ndarray, "field lag height width"]:
        """Receptive fields of some neurons, of all by default, by the gradient; see `linearised_fields`."""
        number = population_of(self, recording)
        chosen = np.arange(self.population(number).n_neurons) if neurons is None else neurons
        return linearised_fields(self, number, chosen, around)

    # --- keeping it ------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """All but the tensors, as JSON can hold it."""
        from twofold.encoding.saving import describe

        return describe(self)

    def save(self, path: Path | str) -> None:
        """Write the model to a file; `twofold.load` reads it."""
        from twofold.encoding.saving import save_video_model

        save_video_model(self, path)
