"""One script per claim: ours against the peer, alternating in one run, printed as JSON lines.

`python -m benchmarks.NAME [--quick]` prints one line per case; `ratio` is how many times better ours is.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path


def alternate(ours: Callable[[int], object], peer: Callable[[int], object], keys: Sequence[int]) -> dict:
    """Median milliseconds of both, called in turn with the same keys, and the median of their ratios."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn, key in enumerate(keys):
        for which in (0, 1) if turn % 2 else (1, 0):
            begin = time.perf_counter()
            (ours, peer)[which](key)
            times[which].append(1000 * (time.perf_counter() - begin))
    return {
        "ours": round(statistics.median(times[0]), 4),
        "peer": round(statistics.median(times[1]), 4),
        "ratio": round(statistics.median(p / o for o, p in zip(*times, strict=True)), 3),
        "repeats": len(keys),
    }


def peak_mib(function: Callable[[int], object], key: int) -> float:
    """Most memory that Python and numpy held during one call, in MiB."""
    tracemalloc.start()
    function(key)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 2**20, 1)


def report(benchmark: str, case: str, **fields: object) -> None:
    """Print one case as a JSON line."""
    line = {"benchmark": benchmark, "case": case, **fields}
    print(json.dumps({**line, "threads": len(os.sched_getaffinity(0)), "machine": machine()}), flush=True)


def machine() -> str:
    """Processor and number of cores, in words."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores"
