"""The two sides of `benchmarks.contrastive`, told to do the same; and what one of them needs alone.

Run it as python -m benchmarks._contrastive_sides SIDE WINDOW PRECISION STEPS [LARGE_FILE N_TIME N_UNITS].
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._contrastive_data import Movie, large_movie, simulate_movie

THREADS = 2
BATCH, HIDDEN, DIMENSION, TEMPERATURE, RATE = 512, 128, 128, 1.0, 3e-4
STATUS = Path("/proc/self/status")


def without_peer() -> str | None:
    """Why there is no peer here, if there is none."""
    return None if find_spec("cebra") else "cebra is not installed in this environment"


def peer_name() -> str:
    """The peer and its version."""
    import cebra

    return f"cebra {cebra.__version__}"


def ours(window: int, precision: str = "fp32", learning_rate: float = RATE, **more: Any) -> Any:
    """Our estimator."""
    from twofold.embeddings.contrastive import ContrastiveEmbedding

    return ContrastiveEmbedding(
        DIMENSION,
        window=window,
        hidden=HIDDEN,
        batch_size=BATCH,
        temperature=TEMPERATURE,
        learning_rate=learning_rate,
        precision=precision,
        device="cpu",
        random_state=0,
        **more,
    )


def fit_ours(movie: Movie, window: int, steps: int, precision: str) -> Any:
    """Our embedding of a movie."""
    return ours(window, precision, max_steps=steps).fit(movie.responses, movie.features, trials=movie.repeat)


def fit_peer(movie: Movie, window: int, steps: int, precision: str = "fp32") -> Any:
    """The peer's; it knows neither trials nor precisions."""
    import cebra

    return cebra.CEBRA(
        model_architecture=f"offset{window}-model",
        output_dimension=DIMENSION,
        num_hidden_units=HIDDEN,
        batch_size=BATCH,
        temperature=TEMPERATURE,
        learning_rate=RATE,
        conditional="time_delta",
        time_offsets=1,
        max_iterations=steps,
        device="cpu",
        verbose=False,
    ).fit(movie.responses, movie.features)


FITS: dict[str, Callable[..., Any]] = {"ours": fit_ours, "peer": fit_peer}


def memory(side: str, *arguments: object) -> dict[str, float]:
    """Peak memory of one side, fitting in a process of its own: all of it, and what is private, in MiB."""
    command = [sys.executable, "-m", __name__, side, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise RuntimeError(last[0])
    return json.loads(done.stdout.splitlines()[-1])


class PeakMemory:
    """Of this process, looked at every millisecond while the block runs."""

    def __enter__(self) -> PeakMemory:
        self.private = self.resident = 0.0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def _look(self) -> None:
        while not self._done.wait(0.001):
            found = dict(re.findall(r"(RssAnon|VmHWM):\s+(\d+) kB", STATUS.read_text()))
            self.private = max(self.private, int(found["RssAnon"]) / 1024)
            self.resident = int(found["VmHWM"]) / 1024

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()


def main(side: str, window: str, precision: str, steps: str, *large: str) -> None:
    """Fit once under watch, and print memory and time per step."""
    import torch

    torch.set_num_threads(THREADS)
    with PeakMemory() as peak:
        movie = large_movie(Path(large[0]), *map(int, large[1:])) if large else simulate_movie()
        begin = time.perf_counter()
        FITS[side](movie, int(window), int(steps), precision)
        seconds = time.perf_counter() - begin
    found = {"resident": peak.resident, "private": peak.private, "seconds": seconds}
    print(json.dumps({name: float(np.round(value, 1)) for name, value in found.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
