"""The folder of a training: options, log, checkpoint, model and scores."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twofold.errors import NotAvailableError
from twofold.files import written_whole

MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"
OPTIONS, LOG, SCORES, CURVES = "options.json", "log.csv", "scores.json", "tensorboard"


class RunFolder:
    """Where a training is kept.

    Parameters
    ----------
    path
        The folder, which exists.
    tensorboard
        Whether curves are also written for TensorBoard.

    Raises
    ------
    NotAvailableError
        If TensorBoard is asked for and not installed.
    """

    def __init__(self, path: Path, tensorboard: bool = False) -> None:
        self.path = path
        self._curves = _curves(path / CURVES) if tensorboard else None

    @property
    def model(self) -> Path:
        """The fitted model; only there once the training has ended."""
        return self.path / MODEL

    @property
    def checkpoint(self) -> Path:
        """The state of a training that has not ended."""
        return self.path / CHECKPOINT

    def write_options(self, about: Mapping[str, Any]) -> None:
        """What the run was asked to do."""
        _write_json(self.path / OPTIONS, about)

    def write_scores(self, scores: Mapping[str, Any]) -> None:
        """What came of it."""
        _write_json(self.path / SCORES, scores)

    def write_log(self, rows: Sequence[Mapping[str, float]]) -> None:
        """One row per epoch."""
        with written_whole(self.path / LOG) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[-1]))
            writer.writeheader()
            writer.writerows(rows)
        if self._curves is not None:
            last = rows[-1]
            for name in last.keys() - {"epoch"}:
                self._curves.add_scalar(name, last[name], int(last["epoch"]))
            self._curves.flush()


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False), encoding="utf-8")


def _curves(path: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise NotAvailableError(
            "tensorboard=true needs TensorBoard: pip install 'twofold[tensorboard]'"
        ) from None
    return SummaryWriter(str(path))
