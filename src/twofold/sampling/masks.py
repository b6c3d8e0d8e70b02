"""Windows of which neurons and samples are left out by chance, so that an encoder leans on none of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int64
from torch import Tensor


class MaskedWindows:
    """Windows in which a share of the neurons, and a share of the samples, is 0.

    Each window has masks of its own: a neuron is masked in all samples of its window, a sample in all
    neurons. What is left is not scaled up, so 0 should be each neuron's mean.

    Parameters
    ----------
    windows
        What is masked: rows to (row, window, neuron).
    neurons, time
        Shares, from 0 to less than 1.
    generator
        The only source of chance.

    Examples
    --------
    >>> ones = lambda rows: torch.ones(len(rows), 3, 4)
    >>> masked = MaskedWindows(ones, neurons=0.5, time=0.0, generator=torch.Generator().manual_seed(0))
    >>> masked(torch.arange(2))[:, 0]
    tensor([[0., 1., 0., 0.],
            [0., 1., 0., 1.]])
    """

    def __init__(
        self,
        windows: Callable[[Tensor], Tensor],
        neurons: float,
        time: float,
        generator: torch.Generator,
    ) -> None:
        self.windows, self.neurons, self.time, self.generator = windows, neurons, time, generator

    def __call__(self, rows: Int64[Tensor, " row"]) -> Float[Tensor, "row window neuron"]:
        """The windows of some samples, newly masked each time."""
        windows = self.windows(rows)
        n_rows, n_samples, n_neurons = windows.shape
        for share, shape in ((self.neurons, (n_rows, 1, n_neurons)), (self.time, (n_rows, n_samples, 1))):
            if share:
                drawn = torch.rand(shape, generator=self.generator, device=windows.device)
                windows = windows * (drawn >= share)
        return windows
