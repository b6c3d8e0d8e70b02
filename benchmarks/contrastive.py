"""Contrastive fits against the reference package: time per step, memory, and time to an equal fit.

Both sides fit the same 9000 x 772 counts with 32-d labels (900 frames, 10 repeats), batch 512, width 128, 128
latents, Adam at 3e-4, temperature 1, cosine, two threads; in one process, in turn. A step's time is the
difference of a long and a short fit over the difference of their steps. Threads that wait sleep, on both
sides, so that processor time is comparable where the machine does other work too.

    python -m benchmarks.contrastive [--quick]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch

from benchmarks import report
from benchmarks._contrastive_data import simulate_movie
from benchmarks._contrastive_equal_fit import held_out_repeats, time_of_ours, time_of_peer
from benchmarks._contrastive_sides import (
    FITS,
    THREADS,
    memory,
    peer_name,
    without_peer,
)
from twofold.training.device import multiplies_bf16

STEPS = {1: 60, 10: 15}  # of the long fits, by window
RATE_TO_EQUAL_FIT = 1e-2
GIBIBYTE = 1024


def main() -> None:
    """Run all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer turns and steps, a tenth of the large file"
    )
    quick = parser.parse_args().quick
    torch.set_num_threads(THREADS)
    for window, precision in ((1, "fp32"), (10, "fp32"), (10, "bf16")):
        compare_steps(window, precision, quick)
    compare_equal_fit(quick)
    compare_large_file(quick)


def compare_steps(window: int, precision: str, quick: bool) -> None:
    """Print the case of one window: milliseconds per step of both sides, and their peak memory."""
    case = f"window{window}-timedelta-{precision}"
    if precision == "bf16" and not multiplies_bf16(torch.device("cpu")):
        report("contrastive", case, skipped="this processor does not multiply bf16")
        return
    if why := without_peer():
        report("contrastive", case, skipped=why)
        return
    movie, steps = simulate_movie(), STEPS[window] // (5 if quick else 1)
    turns = take_turns(
        lambda side, n: FITS[side](movie, window, n, precision), steps, n_turns=3 if quick else 7
    )
    peak = {side: memory(side, window, precision, 5)["resident"] for side in FITS}
    report(
        "contrastive",
        case,
        **summary(turns),
        unit="ms/step",
        memory_ours_mib=peak["ours"],
        memory_peer_mib=peak["peer"],
        peer_name=peer_name(),
    )


Turns = dict[str, list[tuple[float, float]]]


def take_turns(fit: Callable[[str, int], object], steps: int, n_turns: int) -> Turns:
    """Milliseconds per step of each side in each turn: on the clock, and of the processor."""
    turns: Turns = {"ours": [], "peer": []}
    for side in turns:
        fit(side, 2)  # what is loaded and laid out once
    for turn in range(n_turns):
        for side in sorted(turns, reverse=bool(turn % 2)):
            short, long = (clocks(lambda n=n, side=side: fit(side, n)) for n in (1, 1 + steps))
            wall, cpu = (1000 * (b - a) / steps for a, b in zip(short, long, strict=True))
            turns[side].append((wall, cpu))
    return turns


def clocks(function: Callable[[], object]) -> tuple[float, float]:
    """Seconds that a call takes, and seconds that processors work on it."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def summary(turns: Turns) -> dict[str, object]:
    """Medians over turns with their spread; ratios are of the two sides of one turn."""
    fields: dict[str, object] = {}
    for clock, suffix in enumerate(("", "_cpu")):
        ours, peer = ([turn[clock] for turn in turns[side]] for side in ("ours", "peer"))
        ratios = [p / o for o, p in zip(ours, peer, strict=True)]
        for name, values, digits in (("ours", ours, 2), ("peer", peer, 2), ("ratio", ratios, 3)):
            fields[name + suffix] = round(statistics.median(values), digits)
            fields[name + suffix + "_spread"] = [round(min(values), digits), round(max(values), digits)]
    return {**fields, "repeats": len(turns["ours"])}


def compare_equal_fit(quick: bool) -> None:
    """Print how long both train until held-out repeats are fitted as well as by the peer in the end."""
    cases = {"time-to-equal-fit": RATE_TO_EQUAL_FIT, "time-to-equal-fit-same-rate": 3e-4}
    if why := without_peer():
        for case in cases:
            report("contrastive", case, skipped=why)
        return
    train, test = held_out_repeats()
    peer_steps = 100 if quick else 1000
    seconds, bits = time_of_peer(train, test, peer_steps)
    for case, learning_rate in cases.items():
        own_seconds, own_steps = time_of_ours(train, test, bits, learning_rate, "auto")
        report(
            "contrastive",
            case,
            ours=round(own_seconds, 2),
            peer=round(seconds, 2),
            unit="s",
            ratio=round(seconds / own_seconds, 2),
            repeats=1,
            held_out_bits=round(bits, 4),
            settings="standardised root counts of 8 repeats, scored on 2 more; window 1, batch 512, "
            "cosine, temperature 1, constant rates; time of training only",
            settings_ours=f"{own_steps} steps at {learning_rate}, precision auto, other repeat",
            settings_peer=f"{peer_steps} steps at 0.0003, its default",
            peer_name=peer_name(),
        )


def compare_large_file(quick: bool) -> None:
    """Print the private memory that fitting a mapped file takes: file pages are not counted."""
    n_time, n_units = (100_000 if quick else 1_000_000), 800
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "responses.npy"
        for window in (1, 10):
            found = memory("ours", window, "fp32", 20, file, n_time, n_units)
            report(
                "contrastive",
                f"memory-{'100k' if quick else '1M'}-window{window}",
                ours=found["private"],
                unit="MiB private",
                limit=4 * GIBIBYTE,
                within_limit=found["private"] < 4 * GIBIBYTE,
                seconds_20_steps=found["seconds"],
                array_mib=round(4 * n_time * n_units / 2**20),
                peer=None,
                note="the peer is not run: its label search alone holds a table of time by batch",
            )


if __name__ == "__main__":
    main()
