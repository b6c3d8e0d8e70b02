"""Contrastive embeddings of the study: plain, untrained, aligned, and with the paper's settings."""

from __future__ import annotations

from typing import Any

import numpy as np

from twofold.embeddings import ContrastiveEmbedding
from twofold.studies.neural_alignment.methods.frame_features import SHARE, principal_features
from twofold.studies.neural_alignment.methods.method import Choice, Encoder, Method, grid_of
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.presentations import Rows

ALIGNED = "contrastive aligned lambda"


class ContrastiveEncoder:
    """A fitted contrastive embedding as the study uses it.

    Parameters
    ----------
    embedding
        Fitted.
    """

    def __init__(self, embedding: ContrastiveEmbedding) -> None:
        self.embedding = embedding

    def __call__(self, rows: Rows) -> np.ndarray:
        """(time, dimension) latents of rows."""
        return self.embedding.transform(rows.responses, trials=rows.trial)

    def curves(self) -> dict[str, np.ndarray]:
        """Of the training: at most 500 points of `loss` and `temperature` with their `step`."""
        history = self.embedding.history_
        n = len(history["loss"])
        if not n:
            return {}
        at = np.unique(np.linspace(0, n - 1, min(n, 500)).astype(int))
        curves = {name: history[name][at] for name in ("loss", "temperature") if name in history}
        chance = np.array(self.embedding.chance_loss_)
        return {f"steps/{name}": x for name, x in curves.items()} | {
            "steps/step": at + 1,
            "steps/chance_loss": chance,
        }


def contrastive(options: AlignmentOptions, *, trained: bool = True, reconstruction: float = 0.0) -> Method:
    """The contrastive embedding guided by frame id; its encoder before any training; or the aligned one.

    The aligned one also predicts the responses to the same frame in another repeat, from its latents before
    their length is normalised, with the weight `reconstruction`; these latents are what it gives.
    """
    depends = {
        **_sizes(options),
        "dimension": options.dimension,
        "max_steps": options.steps if trained else 0,
        "learning_rate": options.learning_rate,
        "weight_decay": options.weight_decay,
        "batch_size": options.batch_size,
        "reconstruction": reconstruction,
    }
    grid = grid_of(temperature=options.temperature, dropout=options.dropout)
    if not trained:
        return Method("untrained", grid[:1], _fit, depends)
    return Method(aligned_name(reconstruction) if reconstruction else "contrastive", grid, _fit, depends)


def feature_contrastive(options: AlignmentOptions, *, trained: bool = True) -> Method:
    """The paper's embedding: 128 latents, learning rate 3e-4, batch 512, positives by frame features."""
    window = options.feature_window
    depends = {
        **_sizes(options),
        "window": window,
        "dimension": options.feature_dimension,
        "max_steps": options.feature_steps if trained else 0,
        "learning_rate": 3e-4,
        "batch_size": 512,
        "temperature": 1.0,
        "share": SHARE,
    }
    name = "contrastive features" if trained else "untrained features"
    return Method(f"{name} window={window}", ({},), _fit, depends, sees=("features",), window=window)


def aligned(options: AlignmentOptions) -> tuple[Method, ...]:
    """The embeddings that also reconstruct, for decoding and alignment."""
    return tuple(contrastive(options, reconstruction=weight) for weight in options.reconstruction)


def aligned_name(reconstruction: float) -> str:
    """How rows call the contrastive embedding that also reconstructs.

    Examples
    --------
    >>> aligned_name(10.0)
    'contrastive aligned lambda=10'
    """
    return f"{ALIGNED}={reconstruction:g}"


def _sizes(options: AlignmentOptions) -> dict[str, Any]:
    return {"hidden": options.hidden, "precision": options.precision}


def _fit(choice: Choice, rows: Rows, seed: int) -> Encoder:
    settings = dict(choice)
    share = settings.pop("share", None)
    embedding = ContrastiveEmbedding(**settings, device="cpu", random_state=seed)
    label = rows.frame if share is None else principal_features(rows.appearance, share)[rows.frame]
    return ContrastiveEncoder(embedding.fit(rows.responses, label, trials=rows.trial))
