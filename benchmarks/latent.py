"""The latent state integrated out: quadrature against Monte Carlo.

Loss and gradient after the readout, the marginal likelihood of a clip, and how far both are from the truth;
a whole training step.

    python -m benchmarks.latent [--quick] [--only loss] [--threads 2]
"""

from __future__ import annotations

import argparse

import torch

from benchmarks import report
from benchmarks._latent_errors import error_cases
from benchmarks._latent_loss import loss_cases
from benchmarks._latent_marginal import marginal_cases, memory_cases
from benchmarks._latent_step import step_cases

THREADS = 2
PARTS = {
    "loss": loss_cases,
    "step": step_cases,
    "marginal": marginal_cases,
    "memory": memory_cases,
    "error": error_cases,
}


def main() -> None:
    """Print a line per case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer turns and samples")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--threads", type=int, default=THREADS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name, cases in PARTS.items():
        if options.only in (None, name):
            for fields in cases(options.quick):
                report("latent", **fields, torch_threads=options.threads)


if __name__ == "__main__":
    main()
