"""Expected responses to any video, with a gradient: the face that a fitted model shows to experiments."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from twofold.encoding.checks import number_of
from twofold.encoding.latent.drawn import Drawn, states_of
from twofold.encoding.latent.model import LatentVideoModel
from twofold.encoding.latent.state import StateMoments
from twofold.encoding.population import Raw
from twofold.encoding.video import VideoModel
from twofold.likelihoods import FlowLikelihood
from twofold.likelihoods.quadrature import GaussianOutputs, integrated
from twofold.likelihoods.quadrature.mixture import mixture
from twofold.sampling import ClipBatch

Videos = Float[Tensor, "video frame height width"]
Expected = Float[Tensor, "video answer neuron"]


class ExpectedResponses:
    """E[y | video] of one population of a fitted model, in evaluation mode.

    Signals such as running are at their mean. Of the state of a `LatentVideoModel` nothing is known: it is
    integrated over its prior, and what comes out compares with the responses of a model of the video alone.

    Parameters
    ----------
    model
        Fitted; its weights are not changed.
    recording
        Name of one of those that it was made for; by default the first.

    Raises
    ------
    DataError
        If the model does not know the recording.

    Examples
    --------
    >>> import twofold as tw
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=4, bins_per_frame=1))
    >>> model = tw.VideoModel.for_recordings(
    ...     [mouse], "poisson", tier="all", channels=(4, 4), spatial=(5, 3), temporal=(3, 3))
    >>> respond = ExpectedResponses(model)
    >>> respond(torch.zeros(2, 7, 18, 32)).shape        # (video, frame - frames_lost, neuron)
    torch.Size([2, 3, 4])
    """

    def __init__(self, model: VideoModel | LatentVideoModel, recording: str | None = None) -> None:
        self.model = model.eval()
        self.number = 0 if recording is None else number_of(model, recording)
        self.video = model.video if isinstance(model, LatentVideoModel) else model

    @property
    def kind(self) -> str:
        """What the model is made of, "video" or "latent-video"."""
        return "latent-video" if isinstance(self.model, LatentVideoModel) else "video"

    @property
    def n_neurons(self) -> int:
        """How many answer."""
        return self.model.population(self.number).n_neurons

    @property
    def frame_shape(self) -> tuple[int, int]:
        """Height and width of a frame."""
        return self.model.frame_shape

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a video for which there is no response."""
        return self.model.frames_lost

    @property
    def grey(self) -> float:
        """Mean grey value of the training videos."""
        return self.video.video_mean.item()

    @property
    def grey_sd(self) -> float:
        """Their standard deviation."""
        return self.video.video_sd.item()

    def __call__(self, videos: Videos) -> Expected:
        """Expected responses from frame `frames_lost` on, where the videos lie; with a gradient if they ask.

        Parameters
        ----------
        videos
            Grey values.
        """
        n_signals = len(self.model.options.signals)
        batch = ClipBatch.unanswered(self.number, videos, self.n_neurons, n_signals).to(self.model.device)
        raw, likelihood = self.video.raw(batch), self.model.population(self.number).likelihood
        if isinstance(self.model, LatentVideoModel) and self.model.prior_flow is not None:
            mean = _over_draws(self.model, self.number, raw)
        elif isinstance(self.model, LatentVideoModel):
            outputs = _over_states(self.model, self.number, raw)
            # of most likelihoods the latter goes in blocks, without gradients
            is_mixed = videos.requires_grad and not isinstance(likelihood, FlowLikelihood)
            through = mixture if is_mixed else integrated
            mean = through(likelihood, outputs).mean
        else:
            mean = likelihood.distribution(raw).mean
        return mean.to(videos.device)


@torch.no_grad()
def _prior(model: LatentVideoModel, n_time: int, dimension: int) -> StateMoments:
    prior = StateMoments.prior(n_time, dimension).to(model.device)
    return prior if model.smoother is None else prior.smoothed(model.smoother)


def _over_draws(model: LatentVideoModel, number: int, raw: Raw) -> Expected:
    """Expected responses beside a state that has a prior of its own shape, by draws of it."""
    assert model.prior_flow is not None
    weights = model.latent_population(number).loadings().detach()
    prior = StateMoments.prior(1, weights.shape[2]).to(model.device)
    flat = raw.flatten(0, 1)
    states = states_of(prior, model.prior_flow).detach().expand(-1, len(flat), -1)
    return Drawn(model.population(number).likelihood, flat, weights, states).mean.view(raw.shape[:-1])


def _over_states(model: LatentVideoModel, number: int, raw: Raw) -> GaussianOutputs:
    """Outputs of the readout beside a state of which nothing is known."""
    weights = model.latent_population(number).loadings().detach()
    prior = _prior(model, raw.shape[1], weights.shape[2])
    return GaussianOutputs.of(raw, weights, prior.mean, prior.covariance)
