"""The latent video model: what was shown and the animal's own state, to a distribution over responses."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor, nn

from twofold.encoding.latent.conditioning import TrialState
from twofold.encoding.latent.inferring import InferredLatents, infer
from twofold.encoding.latent.masks import given_in_validation
from twofold.encoding.latent.objective import negative_bound
from twofold.encoding.latent.options import LatentOptions
from twofold.encoding.latent.parts import encoder_of, memory_of, populations_of, prior_flow_of, smoother_of
from twofold.encoding.latent.population import LatentPopulation
from twofold.encoding.latent.predicting import Conditioning, predict
from twofold.encoding.population import Population
from twofold.encoding.prediction import Prediction
from twofold.encoding.train_options import TrainOptions
from twofold.encoding.video import VideoModel
from twofold.likelihoods import Likelihood, ResponseDistribution
from twofold.recordings import Recording
from twofold.sampling import Clip, ClipBatch
from twofold.training import RandomState, seeds_from


class LatentVideoModel(nn.Module):
    r"""Responses from video and from a state that all neurons share.

    .. math::

        y_{it} \sim p(y \mid a_{it} + w_i \cdot z_t), \quad z_t \sim N(0, I), \quad
        q(z_t \mid y_\text{given}) = N(\mu_t, \Sigma_t)

    with a of the video model and mu of an encoder that reads the neurons given; with `prior="ar1"` the state
    has memory, with `prior_shape="flow"` z is a learned map of it, with `latent_gain` weights are w + a v.
    Source: Schmidt et al. 2024 (arXiv 2410.16136, paper B).

    Parameters
    ----------
    video
        Fitted, or not; it is copied. The model begins equal to it, but where weights follow from position.
    options
        What is added; instead of it, its fields may be given by name.
    positions
        (neuron, 2 or 3) in cortex for each recording, for `latent_map="position"`.
    random_state
        Of the weights.
    **settings
        Any option of `LatentOptions`.

    Raises
    ------
    OptionError
        If an option is unknown or cannot work.
    DataError
        If positions are needed and not given.

    Examples
    --------
    >>> import twofold as tw
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=4, bins_per_frame=1))
    >>> video = tw.VideoModel.for_recordings(
    ...     [mouse], "poisson", tier="all", channels=(4, 4), spatial=(5, 3), temporal=(3, 3))
    >>> model = LatentVideoModel(video, dimension=2)
    >>> model.predict(mouse, given=[0, 2]).concatenate().mean.shape[1]
    2
    """

    def __init__(
        self,
        video: VideoModel,
        options: LatentOptions | None = None,
        *,
        positions: Sequence[np.ndarray | None] | None = None,
        random_state: RandomState = 0,
        **settings: Any,
    ) -> None:
        super().__init__()
        self.latent_options = own = LatentOptions(**settings) if options is None else options
        generator = torch.Generator().manual_seed(seeds_from(random_state, 1)[0])
        self.video = copy.deepcopy(video)
        self.options, self.frame_shape = self.video.options, self.video.frame_shape
        self.encoder = encoder_of(own, generator)
        self.smoother, self.memory = smoother_of(own, generator), memory_of(own)
        self.prior_flow = prior_flow_of(own)
        parts = populations_of(self.video.each_population, own, positions, generator)
        self.latent_populations = nn.ModuleList(parts)
        self.is_shared_frozen = False
        self.history: tuple[Mapping[str, float], ...] = ()
        if not own.train_video:
            self.video.requires_grad_(False)
        self.to(video.device)

    @classmethod
    def for_recordings(
        cls,
        recordings: Sequence[Recording],
        likelihood: str = "zig",
        *,
        options: LatentOptions | None = None,
        tier: str = "train",
        random_state: RandomState = 0,
        **sizes: Any,
    ) -> LatentVideoModel:
        """An untrained model whose video part is untrained, too; see `VideoModel.for_recordings`.

        `options` are those of the state, `sizes` those of the video model.
        """
        video = VideoModel.for_recordings(
            recordings, likelihood, tier=tier, random_state=random_state, **sizes
        )
        positions = [recording.neurons.position_um for recording in recordings]
        return cls(video, options, positions=positions, random_state=random_state)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings, in order."""
        return self.video.names

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a clip for which there is no prediction."""
        return self.video.frames_lost

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.video.device

    def population(self, number: int) -> Population:
        """What a recording has of its own for the video."""
        return self.video.population(number)

    def latent_population(self, number: int) -> LatentPopulation:
        """What a recording has of its own for the state."""
        found = self.latent_populations[number]
        assert isinstance(found, LatentPopulation)
        return found

    def likelihood_of(self, number: int) -> Likelihood:
        """Likelihood of a recording, on the processor."""
        return self.video.likelihood_of(number)

    # --- training --------------------------------------------------------------------------------

    def total_loss(self, batch: ClipBatch) -> tuple[Tensor, int]:
        """The negative evidence lower bound in nats, summed, and the number of responses scored."""
        return negative_bound(self, batch)

    def regularizer(self) -> Float[Tensor, ""]:
        """That of the video model."""
        return self.video.regularizer()

    def train(self, mode: bool = True) -> LatentVideoModel:
        """As ever; what is frozen keeps its statistics and draws nothing."""
        super().train(mode)
        if not self.latent_options.train_video:
            self.video.eval()
        if self.is_shared_frozen:
            self.encoder.eval()
            if self.smoother is not None:
                self.smoother.eval()
        return self

    # --- whole trials ----------------------------------------------------------------------------

    def distribution_of(self, number: int, clip: Clip) -> ResponseDistribution:
        """Distribution of the responses in a whole trial, with a state of which nothing is known."""
        return TrialState.of(self, number, clip, None).distribution()

    def conditioned_of(self, number: int, clip: Clip) -> tuple[np.ndarray, ResponseDistribution]:
        """Recorded responses of half of the neurons, and their distribution given those of the other half."""
        given = given_in_validation(self.population(number).n_neurons, self.latent_options)
        targets = np.flatnonzero(~given)
        predicted = TrialState.of(self, number, clip, given).distribution(targets)
        return clip.responses[self.frames_lost :, targets], predicted

    def validation_pair(self, number: int, clip: Clip) -> tuple[np.ndarray, np.ndarray]:
        """Recorded and expected responses of half of the neurons, given those of the other half."""
        observed, predicted = self.conditioned_of(number, clip)
        return observed, predicted.mean.numpy()

    def predict(
        self,
        recording: Recording,
        *,
        given: ArrayLike | None = None,
        neurons: ArrayLike | None = None,
        plug_in: bool = False,
        posterior: str = "encoder",
        random_state: RandomState = 0,
    ) -> Prediction:
        """Distribution of the responses of some neurons in every trial, given those of others.

        Parameters
        ----------
        recording
            One of those that the model was made for, or other trials of the same neurons; found by its name.
        given
            Neurons whose responses are known: numbers, a boolean mask, or a share of all; None for none, when
            the state is integrated over its prior.
        neurons
            Neurons to predict, said likewise; all that are not given by default.
        plug_in
            Take the posterior's mean for the state, as the paper does, instead of integrating over it.
        posterior
            Of the "encoder", or by "laplace": the exact mode for the model's weights, of each time or path.
        random_state
            Draws neurons where shares are given, and the samples of the joint likelihood.

        Returns
        -------
        Prediction
            From frame `frames_lost` of each trial on; of the responses it depends on those given alone. Its
            log-likelihoods are "marginal", "conditioned" and "joint".

        Raises
        ------
        DataError
            If a neuron is both given and to be predicted, or the recording does not fit the model.
        """
        drawing, sampling = seeds_from(random_state, 2)
        how: dict[str, Any] = {"posterior": posterior, "plug_in": plug_in, "random_state": drawing}
        conditioning = Conditioning.of(self, recording, given, neurons, **how)
        return predict(conditioning, recording, sampling)

    def infer(
        self,
        recording: Recording,
        *,
        given: ArrayLike | None = None,
        posterior: str = "encoder",
        random_state: RandomState = 0,
    ) -> InferredLatents:
        """The state in every trial, with its spread, from all neurons or from those given.

        Parameters
        ----------
        recording, given, posterior, random_state
            As in `predict`; given=None reads all neurons.
        """
        return infer(self, recording, given=given, posterior=posterior, random_state=random_state)

    @torch.no_grad()
    def latent_weights(self, number: int = 0) -> dict[str, Float[np.ndarray, "neuron dimension"]]:
        """What each neuron of a recording takes from the state, for each parameter of its likelihood.

        With a gain, also what it takes for each unit of drive, such as "theta_gain".
        """
        names = self.population(number).likelihood.parameter_names
        return self.latent_population(number).weights_by_name(names)

    def adapt(
        self,
        recording: Recording,
        options: TrainOptions | None = None,
        *,
        out: Path | str | None = None,
        random_state: RandomState = 0,
    ) -> LatentVideoModel:
        """A model of another recording: only what is its own is trained, core and encoder stay as they are.

        Parameters
        ----------
        recording
            With frames of the same size.
        options, out
            As in `twofold.fit`.
        random_state
            Of the new weights.

        Raises
        ------
        DataError
            If the recording does not fit the core or the likelihood.
        """
        from twofold.encoding.fit import fit
        from twofold.encoding.latent.adapting import with_shared_parts_of

        options = options or TrainOptions()
        model = with_shared_parts_of(self, recording, options.training_tier, random_state)
        return fit(model, [recording], options, out=out)

    # --- keeping it ------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """All but the tensors, as JSON can hold it."""
        from twofold.encoding.latent.saving import describe

        return describe(self)

    def save(self, path: Path | str) -> None:
        """Write the model to a file; `twofold.load` reads it."""
        from twofold.encoding.latent.saving import save_latent_model

        save_latent_model(self, path)
