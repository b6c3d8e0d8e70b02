"""The module of a variational autoencoder whose prior of latents depends on a label."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn
from torch.nn import functional

from twofold.embeddings.vae.gaussian import DiagonalGaussian
from twofold.embeddings.vae.likelihoods import GaussianResponses, PoissonCounts
from twofold.embeddings.vae.pi_vae_options import PiVAEOptions
from twofold.nn import Dense, FlowDecoder

Told = Shaped[Tensor, "row *feature"]
Windows = Float[Tensor, "row window neuron"]
LEAST_RATE = 1e-7


class PiVAEBatch(NamedTuple):
    """Rows of a step: windows, the responses of their centres, labels, standard normal noise, KL's weight."""

    windows: Windows
    target: Float[Tensor, "row neuron"]
    told: Told
    noise: Float[Tensor, "row dimension"]
    beta: float = 1.0


class ContinuousPrior(nn.Module):
    """p(z | u) = N(m(u), v(u)) by a network of the standardised label; N(0, 1) before training.

    A prior that starts with labels apart has no reason to bring them together where responses know nothing of
    them, and the posterior would copy it.

    Parameters
    ----------
    n_features, dimension
        Of the label and of the latents.
    hidden
        Widths of the hidden layers, with tanh.
    """

    level: Tensor
    scale: Tensor

    def __init__(self, n_features: int, dimension: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.network = Dense((n_features, *hidden, 2 * dimension), nn.Tanh)
        for part in self.network.readout.parameters():
            nn.init.zeros_(part)
        self.register_buffer("level", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def start(self, told: Float[Tensor, "row feature"]) -> None:
        """Measure the labels of the training part."""
        scale = told.std(0, correction=0)
        self.level.copy_(told.mean(0))
        self.scale.copy_(torch.where(scale > 0, scale, 1.0))

    def forward(self, told: Float[Tensor, "row feature"]) -> DiagonalGaussian:
        """The prior of each row."""
        return DiagonalGaussian.of(self.network((told - self.level) / self.scale))


class DiscretePrior(nn.Module):
    """p(z | u) = N(m_u, v_u): a table with a row per class, all N(0, 1) before training.

    Parameters
    ----------
    n_classes, dimension
        Sizes of the table.
    """

    def __init__(self, n_classes: int, dimension: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(n_classes, 2 * dimension))

    def start(self, told: Int64[Tensor, " row"]) -> None:
        """Nothing to measure."""

    def forward(self, told: Int64[Tensor, " row"]) -> DiagonalGaussian:
        """The prior of each row."""
        return DiagonalGaussian.of(functional.embedding(told, self.table))


class PiVAEModel(nn.Module):
    """Encoder, label prior, flow decoder, likelihood.

        q(z | x, u) = q(z | x) p(z | u) / norm
        loss = mean over neurons of -log p(x | z) + beta KL(q(z | x, u) || p(z | u)) / N,  z ~ q(z | x, u)

    Parameters
    ----------
    options
        Checked.
    n_neurons
        N.
    n_told
        Features of continuous labels; classes of discrete ones, as a negative number.
    """

    level: Tensor
    spread: Tensor

    def __init__(self, options: PiVAEOptions, n_neurons: int, n_told: int) -> None:
        super().__init__()
        sizes = (options.window * n_neurons, *options.hidden, 2 * options.dimension)
        self.encoder = Dense(sizes, nn.Tanh)
        self.prior: ContinuousPrior | DiscretePrior
        if n_told > 0:
            self.prior = ContinuousPrior(n_told, options.dimension, options.prior_hidden)
        else:
            self.prior = DiscretePrior(-n_told, options.dimension)
        width = options.flow_hidden or max(30, n_neurons // 4)
        self.decoder = FlowDecoder(options.dimension, n_neurons, width, options.flow_blocks)
        self.offset = nn.Parameter(torch.zeros(n_neurons))
        is_poisson = options.likelihood == "poisson"
        self.likelihood = PoissonCounts() if is_poisson else GaussianResponses(n_neurons)
        self.n_neurons = n_neurons
        self.register_buffer("level", torch.zeros(n_neurons))
        self.register_buffer("spread", torch.ones(n_neurons))

    def start(self, responses: Float[Tensor, "time neuron"], told: Told) -> None:
        """Measure the training part, and let the decoder begin near its mean."""
        spread = responses.std(0, correction=0)
        self.level.copy_(responses.mean(0))
        self.spread.copy_(torch.where(spread > 0, spread, 1.0))
        self.prior.start(told)
        start = self.likelihood.start(responses)[:, 0]
        if isinstance(self.likelihood, PoissonCounts):
            rate = start.exp()
            start = rate + (-torch.expm1(-rate)).log()  # the inverse of softplus
        self.offset.data.copy_(start)

    def encode(self, windows: Windows) -> DiagonalGaussian:
        """q(z | x): what responses alone say."""
        return DiagonalGaussian.of(self.encoder(((windows - self.level) / self.spread).flatten(1)).float())

    def decode(self, latents: Float[Tensor, "row dimension"]) -> Float[Tensor, "row neuron parameter"]:
        """What the likelihood reads: log rates, or means."""
        x = (self.decoder(latents) + self.offset).float()
        if isinstance(self.likelihood, PoissonCounts):
            x = (functional.softplus(x) + LEAST_RATE).log()
        return x[..., None]

    def loss(self, batch: PiVAEBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss, and its parts: `kl` in nats per row, and the prior's share of the precision."""
        own, prior = self.encode(batch.windows), self.prior(batch.told)
        posterior = own.times(prior)
        misfit = self.likelihood.misfit(self.decode(posterior.draw(batch.noise)), batch.target).mean()
        kl = posterior.kl(prior).sum(1).mean()
        share = own.share_of(prior).mean()
        loss = misfit + batch.beta / self.n_neurons * kl
        return loss, {"misfit": misfit, "kl": kl, "prior_share": share}
