"""Features of the frames of a movie, computed elsewhere, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.readers.containers import open_arrays
from twofold.readers.pickles.unpickling import MAX_BYTES, unpickle
from twofold.shapes import Features


def read_frame_features(path: Path | str, *, max_bytes: int = MAX_BYTES) -> Features:
    """Read (frame, feature) from a npy, a npz, a joblib file or a tensor of PyTorch; nothing is unpickled.

    Parameters
    ----------
    path
        The file: `.npy`, `.npz` with one array, `.jl`, `.joblib` or `.pkl`, `.pt` or `.pth`.
    max_bytes
        Largest size of a joblib file after decompression.

    Raises
    ------
    DataError
        If it holds anything but one table of finite numbers.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "dino.npy", np.ones((900, 768), np.float32))
    ...     read_frame_features(Path(folder) / "dino.npy").shape
    (900, 768)
    """
    path = Path(path)
    if path.suffix in (".pt", ".pth"):
        values = _tensor(path)
    elif path.suffix in (".jl", ".joblib", ".pkl", ".pickle"):
        values = unpickle(path, max_bytes=max_bytes)
    else:
        file = open_arrays(path)
        if file.names is not None and len(file.names) != 1:
            raise DataError(f"{path.name} holds {len(file.names)} arrays; give a file with one")
        values = file.read(file.names[0] if file.names else "features")
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.dtype.kind not in "fiu":
        shape = getattr(values, "shape", None)
        what = f"{type(values).__name__}{f' of shape {shape}' if shape else ''}"
        raise DataError(f"{path.name} holds {what}; frame features are one table of numbers (frame, feature)")
    if not np.isfinite(values).all():
        frame = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise DataError(f"{path.name}: the features of frame {frame} are not all finite; compute them again")
    return values


def _tensor(path: Path) -> Any:
    """A tensor, by the reader of PyTorch that admits nothing else."""
    import torch

    if not path.is_file():
        raise DataError(f"{path}: no such file" if not path.exists() else f"{path} is not a file")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # as many kinds as a damaged file has parts
        raise DataError(
            f"{path.name} cannot be read as a tensor: it is damaged, or only running code could read it; "
            "nothing was run. Save the features with numpy.save and try again"
        ) from error
    return found.detach().float().numpy() if isinstance(found, torch.Tensor) else found
