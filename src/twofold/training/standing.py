"""Where a training stands: all that must be kept to go on as if it had never been interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from twofold.errors import DataError
from twofold.training.early_stopping import EarlyStopping
from twofold.training.plateau import Plateau
from twofold.training.tensor_files import read_tensors, write_tensors

FORMAT = "twofold training"
VERSION = 1
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass
class Standing:
    """Plain numbers; nothing else decides what comes next but the weights and the optimizer's moments.

    There are no generators among them: what is drawn at random follows from seed, epoch and clip.

    Parameters
    ----------
    learning_rate
        At present.
    plateau, stopping
        Where its schedule stands, and early stopping.
    epoch, step
        Steps done in this epoch.
    loss, n_scored
        Sums over the steps of this epoch.
    log
        One row per finished epoch.
    finished
        Whether the training has ended.
    """

    learning_rate: float
    plateau: Plateau
    stopping: EarlyStopping
    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    n_scored: float = 0.0
    log: list[dict[str, float]] = field(default_factory=list)
    finished: bool = False


def write_standing(
    path: Path,
    standing: Standing,
    model: nn.Module,
    best: Mapping[str, Tensor],
    optimizer: torch.optim.Optimizer,
    about: Mapping[str, Any],
) -> None:
    """Write a checkpoint; the old one stays until the new one is whole.

    Parameters
    ----------
    path
        The file.
    standing
        Where the training stands.
    model, best
        Its weights now, and those of the best epoch.
    optimizer
        Adam of some kind.
    about
        What must be the same to go on, such as the options.
    """
    tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in best.items()}
    for number, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{number}/{name}": moments[name] for name in MOMENTS}
    write_tensors(
        path,
        tensors,
        {"format": FORMAT, "version": VERSION, "about": dict(about), "standing": asdict(standing)},
    )


def read_standing(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, about: Mapping[str, Any]
) -> tuple[Standing, dict[str, Tensor]]:
    """Put the weights and moments of a checkpoint in place; returns where it stands and the best weights.

    Raises
    ------
    DataError
        If it is damaged, or belongs to another training.
    """
    tensors, content = read_tensors(path)
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        raise DataError(f"{path} is no checkpoint of this version; fit again with --overwrite")
    _refuse_others(path, content["about"], about)
    own = _group(tensors, "model/")
    model.load_state_dict(own)
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _group(tensors, "optimizer/").items():
        number, _, moment = name.partition("/")
        state.setdefault(int(number), {})[moment] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    plain = content["standing"]
    parts = {"plateau": Plateau(**plain["plateau"]), "stopping": EarlyStopping(**plain["stopping"])}
    standing = Standing(**plain | parts)
    return standing, _group(tensors, "best/")


def _refuse_others(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            raise DataError(
                f"{path} was written with {name}={found.get(name)!r}, and now it is {wanted.get(name)!r}; "
                "give the same options to resume, or --overwrite to begin anew"
            )


def _group(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
