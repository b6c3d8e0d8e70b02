"""Any fitted model back from the folder that it was fitted into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twofold.errors import DataError


def load(folder: Path | str, *, device: str = "auto") -> Any:
    """Read a fitted model; nothing in the folder is executed.

    Parameters
    ----------
    folder
        The `out` of `twofold.fit`, or the --out of `twofold fit ...`.
    device
        "auto", "cpu" or "cuda".

    Returns
    -------
    VideoModel, LatentVideoModel, Competitor or EmbeddingRun
        What was fitted.

    Raises
    ------
    DataError
        If the folder holds no fitted model, one that is not finished, or a damaged one.

    Examples
    --------
    >>> load("no-such-folder")
    Traceback (most recent call last):
    ...
    twofold.errors.DataError: there is no folder no-such-folder; give the --out of `twofold fit`
    """
    from twofold.embeddings.run import EMBEDDING, EmbeddingRun
    from twofold.encoding.loading import load_encoding_model
    from twofold.encoding.run_folder import CHECKPOINT, MODEL
    from twofold.training import choose_device

    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}; give the --out of `twofold fit`")
    if (folder / MODEL).exists():
        return load_encoding_model(folder / MODEL, choose_device(device))
    if (folder / EMBEDDING).exists():
        return EmbeddingRun.load(folder, device=device)
    if (folder / CHECKPOINT).exists():
        raise DataError(f"the training in {folder} has not ended; go on with `twofold fit ... --resume`")
    raise DataError(f"{folder} holds no fitted model; give the --out of `twofold fit`")
