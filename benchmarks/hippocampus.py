"""Position of a mouse on a track, decoded from embeddings of the laps that no fit has seen.

Session CA1_C6M4, environment 0, session 0, each direction of running by itself: the second half is decoded
from the first by 25 nearest neighbours (cosine), the error is in bins of the track, paired over laps.
`same` has the peer's settings: positives uniform over tied labels, or the first of them like the peer's; in
one trial like the peer, or with laps as trials, which the peer cannot be told. `own` was tuned inside the
first half, on its last laps.

    python -m benchmarks.hippocampus [--quick] [--seeds N] [--direction D ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch
from sklearn.neighbors import KNeighborsRegressor

from benchmarks import report
from twofold import ContrastiveEmbedding, TemplateDecoder
from twofold.metrics import mean_and_sem, paired_difference
from twofold.metrics.intervals import Interval

SESSION = Path(__file__).parents[2] / "shared/data/mouse_hippocampus_track/CA1_C6M4.npz"
WINDOW, NEIGHBOURS = 10, 25
SAME = {"window": WINDOW, "hidden": 32, "time_offset": 10, "temperature": 1.0, "learning_rate": 3e-4}
OWN = {
    "window": WINDOW,
    "hidden": 32,
    "temperature": 1.0,
    "conditional": "normal",
    "jitter": 1.0,
    "learning_rate": 1e-3,
    "dropout": 0.5,
    "max_steps": 300,
}


@dataclass(frozen=True)
class Laps:
    """Events (time, neuron), position in bins (time,), and the number of the lap (time,)."""

    events: np.ndarray
    position: np.ndarray
    lap: np.ndarray

    @classmethod
    def of(cls, direction: int) -> Laps:
        """One direction; a lap ends where the animal is back at the start of the track."""
        with np.load(SESSION) as file:
            name = f"env0_ses0_dir{direction}"
            events, position = (file[f"{name}_{what}"].astype(np.float32) for what in ("events", "position"))
        back = np.diff(position) * (1, -1)[direction] < -5
        return cls(events, position, np.r_[0, np.cumsum(back)])

    def halves(self) -> tuple[Laps, Laps]:
        """First and second half of the samples."""
        middle = len(self.lap) // 2
        return self[:middle], self[middle:]

    def __getitem__(self, part: slice) -> Laps:
        return Laps(self.events[part], self.position[part], self.lap[part])


Encoder = Callable[[Laps], np.ndarray]
Fit = Callable[[Laps, int], Encoder]


def main() -> None:
    """Print each row, then ours against the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 steps instead of 2,000, and one seed")
    parser.add_argument("--seeds", type=int, default=3, help="fits per row; errors are averaged")
    parser.add_argument("--direction", type=int, nargs="*", default=[0, 1])
    asked = parser.parse_args()
    if not SESSION.exists():
        report("hippocampus", "position", skipped="the session is not in ../shared/data")
        return
    torch.set_num_threads(1)
    for direction in asked.direction:
        steps, seeds = (300, 1) if asked.quick else (2000, asked.seeds)
        compare(f"direction-{direction}", *Laps.of(direction).halves(), steps, range(seeds))


