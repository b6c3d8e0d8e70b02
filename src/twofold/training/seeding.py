"""Randomness as an argument, also where torch knows only its global generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

RandomState = int | np.integer | np.random.Generator | np.random.RandomState | None


def seeds_from(random_state: RandomState, n: int) -> list[int]:
    """Independent seeds from what scikit-learn calls a random state.

    Parameters
    ----------
    random_state
        An integer, or a generator to draw from; None asks the operating system, never numpy's global state.
    n
        How many.

    Examples
    --------
    >>> seeds_from(0, 2) == seeds_from(0, 2), seeds_from(0, 2) == seeds_from(1, 2)
    (True, False)
    """
    entropy: int | None
    if isinstance(random_state, np.random.Generator):
        entropy = int(random_state.integers(2**32))
    elif isinstance(random_state, np.random.RandomState):
        entropy = int(random_state.randint(2**32, dtype=np.uint32))
    else:
        entropy = None if random_state is None else int(random_state)
    return [int(word) for word in np.random.SeedSequence(entropy).generate_state(n)]


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Inside, torch's global generators start from `seed`; afterwards they are as they were.

    Layers initialise themselves, and dropout draws, from the global generators only.
    """
    on_cuda = device.type == "cuda"
    index = (device.index or 0) if on_cuda else 0
    with torch.random.fork_rng(devices=[index] if on_cuda else []):
        torch.default_generator.manual_seed(seed)
        if on_cuda:
            torch.cuda.default_generators[index].manual_seed(seed)
        yield
