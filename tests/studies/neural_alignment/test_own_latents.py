"""A user's own latents are scored beside ours, row by row of the recording, or refused with what to do."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.errors import DataError
from twofold.recordings.preprocess import bin_to_frames
from twofold.runs.jobs import run_jobs
from twofold.simulate.planted import planted_embeddings
from twofold.studies.neural_alignment.labels import matched_latents
from twofold.studies.neural_alignment.own_latents import read_latents
from twofold.studies.neural_alignment.plan import plan_study
from twofold.studies.neural_alignment.presentations import presentations


def written(path, recording, **changes):
    inside = recording.in_trials()
    latents = np.random.default_rng(0).normal(size=(len(inside.time_s), 3))
    arrays = {"latents": latents, "trial": inside.trial_of_row, "time_s": inside.time_s} | changes
    np.savez(path, **{name: values for name, values in arrays.items() if values is not None})
    return path


def test_latents_of_the_responses_themselves_are_arranged_like_the_responses(movie):
    values = np.asarray(movie.in_trials().responses[:], dtype=float)
    data = presentations(movie)
    arranged = matched_latents(movie, values, "frame", 20, 10)
    np.testing.assert_allclose(arranged, data.responses.reshape(len(arranged), -1), rtol=1e-6)


def test_planted_latents_score_as_they_must_in_decoding_alignment_and_state(movie, few_steps):
    bins = len(movie.time_s) // len(bin_to_frames(movie).time_s)
    planted = {name: np.repeat(code, bins, axis=0) for name, code in planted_embeddings(movie).items()}
    chosen = {"my stimulus": planted["stimulus"], "my state": planted["state"]}
    plan = plan_study(movie, few_steps, latents=chosen)
    own = [job for job in plan.jobs if any(name in job.name for name in chosen)]
    found = {}
    for job, result in zip(own, run_jobs(own, n_jobs=1), strict=True):
        found[job.name] = result
    true = plan.data.label
    decoded = found["leave one repeat out, 0: my stimulus"]["predicted/my stimulus + knn"]
    assert (decoded == true).mean() > 0.95
    lost = found["leave one repeat out, 0: my state"]["predicted/my state + knn"]
    assert (lost == true).mean() < 0.2
    same = [found[f"alignment, division 1: {name}"] for name in chosen]
    assert not any(key.startswith("r2_cosmoothing") for part in same for key in part)
    told = found["state, my state"]["r2_signal_within_repeats/running_speed/folds"].mean()
    assert told > found["state, my stimulus"]["r2_signal_within_repeats/running_speed/folds"].mean()


def test_only_the_parts_of_changed_latents_are_computed_again(movie, few_steps):
    latents = np.random.default_rng(0).normal(size=(len(movie.in_trials().time_s), 2))
    before, after = (plan_study(movie, few_steps, latents={"mine": x}) for x in (latents, latents + 1))
    new = {job.digest: job.name for job in after.jobs}
    again = [name for digest, name in new.items() if digest not in {job.digest for job in before.jobs}]
    assert again
    assert all("mine" in name for name in again)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"latents": None}, "lacks latents"),
        ({"latents": np.ones((3, 2))}, "3 rows, and the recording has 576"),
        ({"latents": np.full((576, 2), np.nan)}, "finite numbers"),
        ({"time_s": np.arange(576.0)}, "times are not those of the recording"),
    ],
    ids=["no latents", "few rows", "not finite", "other times"],
)
def test_a_file_that_does_not_fit_is_refused(movie, tmp_path, changes, match):
    with pytest.raises(DataError, match=match):
        read_latents(written(tmp_path / "mine.npz", movie, **changes), movie)


def test_a_file_that_is_none_is_refused(movie, tmp_path):
    with pytest.raises(DataError, match="is missing"):
        read_latents(tmp_path / "none.npz", movie)
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(DataError, match="cannot be read as npz"):
        read_latents(tmp_path / "text.npz", movie)


def test_a_file_that_fits_comes_back(movie, tmp_path):
    assert read_latents(written(tmp_path / "mine.npz", movie), movie).shape == (576, 3)


@pytest.mark.parametrize("name", ["raw", "vae 2", "a/b", "a + b", "leaky"])
def test_a_name_that_a_row_of_ours_has_is_refused(movie, few_steps, name):
    latents = np.ones((len(movie.in_trials().time_s), 2))
    with pytest.raises(DataError, match="another name"):
        plan_study(movie, few_steps, latents={name: latents})
