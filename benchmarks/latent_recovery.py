"""What a latent video model recovers of a simulated mouse, beside a reader who knows the true law.

On trials that nothing was fitted on: the gain of predictions from half of the neurons, likelihoods, latents
and maps of weights; `share` is the part of what the reader reaches. In the mismatched world, where responses
come at 8 Hz through calcium, gain, drift and the like, the reader still believes in the law, and is no bound.
The last lines are means over seeds, from which the cost of the mismatch follows.

    python -m benchmarks.latent_recovery --runs FOLDER [--size small] [--seeds 0 1 2] [--figure FILE.png]
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.cross_decomposition import CCA
from sklearn.linear_model import LinearRegression

import twofold as tw
from benchmarks import report
from benchmarks._latent_recovery_figure import draw
from benchmarks._latent_runs import WORLDS, Case, Scored, arguments, cases, correlation, read_lines
from twofold.encoding.latent import LatentVideoModel
from twofold.encoding.scores import null_of
from twofold.likelihoods import ZigLikelihood
from twofold.likelihoods.laplace import joint_log_likelihood
from twofold.recordings import Recording
from twofold.sampling import TrialClips
from twofold.simulate import SensoriumTruth

TIER, JOINT_TRIALS = "live_test_main", 10


def main() -> None:
    """Print a line per quantity, world and seed; draw them."""
    options = arguments(__doc__, tuple(WORLDS)).parse_args()
    lines = read_lines(options.lines) if options.lines else []
    for case in () if options.lines else cases(options):
        for fields in measured(case):
            line = {"size": case.size, "world": case.world, "seed": case.seed, "tier": TIER, **fields}
            report("latent-recovery", **line)
            lines.append(line)
    if not options.lines:
        for line in means(lines):
            report("latent-recovery", **line)
    if options.figure:
        draw(lines, options.figure)


def measured(case: Case) -> Iterator[dict[str, Any]]:
    """Every quantity of one mouse."""
    mouse = case.mouse()
    video, model = case.video(mouse), case.latent(mouse)
    scored = Scored.of(mouse, TIER, model)
    yield {"case": "gain", **gain(video, model, scored)}
    yield {"case": "marginal", **marginal(model, mouse, scored)}
    yield {"case": "joint", **joint(model, Scored.of(mouse, TIER, model, JOINT_TRIALS))}
    yield {"case": "latents", **latents(model, scored)}
    yield {"case": "maps", **maps(model, scored.truth, case.seed)}


def gain(video: tw.VideoModel, model: LatentVideoModel, scored: Scored) -> dict[str, Any]:
    """Single-trial correlation of half of the neurons, with and without the responses of the others."""
    part, targets, rows = scored.part, scored.targets, scored.rows
    observed = scored.responses[rows][:, targets]
    known = scored.truth.conditioned_rate(scored.responses, scored.given, targets)
    found = {
        "video_model": video.predict(part).concatenate().mean[:, targets],
        "nothing_given": model.predict(part, neurons=targets).concatenate().mean,
        "half_given": model.predict(part, given=scored.given, neurons=targets).concatenate().mean,
        "truth_nothing_given": scored.truth.video_only_rate()[rows][:, targets],
        "truth_half_given": known[rows],
    }
    r = {name: correlation(mean, observed) for name, mean in found.items()}
    of_truth = r["truth_half_given"] - r["truth_nothing_given"]
    n = f"{len(part.trials)} trials, {len(rows)} frames, {len(targets)} neurons"
    if not scored.truth.is_matched:
        return {**rounded(r), "n": n}
    return {
        **rounded(r),
        "share": round((r["half_given"] - r["nothing_given"]) / of_truth, 3),
        "share_over_video_model": round((r["half_given"] - r["video_model"]) / of_truth, 3),
        "n": n,
    }


def marginal(model: LatentVideoModel, mouse: Recording, scored: Scored) -> dict[str, Any]:
    """Bits per neuron and time point, each response by itself; `share` of the way from null to truth."""
    y = scored.responses[scored.rows]
    null = null_of(model, 0, TrialClips(mouse, "train")).log_prob(torch.from_numpy(y)).double()
    bits = {
        "null": null.mean().item() / math.log(2),
        "model": model.predict(scored.part).concatenate().log_likelihood("marginal").mean(),
    }
    if not scored.truth.is_matched:
        return {**rounded(bits), "n": y.size}
    bits["truth"] = scored.truth.log_prob(scored.responses)[scored.rows].mean() / math.log(2)
    share = (bits["model"] - bits["null"]) / (bits["truth"] - bits["null"])
    return {**rounded(bits), "share": round(share, 3), "n": y.size}


def joint(model: LatentVideoModel, scored: Scored) -> dict[str, Any]:
    """Bits per neuron of all neurons at a time point together, by Laplace and by importance samples.

    The gain is what the joint likelihood has above the marginal ones of the same law.
    """
    n = len(scored.part.neurons)
    predicted = model.predict(scored.part).concatenate()
    each = predicted.log_likelihood("marginal").sum(axis=1).mean() / n
    by_samples = predicted.log_likelihood("joint")
    together = predicted.log_likelihood("joint_laplace").mean() / n
    found = {
        "model": together,
        "model_by_samples": np.nanmean(by_samples) / n,
        "refused": np.isnan(by_samples).mean(),
        "model_gain": together - each,
    }
    if not scored.truth.is_matched:
        return {**rounded(found), "n": len(by_samples)}
    found["truth"] = true_joint(scored.truth, scored.responses, scored.rows) / n
    alone = scored.truth.log_prob(scored.responses)[scored.rows].sum(axis=1).mean() / math.log(2) / n
    found["truth_gain"] = found["truth"] - alone
    share = found["model_gain"] / found["truth_gain"]
    return {**rounded(found), "share": round(share, 3), "n": len(by_samples)}


def true_joint(truth: SensoriumTruth, responses: np.ndarray, rows: np.ndarray) -> float:
    """Mean over time points of the bits of all neurons under the true law, by Laplace."""
    law = truth.law
    drive = np.stack([truth.drive_q, truth.drive_theta], axis=-1)[rows]
    weights = torch.from_numpy(np.stack([law.w_q, law.w_theta], axis=1)).float()
    likelihood = ZigLikelihood(torch.from_numpy(law.kappa).float(), rho=law.rho)
    y, draw = (
        torch.from_numpy(responses[rows] / truth.response_scale).float(),
        torch.Generator().manual_seed(0),
    )
    found = joint_log_likelihood(likelihood, torch.from_numpy(drive).float(), weights, y, draw, n_samples=1)
    return found.laplace.double().mean().item() / math.log(2)


def latents(model: LatentVideoModel, scored: Scored) -> dict[str, Any]:
    """Canonical correlations with the true state, fitted on half of the videos and scored on the others."""
    true = scored.truth.latents[scored.rows]
    video = scored.part.per_row("clip")[scored.rows]
    fitted_on = np.isin(video, np.unique(video)[::2])
    own = model.infer(scored.part, given=scored.given).concatenate().mean
    reader = scored.truth.posterior(scored.responses, scored.given).mean[scored.rows]
    model_r, truth_r = (_canonical(z, true, fitted_on) for z in (own, reader))
    return {
        "model": model_r.round(3).tolist(),
        "truth": truth_r.round(3).tolist(),
        "share": round(float((model_r / truth_r).min()), 3),
        "n": f"{int((~fitted_on).sum())} frames of {len(np.unique(video[~fitted_on]))} videos",
    }


def _canonical(found: np.ndarray, true: np.ndarray, fitted_on: np.ndarray) -> np.ndarray:
    k = true.shape[1]
    both = CCA(n_components=k, max_iter=5000).fit(found[fitted_on], true[fitted_on])
    one, other = both.transform(found[~fitted_on], true[~fitted_on])
    return np.array([np.corrcoef(one[:, i], other[:, i])[0, 1] for i in range(k)])


def maps(model: LatentVideoModel, truth: SensoriumTruth, seed: int) -> dict[str, Any]:
    """R² of the true weights from the learned ones; the linear map is fitted on half of the neurons."""
    learned = model.latent_weights()
    own = np.stack([learned["q"], learned["theta"]], axis=1)  # neuron, parameter, dimension
    true = np.stack([truth.law.w_q, truth.law.w_theta], axis=1)
    order = np.random.default_rng(seed).permutation(len(own))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    learn, expect = (array[first].reshape(-1, array.shape[-1]) for array in (own, true))
    test, aim = (array[second].reshape(-1, array.shape[-1]) for array in (own, true))
    predicted = LinearRegression().fit(learn, expect).predict(test)
    r2 = 1 - ((aim - predicted) ** 2).sum(axis=0) / ((aim - aim.mean(axis=0)) ** 2).sum(axis=0)
    return {"model": r2.round(3).tolist(), "share": round(float(r2.min()), 3), "n": f"{len(second)} neurons"}


def means(lines: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Over seeds, in each world."""
    quantities = {"half_given": "gain", "nothing_given": "gain", "model_gain": "joint"}
    for world in WORLDS:
        here = [line for line in lines if line["world"] == world]
        if not here:
            return
        fields: dict[str, Any] = {"case": "mean", "world": world, "size": here[0]["size"], "tier": TIER}
        for name, case in quantities.items():
            fields[name] = np.mean([line[name] for line in here if line["case"] == case])
        fields["gain"] = fields["half_given"] - fields["nothing_given"]
        for case in ("latents", "maps"):
            fields[case] = np.mean([line["model"] for line in here if line["case"] == case])
        fields["marginal_above_null"] = np.mean(
            [line["model"] - line["null"] for line in here if line["case"] == "marginal"]
        )
        seeds = sorted({line["seed"] for line in here})
        yield {**{k: round(v, 4) if isinstance(v, float) else v for k, v in fields.items()}, "seeds": seeds}


def rounded(values: dict[str, float]) -> dict[str, float]:
    """Four digits."""
    return {name: round(float(value), 4) for name, value in values.items()}


if __name__ == "__main__":
    main()
