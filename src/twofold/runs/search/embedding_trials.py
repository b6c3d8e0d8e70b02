"""Trials of embeddings: fitted to seven of nine repeats, or that share of them, and scored on the others."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from twofold.decoders import decode_frames
from twofold.embeddings import ContrastiveEmbedding, ContrastiveOptions, GuidedVAE, GuidedVAEOptions
from twofold.errors import DataError, OptionError
from twofold.metrics import r2
from twofold.recordings import Recording
from twofold.recordings.preprocess import Preprocessing, fit_preprocessing
from twofold.runs.search.plan import SearchPlan

NEIGHBOURS = 5
WORDS = {"true": True, "false": False, "none": None}


def embedding_options(model: str) -> tuple[str, ...]:
    """All options that a trial may have."""
    return tuple((ContrastiveEmbedding() if model == "contrastive" else GuidedVAE()).get_params())


def check_embedding(plan: SearchPlan, recordings: Sequence[Recording]) -> None:
    """Refuse what no trial could be fitted to, before any begins.

    Raises
    ------
    OptionError, DataError
        If the recording has no repeats to score on, or the first options of the space
        cannot work.
    """
    if len(recordings) > 1:
        raise OptionError(f"an embedding is fitted to one recording, and there are {len(recordings)}")
    seven_to_two(recordings[0])
    _embedding(plan, plan.example)


def fit_embedding(plan: SearchPlan, recordings: Sequence[Recording], options: Mapping[str, str]) -> float:
    """On the repeats that the fit has not seen: accuracy of the frame, or R² of the responses themselves.

    The loss of a contrastive embedding tells nothing here: it depends on temperature and batch.

    Parameters
    ----------
    plan, recordings
        The search, and the recording.
    options
        Those of this trial and the fixed ones, as texts.
    """
    embedding = _embedding(plan, options)
    inside = recordings[0].in_trials()
    own, new = (inside.repeats(part) for part in seven_to_two(inside))
    raw = isinstance(embedding, GuidedVAE) and embedding.likelihood in ("poisson", "zig")
    counts = own.responses.dtype.kind in "ui" or bool(own.responses[:].min() >= 0)
    how = Preprocessing(square_root=counts and not raw, standardise=not raw)
    fitted = fit_preprocessing(own, how, "the training repeats")
    own, new = fitted(own), fitted(new)
    x, x_new = own.responses[:], new.responses[:]
    if isinstance(embedding, GuidedVAE):
        y = own.frame_ids if embedding.guide == "frame" else None
        embedding.fit(x, y, trials=own.trial_of_row)
        return float(r2(x_new, embedding.reconstruct(x_new, trials=new.trial_of_row)))
    embedding.fit(x, own.frame_ids, trials=own.trial_of_row)
    z, z_new = (embedding.transform(part.responses[:], trials=part.trial_of_row) for part in (own, new))
    decoder = KNeighborsClassifier(min(NEIGHBOURS, len(z)), metric="cosine")
    found = decode_frames(decoder, z, own.frame_ids, z_new, new.frame_ids, frame_seconds=own.bin_s)
    return float(found.scores.exact_accuracy)


def seven_to_two(recording: Recording) -> tuple[list[int], list[int]]:
    """Repeats to fit to and to score on: the last two of nine, and that share of any other number.

    Raises
    ------
    DataError
        If there is only one repeat.
    """
    repeats = np.unique(recording.trials.column("repeat")).tolist()
    if len(repeats) < 2:
        raise DataError(
            f"{recording.name!r} has {len(repeats)} repeat, and a search scores on repeats held out"
        )
    n = min(max(1, round(2 * len(repeats) / 9)), len(repeats) - 1)
    return repeats[:-n], repeats[-n:]


def _embedding(plan: SearchPlan, options: Mapping[str, str]) -> ContrastiveEmbedding | GuidedVAE:
    values = {"random_state": plan.seed, **{name: _value(text) for name, text in options.items()}}
    if plan.model == "contrastive":
        contrastive = ContrastiveEmbedding(**values)
        ContrastiveOptions(**contrastive.get_params())
        return contrastive
    vae = GuidedVAE(**values)
    GuidedVAEOptions(**vae.get_params())
    if vae.guide == "features":
        raise OptionError("guide=features: a search is guided by frame or by none")
    return vae


def _value(text: str) -> Any:
    """What is meant by an option's text."""
    if text in WORDS:
        return WORDS[text]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
