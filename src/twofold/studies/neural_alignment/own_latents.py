"""Latents that a user brings, as `twofold transform` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording

NEEDED = ("latents", "trial", "time_s")


def read_latents(path: Path | str, recording: Recording) -> np.ndarray:
    """(time, dimension) latents of the rows that lie in trials.

    Parameters
    ----------
    path
        An npz file with arrays `latents` (time, dimension), `trial` and `time_s` (time,).
    recording
        Whose rows they are.

    Raises
    ------
    DataError
        If the file is missing or damaged, or its rows are not those of the recording.
    """
    path = Path(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            found = {name: stored[name] for name in NEEDED if name in stored.files}
    except FileNotFoundError:
        raise DataError(f"{path} is missing; `twofold transform` writes such a file") from None
    except Exception as error:  # a broken archive fails in a dozen ways
        raise DataError(f"{path} cannot be read as npz: {error}") from None
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}; `twofold transform` writes {', '.join(NEEDED)}")
    inside, latents = recording.in_trials(), found["latents"]
    if latents.ndim != 2 or latents.dtype.kind not in "iuf" or not np.isfinite(latents).all():
        raise DataError(f"{path}: latents must be finite numbers (time, dimension); got {latents.shape}")
    if len(latents) != len(inside.time_s):
        raise DataError(
            f"{path}: {len(latents)} rows, and the recording has {len(inside.time_s)} in its trials; "
            "transform the same recording"
        )
    if not np.allclose(found["time_s"], inside.time_s, atol=inside.bin_s / 10):
        raise DataError(f"{path}: its times are not those of the recording; transform the same recording")
    return np.asarray(latents, dtype=np.float32)


def refuse_names(latents: Mapping[str, object]) -> None:
    """Refuse names that a row of the study has, or that would break row names.

    Raises
    ------
    DataError
        If a name cannot be one.
    """
    taken = (
        "raw",
        "pca",
        "untrained",
        "contrastive",
        "vae",
        "pi-vae",
        "factor analysis",
        "control",
        "ceiling",
    )
    for name in latents:
        if not name or any(mark in name for mark in ("/", " + ", " -> ")) or name.startswith(taken):
            raise DataError(
                f"--latents {name}=...: give another name, that no row of ours has, without '/', '+', '->'"
            )
        if "leaky" in name:
            raise DataError(f"--latents {name}=...: 'leaky' marks controls; give another name")
