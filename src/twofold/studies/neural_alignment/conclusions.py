"""What to conclude: sentences written from the numbers, each naming its row."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from twofold.metrics import paired_difference
from twofold.studies.neural_alignment.label_scores import independent_hits
from twofold.studies.neural_alignment.tables.controls import (
    AT_CHANCE,
    CONTROLS,
    ENCODER_SHUFFLED,
    LEAKY,
    leaky_name,
)
from twofold.studies.neural_alignment.tables.decoding_rows import DecodedFolds
from twofold.studies.result import Row

FAMILY_P = 0.05
MOST_SIGNALS = 4  # with a sentence of their own


def conclusions(rows: Sequence[Row], decoded: DecodedFolds, true: np.ndarray) -> list[str]:
    """Sentences on decoding, alignment, controls and state, in this order; `true` (frame,) are the labels."""
    return [
        *_decoding(rows, decoded, true),
        *_alignment(rows),
        *_ceiling(rows),
        *_controls(rows),
        *_state(rows),
    ]


def _value(rows: Sequence[Row], row: str, metric: str, split: str | None = None) -> Row | None:
    """The row of a split, or the first one that is not of blocks; None where it has no value."""
    for found in rows:
        there = found.split != "leave_one_block_out" if split is None else found.split == split
        if (found.row, found.metric) == (row, metric) and there:
            return found if found.value is not None else None
    return None


def _said(row: Row) -> str:
    """A value with its standard error."""
    spread = f" ± {row.high - row.value:.3f}" if row.high is not None and row.value is not None else ""
    return f"{row.value:.3f}{spread}"


def _decoding(rows: Sequence[Row], decoded: DecodedFolds, true: np.ndarray) -> list[str]:
    honest = [
        row
        for row in rows
        if row.table == "frame-decoding"
        and row.metric == "exact_accuracy"
        and row.split == decoded.scheme
        and row.value is not None
        and not row.row.startswith("ceiling")
    ]
    if not honest:
        return []
    best = max(honest, key=lambda row: row.value or 0.0)
    said = [f"The frame is read best by {best.row}: {_said(best)} exact (chance {best.chance:.3g})."]
    ours, simple = "contrastive + knn", "raw + template"
    if ours in decoded.predicted and simple in decoded.predicted:
        hits = [independent_hits(decoded.predicted[name] == true) for name in (ours, simple)]
        found = paired_difference(*hits)
        gap = found.difference
        sem = "" if gap.high is None else f" ± {gap.high - gap.value:.3f}"
        apart = gap.low is not None and abs(gap.value) > 2 * (gap.value - gap.low)
        several = len(decoded.predicted[ours]) > 1
        over = "left-out repeats" if several else "stretches of frames of the one test repeat"
        verdict = "differ" if apart else "do not differ clearly"
        said.append(
            f"{ours} and {simple} {verdict}: {gap.value:+.3f}{sem} exact, paired over {gap.n} {over} "
            f"(p = {found.p:.2g})."
        )
    return [*said, *_leaks(rows, decoded)]


def _leaks(rows: Sequence[Row], decoded: DecodedFolds) -> list[str]:
    """What an encoder that saw the left-out repeat would have shown."""
    said = []
    leaky_rows = dict.fromkeys(row.row for row in rows if "fitted on all repeats" in row.row)
    for leaky_row in leaky_rows:
        row = leaky_row.replace(leaky_name(""), "")
        leaky, fair = (_value(rows, name, "exact_accuracy", decoded.scheme) for name in (leaky_row, row))
        if leaky is None or fair is None:
            continue
        verdict = (
            "the difference is a leak, not a result" if _above(leaky, fair) else "here that gains nothing"
        )
        which = "" if leaky_row == LEAKY else f" of {row}"
        said.append(
            f"An encoder{which} that saw the left-out repeat would have shown {_said(leaky)} instead of "
            f"{_said(fair)}: {verdict}."
        )
        if fair.paper is not None and which:
            said.append(
                f"The paper reports {fair.paper:g} for {row}. Such a number, its error below 1, is what "
                "a leak looks like in simulations; that is no proof of one, and the paper does not say "
                "which repeats its encoder saw."
            )
    return said


def _alignment(rows: Sequence[Row]) -> list[str]:
    metric = "r2_cross_repeat"
    found = {name: _value(rows, name, metric) for name in ("raw", "pca", "untrained", "contrastive")}
    code = _value(rows, "control: random code of the decoded frame", metric)
    there = {name: row for name, row in found.items() if row is not None}
    if "contrastive" not in there or code is None:
        return []
    listed = ", ".join(f"{name} {_said(row)}" for name, row in there.items())
    said = [
        "On frames that the response decoder never saw, latents predict the stimulus-locked responses with "
        f"an R2 of: {listed}; a random code of the decoded frame, which carries no responses, {_said(code)}."
    ]
    ours, raw = there["contrastive"], there.get("raw")
    if ours.n == 1:
        said.append("These numbers are of one division of the repeats, so nothing is known of their spread.")
    if raw is None or raw.value is None or ours.value is None:
        return said
    if not _above(raw, code):
        said.append(
            "Even the raw responses predict unseen frames no better than the code does: there are too few "
            "frames, or too few reliable units, to judge alignment by this measure."
        )
    elif not _above(ours, code):
        said.append("By this measure the contrastive embedding is not neurally aligned.")
    else:
        share = (ours.value - (code.value or 0.0)) / (raw.value - (code.value or 0.0))
        said.append(
            f"From the random code (0 %) to the raw responses (100 %), the contrastive embedding is at "
            f"{100 * share:.0f} %."
        )
    return said


def _ceiling(rows: Sequence[Row]) -> list[str]:
    """The rival reading of a low R2 of single trials."""
    ceiling = _value(rows, "all pairs of repeats", "ceiling_r2_single_trial")
    ours, vae = (
        next((row for row in rows if row.metric == "r2_same_trial" and start(row) and row.value), None)
        for start in (
            lambda row: row.table == "alignment" and row.row == "contrastive",
            lambda row: row.table == "guidance" and row.row.startswith("vae") and row.split == "test",
        )
    )
    if ceiling is None or ours is None:
        return []
    beside = "" if vae is None else f", and {vae.row}, which copies the noise of the trial, {_said(vae)}"
    return [
        f"A model of the stimulus can tell at most an R2 of {ceiling.value:.3f} of single trials (noise "
        f"ceiling); the latents of contrastive tell {_said(ours)} of the trial they come from{beside}."
    ]


def _above(row: Row, other: Row) -> bool:
    """Whether a value is above another by two standard errors of their difference."""

    def squared_sem(found: Row) -> float:
        return 0.0 if found.high is None or found.value is None else (found.high - found.value) ** 2

    gap = (row.value or 0.0) - (other.value or 0.0)
    return gap > 2 * math.sqrt(squared_sem(row) + squared_sem(other))


def _controls(rows: Sequence[Row]) -> list[str]:
    pooled = {
        row.row: row for row in rows if row.table == "controls" and row.metric == "exact_accuracy_pooled"
    }
    outside = [name for name in AT_CHANCE if name in pooled and pooled[name].note.startswith("OUTSIDE")]
    above = ENCODER_SHUFFLED in pooled and pooled[ENCODER_SHUFFLED].note.startswith("ABOVE")
    if not any(name in pooled for name in CONTROLS):
        return []
    if outside:
        return [f"WARNING: not at chance: {'; '.join(outside)}; do not trust the rows above."]
    said = ["The shuffle controls behave: shuffled labels and shuffled responses are at chance."]
    if above:
        said.append(
            "WARNING: an encoder trained on shuffled labels decodes better than an untrained one "
            f"({pooled[ENCODER_SHUFFLED].value:.3f}): part of what training gives is not due to the labels."
        )
    return said


def _state(rows: Sequence[Row]) -> list[str]:
    tested = [row for row in rows if row.table == "state" and row.metric == "r2_signal_within_repeats"]
    told: dict[str, dict[str, Row]] = {}
    for row in tested:
        method, _, signal = row.row.partition(" -> ")
        by_method = told.setdefault(signal, {})
        if row.value is not None and is_told(row, n_tests=len(tested)):
            by_method[method] = row
    found = {signal: by_method for signal, by_method in told.items() if by_method}
    said = _signal_by_signal(found) if len(found) <= MOST_SIGNALS else _method_by_method(found)
    untold = [signal for signal, by_method in told.items() if not by_method]
    if untold:
        said.append(
            f"No embedding tells {', '.join(untold)} beyond both nulls "
            f"(p <= {FAMILY_P:g}, corrected for {len(tested)} tests)."
        )
    return said


def _signal_by_signal(told: Mapping[str, Mapping[str, Row]]) -> list[str]:
    said = []
    for signal, by_method in told.items():
        methods = ", ".join(f"{method} (R2 {row.value:.3f})" for method, row in by_method.items())
        said.append(f"Within repeats, {signal} is told by the latents of {methods}.")
    return said


def _method_by_method(told: Mapping[str, Mapping[str, Row]]) -> list[str]:
    """One sentence for all signals, such as those of many animals."""
    r2: dict[str, list[float]] = {}
    for by_method in told.values():
        for method, row in by_method.items():
            r2.setdefault(method, []).append(row.value or 0.0)
    methods = (f"{method} {len(x)} (R2 {min(x):.3f} to {max(x):.3f})" for method, x in r2.items())
    return [
        f"Of {len(told)} signals, this many are told within repeats by the latents of {', '.join(methods)}."
    ]


def is_told(row: Row, n_tests: int) -> bool:
    """Whether a signal is predicted beyond circular shifts and swaps, Bonferroni-corrected, and above 0."""
    p = [float(found) for found in re.findall(r"p = ([0-9.e-]+)", row.note)]
    return bool(p) and max(p) <= FAMILY_P / n_tests and (row.value or 0.0) > 0
