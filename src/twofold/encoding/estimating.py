"""How long a training will take and how much memory it needs, from one step and one validation trial."""

from __future__ import annotations

import copy
import resource
import sys
import time
from dataclasses import dataclass

import torch
from torch import nn

from twofold.encoding.model import EncodingModel
from twofold.encoding.training_data import TrainingData
from twofold.training import choose_device, product_type
from twofold.training.device import Precision


@dataclass(frozen=True)
class TrainingEstimate:
    """Expected seconds of an epoch with its validation, steps in it, and MiB of memory."""

    seconds_per_epoch: float
    n_steps: int
    memory_mib: float


def estimate_training(
    model: EncodingModel, data: TrainingData, device: str = "auto", precision: Precision = "fp32"
) -> TrainingEstimate:
    """Time two steps of a copy of the model, of which the second counts, and one trial of each recording."""
    assert isinstance(model, nn.Module)
    place = choose_device(device)
    trial = copy.deepcopy(model).to(place)
    lower = product_type(precision, place)
    with torch.autocast(place.type, dtype=torch.bfloat16, enabled=lower == torch.bfloat16):
        step_s = [_step(trial, data, number) for number in (0, 0)][-1]
        trial.eval()
        validation_s = 0.0
        for number, trials in enumerate(data.validation):
            began = time.perf_counter()
            trial.validation_pair(number, trials.read(0))
            validation_s += (time.perf_counter() - began) * len(trials)
    if place.type == "cuda":
        memory_mib = torch.cuda.max_memory_allocated(place) / 2**20
    else:
        # Linux counts in KiB, macOS in bytes.
        unit = 2**20 if sys.platform == "darwin" else 2**10
        memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return TrainingEstimate(step_s * data.clips.n_steps + validation_s, data.clips.n_steps, memory_mib)


def _step(model: EncodingModel, data: TrainingData, number: int) -> float:
    assert isinstance(model, nn.Module)
    model.train()
    began = time.perf_counter()
    for batch in data.clips.step(0, number):
        loss, n = model.total_loss(batch.to(next(model.parameters()).device))
        (loss / n).backward()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began
