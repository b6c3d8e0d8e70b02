"""What each step of a fit measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from twofold.errors import TwofoldError


class NotFiniteError(TwofoldError):
    """A loss became infinite or NaN."""


class History:
    """Scalars per step, kept on their device and fetched a block of steps at a time.

    Fetching a number waits for the device to finish all that was asked of it: done in every step, that wait
    costs more than the step.

    Examples
    --------
    >>> history = History()
    >>> history.append({"loss": torch.tensor(2.0)}); history.append({"loss": torch.tensor(1.0)})
    >>> history.arrays()
    {'loss': array([2., 1.], dtype=float32)}
    """

    def __init__(self) -> None:
        self._waiting: list[Mapping[str, Tensor]] = []
        self._fetched: dict[str, list[np.ndarray]] = {}
        self._n_fetched = 0

    def append(self, scalars: Mapping[str, Tensor]) -> None:
        """Keep one step's scalars; every step has the same names, one of them `loss`."""
        self._waiting.append({name: value.detach() for name, value in scalars.items()})

    def fetch(self) -> dict[str, float]:
        """Bring the waiting steps to the host; returns their means.

        Raises
        ------
        NotFiniteError
            If a loss is infinite or NaN.
        """
        if not self._waiting:
            return {}
        block = {
            name: torch.stack([step[name] for step in self._waiting]).float().cpu().numpy()
            for name in self._waiting[0]
        }
        bad = np.flatnonzero(~np.isfinite(block["loss"]))
        if len(bad):
            raise NotFiniteError(
                f"the loss is {block['loss'][bad[0]]} at step {self._n_fetched + bad[0]}; "
                "lower learning_rate, or standardise the responses"
            )
        for name, values in block.items():
            self._fetched.setdefault(name, []).append(values)
        self._n_fetched += len(self._waiting)
        self._waiting = []
        return {name: float(values.mean()) for name, values in block.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """All steps: (step,) per name; only an empty `loss` where there were none."""
        self.fetch()
        if not self._fetched:
            return {"loss": np.empty(0, dtype=np.float32)}
        return {name: np.concatenate(blocks) for name, blocks in self._fetched.items()}
