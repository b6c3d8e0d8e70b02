"""Contrastive embedding of one recording, guided by time, behaviour or stimulus.

After Schneider, Lee & Mathis 2023, "Learnable latent embeddings for joint behavioural and neural analysis"
(Nature 617:360). Patent notice: contrastive embeddings of this kind, guided by behaviour or time labels, are
covered by a patent of EPFL (WO2023143843A1, US12499131B2); for commercial use, ask EPFL about a licence.
"""

from __future__ import annotations

import math
from typing import Any, Literal, no_type_check

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from twofold.embeddings.contrastive_model import ContrastiveModel, contrastive_batches
from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.infonce import Cosine, SquaredEuclidean, Temperature
from twofold.embeddings.labels import LabelKind, read_labels
from twofold.embeddings.pairing import pair_samples
from twofold.errors import DataError
from twofold.nn import OffsetEncoder
from twofold.sampling import TrialWindows, TripletSampler, number_trials
from twofold.shapes import Latents
from twofold.training import Precision, RandomState, choose_device, fit, seeded, seeds_from

ELEMENTS_AT_ONCE = 2**24  # responses in the windows that `transform` encodes together: 64 MiB


class ContrastiveEmbedding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Latents in which samples with like labels lie together, by InfoNCE.

    What is alike is said by the type of `y`: None, samples `time_offset` apart; integers, booleans or
    strings, the same class; floats, labels that differ as they do in `time_offset` samples; a pair (floats,
    classes), both at once. Scale the responses first (such as square root, then standardise): they are taken
    as they come, and so are labels.

    Parameters
    ----------
    dimension
        Number of latents.
    window
        Samples that one latent depends on, centred: t - window // 2 ... t + window - window // 2 - 1.
    hidden
        Width of the encoder.
    similarity
        "cosine" (latents on the unit sphere) or "euclidean" (-squared distance, latents anywhere).
    temperature
        tau: a higher one makes the loss *less* sharp.
    learn_temperature
        Start from `temperature` and learn it, down to a floor of 0.1.
    positives
        Where a label was seen in several trials: "other_repeat" takes the positive from another trial than
        the reference's, "any" from all, maybe the reference itself. "auto" is "other_repeat" for every label
        that has one.
    time_offset
        In samples: how far apart positives are in time, or the samples whose labels are subtracted.
    reconstruction
        Weight lambda of a linear decoder's mean squared error in predicting responses from latents. Where it
        is above 0, `transform` gives the latents that the decoder reads, before their length is normalised.
    reconstruction_target
        Responses of the "same" sample, or of a sample of equal label in another trial, "other_repeat"; "auto"
        is the latter where labels come back in another trial.
    batch_size
        References per step, and as many positives and negatives.
    max_steps
        Number of steps; 0 gives the untrained encoder, a control.
    learning_rate, weight_decay
        Of AdamW; without decay it is Adam.
    dropout
        Share of hidden channels that are dropped after the first layer.
    precision
        "fp32", "bf16" for products, or "auto": bf16 where the hardware multiplies it.
    device
        "auto", "cpu", "cuda" or "cuda:1".
    random_state
        Seed or generator; equal seeds give equal bits on the same machine.

    Attributes
    ----------
    encoder_ : OffsetEncoder
        Windows to latents.
    decoder_ : torch.nn.Linear or None
        Latents to responses, where `reconstruction` is above 0.
    history_ : dict of str to ndarray
        (step,) `loss`, `positive`, `negative` in nats, `temperature`, and `reconstruction` where there is
        one.
    chance_loss_ : float
        log(batch_size): the InfoNCE, positive + negative, of latents that know nothing.
    label_kind_ : str
        "time", "continuous", "discrete" or "both".
    classes_ : ndarray or None
        (class,) the classes, where there are any.
    n_features_in_ : int
        Number of neurons.

    References
    ----------
    Schneider, Lee & Mathis 2023, Nature 617:360.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = np.tile(np.arange(5), 8)
    >>> responses = np.eye(5)[frame] @ rng.normal(size=(5, 20)) + rng.normal(size=(40, 20))
    >>> embedding = ContrastiveEmbedding(2, max_steps=20, batch_size=32, random_state=0)
    >>> embedding.fit(responses, frame, trials=np.repeat(np.arange(8), 5)).transform(responses).shape
    (40, 2)
    """

    @no_type_check  # scikit-learn's rule: keywords are kept as they come, and judged in `fit`
    def __init__(
        self,
        dimension: int = 8,
        *,
        window: int = 1,
        hidden: int = 128,
        similarity: Literal["cosine", "euclidean"] = "cosine",
        temperature: float = 1.0,
        learn_temperature: bool = False,
        positives: Literal["auto", "any", "other_repeat"] = "auto",
        time_offset: int = 1,
        reconstruction: float = 0.0,
        reconstruction_target: Literal["auto", "same", "other_repeat"] = "auto",
        batch_size: int = 512,
        max_steps: int = 10_000,
        learning_rate: float = 3e-4,
        weight_decay: float = 0.0,
        dropout: float = 0.0,
        precision: Precision = "fp32",
        device: str = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.dimension = dimension
        self.window = window
        self.hidden = hidden
        self.similarity = similarity
        self.temperature = temperature
        self.learn_temperature = learn_temperature
        self.positives = positives
        self.time_offset = time_offset
        self.reconstruction = reconstruction
        self.reconstruction_target = reconstruction_target
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.precision = precision
        self.device = device
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, trials: Any = None) -> ContrastiveEmbedding:
        """Train an encoder from scratch.

        Parameters
        ----------
        X
            (time, neuron) responses.
        y
            What guides the embedding, see above; one label per row.
        trials
            (time,) which trial each row belongs to; its rows are consecutive. None is a single trial.

        Raises
        ------
        OptionError
            If options cannot work, all problems at once.
        DataError
            If responses, labels or trials do not fit, or no positives can be drawn from them.
        """
        options = ContrastiveOptions(**self.get_params())
        device = choose_device(options.device)
        responses = self._read_responses(X, reset=True).to(device)
        labels = read_labels(y, len(responses))
        trial = _read_trials(trials, len(responses)).to(device)
        pairing = pair_samples(labels, trial, options)

        init_seed, sampling_seed = seeds_from(options.random_state, 2)
        sampler = TripletSampler(
            pairing.positives,
            len(responses),
            options.batch_size,
            torch.Generator(device).manual_seed(sampling_seed),
            pairing.targets,
        )
        with seeded(init_seed, device):
            model = _untrained(options, n_neurons=responses.shape[1])
            history = fit(
                model,
                contrastive_batches(TrialWindows(responses, trial, options.window), sampler),
                steps=options.max_steps,
                learning_rate=options.learning_rate,
                weight_decay=options.weight_decay,
                device=device,
                precision=options.precision,
            )
        self.encoder_, self.decoder_ = model.encoder, model.decoder
        self._space = model.similarity if model.decoder is None else None
        self.history_ = history.arrays()
        self.chance_loss_ = math.log(options.batch_size)
        self.label_kind_: LabelKind = labels.kind
        self.classes_ = labels.values
        return self

    def transform(self, X: Any, *, trials: Any = None) -> Latents:
        """Encode responses: one row of latents per row of responses.

        Parameters
        ----------
        X
            (time, neuron) responses, scaled as in `fit`.
        trials
            (time,) trial of each row. At the border of a trial its edge sample is repeated, so that windows
            never cross it. None is a single trial.

        Returns
        -------
        ndarray
            (time, dimension) float32: of unit length for cosine similarity without reconstruction.
        """
        check_is_fitted(self)
        device = self.encoder_.first.bias.device
        responses = self._read_responses(X, reset=False).to(device)
        trial = _read_trials(trials, len(responses)).to(device)
        window = self.encoder_.window
        windows = TrialWindows(responses, trial, window)
        rows = torch.arange(len(responses), device=device)
        with torch.no_grad():
            latents = [
                self.encoder_(windows(some)) for some in rows.split(_rows_at_once(window, responses.shape[1]))
            ]
            placed = torch.cat(latents) if self._space is None else self._space.place(torch.cat(latents))
        return placed.cpu().numpy()

    def fit_transform(self, X: Any, y: Any = None, *, trials: Any = None) -> Latents:
        """Fit, then encode the same responses."""
        return self.fit(X, y, trials=trials).transform(X, trials=trials)

    @property
    def _n_features_out(self) -> int:
        return self.encoder_.dimension

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _read_responses(self, X: Any, reset: bool) -> Tensor:
        checked = validate_data(
            self, X, reset=reset, dtype=np.float32, ensure_all_finite=False, ensure_min_samples=1 + reset
        )
        bad = ~np.isfinite(checked)
        if bad.any():
            row, neuron = np.argwhere(bad)[0]
            raise DataError(
                f"X: NaN or infinity at row {row}, neuron {neuron} ({bad.sum()} in all); "
                "drop such rows or neurons"
            )
        return torch.from_numpy(checked if checked.flags.writeable else checked.copy())


def _read_trials(trials: Any, n_samples: int) -> Tensor:
    return torch.from_numpy(number_trials(None if trials is None else np.asarray(trials), n_samples))


def _rows_at_once(window: int, n_neurons: int) -> int:
    return max(1, ELEMENTS_AT_ONCE // (window * n_neurons))


def _untrained(options: ContrastiveOptions, n_neurons: int) -> ContrastiveModel:
    return ContrastiveModel(
        OffsetEncoder(n_neurons, options.window, options.hidden, options.dimension, options.dropout),
        Cosine() if options.similarity == "cosine" else SquaredEuclidean(),
        Temperature(options.temperature, options.learn_temperature),
        nn.Linear(options.dimension, n_neurons) if options.reconstruction else None,
        options.reconstruction,
    )
