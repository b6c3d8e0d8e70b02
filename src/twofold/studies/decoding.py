"""Frame decoding: one fold of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from twofold.analyses.controls import permute_within
from twofold.decoders import PoissonNaiveBayes
from twofold.recordings.preprocess import fit_to_responses
from twofold.studies.alignment_options import AlignmentOptions
from twofold.studies.methods import (
    Choice,
    FrameDecoder,
    Method,
    aligned,
    as_text,
    choose,
    contrastive,
    decoders_of,
    embeddings,
    knn,
    predict_frames,
    template,
)
from twofold.studies.presentations import Presentations, Rows
from twofold.studies.truth import BAYES, Known

Scheme = Literal["leave_one_repeat_out", "leave_one_block_out"]
LEAKY = "contrastive (leaky: fitted on all repeats) + knn"
LABELS_SHUFFLED = "control (a) labels shuffled: contrastive + knn"
ENCODER_SHUFFLED = "control (b) encoder's labels shuffled: contrastive + knn"
RESPONSES_SHUFFLED = "control (c) responses shuffled: contrastive + knn"
RESPONSES_SHUFFLED_RAW = "control (c) responses shuffled: raw + template"
AT_CHANCE = (LABELS_SHUFFLED, RESPONSES_SHUFFLED, RESPONSES_SHUFFLED_RAW)
CONTROLS = (*AT_CHANCE, ENCODER_SHUFFLED)
NAIVE_BAYES = "raw + naive bayes"


def decode_fold(
    data: Presentations,
    options: AlignmentOptions,
    train: np.ndarray,
    test: np.ndarray,
    controls: bool,
    known: Known | None = None,
) -> dict[str, np.ndarray]:
    """Decode the frames of left-out repeats with every row of the table.

    Parameters
    ----------
    data
        The recording.
    options
        Options of the study.
    train, test
        Repeats to fit and to score on.
    controls
        Whether to add the shuffled and leaky rows, and the ceiling.
    known
        The law of a simulation, for the ceiling.

    Returns
    -------
    dict
        `predicted/<row>` frames (time,), `chosen/<row>` options, `n_units`.
    """
    seed = options.seed
    before_train, before_test = data.rows(train), data.rows(test)
    fitted = fit_to_responses(
        before_train.responses, before_train.repeat, options.preprocessing, "the training repeats"
    )
    rows, new = (
        replace(part, responses=fitted.transform(part.responses[:, fitted.kept]))
        for part in (before_train, before_test)
    )
    out: dict[str, np.ndarray] = {"n_units": np.array(len(fitted.kept))}
    chosen: dict[str, tuple[Choice, Choice]] = {}
    for method in (*embeddings(options), *aligned(options)):
        decoders = decoders_of(method, options)
        choices = choose(method, decoders, rows, inner_folds=options.inner_folds, seed=seed)
        chosen.update({f"{method.name} + {name}": choice for name, choice in choices.items()})
        out.update(_decode(method, decoders, choices, rows, new, seed))
    if before_train.responses.min() >= 0:
        counts = [part.responses[:, fitted.kept] for part in (before_train, before_test)]
        model = PoissonNaiveBayes().fit(counts[0], rows.frame)
        out[f"predicted/{NAIVE_BAYES}"] = model.predict(counts[1])
    if controls:
        whole = data.rows(np.sort(np.concatenate([train, test])))
        whole = replace(whole, responses=fitted.transform(whole.responses[:, fitted.kept]))
        out.update(_controls(options, rows, new, whole, chosen["contrastive + knn"], seed))
    if controls and known is not None:
        out[f"predicted/{BAYES}"] = known.decode(test).reshape(-1)
    return out


def _decode(
    method: Method,
    decoders: Sequence[FrameDecoder],
    choices: Mapping[str, tuple[Choice, Choice]],
    rows: Rows,
    new: Rows,
    seed: int,
) -> dict[str, np.ndarray]:
    """Predictions of every decoder of one embedding, fitting the embedding once per choice of its options."""
    out: dict[str, np.ndarray] = {}
    latents: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for decoder in decoders:
        of_method, own = choices[decoder.name]
        key = str(of_method)
        if key not in latents:
            encode = method.fit(of_method, rows, seed)
            latents[key] = encode(rows), encode(new)
        fitted_on, scored_on = latents[key]
        name = f"{method.name} + {decoder.name}"
        out[f"predicted/{name}"] = predict_frames(decoder, own, fitted_on, rows.frame, scored_on)
        out[f"chosen/{name}"] = as_text({**of_method, **own})
    return out


def _controls(
    options: AlignmentOptions, rows: Rows, new: Rows, whole: Rows, chosen: tuple[Choice, Choice], seed: int
) -> dict[str, np.ndarray]:
    """The same chain, with the same options, on data in which something was destroyed; and the leaky one."""
    method, decoder = contrastive(options), knn(options)
    of_method, own = chosen

    def decoded(fit_rows: Rows, train: Rows, test: Rows) -> np.ndarray:
        encode = method.fit(of_method, fit_rows, seed)
        return predict_frames(decoder, own, encode(train), train.frame, encode(test))

    rng = np.random.default_rng([seed, int(new.repeat[0])])
    shuffled = replace(rows, frame=rows.frame[permute_within(rows.repeat, rng)])
    mixed, mixed_new = (
        replace(part, responses=part.responses[permute_within(part.repeat, rng)]) for part in (rows, new)
    )
    return {
        f"predicted/{LABELS_SHUFFLED}": decoded(shuffled, shuffled, new),
        f"predicted/{ENCODER_SHUFFLED}": decoded(shuffled, rows, new),
        f"predicted/{RESPONSES_SHUFFLED}": decoded(mixed, mixed, mixed_new),
        f"predicted/{RESPONSES_SHUFFLED_RAW}": predict_frames(
            template(), {}, mixed.responses, mixed.frame, mixed_new.responses
        ),
        f"predicted/{LEAKY}": decoded(whole, rows, new),
    }
