"""Controls of frame decoding: the same chain on data in which something was destroyed; and the leaky one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twofold.analyses.controls import permute_within
from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.methods.frame_decoders import template
from twofold.studies.neural_alignment.methods.method import (
    Choice,
    FrameDecoder,
    Method,
    choose,
    predict_frames,
)
from twofold.studies.neural_alignment.prepared import Prepared, scaled
from twofold.studies.neural_alignment.presentations import Presentations, Rows
from twofold.studies.neural_alignment.truth import BAYES, Known

LEAKY = "contrastive (leaky: fitted on all repeats) + knn"
LABELS_SHUFFLED = "control (a) labels shuffled: contrastive + knn"
ENCODER_SHUFFLED = "control (b) encoder's labels shuffled: contrastive + knn"
RESPONSES_SHUFFLED = "control (c) responses shuffled: contrastive + knn"
RESPONSES_SHUFFLED_RAW = "control (c) responses shuffled: raw + template"
AT_CHANCE = (LABELS_SHUFFLED, RESPONSES_SHUFFLED, RESPONSES_SHUFFLED_RAW)
CONTROLS = (*AT_CHANCE, ENCODER_SHUFFLED)


def is_control(row: str) -> bool:
    """Whether a row of frame decoding competes with no other."""
    return row in CONTROLS or "leaky" in row


def leaky_name(method: str) -> str:
    """How rows call an embedding that was fitted to the test repeats too.

    Examples
    --------
    >>> leaky_name("contrastive")
    'contrastive (leaky: fitted on all repeats)'
    """
    return f"{method} (leaky: fitted on all repeats)"


def leaky_decoding(
    data: Presentations,
    method: Method,
    decoder: FrameDecoder,
    preprocessing: Preprocessing,
    train: np.ndarray,
    test: np.ndarray,
    *,
    inner_folds: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """An embedding fitted once, to all repeats, and read by a decoder that is fitted to the training ones."""
    part = Prepared.of(data, train, test, preprocessing, method)
    encode = method.encoder(method.candidates[0], _whole(data, part), seed)
    chosen = choose(method, (decoder,), part.rows, inner_folds=inner_folds, seed=seed, encode=encode)
    own = chosen[decoder.name][1]
    told = predict_frames(decoder, own, encode(part.rows), part.rows.frame, encode(part.new))
    row = f"{leaky_name(method.name)} + {decoder.name}"
    return {f"predicted/{row}": told, f"units/{row}": np.array(len(part.fitted.kept))}


def shuffled_and_leaky(
    data: Presentations,
    part: Prepared,
    method: Method,
    decoder: FrameDecoder,
    chosen: tuple[Choice, Choice],
    seed: int,
) -> dict[str, np.ndarray]:
    """All controls of one fold, with the options that the honest row has chosen."""
    rows, new = part.rows, part.new
    of_method, own = chosen

    def decoded(fit_rows: Rows, train: Rows, test: Rows) -> np.ndarray:
        encode = method.encoder(of_method, fit_rows, seed)
        return predict_frames(decoder, own, encode(train), train.frame, encode(test))

    rng = np.random.default_rng([seed, int(new.repeat[0])])
    shuffled = replace(rows, frame=rows.frame[permute_within(rows.repeat, rng)])
    mixed, mixed_new = (
        replace(one, responses=one.responses[permute_within(one.repeat, rng)]) for one in (rows, new)
    )
    told = {
        LABELS_SHUFFLED: decoded(shuffled, shuffled, new),
        ENCODER_SHUFFLED: decoded(shuffled, rows, new),
        RESPONSES_SHUFFLED: decoded(mixed, mixed, mixed_new),
        RESPONSES_SHUFFLED_RAW: predict_frames(
            template(), {}, mixed.responses, mixed.frame, mixed_new.responses
        ),
        LEAKY: decoded(_whole(data, part), rows, new),
    }
    n_units = np.array(len(part.fitted.kept))
    return {f"predicted/{row}": frames for row, frames in told.items()} | {
        f"units/{row}": n_units for row in told
    }


def _whole(data: Presentations, part: Prepared) -> Rows:
    """Training and test rows together, scaled by statistics of the training rows."""
    repeats = np.union1d(part.rows.repeat, part.new.repeat)
    return scaled(data.rows(repeats), part.fitted)


def known_decoding(known: Known, test: np.ndarray, n_units: int) -> dict[str, np.ndarray]:
    """The Bayes decoder that knows the law of a simulation."""
    return {f"predicted/{BAYES}": known.decode(test).reshape(-1), f"units/{BAYES}": np.array(n_units)}
