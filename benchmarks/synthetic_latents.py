"""Two latents behind 100 counts, recovered by embeddings that are guided by a label alone.

Metric: R² of a linear map from the two dimensions of the embedding to the true latents. Embedding and map are
fitted on the first 12,000 samples of a draw and scored on the last 3,000; mean over draws 0, 1, ... The row
`counts` is linear regression from all counts; `network that is told the latents` is supervised and says about
how much the counts let anyone know. `own` settings were chosen on draw 100.

Beside it, of the same embedding: R² of held-out responses from the latents, and of the neurons that the
encoder did not see (co-smoothing, half of them), by ridge regression, to show that the one is not the other.

    python -m benchmarks.synthetic_latents [--quick] [--draws N] [--steps N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor

from benchmarks import report
from twofold import ContrastiveEmbedding
from twofold.analyses.alignment import same_trial
from twofold.decoders import GroupedRidge
from twofold.metrics import mean_and_sem, paired_difference
from twofold.simulate.synthetic_latents import SyntheticLatents, simulate_synthetic_latents

N_TRAIN, TARGET = 12_000, 0.92
LABELLED = {"similarity": "euclidean", "conditional": "normal", "jitter": 0.1, "batch_size": 512}
SAME = {**LABELLED, "hidden": 64, "learning_rate": 1e-4, "temperature": 1.0}
OWN = {**LABELLED, "hidden": 128, "learning_rate": 3e-4, "temperature": 8.0, "weight_decay": 3.0}
FAST = {**OWN, "learning_rate": 1e-3, "schedule": "cosine", "max_steps": 300}

Encoder = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray, SyntheticLatents, int], Encoder]


@dataclass(frozen=True)
class Scores:
    """Of one row on one draw; alignment is NaN where it is not asked for."""

    latents: float
    responses: float
    cosmoothing: float
    seconds: float


def main() -> None:
    """Print every row of every draw, the means, and ours against the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two draws of 300 steps")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1500, help="of ours and of the peer")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    steps, draws = (300, range(2)) if asked.quick else (asked.steps, range(asked.draws))
    rows: dict[str, Fit] = {
        "counts": lambda counts, draw, seed: lambda new: new,
        "network that is told the latents": told,
        "pca": lambda counts, draw, seed: PCA(2).fit(counts).transform,
        "untrained": ours({**SAME, "max_steps": 0}),
        "ours, same settings": ours({**SAME, "max_steps": steps}),
        "ours, own": ours({**OWN, "max_steps": steps}),
        "ours, own, 300 steps": ours(FAST),
    }
    try:
        rows[f"cebra {version('cebra')}"] = peer(steps)
    except PackageNotFoundError:
        report("synthetic-latents", "peer", skipped="cebra is not installed")
    found: dict[str, list[Scores]] = {name: [] for name in rows}
    for number in draws:
        draw = simulate_synthetic_latents(random_state=number)
        for name, fit in rows.items():
            found[name].append(score(fit, draw, number, cosmoothing=not name.startswith("cebra")))
            report("synthetic-latents", f"draw-{number}/{name}", **as_fields(found[name][-1:]))
    for name, scores in found.items():
        report("synthetic-latents", f"mean/{name}", **as_fields(scores), draws=len(draws), target=TARGET)
    against_peer(found, steps)


def against_peer(found: dict[str, list[Scores]], steps: int) -> None:
    """Print ours minus the peer, paired over draws."""
    for theirs in [name for name in found if name.startswith("cebra")]:
        for name in [name for name in found if name.startswith("ours")]:
            a, b = ([one.latents for one in found[row]] for row in (name, theirs))
            gap = paired_difference(a, b).difference
            speed = np.median(
                [p.seconds / o.seconds for o, p in zip(found[name], found[theirs], strict=True)]
            )
            report(
                "synthetic-latents",
                f"{name} against peer",
                ours=round(float(np.mean(a)), 4),
                peer=round(float(np.mean(b)), 4),
                unit="R2 of the latents",
                difference=round(gap.value, 4),
                sem=None if gap.low is None else round(gap.value - gap.low, 4),
                times_faster=round(float(speed), 2),
                peer_name=theirs,
                steps=steps,
                repeats=len(a),
            )


