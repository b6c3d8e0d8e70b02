"""Saving leaves a whole store or nothing; opening says what a folder is when it is none."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from zarr.core.buffer import default_buffer_prototype

from twofold.errors import DataError
from twofold.recordings import LazyArray, Neurons, Recording, Stimulus, Trials
from twofold.recordings.sealed import SealingStore
from twofold.recordings.store import open_all, open_recording, save, verify
from twofold.recordings.tables import BLOCK_BYTES


def small_recording(responses=None, **parts) -> Recording:
    """Two trials of one clip, with whatever else is asked for."""
    responses = np.arange(24, dtype=np.float32).reshape(8, 3) if responses is None else responses
    n_time, n_neurons = responses.shape
    trials = {
        "stimulus": ["movie", "movie"],
        "repeat": [0, 1],
        "tier": ["train", "test"],
        "start_s": [0.0, n_time / 2],
        "stop_s": [n_time / 2, float(n_time)],
    }
    standard = {
        "time_s": np.arange(n_time) + 0.5,
        "bin_s": 1.0,
        "neurons": Neurons(pd.DataFrame({"region": ["VISp"] * n_neurons})),
        "trials": Trials(pd.DataFrame(trials)),
        "stimuli": {"movie": Stimulus(frame_ids=np.arange(4), rate_hz=1.0)},
    }
    return Recording(responses=LazyArray(responses), **{**standard, **parts})


def test_a_part_of_a_stored_recording_can_be_saved_over_it(tmp_path):
    path = save(small_recording(), tmp_path / "mouse.zarr")
    part = open_recording(path).tier("test").select_neurons(np.array([2, 0]))
    save(part, path, overwrite=True)
    np.testing.assert_array_equal(open_recording(path).responses[:], np.arange(24).reshape(8, 3)[4:, [2, 0]])
    np.testing.assert_array_equal(
        open_recording(tmp_path / "mouse.zarr.old-1").responses[:], np.arange(24).reshape(8, 3)
    )


# --- one file in, one file out -------------------------------------------------------------------


class Counts:
    """A long array that exists only where it is asked for; it remembers the longest block."""

    shape, dtype = (3 * BLOCK_BYTES // 2 // 4096, 4096), np.dtype("u1")

    def __init__(self, stop_at: int | None = None) -> None:
        self.most_bytes = 0
        self.stop_at = stop_at

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        if self.stop_at is not None and stop > self.stop_at:
            raise KeyboardInterrupt
        self.most_bytes = max(self.most_bytes, (stop - start) * self.shape[1])
        return np.broadcast_to(
            (np.arange(start, stop) % 256).astype(np.uint8)[:, None], (stop - start, self.shape[1])
        )


def test_responses_are_copied_in_blocks(tmp_path):
    counts = Counts()
    opened = open_recording(save(small_recording(counts), tmp_path / "mouse.zarr"))
    assert counts.most_bytes <= BLOCK_BYTES < counts.shape[0] * counts.shape[1]
    rows = np.array([0, 8191, 8192, 12287])
    np.testing.assert_array_equal(opened.responses[rows][:, 7], rows % 256)


def test_an_interrupted_save_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        save(small_recording(Counts(stop_at=9000)), tmp_path / "mouse.zarr")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    recording = small_recording(np.ones((3000, 100)))
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, old[1]))
    try:
        with pytest.raises(DataError, match=r"no room for .*mouse.zarr: it needs 2,424,032 bytes"):
            save(recording, tmp_path / "mouse.zarr")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert list(tmp_path.iterdir()) == []


def test_more_than_the_disk_holds_is_refused_before_it_is_tried(tmp_path):
    class Endless(Counts):
        shape = (2**50, 4096)

    trials = small_recording().trials
    with pytest.raises(DataError, match="no room"):
        save(
            Recording(
                responses=LazyArray(Endless()),
                time_s=np.broadcast_to(0.0, 2**50),
                bin_s=1.0,
                neurons=Neurons(pd.DataFrame(index=range(4096))),
                trials=trials,
                stimuli=small_recording().stimuli,
            ),
            tmp_path / "mouse.zarr",
        )
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_refused_and_with_overwrite_kept_aside(tmp_path):
    path = save(small_recording(), tmp_path / "mouse.zarr")
    with pytest.raises(DataError, match="--overwrite"):
        save(small_recording(name="second"), path)
    save(small_recording(name="second"), path, overwrite=True)
    save(small_recording(name="third"), path, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "mouse.zarr",
        "mouse.zarr.old-1",
        "mouse.zarr.old-2",
    ]
    assert [open_recording(tmp_path / f"mouse.zarr{end}").name for end in ("", ".old-1", ".old-2")] == [
        "third",
        "recording",
        "second",
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pd.DataFrame({"area": ["V1", 3, None]}), "'area' mixes types"),
        (pd.DataFrame({"day": pd.to_datetime(["2020-01-01"] * 3)}), "'day' holds datetime64"),
        (pd.DataFrame({5: [1, 2, 3]}), "rename it to '5'"),
        (pd.DataFrame([[1, 2]] * 3, columns=["a", "a"]), "'a' is there twice"),
    ],
)
def test_a_column_that_cannot_be_stored_is_named_and_nothing_is_left(tmp_path, table, said):
    with pytest.raises(DataError, match=said):
        save(small_recording(neurons=Neurons(table)), tmp_path / "mouse.zarr")
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_file_names_are_kept(tmp_path):
    names = ["Region", "region", "../up", "", "zarr.json", "c", "dF/F (%)", "x" * 300, "Ünïcode 神経"]
    table = pd.DataFrame({name: np.arange(3) + i for i, name in enumerate(names)})
    recording = small_recording(neurons=Neurons(table))
    opened = open_recording(save(recording, tmp_path / "mouse.zarr"))
    pd.testing.assert_frame_equal(opened.neurons.table, table)
    assert [p.name for p in tmp_path.iterdir()] == ["mouse.zarr"]


# --- opening -------------------------------------------------------------------------------------


def test_xarray_reads_zeros_as_zeros_and_integers_as_integers(tmp_path):
    counts = np.zeros((8, 3), np.int16)
    counts[2, 1] = 7
    path = save(small_recording(counts), tmp_path / "mouse.zarr")
    with xr.open_zarr(path) as data:
        assert data["responses"].dims == ("time", "neuron")
        assert data["responses"].dtype == np.int16
        np.testing.assert_array_equal(data["responses"].values, counts)
        np.testing.assert_array_equal(data["responses"].sel(time=2.5).values, [0, 7, 0])
        assert data.attrs["bin_s"] == 1.0
    with xr.open_zarr(path, group="trials") as trials:
        assert trials["tier"].dims == ("trial",)
        assert trials["tier"].values.tolist() == ["train", "test"]
        assert trials["repeat"].dtype == np.int64


@pytest.mark.parametrize("values", [np.zeros((8, 3)), np.full((8, 3), np.nan)])
def test_empty_chunks_are_written(tmp_path, values):
    path = save(small_recording(values), tmp_path / "mouse.zarr")
    assert (path / "responses" / "c.0.0").stat().st_size == values.nbytes + 4


def test_a_folder_of_stores_is_opened_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 9, 1):
        save(small_recording(name=f"mouse {number}"), tmp_path / f"mouse-{number}.zarr")
    save(small_recording(name="again"), tmp_path / "mouse-1.zarr", overwrite=True)
    assert [r.name for r in open_all(tmp_path)] == ["again", "mouse 9", "mouse 10"]
    assert [r.name for r in open_all(tmp_path / "mouse-9.zarr")] == ["mouse 9"]


def test_what_is_no_store_is_said_to_be_none(tmp_path):
    (tmp_path / "file.zarr").write_text("hello")
    xr.Dataset({"a": ("x", [1])}).to_zarr(tmp_path / "other.zarr", zarr_format=3, consolidated=False)
    (tmp_path / "empty").mkdir()
    for name, said in {
        "nowhere.zarr": "there is no",
        "file.zarr": "is a file",
        "other.zarr": "Zarr group, but not a twofold store",
        "empty": "not a twofold store",
    }.items():
        with pytest.raises(DataError, match=said):
            open_recording(tmp_path / name)
        assert any(said in problem for problem in verify(tmp_path / name))
    with pytest.raises(DataError, match="it holds stores"):
        open_recording(tmp_path)
    with pytest.raises(DataError, match="holds no recordings"):
        open_all(tmp_path / "empty")


def test_a_later_format_asks_for_a_later_twofold(tmp_path):
    path = save(small_recording(), tmp_path / "mouse.zarr")
    file = path / "zarr.json"
    file.write_text(Path(file).read_text().replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(DataError, match="pip install --upgrade twofold"):
        open_recording(path)


def test_what_was_given_up_is_not_written_after_all(tmp_path):
    """Zarr's threads may still hold a chunk or a group when the caller is interrupted."""
    store = SealingStore(tmp_path / "half")
    content = default_buffer_prototype().buffer.from_bytes(b"hello")
    asyncio.run(store.set("zarr.json", content))
    assert (tmp_path / "half" / "zarr.json").read_bytes() == b"hello"
    store.abandon()
    for late in (store.set("a/c.0", content), store.set_if_not_exists("b/zarr.json", content)):
        with pytest.raises(DataError, match="given up"):
            asyncio.run(late)
    assert list(tmp_path.iterdir()) == []
