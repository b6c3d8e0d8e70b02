"""The likelihood of the released code pays for a larger state, whether or not there is one (paper B, 1.4).

`norm`: the law of a simulated mouse, its weights on the state multiplied by 0 to 3; marginal likelihood,
right and as released, on the scale on which the law is. `dimension`: models trained for either likelihood, of
more or fewer latents, scored by both; they differ in nothing else, all keep the video model as it was, and
take 5 samples of the state in training (the mean over samples is unbiased for any number). `whole`: the same,
and the video model is trained further; it, too, can make theta small where it pays. 300 samples in scoring,
and quadrature for the right likelihood.

    python -m benchmarks.latent_artefact --size small --parts norm --runs FOLDER
    python -m benchmarks.latent_artefact --size tiny --parts dimension whole --runs FOLDER [--seeds 0 1 2]
    python -m benchmarks.latent_artefact --lines LINES.jsonl --figure FILE.png
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import log
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import report
from benchmarks._latent_artefact_figure import draw
from benchmarks._latent_fits import latent_of
from benchmarks._latent_runs import Case, Scored, arguments, cases, correlation, read_lines
from twofold.encoding.latent import LatentVideoModel
from twofold.encoding.latent.conditioning import TrialState
from twofold.likelihoods import Likelihood, ZigLikelihood
from twofold.likelihoods.monte_carlo import log_marginal_monte_carlo
from twofold.likelihoods.quadrature import GaussianOutputs, integrated
from twofold.recordings import Recording
from twofold.sampling import TrialClips

TIER, TRIALS, SAMPLES = "final_test_main", 12, 300
SCALES, DIMENSIONS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0), (1, 3, 6, 12)
EPOCHS = 20
SAMPLED = {"integration": "monte_carlo", "n_samples": 5}
Rows = Iterator[dict[str, Any]]


def main() -> None:
    """Measure, print a line per case, and draw."""
    parser = arguments(__doc__, worlds=("matched",))
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=list(PARTS))
    options = parser.parse_args()
    rows = read_lines(options.lines) if options.lines else []
    for case in cases(options) if not options.lines else ():
        for name in options.parts:
            for fields in PARTS[name](case):
                row = {"size": case.size, "world": case.world, "seed": case.seed, "tier": TIER, **fields}
                report("latent_artefact", name, **row)
                rows.append({"case": name, **row})
    if options.figure:
        draw(rows, options.figure)


def by_norm(case: Case) -> Rows:
    """The true law, with weights on the state that are multiplied."""
    mouse = case.mouse()
    trials = Scored.of(mouse, TIER, without_state(case, mouse), TRIALS)
    truth, rows = trials.truth, trials.rows
    likelihood = ZigLikelihood(torch.from_numpy(truth.law.kappa).float(), rho=truth.law.rho)
    drive = np.stack([truth.drive_q[rows], truth.drive_theta[rows]], axis=-1)
    raw, weights = tensor(drive), tensor(np.stack([truth.law.w_q, truth.law.w_theta], axis=1))
    y = tensor(trials.responses[rows] / truth.response_scale)
    for scale in SCALES:
        yield {
            "scale": scale,
            **norms(scale * weights),
            **marginals(likelihood, raw, scale * weights, y),
        }


def by_dimension(case: Case, train_video: bool = False) -> Rows:
    """Models trained for the right likelihood and for that of the released code."""
    mouse = case.mouse()
    none = without_state(case, mouse)
    trials = Scored.of(mouse, TIER, none, TRIALS)
    yield {"dimension": 0, "trained_for": "right", **scores(none, trials)}
    for dimension in DIMENSIONS:
        for trained_for in ("right", "released"):
            settings = {"released_likelihood": trained_for == "released", "dimension": dimension}
            settings |= SAMPLED | ({} if train_video else {"train_video": False})
            model = latent_of(case, mouse, EPOCHS, **settings)
            yield {
                "dimension": dimension,
                "trained_for": trained_for,
                "epochs": EPOCHS,
                **scores(model, trials),
            }


def without_state(case: Case, mouse: Recording) -> LatentVideoModel:
    """The video model: weights on the state are 0 before training."""
    return LatentVideoModel(case.video(mouse), dimension=1)


PARTS = {"norm": by_norm, "dimension": by_dimension, "whole": partial(by_dimension, train_video=True)}


def scores(model: LatentVideoModel, trials: Scored) -> dict[str, Any]:
    """Likelihoods on whole trials, correlations of half of the neurons, and length of the weights."""
    clips = TrialClips(trials.part, TIER)
    states = [TrialState.of(model, 0, clip, None) for clip in clips.whole()]
    raw, weights = torch.cat([state.raw for state in states]), states[0].weights
    y = tensor(trials.responses[trials.rows])
    fields = marginals(states[0].likelihood, raw, weights, y)
    observed, targets = trials.responses[trials.rows][:, trials.targets], trials.targets
    for name, given in (("conditioned", trials.given), ("video_only", None)):
        found = model.predict(trials.part, given=given, neurons=targets).concatenate().mean
        fields[f"correlation_{name}"] = round(correlation(found, observed), 4)
    return {**norms(weights), **fields}


def marginals(likelihood: Likelihood, raw: Tensor, weights: Tensor, y: Tensor) -> dict[str, Any]:
    """Bits per neuron and time point: right, by quadrature and by samples, and as released."""
    k = weights.shape[2]
    nothing, one = torch.zeros(len(raw), k), torch.ones(())
    nats = {"right": integrated(likelihood, GaussianOutputs.of(raw, weights, nothing, one)).log_prob(y)}
    for name, as_released in (("right_sampled", False), ("released", True)):
        draw = torch.Generator().manual_seed(0)
        nats[name] = log_marginal_monte_carlo(
            likelihood, raw, weights, nothing, one, y, SAMPLES, draw, as_released=as_released
        )
    found = {
        f"bits_{name}": round(values.double().mean().item() / log(2), 4) for name, values in nats.items()
    }
    return {**found, "n_neurons": y.shape[1], "n_frames": len(y)}


def norms(weights: Tensor) -> dict[str, float]:
    """Root mean square over neurons of |w|: the standard deviation of what the state adds."""
    lengths = weights.square().sum(-1).mean(0).sqrt()
    return {
        f"norm_{name}": round(float(value), 4) for name, value in zip(("q", "theta"), lengths, strict=True)
    }


def tensor(values: np.ndarray) -> Tensor:
    """Single precision."""
    return torch.from_numpy(np.asarray(values)).float()


if __name__ == "__main__":
    main()
