"""Video encoding models at the size of the paper, on two threads.

The readout of neuralpredictors, which `pip install neuralpredictors==0.3.0` brings into the benchmark's own
environment, and code written from published formulas for what that release lacks, against ours; a whole
training step with what it spends where. Both sides have the same weights and inputs.

    python -m benchmarks.encoding [--quick]
"""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.util import find_spec

import torch

from benchmarks import report
from benchmarks._encoding_readout import readout_cases
from benchmarks._encoding_step import training_step_cases

THREADS = 2
PARTS = {"_zig_loss": "zig_loss_cases", "_sample_loading": "sample_loading_cases"}


def main() -> None:
    """Print a line per case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="three turns instead of seven")
    quick = parser.parse_args().quick
    torch.set_num_threads(THREADS)
    there = {f"benchmarks.{part}": name for part, name in PARTS.items() if find_spec(f"benchmarks.{part}")}
    of_parts = [getattr(import_module(part), name) for part, name in there.items()]
    for cases in (readout_cases, training_step_cases, *of_parts):
        for fields in cases(quick):
            report("encoding", **fields)


if __name__ == "__main__":
    main()