def compare(case: str, train: Laps, test: Laps, steps: int, seeds: range) -> None:
    """Print one direction."""

    def of(fit: Fit) -> Callable[[int], np.ndarray]:
        return lambda seed: error_of(fit(train, seed), train, test)

    rows: dict[str, tuple[Callable[[int], np.ndarray], range]] = {
        "template": (lambda seed: np.abs(template(train, test) - test.position), seeds[:1]),
        "windowed raw": (of(lambda laps, seed: windows_of), seeds[:1]),
        "untrained": (of(ours({**SAME, "max_steps": 0}, by_lap=True)), seeds),
        "ours, same, one trial": (of(ours({**SAME, "max_steps": steps}, by_lap=False)), seeds),
        "ours, same, laps": (of(ours({**SAME, "max_steps": steps}, by_lap=True)), seeds),
        "ours, same, first tie": (
            of(ours({**SAME, "max_steps": steps, "positives": "first"}, by_lap=True)),
            seeds,
        ),
        "ours, own": (of(ours(OWN, by_lap=True)), seeds),
    }
    try:
        peer_name = f"cebra {version('cebra')}"
        rows["peer"] = (of(peer(steps)), seeds)
    except PackageNotFoundError:
        report("hippocampus", f"{case}/peer", skipped="cebra is not installed")
    found: dict[str, np.ndarray] = {}
    for name, (error_with, some) in rows.items():
        found[name] = np.mean([error_with(seed) for seed in some], axis=0)
        laps = mean_and_sem(per_lap(found[name], test.lap))
        report(
            "hippocampus",
            f"{case}/{name}",
            error_bins=mean(found[name]),
            sem_over_laps=sem(laps),
            laps=laps.n,
        )
    for name in [name for name in found if name.startswith("ours") and "peer" in found]:
        gap = paired_difference(*(per_lap(found[row], test.lap) for row in (name, "peer")))
        report(
            "hippocampus",
            f"{case}/{name} against peer",
            ours=mean(found[name]),
            peer=mean(found["peer"]),
            unit="bins",
            ratio=round(float(found["peer"].mean() / found[name].mean()), 3),
            difference_over_laps=round(gap.difference.value, 4),
            sem=sem(gap.difference),
            p=round(gap.p, 4),
            peer_name=peer_name,
            repeats=len(seeds),
        )


def ours(options: dict, *, by_lap: bool) -> Fit:
    """Our embedding of 8 dimensions, guided by the position."""

    def fit(laps: Laps, seed: int) -> Encoder:
        def trials(some: Laps) -> np.ndarray | None:
            return some.lap if by_lap else None

        embedding = ContrastiveEmbedding(8, batch_size=512, device="cpu", random_state=seed, **options)
        embedding.fit(laps.events, laps.position[:, None], trials=trials(laps))
        return lambda new: embedding.transform(new.events, trials=trials(new))

    return fit


def peer(steps: int) -> Fit:
    """The peer with the same settings; it knows of no trials, and its sampler takes no seed."""

    def fit(laps: Laps, seed: int) -> Encoder:
        from cebra import CEBRA

        torch.manual_seed(seed)
        model = CEBRA(
            model_architecture="offset10-model",
            output_dimension=8,
            num_hidden_units=SAME["hidden"],
            time_offsets=SAME["time_offset"],
            temperature=SAME["temperature"],
            learning_rate=SAME["learning_rate"],
            conditional="time_delta",
            batch_size=512,
            max_iterations=steps,
            device="cpu",
        )
        model.fit(laps.events, laps.position[:, None])
        return lambda new: model.transform(new.events)

    return fit


def windows_of(laps: Laps) -> np.ndarray:
    """(time, window * neuron) the responses around each sample."""
    padded = np.pad(laps.events, ((WINDOW // 2, WINDOW - WINDOW // 2 - 1), (0, 0)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=0).reshape(len(laps.lap), -1)


def template(train: Laps, test: Laps) -> np.ndarray:
    """Position whose mean windowed response correlates best."""
    decoder = TemplateDecoder().fit(windows_of(train), train.position.astype(int))
    return decoder.predict(windows_of(test))


def error_of(encode: Encoder, train: Laps, test: Laps) -> np.ndarray:
    """(time,) distance of decoded and true position."""
    decoder = KNeighborsRegressor(NEIGHBOURS, metric="cosine").fit(encode(train), train.position)
    return np.abs(decoder.predict(encode(test)) - test.position)


def per_lap(error: np.ndarray, lap: np.ndarray) -> np.ndarray:
    """(lap,) mean error of each lap."""
    return np.array([error[lap == one].mean() for one in np.unique(lap)])


def mean(error: np.ndarray) -> float:
    """Over all samples, rounded."""
    return round(float(error.mean()), 4)


def sem(interval: Interval) -> float:
    """Half of the span, rounded."""
    return round(interval.value - interval.low, 4)


if __name__ == "__main__":
    main()
