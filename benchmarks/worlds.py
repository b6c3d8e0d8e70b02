"""Worlds in which an analysis must speak and worlds in which it must be silent: how often each does.

Simulated mice of the size `tiny`, in eight worlds; in each, eight analyses of one latent model come to a
verdict, which is compared with what is known of the world. A verdict that is expected to be silent may be
wrong in 5 % of the seeds (false alarms), one that is expected to speak must be reached in 90 % (power).
Cells without an expectation are told, and judged by nobody. Finished mice are kept in a folder, so that a run
that was stopped goes on.

    python -m benchmarks.worlds [--seeds 20] [--first-seed 100] [--keep FOLDER] [--jobs 2] [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from joblib import Parallel, delayed

from benchmarks import report
from benchmarks._worlds_verdicts import ANALYSES, LATENT_EPOCHS, LEVEL, Verdict, verdicts

MOST_FALSE_ALARMS, LEAST_POWER = 0.05, 0.9
QUICK_SEEDS = 2
# In the order of the analyses: + speaks, - is silent, . is not asked. In latents_by_contrast the video model
# sees contrast, too, so that a fifth of the state is left to other neurons; the late luminance of
# unseen_drive is so blurred that mean weights do as well as those by position; neuropil tells of few others.
EXPECTED = {
    #                            gain behaviour maps apart stimulus locked mixed extrapolation
    "default": "++++---+",
    "no_latents": "--------",
    "latents_by_contrast": ".+++++..",
    "unseen_drive": "+-+++++.",
    "neuropil_only": ".-+-----",
    "slow_behaviour": "+-++---+",
    "weights_without_position": "++------",
    "state_locked_to_video": "++++-+++",
}
Found = Mapping[str, Mapping[int, Mapping[str, Verdict]]]


class Cell(NamedTuple):
    """One world and one analysis, over all seeds."""

    expected: str
    share: float
    n: int

    @property
    def holds(self) -> bool | None:
        """Whether the verdict was reached often enough, or seldom enough; None where nothing is expected."""
        if self.expected == ".":
            return None
        return self.share >= LEAST_POWER if self.expected == "+" else self.share <= MOST_FALSE_ALARMS


def main() -> None:
    """Print a line per cell, then the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=100, help="settings were chosen on those below 20")
    parser.add_argument("--worlds", nargs="+", choices=list(EXPECTED), default=list(EXPECTED))
    parser.add_argument(
        "--keep", type=Path, default=Path("benchmarks/results/worlds"), help="folder of finished mice"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SEEDS} seeds")
    options = parser.parse_args()
    first = options.first_seed
    seeds = range(first, first + (QUICK_SEEDS if options.quick else options.seeds))
    found = all_verdicts(options.worlds, seeds, options.keep, options.jobs)
    for world, by_seed in found.items():
        for name, cell in cells(world, by_seed).items():
            numbers = [verdicts_[name] for verdicts_ in by_seed.values()]
            report(
                "worlds",
                case=f"{world}: {name}",
                expected={"+": True, "-": False, ".": None}[cell.expected],
                share=round(cell.share, 3),
                seeds=cell.n,
                holds=cell.holds,
                median_value=round(float(np.median([one.value for one in numbers])), 4),
                level=LEVEL,
                epochs=LATENT_EPOCHS,
            )
    print(table(found), file=sys.stderr)


def all_verdicts(worlds: Sequence[str], seeds: Sequence[int], keep: Path, jobs: int = 1) -> Found:
    """Verdicts by world, seed and analysis; those of finished mice are read from `keep`."""
    keep.mkdir(parents=True, exist_ok=True)
    pairs = [(world, seed) for seed in seeds for world in worlds]  # all worlds of a seed first
    done = Parallel(n_jobs=jobs)(delayed(_kept)(world, seed, keep) for world, seed in pairs)
    found: dict[str, dict[int, dict[str, Verdict]]] = {world: {} for world in worlds}
    for (world, seed), one in zip(pairs, done, strict=True):
        found[world][seed] = one
    return found


def cells(world: str, by_seed: Mapping[int, Mapping[str, Verdict]]) -> dict[str, Cell]:
    """The cells of a world, by analysis."""
    return {
        name: Cell(sign, float(np.mean([one[name].found for one in by_seed.values()])), len(by_seed))
        for name, sign in zip(ANALYSES, EXPECTED[world], strict=True)
    }


def table(found: Found) -> str:
    """World x analysis: what is expected, the share of seeds in which it spoke, ! where it does not hold."""
    width = max(map(len, found)) + 2
    lines = [" " * width + "".join(f"{name:>19}" for name in ANALYSES)]
    for world, by_seed in found.items():
        texts = [
            f"{cell.expected} {cell.share:.2f}{'!' if cell.holds is False else ' '}"
            for cell in cells(world, by_seed).values()
        ]
        lines.append(f"{world:<{width}}" + "".join(f"{text:>19}" for text in texts))
    return "\n".join(lines)


def _kept(world: str, seed: int, keep: Path) -> dict[str, Verdict]:
    path = keep / f"{world}-{seed}.json"
    if path.exists():
        return {name: Verdict(*one) for name, one in json.loads(path.read_text(encoding="utf-8")).items()}
    torch.set_num_threads(1)
    found = verdicts(world, seed)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(found), encoding="utf-8")
    temporary.replace(path)
    return found


if __name__ == "__main__":
    main()
