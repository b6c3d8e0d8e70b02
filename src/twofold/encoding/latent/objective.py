r"""The evidence lower bound of a model with a latent state, negative.

.. math::

    L = -\frac{1}{n} \sum_{i, t \in \text{scored}} E_{z \sim q_t}[\log p(y_{it} \mid a_{it} + w_i \cdot z)]
    + \frac{\beta}{n} \sum_t c_t \operatorname{KL}(q_t \| N(0, I)), \quad q_t = N(\mu_t, \Sigma_t)

with n the number of scored entries, and c = 1, or the scored neurons per given one. The second makes hidden
neurons count as if they were as many as those given: weighing their likelihood by (given / scored) is the
same, up to how much a clip counts. Of a state with memory the divergence is that of the path of a clip, an
equal share of it for each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from twofold.encoding.latent.masks import given_in_training
from twofold.encoding.latent.options import LatentOptions
from twofold.encoding.latent.reading import read_state
from twofold.encoding.latent.state import StateMoments
from twofold.likelihoods import Likelihood
from twofold.likelihoods.monte_carlo import sampled_nll
from twofold.likelihoods.quadrature import GaussianOutputs, Loadings, expected_nll_of
from twofold.sampling import ClipBatch

if TYPE_CHECKING:
    from twofold.encoding.latent.model import LatentVideoModel

Raw = Float[Tensor, "clip time neuron parameter"]
Observed = Float[Tensor, "clip time neuron"]
Entries = Bool[Tensor, "clip time neuron"]
SAMPLING = 2  # a stream of its own beside the seed of each clip


def negative_bound(model: LatentVideoModel, batch: ClipBatch) -> tuple[Float[Tensor, ""], int]:
    """The sums n L of a batch in nats, and n; which neurons are given follows from the seeds of the clips."""
    options, lost = model.latent_options, model.frames_lost
    raw = model.video.raw(batch).float()
    _, n_frames, n_neurons = batch.responses.shape
    given = given_in_training(batch.seeds, n_frames, n_neurons, options).to(raw.device)
    state = read_state(model, batch.recording, batch.responses, given, raw)
    observed, given = batch.responses[:, lost:], given.expand(-1, n_frames, -1)[:, lost:]
    scored = scored_entries(given, options)
    likelihood = model.population(batch.recording).likelihood
    weights = model.latent_population(batch.recording).loadings()
    bent_by = model.smoother if model.prior_flow is None else model.prior_flow
    with torch.autocast(raw.device.type, enabled=False):
        loss = expected_loss(likelihood, raw, weights, state, observed, scored, options, bent_by, batch.seeds)
        return loss + weighted_divergence(state, given, scored, options), int(scored.sum())


def scored_entries(given: Entries, options: LatentOptions) -> Entries:
    """Responses that the objective scores."""
    if options.objective == "full":
        return torch.ones_like(given)
    return given if options.objective == "given" else ~given


def expected_loss(
    likelihood: Likelihood,
    raw: Raw,
    weights: Loadings,
    state: StateMoments,
    observed: Observed,
    scored: Entries,
    options: LatentOptions,
    smoother: nn.Module | None,
    seeds: Int64[Tensor, " clip"],
) -> Float[Tensor, ""]:
    """Minus the first sum, exactly or by samples of whole paths, which a smoother may bend.

    Parameters
    ----------
    likelihood, raw, weights, state
        What gives the responses.
    observed, scored
        Responses, and True for those that count.
    options, smoother
        Of the model; or its prior's flow, which bends each state by itself.
    seeds
        Of each clip, from which its samples follow.
    """
    if options.integration == "quadrature":
        outputs = GaussianOutputs.of(raw, weights, state.mean, state.covariance)
        return expected_nll_of(likelihood, outputs, observed, scored)
    z = state.path(_noise(seeds, (options.n_samples, *state.mean.shape[1:])).to(raw))
    if smoother is not None:
        z = smoother(z.flatten(0, 1)).view_as(z)
    released = options.released_likelihood
    return sampled_nll(likelihood, raw, weights, z, observed, scored, as_released=released)


def weighted_divergence(
    state: StateMoments, given: Entries, scored: Entries, options: LatentOptions
) -> Float[Tensor, ""]:
    """The second sum, beta sum_t c_t KL_t."""
    each = state.divergence(reverse=options.kl == "reverse").expand(given.shape[:2])
    if options.masked_scale == "given":
        each = each * (scored.sum(2) / given.sum(2).clamp(min=1))
    return options.beta * each.sum()


def _noise(seeds: Tensor, shape: tuple[int, ...]) -> Float[Tensor, "sample clip time dimension"]:
    words = [int(np.random.SeedSequence([int(k), SAMPLING]).generate_state(1)[0]) for k in seeds]
    parts = [torch.randn(shape, generator=torch.Generator().manual_seed(word)) for word in words]
    return torch.stack(parts, dim=1)
