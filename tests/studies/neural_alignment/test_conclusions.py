"""Sentences follow the numbers: each is written from rows whose truth is put in by hand."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.studies.neural_alignment.conclusions import conclusions, is_told
from twofold.studies.neural_alignment.tables.controls import AT_CHANCE, ENCODER_SHUFFLED, LEAKY
from twofold.studies.neural_alignment.tables.decoding_rows import DecodedFolds, gather
from twofold.studies.result import Row

OUT = "leave_one_repeat_out"
CODE = "control: random code of the decoded frame"
N_FRAMES, N_REPEATS = 10, 12


def of_predictions(predicted: dict[str, np.ndarray]) -> DecodedFolds:
    fold = {f"predicted/{name}": frames.ravel() for name, frames in predicted.items()}
    return gather([fold], [np.arange(N_REPEATS)], N_FRAMES, OUT)


def decoded(**hits: int) -> DecodedFolds:
    """The first so many frames right in every repeat, all others one off."""
    frames = np.arange(N_FRAMES)
    return of_predictions(
        {
            name.replace("_", " + "): np.tile(np.where(frames < n, frames, frames - 1), (N_REPEATS, 1))
            for name, n in hits.items()
        }
    )


NOTHING = decoded()


def row(table: str, name: str, metric: str, value: float | None, sem: float = 0.01, **more) -> Row:
    interval = {} if value is None else {"low": value - sem, "high": value + sem}
    given = {"split": "test", "note": "", "leaky": "leaky" in name, "chance": 0.1, **interval}
    return Row(table=table, row=name, metric=metric, value=value, **{**given, **more})


def accuracy(name: str, value: float, **more) -> Row:
    return row("frame-decoding", name, "exact_accuracy", value, **{"split": OUT, **more})


def aligned(**values: float) -> list[Row]:
    names = {"code": CODE}
    return [row("alignment", names.get(name, name), "r2_cross_repeat", v) for name, v in values.items()]


def controls(outside: tuple[str, ...] = (), above: bool = False) -> list[Row]:
    def pooled(name: str, note: str) -> Row:
        return row("controls", name, "exact_accuracy_pooled", 0.1, split=OUT, note=note)

    return [
        *(pooled(name, "OUTSIDE the 99 %" if name in outside else "inside the 99 %") for name in AT_CHANCE),
        pooled(ENCODER_SHUFFLED, "ABOVE the untrained" if above else "not above the untrained"),
    ]


def state(name: str, value: float | None, p: float) -> Row:
    note = f"p = {p:.3g} (circular shifts), p = 0.001 (swaps of whole repeats)"
    return row("state", name, "r2_signal_within_repeats", value, note=note)


def said(rows, folds: DecodedFolds = NOTHING) -> str:
    return "\n".join(conclusions(rows, folds, np.arange(N_FRAMES)))


def test_nothing_is_concluded_from_nothing():
    assert conclusions([], NOTHING, np.arange(N_FRAMES)) == []


# --- decoding ------------------------------------------------------------------------------------


def test_the_best_row_is_neither_a_ceiling_nor_leaky_nor_of_another_split():
    rows = [
        accuracy("raw + knn", 0.4),
        accuracy("raw + template", 0.5),
        accuracy("ceiling: Bayes decoder", 0.9),
        row("controls", LEAKY, "exact_accuracy", 0.95, split=OUT),
        accuracy("pca + knn", 0.8, split="leave_one_block_out"),
    ]
    assert said(rows).startswith("The frame is read best by raw + template: 0.500 ± 0.010 exact (chance 0.1)")


@pytest.mark.parametrize(("ours", "simple", "verdict"), [(9, 4, "differ"), (5, 5, "do not differ clearly")])
def test_two_rows_differ_where_the_paired_test_says_so(ours, simple, verdict):
    folds = decoded(**{"contrastive_knn": ours, "raw_template": simple})
    rows = [accuracy("contrastive + knn", ours / 10), accuracy("raw + template", simple / 10)]
    assert f"contrastive + knn and raw + template {verdict}: {(ours - simple) / 10:+.3f}" in said(rows, folds)


def test_identical_frames_count_as_one_answer_in_the_paired_test():
    frames = np.arange(N_FRAMES)
    labels = frames // 2 * 2
    everywhere = {name: np.tile(labels, (N_REPEATS, 1)) for name in ("contrastive + knn", "raw + template")}
    everywhere["raw + template"][:, :4] = 8
    folds = of_predictions(everywhere)
    text = "\n".join(conclusions([accuracy("raw + template", 0.6)], folds, labels))
    assert "raw + template differ: +0.400" in text


@pytest.mark.parametrize(("leaky", "verdict"), [(0.9, "is a leak, not a result"), (0.41, "gains nothing")])
def test_what_a_leak_would_have_shown_is_told_beside_the_fair_number(leaky, verdict):
    rows = [accuracy("contrastive + knn", 0.4), row("controls", LEAKY, "exact_accuracy", leaky, split=OUT)]
    text = said(rows)
    assert f"{leaky:.3f} ± 0.010 instead of 0.400 ± 0.010" in text
    assert verdict in text


# --- alignment -----------------------------------------------------------------------------------


def test_too_few_frames_where_raw_responses_are_no_better_than_a_code():
    text = said(aligned(raw=0.0, pca=0.0, untrained=0.0, contrastive=0.3, code=0.0))
    assert "too few frames" in text
    assert "not neurally aligned" not in text


def test_not_aligned_where_only_raw_responses_are_better_than_a_code():
    text = said(aligned(raw=0.3, pca=0.2, untrained=0.1, contrastive=0.01, code=0.0))
    assert "not neurally aligned" in text
    assert "too few frames" not in text


def test_how_much_of_the_raw_responses_is_kept():
    text = said(aligned(raw=0.4, pca=0.2, untrained=0.1, contrastive=0.2, code=0.0))
    assert "50 %" in text
    assert "not neurally aligned" not in text


def test_every_row_and_the_code_are_named_with_their_numbers():
    text = said(aligned(raw=0.41, pca=0.22, untrained=0.13, contrastive=0.24, code=-0.05))
    for number in ("raw 0.410", "pca 0.220", "untrained 0.130", "contrastive 0.240", "-0.050"):
        assert number in text


def test_no_sentence_on_alignment_where_a_number_is_missing():
    none = row("alignment", "contrastive", "r2_cross_repeat", None, note="no unit is reliable")
    assert said([*aligned(raw=0.3, code=0.0), none]) == ""


# --- controls ------------------------------------------------------------------------------------


def test_controls_that_behave_are_said_to():
    assert "behave" in said(controls())
    assert "WARNING" not in said(controls())


@pytest.mark.parametrize("name", AT_CHANCE)
def test_a_control_that_is_out_is_a_warning_that_names_it(name):
    text = said(controls(outside=(name,)))
    assert text.startswith("WARNING")
    assert name in text
    assert not any(other in text for other in AT_CHANCE if other != name)


def test_an_encoder_on_shuffled_labels_above_the_untrained_is_told_with_its_number():
    text = said(controls(above=True))
    assert "better than an untrained one (0.100)" in text
    assert "better than an untrained" not in said(controls())


# --- state ---------------------------------------------------------------------------------------


def test_signals_that_are_told_and_untold_are_named():
    rows = [
        state("raw -> running", 0.3, p=0.001),
        state("pca -> running", 0.1, p=0.2),
        state("raw -> pupil", 0.01, p=0.4),
        state("pca -> pupil", None, p=1.0),
    ]
    text = said(rows)
    assert "running is told by the latents of raw (R2 0.300)." in text
    assert "No embedding tells pupil" in text


def test_many_signals_are_counted_for_each_embedding():
    rows = [state(f"raw -> running_{mouse}", 0.1 * mouse, p=1e-4) for mouse in range(1, 7)]
    rows += [state(f"pca -> running_{mouse}", 0.01, p=1e-4 if mouse < 3 else 0.5) for mouse in range(1, 7)]
    text = said(rows)
    assert "Of 6 signals" in text
    assert "raw 6 (R2 0.100 to 0.600), pca 2 (R2 0.010 to 0.010)" in text


@pytest.mark.parametrize(
    ("value", "p", "n_tests", "told"),
    [
        (0.3, 0.001, 1, True),
        (0.3, 0.001, 50, True),
        (0.3, 0.001, 51, False),
        (0.3, 0.06, 1, False),
        (-0.1, 0.001, 1, False),
        (0.3, 1e-05, 1000, True),
    ],
)
def test_a_signal_is_told_beyond_both_nulls_corrected_for_all_tests_and_above_zero(value, p, n_tests, told):
    one = row("state", "raw -> pupil", "r2_signal", value, note=f"p = {p:.3g} (shifts), p = {p:.3g} (swaps)")
    assert is_told(one, n_tests) == told
    unlike = one.model_copy(update={"note": f"p = {p:.3g} (shifts), p = 0.5 (swaps)"})
    assert not is_told(unlike, n_tests)
