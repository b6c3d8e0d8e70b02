"""What a prior with memory gains on latents that have one, beside readers who know the true law.

On trials that nothing was fitted on: correlation of half of the neurons, given the other half. Both models
begin from one video model. The truth is read by one who knows of the memory and by one who does not; `share`
is (ar1 - white) / (what the first reads beyond the second). The encoder of the white model is a GRU, which
looks back and may learn of the memory by itself; `white_laplace` reads the same model time by time.

    python -m benchmarks.latent_memory --runs FOLDER [--size small] [--seeds 0 1 2] [--memory 0.9]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import report
from benchmarks._latent_runs import SIZES, Case, Scored, correlation
from twofold.encoding.latent import LatentVideoModel
from twofold.recordings import Recording
from twofold.simulate import Sensorium, simulate_sensorium

TIER = "live_test_main"
PRIORS = ("white", "ar1")


class Remembering(Case):
    """A simulated mouse whose latents have memory, said in the name of its world."""

    def mouse(self) -> Recording:
        """All its trials."""
        memory = float(self.world.removeprefix("memory-"))
        return simulate_sensorium(Sensorium.preset(self.size, latent_memory=memory), random_state=self.seed)


def main() -> None:
    """Print a line per seed, and their mean."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--memory", type=float, default=0.9, help="from one frame to the next")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of fitted models")
    options = parser.parse_args()
    torch.set_num_threads(1)
    lines = []
    for seed in options.seeds:
        case = Remembering(options.size, seed, f"memory-{options.memory}", options.runs)
        lines.append(measured(case))
        report("latent-memory", "gain", size=case.size, memory=options.memory, seed=seed, **lines[-1])
    mean = {name: round(float(np.mean([line[name] for line in lines])), 4) for name in ("gain", "of_truth")}
    share = round(mean["gain"] / mean["of_truth"], 3)
    report("latent-memory", "mean", size=options.size, memory=options.memory, **mean, share=share)


def measured(case: Remembering) -> dict[str, Any]:
    """Correlations of models and of readers of the truth on one mouse."""
    mouse = case.mouse()
    models = {prior: case.latent(mouse, prior, prior=prior) for prior in PRIORS}
    scored = Scored.of(mouse, TIER, models["white"])
    r = of_truth(scored)
    for name, model in models.items():
        r[f"{name}_nothing_given"] = of_model(model, scored, given=None)
        r[name] = of_model(model, scored)
        r[f"{name}_laplace"] = of_model(model, scored, posterior="laplace")
    gain, best = r["ar1"] - r["white"], r["truth_with_memory"] - r["truth_without"]
    phi = models["ar1"].memory.phi.detach().numpy()
    strength = np.sqrt(sum((w**2).sum(0) for w in models["ar1"].latent_weights().values()))
    order = np.argsort(-strength)
    return {
        **{name: round(value, 4) for name, value in r.items()},
        "gain": round(gain, 4),
        "of_truth": round(best, 4),
        "share": round(gain / best, 3),
        "phi": phi[order].round(3).tolist(),  # of the strongest latents first
        "strength": strength[order].astype(float).round(2).tolist(),
        "seconds": {name: round(sum(row["seconds"] for row in m.history)) for name, m in models.items()},
    }


def of_truth(scored: Scored) -> dict[str, float]:
    """Readers who know the law, with nothing given, without and with memory."""
    truth, rows, targets = scored.truth, scored.rows, scored.targets
    y, given = scored.responses, scored.given
    forgetful = replace(truth, latent_memory=0.0)
    rates = {
        "truth_nothing_given": truth.video_only_rate()[:, targets],
        "truth_without": forgetful.conditioned_rate(y, given, targets),
        "truth_of_the_past": truth.conditioned_rate(y, given, targets),
        "truth_with_memory": truth.conditioned_rate(y, given, targets, smooth=True),
    }
    return {name: correlation(rate[rows], y[rows][:, targets]) for name, rate in rates.items()}


def of_model(model: LatentVideoModel, scored: Scored, **how: Any) -> float:
    """A model that predicts the same neurons, given the others unless `how` says otherwise."""
    how = {"given": scored.given, **how}
    mean = model.predict(scored.part, neurons=scored.targets, **how).concatenate().mean
    return correlation(mean, scored.responses[scored.rows][:, scored.targets])


if __name__ == "__main__":
    main()
