"""Many independent jobs: in parallel, cached by their content, and resumable."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_limits

from twofold.files import written_whole
from twofold.runs.cluster import compute_on_cluster

Arrays = dict[str, np.ndarray]
Progress = Callable[[int, int, str], None]

SEAL = "__seal__"


@dataclass(frozen=True, eq=False)
class Job:
    """One call of a pure function that returns named arrays.

    Parameters
    ----------
    name
        What it is, for people.
    function
        A function at the top of a module; it gets `arguments` and returns a dict of arrays.
    arguments
        Keyword arguments.
    key
        What the result depends on, as plain JSON; equal keys are the same job.
    """

    name: str
    function: Callable[..., Arrays]
    arguments: Mapping[str, Any]
    key: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Name of the job's file in the cache."""
        name = f"{self.function.__module__}.{self.function.__qualname__}"
        text = json.dumps([name, self.key], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def __call__(self) -> Arrays:
        """Do it."""
        return self.function(**self.arguments)


def run_jobs(
    jobs: Sequence[Job],
    *,
    cache: Path | None = None,
    n_jobs: int = -1,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> list[Arrays]:
    """Results of all jobs, in their order; equal jobs are computed once, and not if the cache holds them.

    Parameters
    ----------
    jobs
        What to compute.
    cache
        Folder of one npz file per finished job; None keeps nothing. An interrupted run
        leaves its finished jobs there, so that the same call goes on where it stopped.
        A file that cannot be read is as good as none.
    n_jobs
        Processes; -1 is one per core. Each uses one thread.
    cluster
        Address of a Dask scheduler, such as tcp://10.0.0.7:8786, whose workers do the jobs instead; the job
        of a worker that dies is computed again by another.
    progress
        Called with (done, total, name) whenever a job ends.

    Raises
    ------
    OptionError
        If there is no scheduler with workers at that address.

    Examples
    --------
    >>> def square(x):
    ...     return {"y": np.array(x**2)}
    >>> jobs = [Job(f"{x}", square, {"x": x}, {"x": x}) for x in range(3)]
    >>> [int(result["y"]) for result in run_jobs(jobs, n_jobs=1)]
    [0, 1, 4]
    """
    digests = [job.digest for job in jobs]
    distinct = dict(zip(digests, jobs, strict=True))
    results: dict[str, Arrays] = {}
    for digest in distinct:
        stored = _load(cache, digest)
        if stored is not None:
            results[digest] = stored
    todo = {digest: job for digest, job in distinct.items() if digest not in results}
    if progress:
        progress(len(results), len(distinct), "")
    computing = _compute(todo, n_jobs) if cluster is None else compute_on_cluster(todo, cluster)
    with closing(computing) as finished:
        for digest, result in finished:
            _save(cache, digest, result)
            results[digest] = result
            if progress:
                progress(len(results), len(distinct), distinct[digest].name)
    return [results[digest] for digest in digests]


def _compute(todo: Mapping[str, Job], n_jobs: int) -> Generator[tuple[str, Arrays], None, None]:
    if n_jobs == 1 or len(todo) < 2:
        for digest, job in todo.items():
            # As in the processes below, because sums over several threads differ in their last bits.
            with threadpool_limits(1):
                result = job()
            yield digest, result
        return
    with parallel_config(backend="loky", inner_max_num_threads=1), warnings.catch_warnings():
        # A process that has grown, such as by importing torch, is replaced by a new one, which is no news.
        # As an error this warning would end the thread that replaces it, and the jobs would wait for ever.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        finished = parallel(delayed(_named)(*one) for one in todo.items())
        try:
            for digest, result in finished:  # not `yield from`, which would close it before the next line
                yield digest, result
        finally:
            warnings.simplefilter("ignore")  # of an interrupted run: that jobs were cancelled
            finished.close()


def _named(digest: str, job: Job) -> tuple[str, Arrays]:
    return digest, job()


def _load(cache: Path | None, digest: str) -> Arrays | None:
    if cache is None or not (path := cache / f"{digest}.npz").exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            result = {name: stored[name] for name in stored.files}
        seal = str(result.pop(SEAL))
    except Exception:  # a broken archive fails in a dozen ways, and all of them mean: compute it again
        return None
    return result if seal == _sealed(result) else None


def _save(cache: Path | None, digest: str, result: Arrays) -> None:
    if cache is None:
        return
    cache.mkdir(parents=True, exist_ok=True)
    with written_whole(cache / f"{digest}.npz") as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **result, **{SEAL: np.array(_sealed(result))})


def _sealed(result: Arrays) -> str:
    """A hash of all names and arrays: the archive checks each array, but not that all are there."""
    names = sorted(result)
    return content_hash(np.array(json.dumps(names)), *(result[name] for name in names))


def content_hash(*arrays: np.ndarray) -> str:
    """A short hash of what arrays hold, for job keys."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:24]
