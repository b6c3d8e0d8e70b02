"""A lazy array gives what numpy indexing gives, from memory and from disk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.recordings.lazy import LazyArray
from twofold.recordings.sealed import SealedStore, SealingStore, StoredArray
from twofold.recordings.tables import member, write_array

N_TIME, N_NEURONS = 700, 512  # three chunks of 256 rows
VALUES = np.random.default_rng(0).integers(0, 2**60, (N_TIME, N_NEURONS))


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list:
    """The same array in memory, as a memory map, and in a store."""
    import zarr

    folder = tmp_path_factory.mktemp("lazy")
    np.save(folder / "values.npy", VALUES)
    writing = SealingStore(folder / "store")
    write_array(zarr.create_group(writing), "values", VALUES, ("time", "neuron"))
    writing.seal()
    store = SealedStore(folder / "store")
    array = member(zarr.open_group(store, mode="r"), "values")
    assert array.nchunks == 3
    return [VALUES, np.load(folder / "values.npy", mmap_mode="r"), array, StoredArray(array, store)]


def choices(length: int, backwards: bool = True) -> st.SearchStrategy:
    """Slices of any step, masks, and indices in any order, also repeated and negative."""
    ends = st.none() | st.integers(-length - 3, length + 3)
    steps = st.none() | st.integers(1, 5) | (st.integers(-5, -1) if backwards else st.nothing())
    few = st.lists(st.integers(-length, length - 1), max_size=8) if length else st.just([])
    mask = st.integers(0, 2**32).map(lambda seed: np.random.default_rng(seed).random(length) < 0.3)
    return st.builds(slice, ends, ends, steps) | mask | few.map(lambda index: np.array(index, dtype=int))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_choices_of_choices_equal_numpy_indexing(sources, data):
    source = data.draw(st.sampled_from(sources))
    lazy, expected = LazyArray(source), VALUES
    for _ in range(data.draw(st.integers(1, 3))):
        rows, columns = data.draw(choices(expected.shape[0])), data.draw(choices(expected.shape[1]))
        lazy, expected = lazy.select(rows, columns), expected[rows][:, columns]
    assert lazy.shape == expected.shape
    assert len(lazy) == len(expected)
    np.testing.assert_array_equal(np.asarray(lazy), expected)
    rows, columns = data.draw(choices(expected.shape[0])), data.draw(choices(expected.shape[1]))
    np.testing.assert_array_equal(lazy[rows], expected[rows])
    np.testing.assert_array_equal(lazy[rows, columns], expected[rows][:, columns])
    if expected.size:
        row = data.draw(st.integers(-expected.shape[0], expected.shape[0] - 1))
        column = data.draw(st.integers(-expected.shape[1], expected.shape[1] - 1))
        np.testing.assert_array_equal(lazy[row], expected[row])
        np.testing.assert_array_equal(lazy[:, column], expected[:, column])
        assert lazy[row, column] == expected[row, column]


@settings(max_examples=40, deadline=None)
@given(key=choices(N_TIME, backwards=False) | st.integers(-N_TIME, N_TIME - 1))
def test_a_stored_array_is_indexed_as_numpy_is(sources, key):
    stored = sources[-1]
    found = stored[key]
    assert found.dtype == VALUES.dtype
    np.testing.assert_array_equal(found, VALUES[key])


class Watched:
    """An array that remembers what was asked of it."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.asked: list[slice] = []

    def __getitem__(self, key: slice) -> np.ndarray:
        self.asked.append(key)
        return self.values[key]


def test_selecting_reads_nothing_and_reading_fetches_whole_runs():
    source = Watched(VALUES)
    lazy = LazyArray(source).select(rows=np.r_[10:20, 300:310]).select(columns=np.array([5, 1]))
    assert source.asked == []
    np.testing.assert_array_equal(lazy[:], VALUES[np.r_[10:20, 300:310]][:, [5, 1]])
    assert source.asked == [slice(10, 20), slice(300, 310)]


def test_a_choice_outside_the_array_is_refused():
    lazy = LazyArray(VALUES)
    for choice in (np.array([N_TIME]), np.array([-N_TIME - 1]), np.ones(N_TIME + 1, bool)):
        with pytest.raises(IndexError):
            lazy.select(rows=choice)


def test_an_array_of_another_type_is_a_converted_copy():
    lazy = LazyArray(np.arange(6).reshape(3, 2))
    assert np.asarray(lazy, dtype=np.float32).dtype == np.float32
    copy = np.array(lazy)
    copy[:] = -1
    assert lazy[0, 1] == 1
