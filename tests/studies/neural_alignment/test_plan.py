"""The study as a list of parts: who trains, who is scored, and what is refused before any work starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError, OptionError
from twofold.recordings import LazyArray, Recording, Signal
from twofold.simulate import MovieRepeats, simulate_movie_repeats
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.plan import plan_study
from twofold.studies.neural_alignment.study import neural_alignment
from twofold.studies.neural_alignment.tables.alignment import align_method, known_alignment
from twofold.studies.neural_alignment.tables.controls import known_decoding
from twofold.studies.neural_alignment.tables.decoding import decode_method
from twofold.studies.neural_alignment.tables.state import state_of_method


def jobs_of(plan, function) -> list:
    return [job for job in plan.jobs if job.function is function]


def digests(recording: Recording, options: AlignmentOptions) -> set[str]:
    found = [job.digest for job in plan_study(recording, options).jobs]
    assert len(set(found)) == len(found)
    return set(found)


# --- parts ---------------------------------------------------------------------------------------


def test_every_repeat_and_every_block_is_left_out_once(movie, few_steps):
    plan = plan_study(movie, few_steps.model_copy(update={"max_folds": None}))
    ours = [
        job
        for job in jobs_of(plan, decode_method)
        if job.arguments["comparison"].method.name == "contrastive"
    ]
    tests = [job.arguments["test"].tolist() for job in ours]
    assert tests == [[0], [1], [2], [3], [4], [5], [0, 1, 2], [3, 4, 5]]
    assert [job.arguments["controls"] for job in ours] == [True] * 6 + [False] * 2
    for job in jobs_of(plan, decode_method):
        assert sorted([*job.arguments["train"], *job.arguments["test"]]) == [0, 1, 2, 3, 4, 5]


@given(n_repeats=st.integers(4, 24), folds=st.integers(3, 12))
@settings(deadline=None, max_examples=40)
def test_divisions_never_share_a_repeat_and_score_each_once(n_repeats, folds):
    """With two or more repeats to train on, since the target of each is the mean of the others."""
    sizes = {"n_units": 3, "n_frames": 10, "mice": 1, "cuts": 0, "bins_per_frame": 1, "gap_s": 0.1}
    movie = simulate_movie_repeats(MovieRepeats.small(n_repeats=n_repeats, **sizes))
    options = AlignmentOptions(alignment_folds=folds, drop_silent=False)
    plan = plan_study(replace(movie, truth={}), options)
    every = list(range(n_repeats))
    first = [jobs[0].arguments["roles"] for jobs in plan.parts["alignment"]]
    roles = [[one.train, one.target, one.test] for one in first]
    for train, target, test in roles:
        assert sorted([*train, *target, *test]) == every
        assert len(train) >= 2
        assert min(len(target), len(test)) >= 1
    assert sorted(np.concatenate([test for _, _, test in roles])) == every
    stretches = plan.parts["state"][0][0].arguments["folds"]
    assert np.concatenate([test for _, test in stretches]).tolist() == every
    for train, test in stretches:
        assert (np.diff(test) == 1).all()
        assert sorted([*train, *test]) == every
        assert len(train) >= 2


def test_scored_units_are_those_that_every_division_keeps(movie, few_steps):
    responses = np.asarray(movie.responses).copy()
    responses[movie.per_row("repeat") == 5, 3] = 0
    plan = plan_study(replace(movie, responses=LazyArray(responses)), few_steps)
    for job in jobs_of(plan, align_method):
        silent_somewhere = [unit for unit, kept in enumerate(job.arguments["scored"]) if not kept]
        assert 3 in silent_somewhere
    assert all(job.arguments["scored"][3] for job in jobs_of(plan_study(movie, few_steps), align_method))


def test_a_recording_without_signals_has_no_parts_on_state(movie, few_steps):
    plan = plan_study(replace(movie, signals={}), few_steps)
    assert not jobs_of(plan, state_of_method)
    assert jobs_of(plan_study(movie, few_steps), state_of_method)


# --- parts are told apart ------------------------------------------------------------------------


def relabelled(movie: Recording) -> Recording:
    ids = np.where(np.arange(48) == 7, 6, np.arange(48))
    return replace(movie, stimuli={"movie": replace(movie.stimuli["movie"], frame_ids=ids)})


def one_more_spike(movie: Recording) -> Recording:
    responses = np.asarray(movie.responses).copy()
    responses[100, 5] += 1
    return replace(movie, responses=LazyArray(responses))


def renamed_signal(movie: Recording) -> Recording:
    return replace(movie, signals={f"{name}_2": signal for name, signal in movie.signals.items()})


def shifted_signal(movie: Recording) -> Recording:
    signals = {name: Signal(one.values + 1, one.time_s, one.unit) for name, one in movie.signals.items()}
    return replace(movie, signals=signals)


@pytest.mark.parametrize(
    "change",
    [relabelled, one_more_spike],
    ids=["frame ids", "responses"],
)
def test_parts_of_another_recording_are_never_taken_for_these(movie, few_steps, change: Callable):
    """Resuming in the same folder after the recording was imported again."""
    assert not digests(movie, few_steps) & digests(change(movie), few_steps)


@pytest.mark.parametrize("change", [renamed_signal, shifted_signal], ids=["signal names", "signals"])
def test_other_signals_repeat_the_parts_on_state_only(movie, few_steps, change: Callable):
    before, after = (plan_study(one, few_steps) for one in (movie, change(movie)))
    again = {job.digest for job in after.jobs} - {job.digest for job in before.jobs}
    assert again == {job.digest for job in jobs_of(after, state_of_method)}


def test_without_the_truth_only_the_ceilings_are_gone_and_nothing_is_scored_against_it(movie, few_steps):
    known, unknown = (plan_study(one, few_steps) for one in (movie, replace(movie, truth={})))
    gone = [job for job in known.jobs if job.digest not in {other.digest for other in unknown.jobs}]
    assert {job.function for job in gone} == {known_decoding, known_alignment, align_method}
    ceilings = [job for job in gone if job.function is not align_method]
    assert len(unknown.jobs) == len(known.jobs) - len(ceilings)


@pytest.mark.parametrize("change", [{"seed": 1}, {"square_root": False}])
def test_parts_of_another_seed_or_preprocessing_are_never_taken_for_these(movie, few_steps, change):
    movie = replace(movie, truth={})
    assert not digests(movie, few_steps) & digests(movie, few_steps.model_copy(update=change))


@pytest.mark.parametrize(
    ("change", "computed_again"),
    [
        ({"steps": 31}, {"contrastive", "contrastive aligned lambda=10"}),
        ({"reconstruction": (5.0,)}, {"contrastive aligned lambda=5"}),
        ({"pca_components": (9,)}, {"pca"}),
        ({"response_dimension": 9}, {"pca 9", "factor analysis 9"}),
        ({"lasso_alpha": 0.1}, set()),
        ({"logistic_c": (0.2,)}, {"raw", "pca", "contrastive", "contrastive aligned lambda=10"}),
    ],
    ids=lambda value: str(next(iter(value))) if isinstance(value, dict) else "",
)
def test_a_changed_option_computes_again_only_what_depends_on_it(movie, few_steps, change, computed_again):
    """Of frame decoding, by the embeddings whose jobs are new."""
    before = digests(movie, few_steps)
    plan = plan_study(movie, few_steps.model_copy(update=change))
    new = [job for job in plan.jobs if job.digest not in before]
    decoded = {job.arguments["comparison"].method.name for job in new if job.function is decode_method}
    assert decoded == computed_again
    assert 0 < len(new) < len(plan.jobs)


def test_the_same_recording_and_options_have_the_same_parts(movie, few_steps):
    assert digests(movie, few_steps) == digests(replace(movie, name="other"), few_steps)


# --- refused before any work ---------------------------------------------------------------------


def refused(movie: Recording, options: AlignmentOptions, folder, match: str) -> None:
    with pytest.raises(DataError, match=match):
        neural_alignment(movie, options=options, out=folder, n_jobs=1)
    assert not folder.exists()


def test_three_repeats_are_too_few(movie, few_steps, tmp_path):
    refused(movie.repeats([0, 1, 2]), few_steps, tmp_path / "out", "at least 4 repeats .* there are 3")


def test_too_few_frames_for_parts_of_unseen_frames(movie, few_steps, tmp_path):
    options = few_steps.model_copy(update={"frame_folds": 25})
    refused(movie, options, tmp_path / "out", "48 frames are too few for 25 parts")


def test_negative_responses_have_no_square_root(movie, few_steps, tmp_path):
    negative = replace(movie, responses=LazyArray(np.asarray(movie.responses).astype(float) - 1), truth={})
    refused(negative, few_steps, tmp_path / "out", "negative somewhere.*square_root=false")


def test_units_that_are_all_silent_in_some_repeat(movie, few_steps, tmp_path):
    responses = np.asarray(movie.responses).copy()
    responses[movie.per_row("repeat") == 2] = 0
    silent = replace(movie, responses=LazyArray(responses), truth={})
    refused(silent, few_steps, tmp_path / "out", "no unit is active in every repeat.*drop_silent=false")


def test_missing_responses(movie, few_steps, tmp_path):
    responses = np.asarray(movie.responses).astype(float)
    responses[3, 2] = np.nan
    refused(replace(movie, responses=LazyArray(responses)), few_steps, tmp_path / "out", "missing .*neuron 2")


def test_no_processes_and_a_folder_that_holds_something(movie, few_steps, tmp_path):
    with pytest.raises(OptionError, match="n_jobs=0"):
        neural_alignment(movie, options=few_steps, out=tmp_path / "out", n_jobs=0)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"not empty; add --resume .* or --overwrite"):
        neural_alignment(movie, options=few_steps, out=tmp_path, n_jobs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"neighbours": (0,)},
        {"neighbours": ()},
        {"logistic_c": (-1.0,)},
        {"logistic_c": ()},
        {"pca_components": (0,)},
        {"temperature": (0.0,)},
        {"temperature": ()},
        {"dropout": (1.0,)},
        {"dropout": (-0.1,)},
        {"seed": -1},
        {"steps": 0},
        {"alignment_folds": 2},
        {"frame_folds": 1},
        {"max_folds": 1},
        {"top_variance": 0.0},
        {"surrogates": 5},
        {"reconstruction": (0.0,)},
        {"reconstruction": (10.0, 1.0)},
        {"reconstruction": (1.0, 1.0)},
        {"vae_guides": ("none", "none")},
        {"vae_guides": ("picture",)},
        {"vae_betas": (0.0,)},
        {"vae_units": (1.5,)},
        {"vae_hidden": (8,)},
        {"response_units": ()},
        {"pc_grid": (0,)},
        {"label_bins": 1},
        {"label_repeats": 3},
        {"heavy": "some"},
        {"logistic_steps": 0},
    ],
    ids=str,
)
def test_options_that_cannot_work_are_refused_when_they_are_made(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        AlignmentOptions(**wrong)


def test_options_are_read_from_texts_as_they_are_written():
    texts = {
        "vae_guides": "none,frame dropout",
        "vae_betas": "",
        "neighbours": "1,7",
        "temperature": "0.5",
        "top_variance": "0.9",
        "max_folds": "none",
    }
    read = AlignmentOptions.from_strings(texts, base=AlignmentOptions.preset("demo"))
    assert (read.neighbours, read.temperature, read.top_variance, read.max_folds) == (
        (1, 7),
        (0.5,),
        0.9,
        None,
    )
    assert (read.vae_guides, read.vae_betas) == (("none", "frame dropout"), ())
    assert read.steps == AlignmentOptions.preset("demo").steps
