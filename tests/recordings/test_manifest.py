"""Whatever happens to a file of a store is reported, and never read as data."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.recordings.store import open_recording, save, verify

N_TIME, N_NEURONS = 300, 1024


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A store with responses in two chunks, and one of everything else."""
    rng = np.random.default_rng(0)
    trials = {"stimulus": ["clip"], "repeat": [0], "tier": ["all"], "start_s": [0.0], "stop_s": [300.0]}
    frames = rng.integers(1, 255, (12, 9, 16), dtype=np.uint8)
    recording = Recording(
        responses=LazyArray(rng.random((N_TIME, N_NEURONS), dtype=np.float32) + 1),
        time_s=np.arange(N_TIME) + 0.5,
        bin_s=1.0,
        neurons=Neurons(pd.DataFrame({"region": ["VISp"] * N_NEURONS, "depth_um": rng.random(N_NEURONS)})),
        trials=Trials(pd.DataFrame(trials)),
        signals={"running": Signal(rng.random(50), np.arange(50.0))},
        stimuli={"clip": Stimulus(np.arange(12), 1.0, frames=frames, features={"mean": rng.random((12, 2))})},
        truth={"gain": rng.random(N_TIME)},
    )
    return save(recording, tmp_path_factory.mktemp("manifest") / "mouse.zarr")


def files(store: Path) -> list[str]:
    """All files but the truth, from which the run-time type check takes a sample at opening."""
    names = (path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file())
    return sorted(name for name in names if name != "truth/gain/c.0")


def everything(recording: Recording) -> list[np.ndarray]:
    """All numbers of a recording, read."""
    clip = recording.stimuli["clip"]
    parts = [recording.responses[:], recording.time_s, clip.frames[:], clip.frame_ids, clip.features["mean"]]
    parts += [
        recording.signals["running"].values,
        recording.signals["running"].time_s,
        recording.truth["gain"],
    ]
    tables = (recording.neurons.table, recording.trials.table)
    return parts + [table[name].to_numpy() for table in tables for name in table]


def damage(path: Path, how: str, where: float) -> None:
    """Flip a bit, cut the end off, remove, add a byte, or put zeros in place."""
    content = bytearray(path.read_bytes())
    spot = int(where * (len(content) - 1))
    if how == "flip":
        content[spot] ^= 1
    elif how == "cut":
        del content[spot:]
    elif how == "grow":
        content.append(0)
    elif how == "zeros":
        content[:] = bytes(len(content))
    path.unlink()
    if how != "remove":
        path.write_bytes(content)


@settings(max_examples=40, deadline=None)
@given(
    data=st.data(),
    how=st.sampled_from(["flip", "cut", "remove", "grow", "zeros"]),
    where=st.floats(0, 1),
    opened_before=st.booleans(),
)
def test_a_damaged_file_is_named_and_never_read_as_data(
    tmp_path_factory, store, data, how, where, opened_before
):
    copy = shutil.copytree(store, tmp_path_factory.mktemp("copy") / "mouse.zarr")
    intact = everything(open_recording(copy))
    before = open_recording(copy)
    name = data.draw(st.sampled_from(files(copy)))
    damage(copy / name, how, where)
    assert any(name in problem for problem in verify(copy))
    try:
        parts = everything(before if opened_before else open_recording(copy))
    except DataError as error:
        assert name in str(error)
        assert "\n" not in str(error)
    else:  # only what had been read before the damage was done
        assert opened_before
        for part, expected in zip(parts, intact, strict=True):
            np.testing.assert_array_equal(part, expected)
    shutil.rmtree(copy)


def test_a_chunk_that_changes_after_it_was_read_is_compared_again(tmp_path, store):
    copy = shutil.copytree(store, tmp_path / "mouse.zarr")
    responses = open_recording(copy).responses
    whole, first = responses[:], copy / "responses/c.0.0"
    np.testing.assert_array_equal(responses[3:7], whole[3:7])
    with first.open("r+b") as file:
        file.seek(5 * 4 * N_NEURONS)
        file.write(b"other")
    for rows in (slice(3, 7), slice(0, 1)):
        with pytest.raises(DataError, match=r"responses/c.0.0 has changed since"):
            responses[rows]


def test_two_chunks_that_changed_places_are_both_named(tmp_path, store):
    copy = shutil.copytree(store, tmp_path / "mouse.zarr")
    first, second = copy / "responses/c.0.0", copy / "responses/c.1.0"
    assert first.stat().st_size == second.stat().st_size
    first.rename(tmp_path / "first")
    second.rename(first)
    (tmp_path / "first").rename(second)
    assert [problem.split()[0] for problem in verify(copy)] == ["responses/c.0.0", "responses/c.1.0"]
    with pytest.raises(DataError, match=r"responses/c.1.0 holds another chunk"):
        open_recording(copy).responses[-1]


def test_a_file_that_does_not_belong_is_named(tmp_path, store):
    copy = shutil.copytree(store, tmp_path / "mouse.zarr")
    (copy / ".DS_Store").write_text("hidden files are left alone")
    assert verify(copy) == []
    (copy / "responses/c.2.0").write_bytes(b"more")
    assert verify(copy) == ["responses/c.2.0 does not belong there"]
    with pytest.raises(DataError, match=r"responses/c.2.0 does not belong there.*twofold check"):
        open_recording(copy)


def test_all_problems_are_told_at_once(tmp_path, store):
    copy = shutil.copytree(store, tmp_path / "mouse.zarr")
    damage(copy / "responses/c.0.0", "flip", 0.3)
    damage(copy / "time/c.0", "remove", 0)
    damage(copy / "zarr.json", "grow", 0)
    assert sorted(problem.split()[0] for problem in verify(copy)) == [
        "responses/c.0.0",
        "time/c.0",
        "zarr.json",
    ]
    with pytest.raises(DataError, match="and 1 more; for all that is wrong: twofold check"):
        open_recording(copy)


def test_opening_reads_no_responses_and_no_frames(tmp_path, store):
    copy = shutil.copytree(store, tmp_path / "mouse.zarr")
    damage(copy / "responses/c.0.0", "flip", 0.5)
    damage(copy / "stimuli/0/frames/c.0.0.0", "flip", 0.5)
    recording = open_recording(copy)
    np.testing.assert_array_equal(recording.responses[256:], open_recording(store).responses[256:])
    assert recording.select_neurons(np.array([3])).between(10, 20).responses.shape == (10, 1)
    with pytest.raises(DataError, match=r"responses/c.0.0 has changed.*twofold check .*mouse.zarr"):
        recording.responses[255:257]
    damage(copy / "truth/gain/c.0", "flip", 0.5)
    with pytest.raises(DataError, match=r"truth/gain/c.0 has changed"):
        recording.truth["gain"]
    for index in (0, slice(0, 1), np.array([0])):
        with pytest.raises(DataError, match=r"frames/c.0.0.0 has changed"):
            recording.stimuli["clip"].frames[index]


def test_a_manifest_in_other_hands_is_refused(tmp_path, store):
    copy = shutil.copytree(store, tmp_path / "mouse.zarr")
    for text in (
        "",
        "[]",
        "{}",
        '{"chunks": {"a": 1}, "metadata": {}}',
        '{"chunks": [], "metadata": [1]}',
        "\xff",
    ):
        (copy / "manifest.json").write_bytes(text.encode("latin1"))
        with pytest.raises(DataError, match=r"manifest.json is damaged"):
            open_recording(copy)
    (copy / "manifest.json").write_text((store / "manifest.json").read_text().replace(", ", ","))
    with pytest.raises(DataError, match=r"manifest.json was edited"):
        open_recording(copy)
