"""Small and odd recordings run to the end, and what they cannot tell is a row that says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twofold.recordings import LazyArray, Recording, Signal, Stimulus, Trials
from twofold.runs.jobs import run_jobs
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.plan import plan_study
from twofold.studies.result import Result


def with_blocks(movie: Recording, blocks) -> Recording:
    return replace(movie, trials=Trials(movie.trials.table.assign(block=blocks)))


@pytest.fixture(scope="module")
def least() -> AlignmentOptions:
    """As little as possible of everything."""
    return AlignmentOptions(
        alignment_folds=3,
        inner_folds=1,
        max_folds=2,
        frame_folds=2,
        halves=1,
        surrogates=19,
        reliability=-1,
        neighbours=(1,),
        logistic_c=(0.1,),
        pca_components=(4,),
        dimension=4,
        hidden=8,
        steps=2,
        batch_size=16,
        temperature=(0.3,),
        pc_grid=(),
        reconstruction=(),
        vae_guides=(),
        pi_vae_epochs=0,
        response_epochs=0,
        response_dimension=4,
        seeds=0,
        saturation_points=0,
        tsne=0,
    )


def study(recording: Recording, options: AlignmentOptions) -> Result:
    plan = plan_study(recording, options)
    return plan.assemble(run_jobs(plan.jobs, n_jobs=1), 0.0)


@pytest.mark.parametrize("folds", [3, 5])
def test_four_repeats_are_enough(movie, least, folds):
    options = least.model_copy(update={"alignment_folds": folds})
    result = study(movie.repeats([0, 1, 2, 3]), options)
    assert result.find("alignment", "raw", "r2_cross_repeat").n == 4


def test_a_block_whose_absence_leaves_one_repeat_is_not_left_out(movie, least):
    result = study(with_blocks(movie.repeats([0, 1, 2, 3]), [0, 0, 0, 1]), least)
    assert "leave_one_block_out" not in {row.split for row in result.rows}


def test_a_signal_that_only_differs_between_repeats_has_a_row_that_says_so(movie, least):
    """Such as a rating per repeat: nothing is left of it within repeats."""
    signal = Signal(movie.per_row("repeat").astype(float), movie.time_s)
    result = study(replace(movie, signals={"rating": signal}), least)
    rows = [row for row in result.tables()["state"] if row.metric == "r2_signal_within_repeats"]
    assert len(rows) == 4
    for row in rows:
        assert row.value is None
        assert row.note


def test_a_constant_signal_and_one_that_is_mostly_missing_have_rows_that_say_so(movie, least):
    half = np.where(np.arange(len(movie.time_s)) % 2 == 0, np.nan, 1.0 + movie.time_s)
    signals = {"still": Signal(np.ones(len(movie.time_s)), movie.time_s), "lost": Signal(half, movie.time_s)}
    binned = replace(movie, signals=signals)
    lost_frames = np.where(movie.frame_of_row < 24, np.nan, movie.time_s)
    signals["lost"] = Signal(lost_frames, movie.time_s)
    result = study(replace(binned, signals=signals), least)
    for row in result.tables()["state"]:
        assert row.value is None
        assert "constant" in row.note


def test_negative_responses_have_no_naive_bayes_and_a_row_that_says_so(movie, least):
    calcium = np.random.default_rng(0).normal(np.asarray(movie.responses))
    options = least.model_copy(update={"square_root": False})
    result = study(replace(movie, responses=LazyArray(calcium), truth={}), options)
    row = result.find("frame-decoding", "raw + naive bayes", "exact_accuracy", "leave_one_repeat_out")
    assert row.value is None
    assert "negative" in row.note


def test_a_simulation_whose_law_is_unknown_has_ceilings_that_say_so(movie, least):
    result = study(movie, least.model_copy(update={"square_root": False}))
    ceilings = [row for row in result.rows if row.row.startswith("ceiling")]
    assert len(ceilings) == 3
    assert all(row.value is None and "square-root" in row.note for row in ceilings)


def test_frames_that_are_identical_are_one_answer(movie, least):
    """A clip of two pictures: chance is a half, and the figures show the same labels as the decoders tell."""
    ids = np.arange(48) // 24
    stimuli = {"movie": Stimulus(frame_ids=ids, rate_hz=movie.stimuli["movie"].rate_hz)}
    result = study(replace(movie, stimuli=stimuli, truth={}), least)
    row = result.find("frame-decoding", "raw + logistic", "exact_accuracy")
    assert row.chance == pytest.approx(0.5)
    assert row.value > 0.6
    assert set(result.arrays["decoded/true"]) == {0, 24}
    said = next(text for text in result.conclusions if "paired" in text)
    true = result.arrays["decoded/true"]
    assert (result.arrays["decoded/predicted/raw + logistic"] == true).mean() > 0.6
    values = [
        result.find("frame-decoding", name, "exact_accuracy").value
        for name in ("contrastive + knn", "raw + template")
    ]
    assert f"{values[0] - values[1]:+.3f}" in said


def test_several_clips_run_to_the_end(movie, least):
    """The movie cut into four clips, which are then left out whole as unseen frames."""
    table, clip = movie.trials.table, movie.stimuli["movie"]
    rows = [
        {
            **trial,
            "stimulus": f"part-{i}",
            "start_s": trial["start_s"] + i * 0.4,
            "stop_s": trial["start_s"] + (i + 1) * 0.4,
        }
        for trial in table.to_dict("records")
        for i in range(4)
    ]
    stimuli = {
        f"part-{i}": Stimulus(np.arange(12) + 12 * i, clip.rate_hz, frames=clip.frames[12 * i : 12 * (i + 1)])
        for i in range(4)
    }
    result = study(replace(movie, trials=Trials(pd.DataFrame(rows)), stimuli=stimuli, truth={}), least)
    assert result.recording["n_clips"] == 4
    assert result.find("alignment", "raw", "r2_cross_repeat").value is not None
    assert result.arrays["frames/pictures"].shape[0] == 48
