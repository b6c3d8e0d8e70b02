"""The same seed gives the same study, in one process or two, in one go or with an interruption."""

from __future__ import annotations

from shutil import copytree

import numpy as np
import pytest

from twofold.errors import DataError, OptionError
from twofold.studies.latent_factors.study import latent_factors


def timings(name: str) -> bool:
    return "seconds" in name


def untimed(rows):
    return [row for row in rows if not timings(row.metric)]


def without_times(sentences):
    """Which model is the cheapest follows from the clock."""
    return [said for said in sentences if not said.startswith(("Within its error", "None that is cheaper"))]


@pytest.fixture(scope="module")
def cut_short(studied, tmp_path_factory):
    """The folder of a study whose last parts, and one training in the middle, were not finished."""
    folder = copytree(studied.folder, tmp_path_factory.mktemp("cut") / "out")
    (folder / "results.json").unlink()
    (folder / "arrays.npz").unlink()
    parts = sorted((folder / "parts").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in (parts[3], *parts[-6:]):
        path.unlink()
    return folder


def test_resuming_gives_what_one_go_gives_to_the_last_bit(cut_short, studied, mice, few_epochs):
    told: list[tuple[int, int, str]] = []
    result = latent_factors(
        mice,
        options=few_epochs,
        out=cut_short,
        resume=True,
        n_jobs=2,
        progress=lambda *what: told.append(what),
    )
    assert len([name for _, _, name in told if name]) == 7
    assert untimed(result.rows) == untimed(studied.result.rows)
    assert without_times(result.conclusions) == without_times(studied.result.conclusions)
    assert set(result.arrays) == set(studied.result.arrays)
    for name, array in studied.result.arrays.items():
        if not timings(name):
            np.testing.assert_array_equal(result.arrays[name], array)


def test_other_options_are_refused_in_the_same_folder(studied, mice, few_epochs):
    other = few_epochs.model_copy(update={"video_epochs": 3})
    with pytest.raises(DataError, match=r"started with other options \(video_epochs=2 then, 3 now\)"):
        latent_factors(mice, options=other, out=studied.folder, resume=True, n_jobs=1)


def test_no_processes_are_refused(mice):
    with pytest.raises(OptionError, match="n_jobs=0"):
        latent_factors(mice, preset="demo", n_jobs=0)


def test_progress_counts_all_steps(studied):
    done = [one for one, _, name in studied.told if name]
    assert done == sorted(done)
    assert studied.told[-1][0] == studied.told[-1][1]
