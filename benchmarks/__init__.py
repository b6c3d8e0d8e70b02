"""One script per claim: ours against the peer, alternating in one run, printed as JSON lines.

`python -m benchmarks.NAME [--quick]` prints one line per case; `ratio` is how many times better ours is.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path


def alternate(ours: Callable[[int], object], peer: Callable[[int], object], keys: Sequence[int]) -> dict:
    """Milliseconds of both, called in turn with the same keys, and their ratios: medians and spreads.

    On the clock, and of the processor (`_cpu`), which other work on the machine disturbs less.
    """
    turns: list[dict[int, tuple[float, float]]] = []
    for turn, key in enumerate(keys):
        turns.append({which: _milliseconds((ours, peer)[which], key) for which in ((1, 0), (0, 1))[turn % 2]})
    fields: dict = {}
    for clock, suffix in enumerate(("", "_cpu")):
        own, other = ([turn[which][clock] for turn in turns] for which in (0, 1))
        ratios = [p / o for o, p in zip(own, other, strict=True)]
        for name, values in (("ours", own), ("peer", other), ("ratio", ratios)):
            fields[name + suffix] = round(statistics.median(values), 4)
            fields[name + suffix + "_spread"] = [round(min(values), 4), round(max(values), 4)]
    return {**fields, "repeats": len(keys)}


def _milliseconds(function: Callable[[int], object], key: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    function(key)
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def peak_mib(function: Callable[[int], object], key: int) -> float:
    """Most memory that Python and numpy held during one call, in MiB."""
    tracemalloc.start()
    function(key)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 2**20, 1)


def fresh_peak_mib(prepare: Callable[..., Callable[[], object]], *arguments: object) -> float:
    """Most memory that a process of its own needs for one call, in MiB, beyond what it was prepared with."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak_beyond, (prepare, *arguments))


def _peak_beyond(prepare: Callable[..., Callable[[], object]], *arguments: object) -> float:
    run = prepare(*arguments)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _status("VmRSS")
    run()
    return round((_status("VmHWM") - before) / 1024, 1)


def _status(field: str) -> int:
    (line,) = (row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith(field))
    return int(line.split()[1])


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
