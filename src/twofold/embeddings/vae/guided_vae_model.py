"""The module that a guided variational autoencoder trains: encoder, decoder, and a head that guides."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from twofold.embeddings.vae.gaussian import DiagonalGaussian
from twofold.embeddings.vae.guided_vae_options import GuidedVAEOptions
from twofold.embeddings.vae.guides import FeatureGuide, FrameGuide, Guide
from twofold.embeddings.vae.likelihoods import response_likelihood
from twofold.nn import Affine, Dense, RecurrentNetwork

START_LOG_VARIANCE = (
    -4.0
)  # of the posterior: drowned in noise of variance 1, a decoder learns next to nothing
Windows = Float[Tensor, "row window neuron"]
Lengths = Int64[Tensor, " piece"] | None


class VAEBatch(NamedTuple):
    """Rows of a step.

    Parameters
    ----------
    windows
        (row, window, neuron) what the encoder sees.
    target
        (row, neuron) what the decoder is to say.
    told
        What the guide is to tell, one per row, or None.
    noise
        (row, dimension) standard normal.
    beta
        Weight of the KL divergence in this step.
    lengths
        (piece,) of a recurrent network's pieces, or None.
    """

    windows: Windows
    target: Float[Tensor, "row neuron"]
    told: Tensor | None
    noise: Float[Tensor, "row dimension"]
    beta: float
    lengths: Lengths = None


class GuidedVAEModel(nn.Module):
    """Encoder, decoder, likelihood of responses, and guide.

        loss = mean misfit(x, decoder(z)) + beta KL / K + guide_weight guide(z),  z ~ q(z | windows) = N(m, v)

    The encoder sees responses standardised by `level` and `spread`, which are measured on the training part.

    Parameters
    ----------
    options
        Checked.
    n_neurons
        Neurons.
    n_told
        Features or classes of the guide; 0 where there is none.
    """

    level: Tensor
    spread: Tensor

    def __init__(self, options: GuidedVAEOptions, n_neurons: int, n_told: int) -> None:
        super().__init__()
        self.likelihood = response_likelihood(options.likelihood, n_neurons)
        n_out = n_neurons * self.likelihood.n_parameters
        encoder_sizes = (options.window * n_neurons, *options.hidden, 2 * options.dimension)
        decoder_sizes = (options.dimension, *options.decoder_hidden, n_out)
        self.encoder: Dense | RecurrentNetwork
        self.decoder: Dense | RecurrentNetwork
        if options.recurrent:
            # The decoder runs forwards only: a law of how latents become responses, not of what follows.
            self.encoder = RecurrentNetwork(encoder_sizes, at=2, both_ways=True, dropout=options.dropout)
            self.decoder = RecurrentNetwork(decoder_sizes, at=1, both_ways=False, dropout=options.dropout)
        else:
            self.encoder = Dense(encoder_sizes, dropout=options.dropout)
            self.decoder = Dense(decoder_sizes, dropout=options.dropout)
        self.guide = _guide(options, n_told)
        self.mask_neurons = options.mask_neurons
        self.guide_weight, self.n_neurons = options.guide_weight, n_neurons
        self.kl_parts = options.dimension if options.kl_per == "dimension" else n_neurons
        self.register_buffer("level", torch.zeros(n_neurons))
        self.register_buffer("spread", torch.ones(n_neurons))

    def start(self, responses: Float[Tensor, "time neuron"]) -> None:
        """Measure the training part, and let the decoder begin with its mean."""
        spread = responses.std(0, correction=0)
        self.level.copy_(responses.mean(0))
        self.spread.copy_(torch.where(spread > 0, spread, 1.0))
        _readout(self.decoder).bias.data.copy_(self.likelihood.start(responses).flatten())
        log_variance = _readout(self.encoder).bias.data.chunk(2)[1]
        log_variance.fill_(START_LOG_VARIANCE)

    def posterior(self, windows: Windows, lengths: Lengths = None) -> DiagonalGaussian:
        """q(z | windows)."""
        seen = (windows - self.level) / self.spread
        if self.training and self.mask_neurons:
            seen = seen * (torch.rand_like(seen[:, :1]) >= self.mask_neurons)
        return DiagonalGaussian.of(_run(self.encoder, seen.flatten(1), lengths))

    def decode(
        self, latents: Float[Tensor, "row dimension"], lengths: Lengths = None
    ) -> Float[Tensor, "row neuron parameter"]:
        """What the likelihood reads."""
        return _run(self.decoder, latents, lengths).unflatten(1, (self.n_neurons, -1))

    def loss(self, batch: VAEBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss, and its parts; `kl` in nats per row, over all dimensions."""
        posterior = self.posterior(batch.windows, batch.lengths)
        latents = posterior.draw(batch.noise)
        misfit = self.likelihood.misfit(self.decode(latents, batch.lengths), batch.target).mean()
        kl = posterior.kl().sum(1).mean()
        loss, parts = misfit + batch.beta / self.kl_parts * kl, {"misfit": misfit, "kl": kl}
        if self.guide is not None and batch.told is not None:
            parts["guide"] = self.guide.loss(latents, batch.told)
            loss = loss + self.guide_weight * parts["guide"]
        return loss, parts


def _guide(options: GuidedVAEOptions, n_told: int) -> Guide | None:
    if options.guide is None:
        return None
    kind = FeatureGuide if options.guide == "features" else FrameGuide
    return kind(options.dimension, n_told, options.head_dropout)


def _readout(network: Dense | RecurrentNetwork) -> Affine:
    return (network if isinstance(network, Dense) else network.after).readout


def _run(network: Dense | RecurrentNetwork, rows: Tensor, lengths: Lengths) -> Tensor:
    output = network(rows) if isinstance(network, Dense) else network(rows, lengths)
    return output.float()  # exponentials of bf16 have too few digits
