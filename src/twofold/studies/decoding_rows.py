"""Frame decoding: the folds put together, and the rows of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twofold.metrics import (
    FrameScores,
    frame_chance,
    frame_scores,
    mean_and_sem,
    paired_difference,
    permutation_interval,
)
from twofold.studies.decoding import CONTROLS, ENCODER_SHUFFLED, LEAKY, NAIVE_BAYES, Scheme
from twofold.studies.presentations import Presentations
from twofold.studies.result import Row
from twofold.studies.truth import BAYES


@dataclass(frozen=True, eq=False)
class DecodedFolds:
    """What all folds of one scheme predicted: row name to (repeat, frame) decoded frames."""

    predicted: Mapping[str, np.ndarray]
    chosen: Mapping[str, list[str]]
    repeats: np.ndarray
    n_units: int
    scheme: Scheme


def gather(
    folds: Sequence[Mapping[str, np.ndarray]], tests: Sequence[np.ndarray], n_frames: int, scheme: Scheme
) -> DecodedFolds:
    """Put the folds of one scheme together, a repeat per line."""
    names = [key.removeprefix("predicted/") for key in folds[0] if key.startswith("predicted/")]
    predicted = {
        name: np.concatenate([fold[f"predicted/{name}"] for fold in folds]).reshape(-1, n_frames)
        for name in names
    }
    chosen = {
        name: [str(fold[f"chosen/{name}"]) for fold in folds]
        for name in names
        if f"chosen/{name}" in folds[0]
    }
    n_units = min(int(fold["n_units"]) for fold in folds)
    return DecodedFolds(predicted, chosen, np.concatenate(tests), n_units, scheme)


def decoding_rows(decoded: DecodedFolds, data: Presentations, seed: int) -> list[Row]:
    """Rows of the tables frame-decoding and controls, with mean and s.e.m. over left-out repeats."""
    true = data.label
    chance = frame_chance(true, true, frame_seconds=data.frame_s)
    rows = []
    for name, predicted in decoded.predicted.items():
        scores = [frame_scores(true, line, frame_seconds=data.frame_s) for line in predicted]
        rows += _metric_rows(name, scores, chance, decoded, seed)
    rows += [
        _control_row(name, decoded, true, chance, seed) for name in CONTROLS if name in decoded.predicted
    ]
    if NAIVE_BAYES not in decoded.predicted:
        rows.append(_absent_naive_bayes(decoded.scheme))
    return rows


def _metric_rows(
    name: str, scores: Sequence[FrameScores], chance: FrameScores, decoded: DecodedFolds, seed: int
) -> list[Row]:
    rows = []
    part = "repeat" if decoded.scheme == "leave_one_repeat_out" else "block"
    for metric in ("exact_accuracy", "within_1s_accuracy", "mae_frames", "median_error_frames"):
        values = [getattr(score, metric) for score in scores]
        if any(value is None for value in values):
            continue
        found = mean_and_sem(values)
        rows.append(
            Row(
                table="controls" if name in CONTROLS or name == LEAKY else "frame-decoding",
                row=name,
                metric=metric,
                split=decoded.scheme,
                value=found.value,
                low=found.low,
                high=found.high,
                interval_kind="sem",
                over="left-out repeats (they share training data)",
                n=found.n,
                n_units=decoded.n_units,
                chance=getattr(chance, metric),
                fitted_on=_fitted_on(name, part),
                scored_on=f"the left-out {part}",
                leaky=name == LEAKY,
                window=1,
                seed=seed,
                note=_chosen_note(decoded.chosen.get(name, [])),
            )
        )
    return rows


def _fitted_on(name: str, part: str) -> str:
    if name == BAYES:
        return "nothing: it is told the truth"
    return "all repeats" if name == LEAKY else f"repeats but the left-out {part}"


def _control_row(name: str, decoded: DecodedFolds, true: np.ndarray, chance: FrameScores, seed: int) -> Row:
    """A control against where it must lie: chance by permutation, or the untrained encoder."""
    predicted = decoded.predicted[name]
    value = float((predicted == true).mean())
    shown = np.tile(true, len(predicted))
    groups = np.repeat(np.arange(len(predicted)), len(true))
    interval = permutation_interval(shown, predicted.reshape(-1), groups=groups, random_state=seed)
    inside = value in interval
    note = f"{'inside' if inside else 'OUTSIDE'} the 99 % permutation interval of chance"
    if name == ENCODER_SHUFFLED:
        hits = [(decoded.predicted[row] == true).mean(axis=1) for row in (name, "untrained + knn")]
        gap = paired_difference(*hits).difference
        above = gap.value > 2 * (gap.value - gap.low) if gap.low is not None else gap.value > 0
        note = (
            f"{'ABOVE' if above else 'not above'} the untrained encoder: {gap.value:+.3f}, "
            "two standard errors decide"
        )
    return Row(
        table="controls",
        row=name,
        metric="exact_accuracy_pooled",
        split=decoded.scheme,
        value=value,
        low=interval.low,
        high=interval.high,
        interval_kind="permutation_99",
        over="permutations of the frames within repeats",
        n=interval.n,
        n_units=decoded.n_units,
        chance=chance.exact_accuracy,
        fitted_on="repeats but the left-out one",
        scored_on="the left-out repeat",
        window=1,
        seed=seed,
        note=note,
    )


def _absent_naive_bayes(scheme: Scheme) -> Row:
    return Row(
        table="frame-decoding",
        row=NAIVE_BAYES,
        metric="exact_accuracy",
        split=scheme,
        value=None,
        note="responses are negative somewhere, so they are no counts",
    )


def _chosen_note(texts: Sequence[str]) -> str:
    """The options that were chosen, with how many folds chose them."""
    counts = {text: texts.count(text) for text in dict.fromkeys(texts)}
    said = [
        f"{text.strip('{}').replace(chr(34), '')} ({n} of {len(texts)} folds)" for text, n in counts.items()
    ]
    return "chosen " + "; ".join(said) if any(text != "{}" for text in texts) else ""