def score(fit: Fit, draw: SyntheticLatents, seed: int, *, cosmoothing: bool) -> Scores:
    """Fit one row on the training part of a draw, and score it on the rest."""
    counts = draw.responses.astype(np.float32)
    begin = time.perf_counter()
    embedded = fit(counts[:N_TRAIN], draw, seed)(counts)
    seconds = time.perf_counter() - begin
    to_latents = LinearRegression().fit(embedded[:N_TRAIN], draw.latents[:N_TRAIN])
    r2 = to_latents.score(embedded[N_TRAIN:], draw.latents[N_TRAIN:])
    half = counts.shape[1] // 2
    seen, hidden = counts[:, :half], counts[:, half:]
    unseen = aligned(fit(seen[:N_TRAIN], draw, seed)(seen), hidden) if cosmoothing else np.nan
    return Scores(float(r2), aligned(embedded, counts), unseen, seconds)


def aligned(embedded: np.ndarray, responses: np.ndarray) -> float:
    """Variance-weighted R² of held-out responses from latents by ridge regression."""
    found = same_trial(
        embedded[:N_TRAIN],
        responses[:N_TRAIN],
        embedded[N_TRAIN:],
        responses[N_TRAIN:],
        groups=np.arange(N_TRAIN) // 100,
        decoder=GroupedRidge(),
        keep=np.ones(responses.shape[1], dtype=bool),
    )
    return float(found.variance_weighted)


def told(counts: np.ndarray, draw: SyntheticLatents, seed: int) -> Encoder:
    """A supervised network of two hidden layers from counts to latents."""
    root = np.sqrt(counts)
    mean, scale = root.mean(axis=0), root.std(axis=0)
    network = MLPRegressor(hidden_layer_sizes=(64, 64), alpha=10, early_stopping=True, random_state=seed)
    network.fit((root - mean) / scale, draw.latents[: len(counts)])
    return lambda new: network.predict((np.sqrt(new) - mean) / scale)


def ours(options: dict) -> Fit:
    """Our embedding of 2 dimensions, guided by the label."""

    def fit(counts: np.ndarray, draw: SyntheticLatents, seed: int) -> Encoder:
        embedding = ContrastiveEmbedding(2, device="cpu", random_state=seed, **options)
        return embedding.fit(counts, draw.label[: len(counts), None]).transform

    return fit


def peer(steps: int) -> Fit:
    """The peer as in its paper; its hidden layers are 60, 60 and 20 wide."""

    def fit(counts: np.ndarray, draw: SyntheticLatents, seed: int) -> Encoder:
        from cebra import CEBRA

        torch.manual_seed(seed)
        model = CEBRA(
            model_architecture="offset1-model-mse",
            output_dimension=2,
            distance="euclidean",
            conditional="delta",
            delta=LABELLED["jitter"],
            temperature=SAME["temperature"],
            learning_rate=SAME["learning_rate"],
            batch_size=LABELLED["batch_size"],
            max_iterations=steps,
            device="cpu",
        )
        return model.fit(counts, draw.label[: len(counts), None].astype(np.float32)).transform

    return fit


def as_fields(scores: list[Scores]) -> dict[str, float | None]:
    """Means over draws, and the s.e.m. of what is judged."""
    latents = mean_and_sem([one.latents for one in scores])
    means = {name: np.mean([getattr(one, name) for one in scores]) for name in ("responses", "cosmoothing")}
    return {
        "r2_latents": round(latents.value, 4),
        "sem": None if latents.low is None else round(latents.value - latents.low, 4),
        **{f"r2_{name}": round(float(m), 4) if np.isfinite(m) else None for name, m in means.items()},
        "seconds": round(float(np.median([one.seconds for one in scores])), 2),
    }


if __name__ == "__main__":
    main()
