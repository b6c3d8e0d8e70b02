"""The whole study on simulations whose truth is known: what is there is found, what is not is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twofold.metrics import paired_difference, permutation_interval
from twofold.recordings import LazyArray, Recording
from twofold.runs.jobs import run_jobs
from twofold.simulate import MovieRepeats, simulate_movie_repeats
from twofold.studies.neural_alignment.conclusions import is_told
from twofold.studies.neural_alignment.plan import plan_study
from twofold.studies.neural_alignment.tables.alignment_rows import alignment_rows
from twofold.studies.neural_alignment.tables.controls import AT_CHANCE, CONTROLS, ENCODER_SHUFFLED, LEAKY
from twofold.studies.neural_alignment.tables.decoding_rows import DecodedFolds, gather
from twofold.studies.neural_alignment.tables.state import state_rows
from twofold.studies.neural_alignment.truth import BAYES, CONDITIONAL, DRIVE

ALIGNED = "contrastive aligned lambda=10"
RANDOM_CODE = "control: random code of the decoded frame"
LOOK_UP = "control: random code (leaky: frames seen by the decoder)"


def without_state() -> Recording:
    """The same movie, units and signals as the recording `movie`, but no unit follows the state."""
    sizes = {"n_units": 48, "n_frames": 48, "n_repeats": 6, "mice": 1, "cuts": 1, "gap_s": 2.0}
    return simulate_movie_repeats(MovieRepeats.small(state_gain=0.0, **sizes), random_state=0)


def shuffled_in_every_repeat(recording: Recording, bins: int) -> Recording:
    """Frames in another order in every repeat, each frame's bins together."""
    rng = np.random.default_rng(3)
    n_repeats, n_neurons = len(recording.trials), recording.responses.shape[1]
    frames = np.asarray(recording.responses).reshape(n_repeats, -1, bins, n_neurons)
    mixed = np.concatenate([rng.permutation(repeat) for repeat in frames]).reshape(-1, n_neurons)
    return replace(recording, responses=LazyArray(mixed), truth={})


def together(jobs, cache=None) -> dict[str, np.ndarray]:
    """What all jobs of one fold give."""
    return {key: x for found in run_jobs(jobs, cache=cache, n_jobs=1) for key, x in found.items()}


def left_out(plan, cache=None) -> DecodedFolds:
    """Every repeat left out once."""
    folds = [together(jobs, cache) for jobs in plan.parts["leave_one_repeat_out"]]
    tests = plan.design.tests["leave_one_repeat_out"]
    return gather(folds, tests, plan.data.n_frames, "leave_one_repeat_out")


# --- what the study says -------------------------------------------------------------------------


def test_every_table_and_row_of_the_study_is_there(studied):
    tables = studied.result.tables()
    assert set(tables) == {
        *("frame-decoding", "controls", "frame-regression", "alignment", "noise-ceiling", "state"),
        *("picture-similarity", "responses-from-latents"),
    }
    assert {row.row for row in tables["frame-decoding"]} == {
        *(
            "raw + template",
            "raw + naive bayes",
            "raw + knn",
            "raw + logistic",
            "raw + ridge",
            "pca 90 % of variance + logistic C=0.4",
            "pca 16 + knn",
            "pca 90 % of variance + knn",
            "factor analysis 16 + knn",
            "pca + knn",
            "pca + logistic",
        ),
        *("untrained + knn", "contrastive + knn", "contrastive + logistic", BAYES),
        *(f"{ALIGNED} + knn", f"{ALIGNED} + logistic"),
    }
    assert {row.row for row in tables["controls"]} == {*CONTROLS, LEAKY}
    assert {row.row for row in tables["alignment"] if row.metric == "r2_cross_repeat"} == {
        *("raw", "pca", "untrained", "contrastive", "contrastive (leaky: frames seen by the decoder)"),
        *(ALIGNED, RANDOM_CODE, LOOK_UP, DRIVE, "factor analysis 8"),
    }
    assert {row.row for row in tables["alignment"] if row.metric == "r2_cosmoothing"} == {
        *("raw", "pca", "untrained", "contrastive", ALIGNED, CONDITIONAL, "factor analysis 8"),
    }
    assert {row.row for row in tables["state"]} == {
        f"{method} -> {signal}"
        for method in ("raw", "pca", "untrained", "contrastive")
        for signal in ("running_speed", "pupil_dilation")
    }
    assert {row.split for row in studied.result.rows} == {
        "leave_one_repeat_out",
        "leave_one_block_out",
        "test",
        *("train", "validation"),
    }


