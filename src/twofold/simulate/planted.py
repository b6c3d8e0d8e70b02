"""Embeddings whose worth is known before any study is run."""

from __future__ import annotations

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording

RANDOM_DIMENSIONS = 128
STIMULUS_DIMENSIONS = 32


def planted_embeddings(
    recording: Recording, random_state: int | np.random.Generator = 0
) -> dict[str, np.ndarray]:
    """Five embeddings, one row per frame shown, that every scoreboard must put in the right order.

    Parameters
    ----------
    recording
        A whole recording of `simulate_movie_repeats`.
    random_state
        Seed or generator of the random code.

    Returns
    -------
    dict
        Each (repeat * frame, dimension): "copy", the square-root responses themselves; "stimulus", the
        first 32 principal components of the root of the true drive, each of variance 1 or less; "state", the
        true latents; "random", an arbitrary 128-d code of the frame, which knows the frame and nothing of the
        responses; "mixture", stimulus and state side by side.

    Raises
    ------
    DataError
        If the recording carries no truth, or lacks some of its presentations.

    Examples
    --------
    >>> from twofold.simulate import MovieRepeats, simulate_movie_repeats
    >>> planted = planted_embeddings(simulate_movie_repeats(MovieRepeats.small(n_units=40)))
    >>> {name: code.shape[1] for name, code in planted.items()}
    {'copy': 40, 'stimulus': 32, 'state': 6, 'random': 128, 'mixture': 38}
    """
    if not {"drive", "state"} <= set(recording.truth):
        raise DataError(f"recording {recording.name!r} carries no truth to plant embeddings from")
    drive, state = recording.truth["drive"], recording.truth["state"]
    n_samples, n_rows = len(state), recording.responses.shape[0]
    if n_rows % n_samples or len(recording.trials) * len(drive) != n_samples:
        raise DataError(
            f"{len(recording.trials)} presentations of {len(drive)} frames are not the {n_samples} samples "
            "of the truth; plant embeddings in the whole recording, then select"
        )
    rng = np.random.default_rng(random_state)
    responses = np.asarray(recording.responses[:], dtype=float)
    shown = np.tile(np.arange(len(drive)), len(recording.trials))
    stimulus = _leading_components(np.sqrt(drive), STIMULUS_DIMENSIONS)[shown]
    return {
        "copy": np.sqrt(responses.reshape(n_samples, -1, responses.shape[1]).mean(axis=1)),
        "stimulus": stimulus,
        "state": state,
        "random": rng.standard_normal((len(drive), RANDOM_DIMENSIONS))[shown],
        "mixture": np.concatenate([stimulus, state], axis=1),
    }


def _leading_components(code: np.ndarray, dimensions: int) -> np.ndarray:
    """(frame, dimension) principal components, of variance 1 together with the first."""
    left, scale, _ = np.linalg.svd(code - code.mean(axis=0), full_matrices=False)
    return left[:, :dimensions] * np.sqrt(len(code)) * scale[:dimensions] / max(scale[0], 1e-12)
