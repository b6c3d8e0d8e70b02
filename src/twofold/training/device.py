"""Where a model is fitted, and in which precision."""

from __future__ import annotations

from typing import Literal

import torch

from twofold.errors import OptionError

Precision = Literal["fp32", "bf16", "auto"]


def choose_device(device: str) -> torch.device:
    """The device of a name; `auto` is a CUDA GPU where there is one, else the processor.

    Parameters
    ----------
    device
        "auto", "cpu", "cuda" or "cuda:1".

    Raises
    ------
    OptionError
        If there is no such device here.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    chosen = torch.device(device)
    if chosen.type != "cuda":
        return chosen
    index, there = chosen.index or 0, torch.cuda.device_count()
    if index >= there:
        raise OptionError(f"device={device!r}: there are {there} CUDA devices here; use device='auto'")
    return torch.device("cuda", index)


def product_type(precision: Precision, device: torch.device) -> torch.dtype:
    """In which type a precision multiplies matrices there.

    Examples
    --------
    >>> product_type("fp32", torch.device("cpu")), product_type("bf16", torch.device("cpu"))
    (torch.float32, torch.bfloat16)
    """
    in_bf16 = precision == "bf16" or (precision == "auto" and multiplies_bf16(device))
    return torch.bfloat16 if in_bf16 else torch.float32


def multiplies_bf16(device: torch.device) -> bool:
    """Whether the hardware multiplies bf16 matrices, rather than imitating it more slowly."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    has = torch.cpu.get_capabilities()
    return bool(has.get("amx_bf16") or has.get("avx512_bf16"))
