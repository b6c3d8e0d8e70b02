"""Variational autoencoder of responses, guided by image features or by the frame where asked.

As paper A (section 3.5) has it: a plain one, one with a linear head for the features of the frame, and one
with a linear head for the frame itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, no_type_check

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from twofold.embeddings.vae.annealing import Anneal
from twofold.embeddings.vae.batches import in_order
from twofold.embeddings.vae.fitted import ELEMENTS_AT_ONCE, VAEEstimator, VAEFit
from twofold.embeddings.vae.gaussian import DiagonalGaussian, standard_noise
from twofold.embeddings.vae.guided_vae_fit import Progress, fit_guided_vae, n_told
from twofold.embeddings.vae.guided_vae_model import GuidedVAEModel
from twofold.embeddings.vae.guided_vae_options import GuidedVAEOptions
from twofold.embeddings.vae.likelihoods import LikelihoodName
from twofold.errors import DataError, OptionError
from twofold.sampling import TrialWindows
from twofold.shapes import Latents, Responses
from twofold.training import Precision, RandomState, seeds_from


class GuidedVAE(VAEEstimator):
    r"""Latents from which responses can be told again, and where guided also what was seen.

    .. math:: \mathcal L = \frac1N \sum_n d(x_n, \hat x_n(z))
              + \frac{\beta(t)}{K} \sum_k \mathrm{KL}(q(z_k | x) \| N(0, 1)) + w\, g(z)

    averaged over samples, with z drawn from q. The misfit d is the squared error, or -log p(x_n | z) in nats;
    beta(t) is annealed; g is the mean squared error of a linear head that tells features (in units of their
    mean variance), or the cross-entropy of one that tells the frame. The paper states neither its divisors
    nor its reductions: here both terms are means, over the N neurons and over the K latents, so that beta
    means the same for any number of either. With `kl_per="neuron"`, K is N, and beta=1 with a likelihood is
    the evidence lower bound per neuron.

    The paper's settings copy much of a trial's noise. Where the rate behind it is wanted, take the bound, by
    `likelihood="gaussian", kl_per="neuron", beta=1, weight_decay=3`. On a small simulation it came closer to
    the true rate than factor analysis did. Where single units carry little, deep maps learn the noise of the
    training part: there make them linear, `hidden=(), decoder_hidden=()`, and train for a few hundred steps.

    Parameters
    ----------
    dimension
        Number of latents.
    guide
        None; "features", with float `y`; or "frame", with ids as `y`.
    beta
        Weight of the KL divergence once annealing is over.
    kl_per
        "dimension" or "neuron": what the divergence is divided by, see above.
    anneal, anneal_share
        "linear": beta rises from 0 in the first `anneal_share` of the training; "cyclical": in that of each
        of four cycles; "none".
    likelihood
        "mse"; "gaussian", with a variance per neuron that is learned; "poisson" for counts; or "zig",
        zero-inflated gamma, for deconvolved fluorescence.
    hidden, decoder_hidden
        Widths of the encoder's and of the decoder's hidden layers, with LeakyReLU; () makes them linear.
    guide_weight, head_dropout
        w, and the share of latents that the head does not see while training.
    recurrent
        Make the encoder's second hidden layer a gated recurrent unit that runs along the trial in both
        directions, and the decoder's first one that runs forwards. Each latent then depends on its whole
        trial, and training sees up to 100 rows in one go.
    window
        Samples that the encoder sees, around each one: t - window // 2 ... t + window - window // 2 - 1.
    epochs, batch_size
        Passes over all rows, in random order, and rows per step.
    learning_rate, weight_decay
        Of AdamW.
    dropout
        Share of hidden units that are dropped.
    mask_neurons
        Share of neurons that the encoder does not see while training, others in each row.
    validation
        Share of the trials to hold out, whole, and measure after each epoch.
    early_stopping, patience
        Stop after so many epochs without a new highest validation R2, and take the weights of the highest.
        Off by default, as in the paper.
    precision
        "fp32", "bf16" for products, or "auto": bf16 where the hardware multiplies it.
    device
        "auto", "cpu", "cuda" or "cuda:1".
    random_state
        Seed or generator; equal seeds give equal bits on the same machine.

    Attributes
    ----------
    history_ : dict of str to ndarray
        (step,) `loss`, `misfit`, `kl` in nats per row, `guide`. (epoch,) measured on about 2,000 rows of each
        part, from the posterior's mean: `r2_train`, `r2_validation` (weighted by variance), `guide_train`,
        `guide_validation` (R2 of features, or exact accuracy), `active` (dimensions of more than 0.01 nats);
        (epoch, dimension) `kl_per_dimension` in nats.
    classes_ : ndarray or None
        (class,) ids that the guide tells.
    n_features_in_ : int
        Number of neurons.

    References
    ----------
    Kingma & Welling 2014 (ICLR); Higgins et al. 2017 (ICLR), for beta.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = np.tile(np.arange(5), 8)
    >>> responses = np.eye(5)[frame] @ rng.normal(size=(5, 20)) + 0.1 * rng.normal(size=(40, 20))
    >>> vae = GuidedVAE(3, guide="frame", epochs=2, random_state=0).fit(responses, frame)
    >>> vae.transform(responses).shape, vae.predict_guide(responses).shape
    ((40, 3), (40,))
    """

    _format = "twofold guided vae"

    @no_type_check  # scikit-learn's rule: keywords are kept as they come, and judged in `fit`
    def __init__(
        self,
        dimension: int = 128,
        *,
        guide: Literal["features", "frame"] | None = None,
        beta: float = 0.05,
        kl_per: Literal["dimension", "neuron"] = "dimension",
        anneal: Anneal = "linear",
        anneal_share: float = 1.0,
        likelihood: LikelihoodName = "mse",
        hidden: Sequence[int] = (256, 256, 128),
        decoder_hidden: Sequence[int] = (256, 256),
        guide_weight: float = 1.0,
        head_dropout: float = 0.0,
        recurrent: bool = False,
        window: int = 1,
        epochs: int = 200,
        batch_size: int = 512,
        learning_rate: float = 1e-3,
        weight_decay: float = 1.0,
        dropout: float = 0.0,
        mask_neurons: float = 0.0,
        validation: float = 0.0,
        early_stopping: bool = False,
        patience: int = 20,
        precision: Precision = "fp32",
        device: str = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.dimension, self.guide = dimension, guide
        self.beta, self.kl_per, self.anneal, self.anneal_share = beta, kl_per, anneal, anneal_share
        self.likelihood, self.hidden, self.decoder_hidden = likelihood, hidden, decoder_hidden
        self.guide_weight, self.head_dropout = guide_weight, head_dropout
        self.recurrent, self.window = recurrent, window
        self.epochs, self.batch_size = epochs, batch_size
        self.learning_rate, self.weight_decay, self.dropout = learning_rate, weight_decay, dropout
        self.mask_neurons = mask_neurons
        self.validation, self.early_stopping, self.patience = validation, early_stopping, patience
        self.precision, self.device, self.random_state = precision, device, random_state

    def fit(
        self, X: Any, y: Any = None, *, trials: Any = None, progress: Progress | None = None
    ) -> GuidedVAE:
        """Train encoder, decoder and guide from scratch.

        Parameters
        ----------
        X
            (time, neuron) responses as the likelihood takes them: standardised ones for "mse" and
            "gaussian", counts for "poisson". The encoder standardises what it sees.
        y
            (time, feature) floats or (time,) ids, one per row, for the guide; without a guide it is ignored.
        trials
            (time,) which trial each row belongs to; its rows are consecutive. None is a single trial.
        progress
            Called after each epoch with (epochs done, epochs, what the last one gave).

        Raises
        ------
        OptionError
            If options cannot work, all problems at once.
        DataError
            If responses, labels or trials do not fit.
        """
        options = self._options_of(**self.get_params())
        recorded = self._read(X, y if options.guide is not None else None, trials, options)
        options.refuse_for(recorded.labels)
        model, history = fit_guided_vae(recorded, options, progress)
        fitted = VAEFit(model, options, recorded.responses.shape[1], n_told(recorded, options), history)
        return self._adopt(fitted, recorded.labels.values if options.guide == "frame" else None)

    def fit_transform(self, X: Any, y: Any = None, *, trials: Any = None) -> Latents:
        """Fit, then encode the same rows."""
        return self.fit(X, y, trials=trials).transform(X, trials=trials)

    def transform(self, X: Any, *, trials: Any = None) -> Latents:
        """(time, dimension) float32 means of the posterior: one row per row of responses.

        Parameters
        ----------
        X
            (time, neuron) responses, scaled as in `fit`.
        trials
            (time,) trial of each row, at whose borders windows and recurrence stop. None is a single trial.
        """
        return self._along(X, trials, lambda model, posterior, lengths: posterior.mean)

    def sample(
        self, X: Any, n_samples: int = 1, *, trials: Any = None, random_state: RandomState = None
    ) -> Float[np.ndarray, "sample time dimension"]:
        """Draws of the latents from the posterior of each row, (n_samples, time, dimension).

        Parameters
        ----------
        X, trials
            As for `transform`.
        n_samples
            How many draws of each row.
        random_state
            Seed or generator.
        """
        if n_samples < 1:
            raise OptionError(f"n_samples={n_samples}: give 1 or more")
        generator = torch.Generator().manual_seed(seeds_from(random_state, 1)[0])

        def draw(model: GuidedVAEModel, posterior: DiagonalGaussian, lengths: Tensor | None) -> Tensor:
            n_rows, dimension = posterior.mean.shape
            noise = (standard_noise(n_rows, dimension, generator) for _ in range(n_samples))
            return torch.stack([posterior.draw(one.to(posterior.mean)) for one in noise], dim=1)

        return self._along(X, trials, draw).transpose(1, 0, 2)

    def reconstruct(self, X: Any, *, trials: Any = None) -> Responses:
        """(time, neuron) expected responses, decoded from the means of the posterior."""
        return self._along(
            X,
            trials,
            lambda model, posterior, lengths: model.likelihood.mean(model.decode(posterior.mean, lengths)),
        )

    def predict_guide(self, X: Any, *, trials: Any = None) -> np.ndarray:
        """What the guide tells of each row: (time, feature) features, or (time,) ids.

        Raises
        ------
        DataError
            If there is no guide.
        """
        self._rows(X, trials)
        if self._fitted.options.guide is None:
            raise DataError(
                "predict_guide: this embedding has no guide; fit with guide='features' or 'frame'"
            )
        told = self._along(X, trials, lambda model, posterior, lengths: model.guide.predict(posterior.mean))
        return told if self.classes_ is None else self.classes_[told]

    @classmethod
    def _options_of(cls, **params: Any) -> GuidedVAEOptions:
        return GuidedVAEOptions(**params)

    @classmethod
    def _untrained(cls, options: Any, n_neurons: int, n_told: int) -> GuidedVAEModel:
        return GuidedVAEModel(options, n_neurons, n_told)

    def _along(self, X: Any, trials: Any, read: Any) -> np.ndarray:
        """`read(model, posterior, lengths)` of all rows, some at a time."""
        responses, trial = self._rows(X, trials)
        fitted, model = self._fitted, self._fitted.model
        device = model.level.device
        windows = TrialWindows(responses, trial, fitted.options.window)
        at_once = max(1, ELEMENTS_AT_ONCE // (fitted.options.window * fitted.n_neurons))
        found = []
        with torch.no_grad():
            for rows, lengths in in_order(trial, at_once, fitted.options.recurrent):
                lengths = None if lengths is None else lengths.to(device)
                found.append(read(model, model.posterior(windows(rows).to(device), lengths), lengths).cpu())
        return torch.cat(found).numpy()
