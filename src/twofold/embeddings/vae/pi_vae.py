"""Variational autoencoder whose prior of latents depends on a label: the Poisson identifiable VAE.

After Zhou & Wei 2020, "Learning identifiable and interpretable latent models of high-dimensional neural
activity using pi-VAE" (NeurIPS 33:7234).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, no_type_check

import numpy as np
import torch
from jaxtyping import Float
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from twofold.embeddings.vae.annealing import Anneal
from twofold.embeddings.vae.batches import in_order
from twofold.embeddings.vae.fitted import ELEMENTS_AT_ONCE, VAEEstimator, VAEFit
from twofold.embeddings.vae.gaussian import DiagonalGaussian
from twofold.embeddings.vae.pi_vae_fit import fit_pi_vae, n_told, told_of
from twofold.embeddings.vae.pi_vae_model import PiVAEModel
from twofold.embeddings.vae.pi_vae_options import PiVAEOptions
from twofold.errors import DataError
from twofold.sampling import TrialWindows
from twofold.shapes import Latents, Responses
from twofold.training import Precision, RandomState


class PiVAE(VAEEstimator):
    r"""Latents of responses, with a prior that a label gives.

    .. math:: q(z | x, u) \propto q(z | x)\, p(z | u)

    Fitting always uses labels. Encoding does so only where it is given them: `transform(X)` is the mean of
    q(z | x), `transform(X, y)` that of the product. **Latents that were told the label say nothing about
    whether responses let one read it**, for a copy of the prior alone decodes the label perfectly: score
    decoders on `transform(X)`, and look at `prior_share`, the share of the precision that the label brings.

    Parameters
    ----------
    dimension
        Number of latents.
    likelihood
        "poisson" for counts, or "gaussian" with a variance per neuron that is learned.
    hidden
        Widths of the encoder's hidden layers, with tanh.
    prior_hidden
        The same of the prior's network, of continuous labels; discrete ones have a table.
    flow_blocks, flow_hidden
        Of the decoder: blocks of couplings that keep volume, and the width of their networks; None is a
        quarter of the neurons, and 30 at least.
    anneal, anneal_share
        How the weight of the KL divergence from the prior rises to 1: "linear", in the first `anneal_share`
        of the training; "cyclical"; or "none", as published. While it is low the encoder learns to read
        responses; otherwise it often leaves much of the work to the label.
    window
        Samples that the encoder sees, around each one.
    epochs, batch_size, learning_rate, weight_decay
        Of AdamW; without decay it is Adam.
    precision
        "fp32", "bf16" for products, or "auto": bf16 where the hardware multiplies it.
    device
        "auto", "cpu", "cuda" or "cuda:1".
    random_state
        Seed or generator; equal seeds give equal bits on the same machine.

    Attributes
    ----------
    history_ : dict of str to ndarray
        (step,) `loss`; `misfit` in nats per neuron; `kl` in nats per row; `prior_share`, of the precision.
    label_kind_ : str
        "continuous" or "discrete".
    classes_ : ndarray or None
        (class,) of discrete labels.
    n_features_in_ : int
        Number of neurons.

    References
    ----------
    Zhou & Wei 2020, NeurIPS 33:7234.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> position = rng.uniform(0, 1, 60)
    >>> counts = rng.poisson(np.exp(np.outer(position, np.linspace(-2, 2, 10))))
    >>> vae = PiVAE(1, epochs=2, random_state=0).fit(counts, position)
    >>> vae.transform(counts).shape, vae.transform(counts, position).shape
    ((60, 1), (60, 1))
    """

    _format = "twofold pi-vae"

    @no_type_check  # scikit-learn's rule: keywords are kept as they come, and judged in `fit`
    def __init__(
        self,
        dimension: int = 2,
        *,
        likelihood: Literal["poisson", "gaussian"] = "poisson",
        hidden: Sequence[int] = (60, 60),
        prior_hidden: Sequence[int] = (20, 20),
        flow_blocks: int = 2,
        flow_hidden: int | None = None,
        anneal: Anneal = "linear",
        anneal_share: float = 0.5,
        window: int = 1,
        epochs: int = 100,
        batch_size: int = 300,
        learning_rate: float = 5e-4,
        weight_decay: float = 0.0,
        precision: Precision = "fp32",
        device: str = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.dimension, self.likelihood, self.window = dimension, likelihood, window
        self.hidden, self.prior_hidden = hidden, prior_hidden
        self.flow_blocks, self.flow_hidden = flow_blocks, flow_hidden
        self.anneal, self.anneal_share = anneal, anneal_share
        self.epochs, self.batch_size = epochs, batch_size
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.precision, self.device, self.random_state = precision, device, random_state

    def fit(self, X: Any, y: Any, *, trials: Any = None) -> PiVAE:
        """Train encoder, prior and decoder from scratch.

        Parameters
        ----------
        X
            (time, neuron) counts, or for "gaussian" any responses. The encoder standardises what it sees.
        y
            One label per row: floats, (time,) or (time, feature); or integers, booleans or strings, (time,).
        trials
            (time,) which trial each row belongs to, at whose borders windows stop.

        Raises
        ------
        OptionError
            If options cannot work, all problems at once.
        DataError
            If responses, labels or trials do not fit.
        """
        options = self._options_of(**self.get_params())
        recorded = self._read(X, y, trials, options)
        labels, n_neurons = recorded.labels, recorded.responses.shape[1]
        options.refuse_for(labels.kind, n_neurons)
        model, history = fit_pi_vae(recorded, options)
        return self._adopt(VAEFit(model, options, n_neurons, n_told(labels), history), labels.values)

    def fit_transform(self, X: Any, y: Any, *, trials: Any = None) -> Latents:
        """Fit with labels, then encode the same rows without them."""
        return self.fit(X, y, trials=trials).transform(X, trials=trials)

    def transform(self, X: Any, y: Any = None, *, trials: Any = None) -> Latents:
        """(time, dimension) float32 means of q(z | x), or where labels are given, of q(z | x, u).

        Parameters
        ----------
        X
            (time, neuron) responses, as in `fit`.
        y
            Labels of the same kind as in `fit`, or None.
        trials
            (time,) trial of each row. None is a single trial.
        """
        return self._along(X, y, trials, lambda own, prior: _posterior(own, prior).mean)

    def reconstruct(self, X: Any, y: Any = None, *, trials: Any = None) -> Responses:
        """(time, neuron) expected responses, decoded from what `transform` gives."""
        model = self._model()
        return self._along(
            X,
            y,
            trials,
            lambda own, prior: model.likelihood.mean(model.decode(_posterior(own, prior).mean)),
        )

    def prior_share(self, X: Any, y: Any, *, trials: Any = None) -> Float[np.ndarray, "time dimension"]:
        """Share of the posterior's precision that comes from the label: at 1, latents copy the prior."""
        return self._along(X, y, trials, lambda own, prior: own.share_of(prior))

    def prior_mean(self, y: Any) -> Latents:
        """(time, dimension) means of p(z | u): latents that know the label and no response."""
        model = self._model()
        told = self._told(y, len(y)).to(model.level.device)
        with torch.no_grad():
            return model.prior(told).mean.cpu().numpy()

    @property
    def label_kind_(self) -> str:
        """Kind of the labels fitted."""
        self._model()
        return "continuous" if self.classes_ is None else "discrete"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.positive_only = self.get_params()["likelihood"] == "poisson"
        return tags

    @classmethod
    def _options_of(cls, **params: Any) -> PiVAEOptions:
        return PiVAEOptions(**params)

    @classmethod
    def _untrained(cls, options: Any, n_neurons: int, n_told: int) -> PiVAEModel:
        return PiVAEModel(options, n_neurons, n_told)

    def _model(self) -> PiVAEModel:
        check_is_fitted(self)
        model = self._fitted.model
        assert isinstance(model, PiVAEModel)
        return model

    def _told(self, y: Any, n_samples: int) -> Tensor:
        """Labels as the prior takes them."""
        labels, fitted = self._labels(y, n_samples), self.label_kind_
        if labels.kind != fitted:
            raise DataError(f"y is {labels.kind}, and fitted were {fitted} labels")
        told = told_of(labels)
        if fitted == "continuous" and told.shape[1] != self._fitted.n_told:
            raise DataError(f"y has {told.shape[1]} features, and fitted were {self._fitted.n_told}")
        return told

    def _along(self, X: Any, y: Any, trials: Any, read: Any) -> np.ndarray:
        """`read(q(z | x), prior)` of all rows, some at a time; without labels the prior is None."""
        responses, trial = self._rows(X, trials)
        model, fitted = self._model(), self._fitted
        told = None if y is None else self._told(y, len(responses))
        device = model.level.device
        windows = TrialWindows(responses, trial, fitted.options.window)
        at_once = max(1, ELEMENTS_AT_ONCE // (fitted.options.window * fitted.n_neurons))
        found = []
        with torch.no_grad():
            for rows, _ in in_order(trial, at_once, whole=False):
                prior = None if told is None else model.prior(told[rows].to(device))
                found.append(read(model.encode(windows(rows).to(device)), prior).cpu())
        return torch.cat(found).numpy()


def _posterior(own: DiagonalGaussian, prior: DiagonalGaussian | None) -> DiagonalGaussian:
    return own if prior is None else own.times(prior)
