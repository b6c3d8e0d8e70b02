"""Jobs give the same in any order of work, are done once, and survive an interruption."""

from __future__ import annotations

import builtins
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twofold.errors import DataError
from twofold.runs.jobs import Job, content_hash, run_jobs


@pytest.fixture
def calls(tmp_path) -> Path:
    """A folder with a file for every call of a job, from whatever process."""
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder


def squares(calls: Path, numbers=range(6)) -> list[Job]:
    def square(x: int, folder: str) -> dict[str, np.ndarray]:
        """Also leaves a file behind, so that calls can be counted."""
        with (Path(folder) / str(x)).open("a") as log:
            log.write("called\n")
        return {"square": np.array(x**2), "normal/of seed": np.random.default_rng(x).normal(size=3)}

    return [Job(f"square of {x}", square, {"x": x, "folder": str(calls)}, {"x": x}) for x in numbers]


def counted(calls: Path) -> dict[int, int]:
    return {int(path.name): len(path.read_text().splitlines()) for path in calls.iterdir()}


def same(one: list[dict], other: list[dict]) -> bool:
    return all(
        a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)
        for a, b in zip(one, other, strict=True)
    )


def test_results_come_in_the_order_of_the_jobs(calls):
    results = run_jobs(squares(calls, [4, 0, 2]), n_jobs=1)
    assert [int(result["square"]) for result in results] == [16, 0, 4]


def test_equal_jobs_are_computed_once_and_each_gets_the_result(calls):
    told = []
    results = run_jobs(squares(calls, [2, 3, 2]), n_jobs=1, progress=lambda *seen: told.append(seen[:2]))
    assert [int(result["square"]) for result in results] == [4, 9, 4]
    assert counted(calls) == {2: 1, 3: 1}
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_process_that_has_grown_is_replaced_and_nothing_waits(tmp_path):
    def grow(number: int) -> dict[str, np.ndarray]:
        """Holds on to more memory than a process may, from the second job on."""
        held = vars(builtins).setdefault("held_by_a_test", [])
        held.append(np.ones(number * 50_000_000))
        time.sleep(1.1)  # processes are looked at no more than once a second
        return {"n": np.array(number)}

    jobs = [Job(f"{n}", grow, {"number": n}, {"n": n}) for n in (0, 0, 1, 1, 0, 0)]
    jobs = [replace(job, key={"place": place}) for place, job in enumerate(jobs)]
    assert [int(result["n"]) for result in run_jobs(jobs, n_jobs=2)] == [0, 0, 1, 1, 0, 0]


def test_many_processes_give_the_bits_of_one(calls, tmp_path):
    jobs = squares(calls)
    serial = run_jobs(jobs, n_jobs=1)
    parallel = run_jobs(jobs, n_jobs=2, cache=tmp_path / "cache")
    assert same(serial, parallel)
    assert same(serial, run_jobs(jobs, n_jobs=2, cache=tmp_path / "cache"))
    assert set(counted(calls).values()) == {2}


def test_a_finished_job_is_not_done_again(calls, tmp_path):
    first = run_jobs(squares(calls, range(4)), cache=tmp_path / "cache", n_jobs=1)
    more = run_jobs(squares(calls, range(6)), cache=tmp_path / "cache", n_jobs=1)
    assert counted(calls) == dict.fromkeys(range(6), 1)
    assert same(first, more[:4])


def test_without_a_cache_nothing_is_kept(calls, tmp_path):
    run_jobs(squares(calls), n_jobs=1)
    run_jobs(squares(calls), n_jobs=1)
    assert set(counted(calls).values()) == {2}
    assert [path.name for path in tmp_path.iterdir()] == ["calls"]


