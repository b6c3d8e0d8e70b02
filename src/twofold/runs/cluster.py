"""Jobs on the workers of a Dask scheduler, wherever these are."""

from __future__ import annotations

import socket
from collections.abc import Generator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from threadpoolctl import threadpool_limits

from twofold.errors import NotAvailableError, OptionError, TwofoldError

if TYPE_CHECKING:
    from distributed import Client, Future

    from twofold.runs.jobs import Arrays, Job

SECONDS_TO_ANSWER = 10.0
SEPARATOR = " · "
AHEAD = 2  # jobs per thread that wait at the scheduler, which holds their arguments in memory


def check_address(address: str) -> tuple[str, int]:
    """Host and port of a scheduler.

    Raises
    ------
    OptionError
        If this is no such address.

    Examples
    --------
    >>> check_address("tcp://10.0.0.7:8786")
    ('10.0.0.7', 8786)
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or port is None or parts.scheme not in ("tcp", "tls"):
        raise OptionError(
            f"cluster={address!r}: give the address of a Dask scheduler, such as tcp://10.0.0.7:8786"
        )
    return host, port


def compute_on_cluster(todo: Mapping[str, Job], address: str) -> Generator[tuple[str, Arrays], None, None]:
    """Digest and result of each job, as they end.

    Dask gives the job of a worker that died to another one; it gives up on a job that took several workers
    with it.

    Parameters
    ----------
    todo
        Jobs by digest.
    address
        Of the scheduler.

    Raises
    ------
    OptionError
        If no scheduler answers there, it has no workers, or they have another version of this package.
    NotAvailableError
        If Dask is not installed.
    TwofoldError
        If a job made its workers die.
    """
    with _connected(address) as client:
        from distributed import KilledWorker, as_completed

        futures = (_submitted(client, *one) for one in todo.items())
        finished = as_completed(islice(futures, AHEAD * _threads(client)), loop=client.loop)
        for future in finished:
            try:
                digest, result = future.result()
            except KilledWorker as error:
                raise TwofoldError(
                    f"{_name(future)} took {error.allowed_failures + 1} workers with it; "
                    "give workers more memory"
                ) from None
            except CancelledError:
                raise TwofoldError(f"the scheduler at {address} went away; finished jobs are kept") from None
            future.release()
            yield digest, result
            finished.update(islice(futures, max(0, AHEAD * _threads(client) - finished.count())))


def _submitted(client: Client, digest: str, job: Job) -> Future:
    # A name of its own for each run, as the cluster would otherwise hand out what an older version computed.
    return client.submit(_in_one_thread, digest, job, key=f"{job.name}{SEPARATOR}{uuid4().hex}", pure=False)


def _name(future: Future) -> str:
    return str(future.key).rpartition(SEPARATOR)[0]


def _threads(client: Client) -> int:
    return sum(client.nthreads().values())


def _in_one_thread(digest: str, job: Job) -> tuple[str, Arrays]:
    """As the processes of one machine do it, because sums over several threads differ in their last bits."""
    with threadpool_limits(1):
        return digest, job()


@contextmanager
def _connected(address: str) -> Generator[Client, None, None]:
    host, port = check_address(address)
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise NotAvailableError(f"cluster={address!r} needs Dask: pip install 'twofold[cluster]'") from None
    silent = f"cluster={address!r}: no Dask scheduler answers there; start one with `dask scheduler`"
    try:
        socket.create_connection((host, port), timeout=SECONDS_TO_ANSWER).close()
    except (OSError, OverflowError):
        raise OptionError(silent) from None
    # Jobs bring their recordings along, which Dask warns of; few of them are there at a time.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        try:
            client = Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
        except OSError:
            raise OptionError(silent) from None
        with client:
            _check_workers(client, address)
            yield client


def _check_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=SECONDS_TO_ANSWER)
    except TimeoutError:
        raise OptionError(
            f"cluster={address!r}: the scheduler has no workers; start some with `dask worker {address} "
            "--nthreads 1`"
        ) from None
    known: Any = client.get_versions(packages=["twofold"])
    here = known["client"]["packages"]["twofold"]
    for worker, there in known["workers"].items():
        found = there["packages"].get("twofold")
        if found != here:
            has = f"twofold {found}" if found else "no twofold"
            raise OptionError(f"cluster={address!r}: the worker {worker} has {has}; install {here} there")