def test_chance_is_that_of_guessing_a_frame(studied):
    for row in studied.result.tables()["frame-decoding"]:
        if row.metric == "exact_accuracy":
            assert row.chance == pytest.approx(1 / 48)
        if row.metric == "mae_frames":
            frames = np.arange(48)
            assert row.chance == pytest.approx(np.abs(frames[:, None] - frames).mean())


def test_figures_show_the_numbers_of_the_table(studied):
    """The decoded frames of the one repeat that is shown score what a repeat of that row can score."""
    arrays = studied.result.arrays
    shown = [name for name in arrays if name.startswith("decoded/predicted/")]
    assert len(shown) == 22
    for name in shown:
        assert arrays[name].shape == arrays["decoded/true"].shape == (48,)
        assert set(arrays[name]) <= set(range(48))
    assert arrays["raster/responses"].shape[0] == 48
    assert arrays["frames/pictures"].dtype == np.uint8
    assert np.isclose(arrays["explained_variance/cumulative"][-1], 1)
    assert (np.diff(arrays["explained_variance/cumulative"]) >= 0).all()
    assert arrays["pca/embedding"].shape == (6 * 48, 3)


def test_progress_counts_every_part_once(studied):
    done = [n for n, _, _ in studied.told]
    assert done == list(range(len(done)))
    assert {total for _, total, _ in studied.told} == {len(done) - 1}


# --- planted state -------------------------------------------------------------------------------


def test_the_planted_state_is_found_in_running_and_pupil(studied):
    rows = [row for row in studied.result.rows if row.metric == "r2_signal_within_repeats"]
    told = {row.row for row in rows if is_told(row, n_tests=len(rows))}
    assert {"raw -> running_speed", "raw -> pupil_dilation"} <= told
    said = " ".join(studied.result.conclusions)
    for signal in ("running_speed", "pupil_dilation"):
        assert f"{signal} is told by the latents of raw" in said


def test_no_state_is_found_where_no_unit_follows_it(studied, few_steps):
    """The same signals, movie and units: only the loadings are zero."""
    recording = without_state()
    plan = plan_study(recording, few_steps)
    names = ("raw", "pca", "untrained", "contrastive")
    found = run_jobs([job for jobs in plan.parts["state"] for job in jobs], n_jobs=1)
    rows = state_rows(dict(zip(names, found, strict=True)), plan.data, few_steps)
    assert {row.row for row in rows} == {row.row for row in studied.result.tables()["state"]}
    tested = [row for row in rows if row.metric == "r2_signal_within_repeats"]
    assert len(tested) == 8
    assert not [row.row for row in tested if is_told(row, n_tests=len(tested))]


# --- ceilings ------------------------------------------------------------------------------------


def exceeding(rows, ceiling_name: str, metric: str) -> tuple[float, list[str]]:
    """The ceiling, and the rows that exceed it by more than two of their standard errors."""
    scored = [row for row in rows if row.metric == metric and row.split != "leave_one_block_out"]
    (ceiling,) = [row for row in scored if row.row == ceiling_name]
    honest = [row for row in scored if not row.leaky and row.table != "controls"]
    below = [row for row in honest if row is not ceiling and row.split == ceiling.split]
    assert len(below) >= 4
    return ceiling.value, [r.row for r in below if r.value - ceiling.value > 2 * (r.value - r.low)]


@pytest.mark.parametrize(
    ("name", "metric"),
    [(BAYES, "exact_accuracy"), (DRIVE, "r2_cross_repeat"), (CONDITIONAL, "r2_cosmoothing")],
)
def test_ceilings_bound_the_rows_that_they_are_ceilings_of(studied, name, metric):
    ceiling, above = exceeding(studied.result.rows, name, metric)
    assert not above
    assert ceiling > 2 * {"exact_accuracy": 1 / 48}.get(metric, 0.0)


