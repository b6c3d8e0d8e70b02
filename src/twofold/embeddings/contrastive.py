"""Contrastive embedding of one recording, guided by time, behaviour or stimulus.

After Schneider, Lee & Mathis 2023, "Learnable latent embeddings for joint behavioural and neural analysis"
(Nature 617:360). Patent notice: contrastive embeddings of this kind, guided by behaviour or time labels, are
covered by a patent of EPFL (WO2023143843A1, US12499131B2); for commercial use, ask EPFL about a licence.
"""

from __future__ import annotations

from typing import Any, Literal, no_type_check

from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from twofold.embeddings.contrastive_fit import ContrastiveFit
from twofold.embeddings.fitted import FittedEmbedding
from twofold.embeddings.recorded import names_of
from twofold.errors import DataError
from twofold.training import Precision, RandomState, Schedule


class ContrastiveEmbedding(FittedEmbedding):
    """Latents in which samples with like labels lie together, by InfoNCE.

    What is alike is said by the type of `y`: None, samples `time_offset` apart; integers, booleans or
    strings, the same class; floats, labels that differ as they do in `time_offset` samples; a pair (floats,
    classes), both at once. Scale the responses first (such as square root, then standardise): they are taken
    as they come, and so are labels.

    Several recordings with the same kind of labels are lists, `fit([X1, X2], [y1, y2], trials=[t1, t2])`:
    one encoder each, and positives from another recording, drawn first and each one alike (in time, from the
    same). A class that a recording does not have is drawn from the others; one that only the reference's has,
    from there. Each recording has `batch_size` references, and all share `batch_size` negatives.

    Parameters
    ----------
    dimension
        Number of latents.
    window
        Samples that one latent depends on, centred: t - window // 2 ... t + window - window // 2 - 1.
    causal
        Let the window end at its sample instead: t - window + 1 ... t.
    stride
        Samples that the first layer brings to one time point, 4 for 120 Hz input and a 30 Hz movie; `window`,
        in samples, is a multiple of it. There is still a latent for each sample.
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
        that has one. "first" always takes the first sample of the label, as the reference implementation's
        search does, for comparisons.
    conditional, jitter
        Positives of float labels: "time_delta" adds to the reference's label how labels change in
        `time_offset` samples; "normal" adds noise of standard deviation `jitter`, in the unit of the labels.
        The positive is the sample of the nearest label.
    time_offset
        In samples: how far apart positives are in time, or the samples whose labels are subtracted.
    time_dimensions, behaviour_dimensions
        Hybrid: of one encoder, the last `time_dimensions` latents are guided by time, with an InfoNCE of
        their own, and the first `behaviour_dimensions` (by default all others) by labels. The losses add up.
        Each stretch is of unit length for cosine similarity; where the two overlap, all latents together are.
    reconstruction
        Weight lambda of a linear decoder's mean squared error in predicting responses from latents. Where it
        is above 0, `transform` gives the latents that the decoder reads, before their length is normalised.
    reconstruction_target
        Responses of the "same" sample, or of a sample of equal label in another trial, "other_repeat"; "auto"
        is the latter where labels come back in another trial.
    mask_neurons, mask_time
        Shares of neurons, and of the window's samples, that are 0 in each window while training.
    batch_size
        References per step, and as many positives and negatives; None takes all samples in every step.
    max_steps
        Number of steps; 0 gives the untrained encoder, a control.
    learning_rate, weight_decay, schedule
        Of AdamW; without decay it is Adam. "cosine" lowers the rate to 0 in the course of `max_steps`.
    dropout
        Share of hidden channels that are dropped after the first layer.
    validation, patience
        Share of the trials to hold out, whole, and measure the loss on: every 100 steps, at least 10 times.
        After `patience` such losses without a new lowest one, training stops; then, and at the end, the
        weights are those of the lowest.
    shared
        With several recordings: give each its own first layer only, and let them share all others.
    precision
        "fp32", "bf16" for products, or "auto": bf16 where the hardware multiplies it.
    device
        "auto", "cpu", "cuda" or "cuda:1".
    random_state
        Seed or generator; equal seeds give equal bits on the same machine.

    Attributes
    ----------
    encoder_ : OffsetEncoder or SeveralEncoders
        Windows to latents; of several recordings, `encoder_.encoders[k]` is that of recording k.
    decoder_ : torch.nn.Linear or None
        Latents to responses, where `reconstruction` is above 0.
    history_ : dict of str to ndarray
        (step,) `loss`, `positive`, `negative` in nats, `temperature`; of a hybrid also the losses `behaviour`
        and `time`, which add up; `reconstruction` where there is one. (measurement,) `validation`, measured
        after `validation_step` steps.
    chance_loss_ : float
        The InfoNCE, positive + negative, of latents that know nothing: log(number of negatives), twice that
        for a hybrid.
    label_kind_ : str
        "time", "continuous", "discrete" or "both".
    classes_ : ndarray or None
        (class,) the classes, where there are any.
    n_features_in_ : int or list of int
        Number of neurons, of each of several recordings.

    References
    ----------
    Schneider, Lee & Mathis 2023, Nature 617:360.

    Examples
    --------
    >>> import numpy as np
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
        causal: bool = False,
        stride: int = 1,
        hidden: int = 128,
        similarity: Literal["cosine", "euclidean"] = "cosine",
        temperature: float = 1.0,
        learn_temperature: bool = False,
        positives: Literal["auto", "any", "other_repeat", "first"] = "auto",
        conditional: Literal["time_delta", "normal"] = "time_delta",
        jitter: float | None = None,
        time_offset: int = 1,
        time_dimensions: int | None = None,
        behaviour_dimensions: int | None = None,
        reconstruction: float = 0.0,
        reconstruction_target: Literal["auto", "same", "other_repeat"] = "auto",
        mask_neurons: float = 0.0,
        mask_time: float = 0.0,
        batch_size: int | None = 512,
        max_steps: int = 10_000,
        learning_rate: float = 3e-4,
        weight_decay: float = 0.0,
        schedule: Schedule = "constant",
        dropout: float = 0.0,
        validation: float = 0.0,
        patience: int | None = None,
        shared: bool = False,
        precision: Precision = "fp32",
        device: str = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.dimension, self.window, self.causal, self.stride = dimension, window, causal, stride
        self.hidden, self.similarity = hidden, similarity
        self.temperature, self.learn_temperature = temperature, learn_temperature
        self.positives, self.conditional, self.jitter = positives, conditional, jitter
        self.time_offset, self.time_dimensions = time_offset, time_dimensions
        self.behaviour_dimensions = behaviour_dimensions
        self.reconstruction, self.reconstruction_target = reconstruction, reconstruction_target
        self.mask_neurons, self.mask_time = mask_neurons, mask_time
        self.batch_size, self.max_steps = batch_size, max_steps
        self.learning_rate, self.weight_decay, self.schedule = learning_rate, weight_decay, schedule
        self.dropout, self.validation, self.patience = dropout, validation, patience
        self.shared, self.precision, self.device = shared, precision, device
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, trials: Any = None) -> ContrastiveEmbedding:
        """Train an encoder from scratch.

        Parameters
        ----------
        X
            (time, neuron) responses, or a list of such arrays, one per recording.
        y
            What guides the embedding, see above; one label per row.
        trials
            (time,) which trial each row belongs to; its rows are consecutive. None is a single trial.

        Raises
        ------
        OptionError
            If options cannot work, by themselves or with such data, all problems at once.
        DataError
            If responses, labels or trials do not fit, or no positives can be drawn from them.
        """
        recorded, options = self._read(X, y, trials, reset=True)
        return self._adopt(ContrastiveFit.fresh(recorded, options), *names_of(recorded))

    def partial_fit(self, X: Any, y: Any = None, *, trials: Any = None) -> ContrastiveEmbedding:
        """Train `max_steps` more, from weights and optimizer as they were left; the first time, `fit`.

        The schedule starts anew in each call.

        Parameters
        ----------
        X, y, trials
            As for `fit`: the same recordings, or others of the same neurons.

        Raises
        ------
        OptionError
            If options ask for another model than the one in training.
        """
        if not hasattr(self, "_fitted"):
            return self.fit(X, y, trials=trials)
        recorded, options = self._read(X, y, trials, reset=False)
        self._fitted.go_on(recorded, options)
        return self._adopt(self._fitted, *names_of(recorded))

    def adapt(
        self, X: Any, y: Any = None, *, trials: Any = None, session: int = 0, max_steps: int | None = None
    ) -> ContrastiveEmbedding:
        """A new embedding for another recording, such as of a new animal: only its input layer is trained.

        Parameters
        ----------
        X, y, trials
            The new recording, as for `fit`; its labels of the same kind.
        session
            Whose encoder gives the other layers, where each of several recordings has its own.
        max_steps
            Number of steps; by default as in `fit`.

        Returns
        -------
        ContrastiveEmbedding
            With the same options (`shared` is False); this one stays as it is. Its `partial_fit` also trains
            the input layer only.
        """
        check_is_fitted(self)
        adapted = clone(self).set_params(shared=False)
        if max_steps is not None:
            adapted.set_params(max_steps=max_steps)
        recorded, options = adapted._read(X, y, trials, reset=True)
        if len(recorded) > 1:
            raise DataError("X: adapt to one recording at a time")
        fitted = self._fitted.adapt(recorded[0], options, self._session(session))
        return adapted._adopt(fitted, *names_of(recorded))
