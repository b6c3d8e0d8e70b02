"""The same seed gives the same study, in one process or two, in one go or with an interruption."""

from __future__ import annotations

from shutil import copytree

import numpy as np
import pytest

from twofold.errors import DataError
from twofold.studies.neural_alignment.study import neural_alignment

STOP_AFTER = 8


def parts(folder) -> dict[str, int]:
    """Finished parts and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "parts").iterdir()}


@pytest.fixture(scope="module")
def resumed(movie, few_steps, tmp_path_factory):
    """Interrupted in the middle with one process, resumed with two."""
    folder = tmp_path_factory.mktemp("interrupted") / "out"

    def interrupt(done: int, total: int, name: str) -> None:
        if done == STOP_AFTER:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        neural_alignment(movie, options=few_steps, out=folder, n_jobs=1, progress=interrupt)
    left, files = parts(folder), sorted(path.name for path in folder.iterdir())
    told: list[tuple[int, int, str]] = []
    result = neural_alignment(
        movie, options=few_steps, out=folder, resume=True, n_jobs=2, progress=lambda *what: told.append(what)
    )
    return result, folder, left, files, told


def test_an_interrupted_study_keeps_its_finished_parts_and_claims_no_result(resumed):
    _, _, left, files, _ = resumed
    assert len(left) == STOP_AFTER
    assert files == ["log.csv", "options.json", "parts"]
    assert all(name.endswith(".npz") and not name.startswith(".") for name in left)


def test_resuming_gives_what_one_go_gives_to_the_last_bit(resumed, studied):
    result, *_ = resumed
    assert result.rows == studied.result.rows
    assert result.conclusions == studied.result.conclusions
    assert set(result.arrays) == set(studied.result.arrays)
    for name, array in studied.result.arrays.items():
        np.testing.assert_array_equal(result.arrays[name], array)


def test_resuming_does_not_compute_a_finished_part_again(resumed, studied):
    _, folder, left, _, told = resumed
    now = parts(folder)
    assert {name: now[name] for name in left} == left
    assert set(now) == set(parts(studied.folder))
    assert told[0][0] == STOP_AFTER
    assert len(told) == 1 + len(now) - STOP_AFTER


def test_a_finished_study_is_refused_unless_told_what_to_do(studied, movie, few_steps, tmp_path):
    folder = copytree(studied.folder, tmp_path / "finished")
    before = parts(folder)
    with pytest.raises(DataError, match="not empty; add --resume"):
        neural_alignment(movie, options=few_steps, out=folder, n_jobs=1)
    again = neural_alignment(movie, options=few_steps, out=folder, resume=True, n_jobs=1)
    assert again.rows == studied.result.rows
    assert parts(folder) == before
