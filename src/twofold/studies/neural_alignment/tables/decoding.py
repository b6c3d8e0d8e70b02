"""Frame decoding: one embedding in one fold, with all that is read from its one fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.decomposition import PCA

from twofold.metrics import r2
from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.methods.method import (
    Encoder,
    FrameDecoder,
    Method,
    as_text,
    choose,
    predict_frames,
)
from twofold.studies.neural_alignment.methods.response_decoders import ResponseDecoders, responses_from
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.controls import shuffled_and_leaky

Scheme = Literal["leave_one_repeat_out", "leave_one_block_out", "test"]
MOST_POINTS = 4000


@dataclass(frozen=True)
class Comparison:
    """An embedding with the decoders that are read from it, and how much of it is told.

    Parameters
    ----------
    method, decoders
        The parts.
    heavy
        Whether it is trained, so that a large recording has it on one split only.
    by_block, one_split
        Whether it is scored across blocks too; and whether on the paper's one split only.
    responses
        Decoders of the responses, for the table responses-from-latents.
    shown
        Whether its latents are drawn.
    controlled
        Whether the shuffle controls and the leaky row are its own.
    """

    method: Method
    decoders: tuple[FrameDecoder, ...]
    heavy: bool = False
    by_block: bool = True
    one_split: bool = False
    responses: ResponseDecoders | None = None
    shown: bool = False
    controlled: bool = False


def decode_method(
    data: Presentations,
    comparison: Comparison,
    preprocessing: Preprocessing,
    train: np.ndarray,
    test: np.ndarray,
    *,
    inner_folds: int,
    seed: int,
    refit: bool,
    controls: bool,
    told: bool,
) -> dict[str, np.ndarray]:
    """Decode the frames of left-out repeats from one embedding.

    Parameters
    ----------
    data
        The recording.
    comparison
        The embedding and its decoders.
    preprocessing
        What is done to the responses.
    train, test
        Repeats to fit and to score on.
    inner_folds, seed
        Training repeats left out in turn to choose options, and the seed of the fits.
    refit
        Whether the embedding is fitted anew to choose, or once only.
    controls
        Whether to add the controls of an embedding that has them.
    told
        Whether to tell the rest, such as its training curves and latents, for the tables and figures.

    Returns
    -------
    dict
        `predicted/<row>` frames (time,), `predicted_train/<row>` where asked for, `chosen/<row>` options,
        `units/<row>` their number; and under `<what>/<method>/...` what else was told.
    """
    method, decoders = comparison.method, comparison.decoders
    part = Prepared.of(data, train, test, preprocessing, method)
    first = None if refit else method.encoder(method.candidates[0], part.rows, seed)
    choices = choose(method, decoders, part.rows, inner_folds=inner_folds, seed=seed, encode=first)
    out: dict[str, np.ndarray] = {}
    latents: dict[str, tuple[Encoder, np.ndarray, np.ndarray]] = {}
    for decoder in decoders:
        of_method, own = choices[decoder.name]
        key = str(of_method)
        if key not in latents:
            encode = first or method.encoder(of_method, part.rows, seed)
            latents[key] = encode, encode(part.rows), encode(part.new)
        _, fitted_on, scored_on = latents[key]
        name = f"{method.name} + {decoder.name}"
        out[f"predicted/{name}"] = predict_frames(decoder, own, fitted_on, part.rows.frame, scored_on)
        out[f"units/{name}"] = np.array(len(part.fitted.kept))
        out[f"chosen/{name}"] = as_text({**of_method, **own})
        if decoder.scores_train and told:
            out[f"predicted_train/{name}"] = predict_frames(
                decoder, own, fitted_on, part.rows.frame, fitted_on
            )
    if controls and comparison.controlled:
        decoder = decoders[0]
        out |= shuffled_and_leaky(data, part, method, decoder, choices[decoder.name], seed)
    if told:
        encode, fitted_on, scored_on = next(iter(latents.values()))
        out |= _told(data, comparison, part, encode, fitted_on, scored_on, seed)
    return out


def _told(
    data: Presentations,
    comparison: Comparison,
    part: Prepared,
    encode: Encoder,
    fitted_on: np.ndarray,
    scored_on: np.ndarray,
    seed: int,
) -> dict[str, np.ndarray]:
    """Curves of training, neighbours tried, latents to draw, and responses told from the latents."""
    name = comparison.method.name
    out: dict[str, np.ndarray] = {}
    curves: Callable[[], dict[str, np.ndarray]] | None = getattr(encode, "curves", None)
    for curve, values in (curves() if curves is not None else {}).items():
        kind, _, what = curve.partition("/")
        out[f"{kind}/{name}/{what}"] = values
    if hasattr(encode, "guide_score"):
        out |= _guidance(name, encode, part)
    for decoder in comparison.decoders:
        if decoder.name == "knn" and len(decoder.candidates) > 1:
            tried = [
                predict_frames(decoder, c, fitted_on, part.rows.frame, scored_on) for c in decoder.candidates
            ]
            out[f"neighbours/{name}"] = np.stack(tried)
    if comparison.shown:
        out |= _drawn(name, part, fitted_on, scored_on)
    if comparison.responses is not None:
        found = responses_from(comparison.responses, data, part, fitted_on, scored_on, seed=seed)
        out |= {key.replace("<embedding>", name): values for key, values in found.items()}
    return out


def _guidance(name: str, encode: Encoder, part: Prepared) -> dict[str, np.ndarray]:
    """R2 of the test repeats' responses told by the embedding's own decoder, and the score of its guide."""
    reconstruct, guide_score = encode.reconstruct, encode.guide_score  # type: ignore[attr-defined]
    told = reconstruct(part.new)
    score = guide_score(part.new)
    found = {f"guidance/{name}/r2_test": np.array(r2(part.new.responses, told))}
    return found | ({} if score is None else {f"guidance/{name}/guide_test": np.array(score)})


def _drawn(name: str, part: Prepared, fitted_on: np.ndarray, scored_on: np.ndarray) -> dict[str, np.ndarray]:
    """The first three principal components of the latents, of some training rows and all test rows."""
    n = len(fitted_on)
    some = np.linspace(0, n - 1, min(n, MOST_POINTS - min(len(scored_on), MOST_POINTS // 4))).astype(int)
    latents = np.concatenate([fitted_on[some], scored_on])
    components = PCA(min(3, *latents.shape), random_state=0).fit(fitted_on)
    return {
        f"embedding/{name}/latents": components.transform(latents).astype(np.float32),
        f"embedding/{name}/frame": np.concatenate([part.rows.frame[some], part.new.frame]),
        f"embedding/{name}/repeat": np.concatenate([part.rows.repeat[some], part.new.repeat]),
        f"embedding/{name}/fitted": np.arange(len(latents)) < len(some),
    }
