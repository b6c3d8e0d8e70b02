"""Frame decoding: the folds put together, and the rows of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twofold.metrics import FrameScores, mean_and_sem, paired_difference, permutation_interval
from twofold.studies.neural_alignment.label_scores import (
    independent_hits,
    independent_scores,
    label_chance,
    label_scores,
    metric_names,
)
from twofold.studies.neural_alignment.paper import paper_value
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.controls import CONTROLS, ENCODER_SHUFFLED, is_control
from twofold.studies.neural_alignment.tables.decoding import Scheme
from twofold.studies.neural_alignment.truth import BAYES
from twofold.studies.result import Row, SplitName

NAIVE_BAYES = "raw + naive bayes"


@dataclass(frozen=True, eq=False)
class DecodedFolds:
    """What all folds of one scheme predicted: row name to (repeat, frame) decoded frames.

    Parameters
    ----------
    predicted, trained
        Of the left-out repeats; and of the training rows of the last fold, (time,), where they are scored.
    chosen
        Options that each fold chose, as texts.
    n_units, windows, notes
        Of each row: units in the fold that kept the fewest, samples that a latent depends on, what to say.
    repeats
        Which were left out.
    scheme
        How.
    """

    predicted: Mapping[str, np.ndarray]
    trained: Mapping[str, np.ndarray]
    chosen: Mapping[str, list[str]]
    n_units: Mapping[str, int]
    repeats: np.ndarray
    scheme: Scheme
    windows: Mapping[str, int]
    notes: Mapping[str, str]


def gather(
    folds: Sequence[Mapping[str, np.ndarray]],
    tests: Sequence[np.ndarray],
    n_frames: int,
    scheme: Scheme,
    windows: Mapping[str, int] | None = None,
    notes: Mapping[str, str] | None = None,
) -> DecodedFolds:
    """Put the folds of one scheme together, a repeat per line; windows and notes are by embedding."""

    def named(kind: str) -> list[str]:
        return [key.removeprefix(f"{kind}/") for key in folds[0] if key.startswith(f"{kind}/")]

    names = named("predicted")
    predicted = {
        name: np.concatenate([fold[f"predicted/{name}"] for fold in folds]).reshape(-1, n_frames)
        for name in names
    }
    return DecodedFolds(
        predicted=predicted,
        trained={name: folds[-1][f"predicted_train/{name}"] for name in _trained(folds)},
        chosen={name: [str(fold[f"chosen/{name}"]) for fold in folds] for name in named("chosen")},
        n_units={name: min(int(fold[f"units/{name}"]) for fold in folds) for name in named("units")},
        repeats=np.concatenate(tests),
        scheme=scheme,
        windows={name: (windows or {}).get(name.rpartition(" + ")[0], 1) for name in names},
        notes={name: (notes or {}).get(name.rpartition(" + ")[0], "") for name in names},
    )


def _trained(folds: Sequence[Mapping[str, np.ndarray]]) -> list[str]:
    kind = "predicted_train/"
    return [key.removeprefix(kind) for key in folds[-1] if key.startswith(kind)]


def decoding_rows(decoded: DecodedFolds, data: Presentations, seed: int) -> list[Row]:
    """Rows of the tables frame-decoding and controls, with mean and s.e.m. over left-out repeats."""
    chance = label_chance(data)
    rows = []
    for name, predicted in decoded.predicted.items():
        rows += _metric_rows(name, predicted, chance, decoded, data, seed)
    for name, told in decoded.trained.items():
        on_train = told.reshape(-1, data.n_frames)
        rows += _metric_rows(name, on_train, chance, decoded, data, seed, on_train=True)
    rows += [
        _control_row(name, decoded, data.label, chance, seed)
        for name in CONTROLS
        if name in decoded.predicted
    ]
    if data.responses.min() < 0:
        rows.append(_absent_naive_bayes(decoded.scheme))
    return rows


def _metric_rows(
    name: str,
    predicted: np.ndarray,
    chance: FrameScores,
    decoded: DecodedFolds,
    data: Presentations,
    seed: int,
    on_train: bool = False,
) -> list[Row]:
    rows = []
    part = {"leave_one_block_out": "block"}.get(decoded.scheme, "repeat")
    split: SplitName = "train" if on_train else decoded.scheme
    table = "controls" if is_control(name) else "frame-decoding"
    for metric, called in metric_names(data.label_name).items():
        values = [getattr(label_scores(data, data.label, line), metric) for line in predicted]
        if any(value is None for value in values):
            continue
        spread = [getattr(score, metric) for score in independent_scores(data, predicted)]
        apart = spread if len(spread) > 1 else values
        found = mean_and_sem(apart)
        value, sem = float(np.mean(values)), None if found.high is None else found.high - found.value
        said = [_chosen_note(decoded.chosen.get(name, [])), decoded.notes.get(name, "")]
        rows.append(
            Row(
                table=table,
                row=name,
                metric=called,
                split=split,
                value=value,
                low=None if sem is None else value - sem,
                high=None if sem is None else value + sem,
                interval_kind=None if sem is None else "sem",
                over=_over(on_train, len(values)),
                n=len(apart) if len(values) == 1 else len(values),
                n_units=decoded.n_units.get(name),
                chance=getattr(chance, metric),
                fitted_on=_fitted_on(name, part),
                scored_on="the training repeats" if on_train else _scored_on(decoded.scheme, part),
                leaky="leaky" in name,
                window=decoded.windows.get(name, 1),
                seed=seed,
                paper=paper_value(table, name, metric, split),
                note="; ".join(text for text in said if text),
            )
        )
    return rows


def _over(on_train: bool, n_repeats: int) -> str:
    if n_repeats == 1:
        return "stretches of frames of the one repeat"
    return "training repeats" if on_train else "left-out repeats (they share training data)"


def _scored_on(scheme: Scheme, part: str) -> str:
    return "the last repeat" if scheme == "test" else f"the left-out {part}"


def _fitted_on(name: str, part: str) -> str:
    if name == BAYES:
        return "nothing: it is told the truth"
    return "all repeats" if "fitted on all repeats" in name else f"repeats but the left-out {part}"


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
        hits = [independent_hits(decoded.predicted[row] == true) for row in (name, "untrained + knn")]
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
        over="permutations of the labels within repeats",
        n=interval.n,
        n_units=decoded.n_units.get(name),
        chance=chance.exact_accuracy,
        fitted_on="repeats but the left-out one",
        scored_on=_scored_on(decoded.scheme, "one"),
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
