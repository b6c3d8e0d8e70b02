"""Jobs on a Dask cluster: the same bits as here, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from twofold.errors import DataError, OptionError, TwofoldError
from twofold.runs.jobs import Job, run_jobs
from twofold.studies.neural_alignment.plan import plan_study
from twofold.studies.neural_alignment.study import neural_alignment

distributed = pytest.importorskip("distributed", reason="Dask is not installed")

QUIET = {"DASK_DISTRIBUTED__ADMIN__LOG_LEVEL": "critical", "OMP_NUM_THREADS": "1"}


class Cluster:
    """A scheduler and two workers, each a process of its own that nothing brings back."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.folder, self.processes = folder, list[subprocess.Popen[bytes]]()
        self.scheduler = self._start("scheduler", "--host", self.address, "--no-dashboard")
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self) -> None:
        how = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self.folder))
        self.workers.append(self._start("worker", self.address, *how))

    def _start(self, kind: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + kind, *arguments]
        log = (self.folder / f"{kind}-{len(self.processes)}.log").open("wb")
        path = os.pathsep.join(sys.path)
        with log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **QUIET, "PYTHONPATH": path}
            )
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        found.add_worker()
        found.add_worker()
        _wait_for(found)
        yield found
    finally:
        found.close()


def _wait_for(cluster: Cluster) -> None:
    host, port = cluster.address.removeprefix("tcp://").split(":")
    for _ in range(300):
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the scheduler did not start")


def normals(numbers, folder: Path | None = None, seconds: float = 0.0) -> list[Job]:
    def normal(x: int, folder: str, seconds: float) -> dict[str, np.ndarray]:
        """Also leaves the number of its process behind, before and after it worked."""
        if folder:
            (Path(folder) / f"{x}-{os.getpid()}").touch()
            time.sleep(seconds)
        noise = np.random.default_rng(x).normal(size=(200, 200))
        return {"product": noise @ noise.T, "process": np.array(os.getpid() * bool(folder))}

    arguments = {"folder": str(folder or ""), "seconds": seconds}
    return [Job(f"normals of {x}", normal, {"x": x, **arguments}, {"x": x}) for x in numbers]


def test_a_cluster_gives_the_bits_of_one_process_and_the_cache_is_shared(cluster, tmp_path):
    told: list[tuple[int, int, str]] = []
    here = run_jobs(normals(range(6)), n_jobs=1)
    there = run_jobs(
        normals(range(6)),
        cache=tmp_path,
        cluster=cluster.address,
        progress=lambda *how: told.append(how),
    )
    assert all(np.array_equal(a["product"], b["product"]) for a, b in zip(here, there, strict=True))
    assert [done for done, _, _ in told] == list(range(7))
    assert len(list(tmp_path.iterdir())) == 6
    again = run_jobs(normals(range(6)), cache=tmp_path, n_jobs=1)
    assert all(np.array_equal(a["product"], b["product"]) for a, b in zip(here, again, strict=True))


def test_large_arguments_are_sent_without_a_word(cluster):
    def total(x: np.ndarray) -> dict[str, np.ndarray]:
        return {"total": np.array(x.sum())}

    large = np.ones(4_000_000)
    jobs = [Job(f"{n}", total, {"x": large * n}, {"n": n}) for n in range(3)]
    assert [float(found["total"]) for found in run_jobs(jobs, cluster=cluster.address)] == [0.0, 4e6, 8e6]


def test_an_error_on_a_worker_is_the_same_error_and_finished_jobs_are_kept(cluster, tmp_path):
    def fail() -> dict[str, np.ndarray]:
        time.sleep(1.0)
        raise DataError("neuron 3 is silent")

    with pytest.raises(DataError, match="neuron 3 is silent"):
        run_jobs([*normals([1]), Job("bad", fail, {}, {})], cache=tmp_path, cluster=cluster.address)
    assert len(list(tmp_path.iterdir())) == 1


def test_an_interrupted_run_goes_on_where_it_stopped(cluster, tmp_path):
    cache, calls = tmp_path / "cache", tmp_path / "calls"
    calls.mkdir()

    def interrupt(done: int, total: int, name: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_jobs(normals(range(6), calls), cache=cache, cluster=cluster.address, progress=interrupt)
    assert len(list(cache.iterdir())) == 3
    run_jobs(normals(range(6), calls), cache=cache, cluster=cluster.address)
    assert len(list(cache.iterdir())) == 6


def test_the_jobs_of_a_worker_that_was_killed_are_computed_again(cluster, tmp_path):
    calls = tmp_path / "calls"
    calls.mkdir()
    killed: list[int] = []

    def kill(done: int, total: int, name: str) -> None:
        """After two jobs, a worker that is in the middle of another."""
        if done == 2 and not killed:
            victim = cluster.workers[0].pid
            while not any(path.name.endswith(f"-{victim}") for path in calls.iterdir()):
                time.sleep(0.05)
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    here = run_jobs(normals(range(8)), n_jobs=1)
    jobs = normals(range(8), calls, seconds=0.4)
    there = run_jobs(jobs, cache=tmp_path / "cache", cluster=cluster.address, progress=kill)
    assert all(np.array_equal(a["product"], b["product"]) for a, b in zip(here, there, strict=True))
    attempts = [path.name.split("-")[0] for path in calls.iterdir()]
    assert len(attempts) > len(set(attempts)) == 8, "no job was tried twice: the worker had none in hand"
    assert cluster.workers[0].wait() == -signal.SIGKILL
    cluster.add_worker()


def test_a_job_that_kills_every_worker_is_given_up(cluster):
    def die() -> dict[str, np.ndarray]:
        os._exit(1)

    for _ in range(3):
        cluster.add_worker()
    with pytest.raises(TwofoldError, match=r"^the fatal one took 4 workers with it; give"):
        run_jobs([Job("the fatal one", die, {}, {})], cluster=cluster.address)
    cluster.add_worker()


def test_jobs_of_a_study_can_travel(cluster, movie, few_steps):
    jobs = plan_study(movie, few_steps).jobs[:3]
    here, there = run_jobs(jobs, n_jobs=1), run_jobs(jobs, cluster=cluster.address)
    for one, other in zip(here, there, strict=True):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_a_study_hands_its_cluster_on(movie, few_steps):
    with pytest.raises(OptionError, match="no Dask scheduler answers there"):
        neural_alignment(movie, options=few_steps, cluster="tcp://127.0.0.1:1")


@pytest.mark.parametrize("address", ["nonsense", "tcp://here", "http://127.0.0.1:80", "tcp://[::1", ""])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(OptionError, match=r"give the address of a Dask scheduler, such as tcp://"):
        run_jobs(normals([1]), cluster=address)


def test_a_scheduler_that_does_not_answer_is_told_how_to_start():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(OptionError, match=r"no Dask scheduler answers there; start one with `dask"):
            run_jobs(normals([1]), cluster=f"tcp://127.0.0.1:{port}")
