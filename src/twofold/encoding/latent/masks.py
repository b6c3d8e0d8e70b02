"""Which neurons the encoder sees: in training, drawn anew for each clip; in validation, always the same."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from twofold.encoding.latent.options import LatentOptions

HIDING = 1  # a stream of its own beside the seed of each clip


def given_in_training(
    seeds: Int64[Tensor, " clip"], n_frames: int, n_neurons: int, options: LatentOptions
) -> Bool[Tensor, "clip time neuron"]:
    """True where the encoder sees a response; at least one neuron is seen and one hidden.

    Parameters
    ----------
    seeds
        Of the clips, each of which has its mask wherever it is.
    n_frames, n_neurons
        Sizes; with mask="neuron" the axis of time is 1.
    options
        Share and kind of the mask.

    Examples
    --------
    >>> given = given_in_training(torch.tensor([3, 4]), 20, 10, LatentOptions())
    >>> given.shape, given.sum(2).tolist()
    (torch.Size([2, 1, 10]), [[5], [5]])
    """
    masks = [_given(np.random.default_rng([int(k), HIDING]), n_frames, n_neurons, options) for k in seeds]
    return torch.from_numpy(np.stack(masks))


def _given(rng: np.random.Generator, n_frames: int, n_neurons: int, options: LatentOptions) -> np.ndarray:
    share = options.masked_share
    if options.most_masked is not None:
        share = rng.uniform(share, options.most_masked)
    if options.mask == "time":
        return rng.random((n_frames, n_neurons)) >= share
    return drawn(n_neurons, 1 - share, rng)[None]


def drawn(n_neurons: int, share: float, rng: np.random.Generator) -> Bool[np.ndarray, " neuron"]:
    """True for a share of the neurons, at least one; one at least is left.

    Examples
    --------
    >>> drawn(10, 0.3, np.random.default_rng(0)).sum()
    np.int64(3)
    """
    n_given = min(max(round(share * n_neurons), 1), max(n_neurons - 1, 1))
    return rng.permutation(n_neurons) < n_given


def given_in_validation(n_neurons: int, options: LatentOptions) -> Bool[np.ndarray, " neuron"]:
    """True for those given, always the same; the others are scored."""
    return drawn(n_neurons, options.validation_given, np.random.default_rng(options.given_seed))
