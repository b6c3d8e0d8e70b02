"""Lightning Fabric, which starts the processes, knows the devices and casts to bf16; quietly."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from twofold.training.device import Precision, product_type

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def make_fabric(device: torch.device, precision: Precision, processes: int = 1) -> Fabric:
    """Fabric for a device, or for several processes with a device each.

    Parameters
    ----------
    device
        As `choose_device` gives it.
    precision
        "bf16" multiplies in bf16 with weights in fp32; "auto" does so where the hardware multiplies bf16.
    processes
        More than one run the same program and share the work (gloo on processors, NCCL on GPUs); they begin
        with `launch()`.
    """
    # Imported here: it takes a second, which `--help` need not wait for.
    from lightning_fabric import Fabric

    alone: int | list[int] = [device.index or 0] if device.type == "cuda" else 1
    with _only_warnings(logging.getLogger("lightning_fabric")):
        return Fabric(
            accelerator=device.type,
            devices=alone if processes == 1 else processes,
            strategy="auto" if processes == 1 else "ddp",
            precision="32-true" if product_type(precision, device) == torch.float32 else "bf16-mixed",
        )


def launch(fabric: Fabric) -> None:
    """Start the other processes, if there are to be any; quietly."""
    with _only_warnings(logging.getLogger("lightning_fabric")):
        fabric.launch()


def is_first_process() -> bool:
    """Whether this process writes files and speaks: the only one, or the first of several."""
    from lightning_fabric.utilities.rank_zero import rank_zero_only

    return getattr(rank_zero_only, "rank", 0) == 0


@contextmanager
def _only_warnings(logger: logging.Logger) -> Iterator[None]:
    """Fabric announces its precision each time; a study of hundreds of fits need not hear it."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