def test_progress_starts_with_what_was_there_and_ends_with_all(calls, tmp_path):
    told: list[tuple[int, int, str]] = []
    run_jobs(squares(calls, [1, 3]), cache=tmp_path / "cache", n_jobs=1)
    run_jobs(
        squares(calls, range(4)), cache=tmp_path / "cache", n_jobs=1, progress=lambda *how: told.append(how)
    )
    assert told == [(2, 4, ""), (3, 4, "square of 0"), (4, 4, "square of 2")]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_interrupted_run_goes_on_where_it_stopped(calls, tmp_path, n_jobs):
    cache = tmp_path / "cache"

    def interrupt(done: int, total: int, name: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_jobs(squares(calls), cache=cache, n_jobs=n_jobs, progress=interrupt)
    kept = {path.name for path in cache.iterdir()}
    finished = {x for x, job in enumerate(squares(calls)) if f"{job.digest}.npz" in kept}
    assert len(kept) == len(finished) == 3
    before = counted(calls)
    again = run_jobs(squares(calls), cache=cache, n_jobs=1)
    assert {x: counted(calls)[x] - before.get(x, 0) for x in range(6)} == {
        x: int(x not in finished) for x in range(6)
    }
    assert same(again, run_jobs(squares(calls), n_jobs=1))


@pytest.mark.parametrize("keep", [0, 0.5, -1], ids=["empty", "half", "all but one byte"])
def test_a_truncated_file_is_computed_again_and_mended(calls, tmp_path, keep):
    cache, (job,) = tmp_path / "cache", squares(calls, [5])
    good = run_jobs([job], cache=cache, n_jobs=1)
    path = cache / f"{job.digest}.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if keep >= 0 else keep])
    for _ in range(2):
        assert same(good, run_jobs([job], cache=cache, n_jobs=1))
        assert counted(calls) == {5: 2}


def test_a_file_of_pickles_is_never_opened(calls, tmp_path):
    cache, (job,) = tmp_path / "cache", squares(calls, [5])
    good = run_jobs([job], cache=cache, n_jobs=1)
    np.savez(cache / f"{job.digest}.npz", square=np.array([{"not": "plain"}]))
    assert same(good, run_jobs([job], cache=cache, n_jobs=1))
    assert counted(calls) == {5: 2}


def test_a_file_from_which_an_array_was_taken_is_computed_again(calls, tmp_path):
    cache, (job,) = tmp_path / "cache", squares(calls, [5])
    good = run_jobs([job], cache=cache, n_jobs=1)
    path = cache / f"{job.digest}.npz"
    with np.load(path) as stored:
        fewer = {name: stored[name] for name in stored.files if name != "square"}
    np.savez(path, **fewer)
    assert same(good, run_jobs([job], cache=cache, n_jobs=1))
    assert counted(calls) == {5: 2}


def test_no_flipped_byte_is_read_as_a_result(calls, tmp_path):
    cache, (job,) = tmp_path / "cache", squares(calls, [5])
    good = run_jobs([job], cache=cache, n_jobs=1)
    path = cache / f"{job.digest}.npz"
    whole = path.read_bytes()
    directory = whole.index(b"PK\x01\x02")  # of the archive: losing an entry there breaks no checksum
    for place in [*range(0, directory, 7), *range(directory, len(whole))]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert same(good, run_jobs([job], cache=cache, n_jobs=1)), place


def test_a_job_that_fails_leaves_the_finished_ones_and_nothing_half_written(calls, tmp_path):
    def fail() -> dict[str, np.ndarray]:
        raise DataError("neuron 3 is silent")

    def unfit() -> dict[str, np.ndarray]:
        return {"values": np.array([object()])}

    for function in (fail, unfit):
        with pytest.raises(ValueError, match=r"neuron 3 is silent|Object arrays cannot be saved"):
            run_jobs([*squares(calls, [1]), Job("bad", function, {}, {})], cache=tmp_path / "cache", n_jobs=1)
        assert len(list((tmp_path / "cache").iterdir())) == 1
    assert counted(calls) == {1: 1}


def test_an_error_in_another_process_is_the_same_error(calls):
    def fail() -> dict[str, np.ndarray]:
        raise DataError("neuron 3 is silent")

    with pytest.raises(DataError, match="neuron 3 is silent"):
        run_jobs([Job("a", fail, {}, {"x": 1}), Job("b", fail, {}, {"x": 2})], n_jobs=2)


def test_no_jobs_give_no_results(tmp_path):
    assert run_jobs([], cache=tmp_path, n_jobs=2) == []


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_job_uses_one_thread(n_jobs):
    def threads() -> dict[str, np.ndarray]:
        from threadpoolctl import threadpool_info

        np.ones((2, 2)) @ np.ones((2, 2))
        return {
            "threads": np.array([pool["num_threads"] for pool in threadpool_info()]),
            "process": np.array(os.getpid()),
        }

    results = run_jobs([Job(f"{i}", threads, {}, {"i": i}) for i in range(2)], n_jobs=n_jobs)
    for result in results:
        assert (result["threads"] == 1).all()
        assert (result["process"] == os.getpid()) == (n_jobs == 1)


# --- keys ----------------------------------------------------------------------------------------


def test_the_digest_depends_on_the_function_and_the_key_alone(calls):
    one, two = squares(calls, [1, 2])
    assert one.digest == Job("another name", one.function, {}, {"x": 1}).digest
    digests = {
        one.digest,
        two.digest,
        Job("", same, {}, {"x": 1}).digest,
        Job("", one.function, {}, {}).digest,
    }
    assert len(digests) == 4
    assert Job("", same, {}, {"a": 1, "b": 2}).digest == Job("", same, {}, {"b": 2, "a": 1}).digest


def test_functions_of_one_name_in_two_files_are_not_the_same_job():
    import ntpath
    import posixpath

    one, two = (Job("", path.basename, {}, {}) for path in (ntpath, posixpath))
    assert one.function.__qualname__ == two.function.__qualname__
    assert one.digest != two.digest


plain = arrays(
    st.sampled_from([np.int64, np.float32, np.float64]),
    st.sampled_from([(4,), (2, 2), (1, 4)]),
    elements=st.just(0),
) | arrays(np.int64, (2, 2), elements=st.integers(0, 3))


@given(plain, plain)
def test_arrays_hash_alike_exactly_when_they_are_alike(one, other):
    alike = one.shape == other.shape and one.dtype == other.dtype and (one == other).all()
    assert (content_hash(one) == content_hash(other)) == alike


def test_the_hash_is_of_what_is_seen_and_not_of_how_it_lies_in_memory():
    array = np.arange(12.0).reshape(3, 4)
    assert content_hash(array.T) == content_hash(array.T.copy())
    assert content_hash(array[:, ::2]) == content_hash(array[:, ::2].copy())
    assert content_hash(array, array[0]) != content_hash(array[0], array)
