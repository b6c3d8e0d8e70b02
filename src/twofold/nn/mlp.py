"""A small multilayer perceptron, initialised from a generator."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from twofold.errors import OptionError
from twofold.nn.initial import linear, seeded


class MLP(nn.Sequential):
    """Linear layers with an activation between them, and perhaps one at the end.

    Parameters
    ----------
    sizes
        Widths, from the input to the output; at least these two.
    activation
        Between layers.
    last
        After the last layer; None leaves it linear.
    generator
        Where the weights come from; without one they are always the same.

    Raises
    ------
    OptionError
        If there are fewer than two sizes, or one is not positive.

    Examples
    --------
    >>> mlp = MLP((2, 30, 2), last=nn.Tanh())
    >>> mlp(torch.zeros(5, 2)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: nn.Module | None = None,
        last: nn.Module | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        if len(sizes) < 2 or min(sizes) < 1:
            raise OptionError(
                f"MLP: sizes={tuple(sizes)}: give at least two positive widths, as in (2, 30, 2)"
            )
        generator = seeded(generator)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(sizes):
            layers += [linear(n_in, n_out, generator), activation or nn.ELU()]
        super().__init__(*layers[:-1], *([last] if last else []))