def test_the_bayes_decoder_is_above_every_other_paired_over_repeats(studied, movie, few_steps):
    """And better than the best of them: what is known of the law helps."""
    plan = plan_study(movie, few_steps)
    decoded = left_out(plan, cache=studied.folder / "parts")
    hits = {name: (frames == plan.data.label).mean(axis=1) for name, frames in decoded.predicted.items()}
    for name in set(hits) - {BAYES}:
        gap = paired_difference(hits[BAYES], hits[name]).difference
        assert gap.value > 2 * (gap.value - gap.low), name


def test_alignment_ceilings_also_bound_rows_that_come_near_them(few_steps):
    """High rates, many units and frames: latents tell hidden units and unseen frames, within the bound."""
    sizes = {"n_units": 80, "n_frames": 240, "n_repeats": 6, "mice": 1, "cuts": 2, "gap_s": 2.0}
    busy = simulate_movie_repeats(MovieRepeats.small(median_rate_hz=30.0, **sizes), random_state=1)
    options = few_steps.model_copy(update={"neighbours": (1,), "frame_folds": 4, "pca_components": (16,)})
    plan = plan_study(replace(busy, signals={}), options)
    rows = alignment_rows([together(jobs) for jobs in plan.parts["alignment"]], options)
    value = {(row.row, row.metric): row.value for row in rows}
    for name, metric in ((DRIVE, "r2_cross_repeat"), (CONDITIONAL, "r2_cosmoothing")):
        ceiling, above = exceeding(rows, name, metric)
        assert not above
        assert ceiling > 0.2
    assert value["raw", "r2_cosmoothing"] > 0.25 * value[CONDITIONAL, "r2_cosmoothing"]
    assert value["pca", "r2_cross_repeat"] > 0 > value[RANDOM_CODE, "r2_cross_repeat"]
    # what copies the trial's noise has no ceiling below 1, and frames that were seen can be looked up
    assert value["raw", "r2_same_trial"] > 0.99
    assert value[LOOK_UP, "r2_cross_repeat"] > value[RANDOM_CODE, "r2_cross_repeat"]


# --- controls ------------------------------------------------------------------------------------


def outside(predicted: np.ndarray, true: np.ndarray, level: float) -> bool:
    shown = np.tile(true, len(predicted))
    groups = np.repeat(np.arange(len(predicted)), len(true))
    interval = permutation_interval(shown, predicted.ravel(), groups=groups, level=level, n=4000)
    return float((predicted == true).mean()) not in interval


def test_responses_permuted_in_every_repeat_decode_at_chance_in_every_row(movie, few_steps, studied):
    """The intervals are of the whole study: a row that tells the frame would be outside of all of them."""
    plan = plan_study(shuffled_in_every_repeat(movie, bins=2), few_steps)
    decoded = left_out(plan)
    honest = {name for name in decoded.predicted if "leaky" not in name}
    assert len(honest) == 17
    true = plan.data.label
    assert not [name for name in honest if outside(decoded.predicted[name], true, level=0.999)]
    pooled = {row.row: row for row in studied.result.rows if row.metric == "exact_accuracy_pooled"}
    template = studied.result.find("frame-decoding", "raw + template", "exact_accuracy")
    assert template.value > pooled[AT_CHANCE[0]].high


def test_the_shuffle_controls_of_the_study_are_where_they_must_be(studied):
    pooled = {row.row: row for row in studied.result.rows if row.metric == "exact_accuracy_pooled"}
    assert set(pooled) == set(CONTROLS)
    for name in AT_CHANCE:
        assert pooled[name].low <= pooled[name].value <= pooled[name].high
        assert pooled[name].note.startswith("inside the 99 % permutation interval")
    assert pooled[ENCODER_SHUFFLED].note.startswith("not above the untrained encoder")


def test_the_random_code_tells_nothing_of_frames_that_the_decoder_did_not_see(studied):
    row = studied.result.find("alignment", RANDOM_CODE, "r2_cross_repeat")
    assert row.value < 2 * (row.value - row.low)
