"""Every way to tell neurons from the video and other neurons, on simulated mice, in one table.

A line for each world, seed and model, on trials that nothing was fitted on. Correlations and `bits_given` are
those of the half of the neurons that is not given; `bits_marginal` are per response of all neurons, from the
video alone; `bits_joint` per neuron and frame of all neurons together, in a fifth of the trials, and
`joint_gain` what it has above the single ones there. `seconds` are those of the processor, on one thread,
beyond the video model, which is fitted once for each mouse and tells its own. The last lines are means over
seeds with the smallest and the largest, and where models lie between the null (0) and the Bayesian oracle of
repeats (1); a text table goes to stderr. Results are kept in the folder, one file per line, so that a run
that was stopped goes on.

Models with a state start from the video model; those with "frozen" leave it as it is, and all but the first
do. Their trainings take at most 12 epochs, the first at most 26.

    python -m benchmarks.competitors --runs FOLDER [--size small] [--seeds 0 1 2] [--models "video + GPFA"]
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import twofold as tw
from benchmarks import report
from benchmarks._competitor_models import LATENTS, MODELS, RIVALS, VIDEOS
from benchmarks._latent_runs import (
    LATENT_EPOCHS,
    WORLDS,
    Case,
    Scored,
    arguments,
    cases,
    correlation,
    read_lines,
)
from benchmarks.latent_recovery import TIER, true_joint
from twofold.encoding.competitors import ConstantModel
from twofold.encoding.competitors.competitor import Competitor
from twofold.encoding.latent import LatentVideoModel
from twofold.encoding.prediction import Prediction
from twofold.errors import OptionError
from twofold.recordings import Recording
from twofold.studies.latent_factors.competing import parameters_of
from twofold.studies.latent_factors.oracle import score_oracle

EPOCHS, EACH_TRIAL = 12, 5
Line = dict[str, Any]
MEASURES = {
    "correlation_video": 3,
    "correlation_given": 3,
    "bits_marginal": 4,
    "bits_given": 4,
    "bits_joint": 4,
    "joint_gain": 4,
    "seconds": 1,
    "parameters_per_neuron": 1,
}
OF_ORACLE = "share_of_oracle"


def main() -> None:
    """Print a line per model, world and seed, then the means; the table goes to stderr."""
    parser = arguments(__doc__, tuple(WORLDS))
    parser.add_argument("--models", choices=MODELS, nargs="+", default=list(MODELS), metavar="MODEL")
    options = parser.parse_args()
    lines = read_lines(options.lines) if options.lines else []
    for case in () if options.lines else cases(options):
        mouse = case.mouse()
        for name in options.models:
            line = {"case": name, "size": case.size, "world": case.world, "seed": case.seed, "tier": TIER}
            lines.append({**line, **kept(case, mouse, name)})
            report("competitors", **lines[-1])
    found = list(means([line for line in lines if "seed" in line]))
    for line in found:
        report("competitors", **line)
    print(table(found), file=sys.stderr)


def kept(case: Case, mouse: Recording, name: str) -> Line:
    """What was measured of one model, from its file where there is one."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    path = case.runs / f"competitors-{case.size}-{case.seed}-{case.world}-{slug}.json"
    if not path.exists():
        found = {
            k: round(v, 5) if isinstance(v, float) else v for k, v in measured(case, mouse, name).items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def measured(case: Case, mouse: Recording, name: str) -> Line:
    """Every quantity of one model of one mouse."""
    if name == "truth":
        return of_truth(mouse, case.video(mouse))
    if name == "Bayesian oracle":
        return of_oracle(mouse, case.video(mouse).frames_lost)
    if name in VIDEOS:
        model = case.video(mouse, *_named(name), **VIDEOS[name])
        cost = case.seconds("video", *_named(name)), parameters_of(model, 0)
    elif name in LATENTS:
        settings, on = LATENTS[name]
        video = case.video(mouse, *_named(on), **VIDEOS[on])
        epochs = EPOCHS if settings else LATENT_EPOCHS
        slug = f"competitor-{name.replace(' ', '-').replace(',', '')}"
        model = case.latent(mouse, slug, epochs=epochs, video=video, **settings)
        cost = case.seconds("latent", slug), parameters_of(model, 0)
    else:
        model, seconds = fitted(case, mouse, name)
        base = model.base
        own = parameters_of(base, 0) if isinstance(base, tw.VideoModel) else 3.0  # q, theta and kappa
        cost = seconds, own + model.parameters_per_neuron()
    return {**scores(model, mouse), "seconds": cost[0], "parameters_per_neuron": cost[1]}


def _named(video: str) -> list[str]:
    """The usual video model has no name."""
    return [] if video == "video" else [video.replace(" ", "-").replace(",", "")]


def fitted(case: Case, mouse: Recording, name: str) -> tuple[Competitor, float]:
    """A competitor, and the seconds that it took."""
    rival, video = RIVALS[name], case.video(mouse)
    began = time.process_time()
    base = video if rival.on_video else ConstantModel.for_recordings([mouse], frames_lost=video.frames_lost)
    model = rival.kind(base, **rival.settings).fit([mouse])
    return model, time.process_time() - began


def scores(model: Any, mouse: Recording) -> Line:
    """Correlations and bits; None for what a model has not."""
    scored = Scored.of(mouse, TIER, model)
    part, targets = scored.part, scored.targets
    observed = scored.responses[scored.rows][:, targets]
    alone = model.predict(part).concatenate()
    told, bits_given = alone.mean[:, targets], alone.log_likelihood("marginal")[:, targets]
    if not isinstance(model, tw.VideoModel):
        given = model.predict(part, given=scored.given, neurons=targets).concatenate()
        told, bits_given = given.mean, given.log_likelihood("conditioned")
    knows_video = not isinstance(getattr(model, "base", None), ConstantModel)
    return {
        "correlation_video": correlation(alone.mean[:, targets], observed) if knows_video else None,
        "correlation_given": correlation(told, observed),
        "bits_marginal": float(alone.log_likelihood("marginal").mean()),
        "bits_given": float(bits_given.mean()),
        **joint(model, part),
        "n": f"{len(part.trials)} trials, {len(scored.rows)} frames, {len(targets)} neurons",
    }


def joint(model: Any, part: Recording) -> Line:
    """Bits of all neurons together in every fifth trial; None where there is no such law."""
    if isinstance(model, Competitor) and not model.has_joint:
        return {"bits_joint": None, "joint_gain": None}
    few = part.select_trials(np.arange(0, len(part.trials), EACH_TRIAL))
    found = model.predict(few).concatenate()
    each = np.asarray(found.log_likelihood("marginal"))
    together = float(joint_bits(found, isinstance(model, LatentVideoModel)).sum()) / each.size
    return {"bits_joint": together, "joint_gain": together - float(each.mean())}


def joint_bits(found: Prediction, by_laplace: bool) -> np.ndarray:
    """By Laplace's method where there is a state: of each frame, or of each trial if the state has memory."""
    try:
        return np.asarray(found.log_likelihood("joint_laplace" if by_laplace else "joint"))
    except OptionError:
        return np.asarray(found.log_likelihood("joint"))


def of_truth(mouse: Recording, video: tw.VideoModel) -> Line:
    """What a reader who knows the law of the simulation tells; no bound in the mismatched world."""
    scored = Scored.of(mouse, TIER, video)
    truth, rows, targets = scored.truth, scored.rows, scored.targets
    observed = scored.responses[rows][:, targets]
    known = truth.conditioned_rate(scored.responses, scored.given, targets)[rows]
    found: Line = {
        "correlation_video": correlation(truth.video_only_rate()[rows][:, targets], observed),
        "correlation_given": correlation(known, observed),
        "bits_marginal": float(truth.log_prob(scored.responses)[rows].mean() / np.log(2)),
    }
    if truth.is_matched:
        few = np.arange(0, len(scored.part.trials), EACH_TRIAL)
        own = Scored.of(scored.part.select_trials(few), TIER, video)
        together = true_joint(own.truth, own.responses, own.rows) / len(mouse.neurons)
        each = float(own.truth.log_prob(own.responses)[own.rows].mean() / np.log(2))
        found |= {"bits_joint": float(together), "joint_gain": float(together - each)}
    return found


def of_oracle(mouse: Recording, lost: int) -> Line:
    """Bits of the other repeats of each video, and of the null that shares are counted from."""
    found = score_oracle([mouse], TIER, lost)
    return {"bits_marginal": float(found["0/oracle"].mean()), "bits_null": float(found["0/null"].mean())}


def means(lines: Sequence[Line]) -> Iterator[Line]:
    """Over seeds, of each model in each world, with the smallest and the largest."""
    oracles = {(line["world"], line["seed"]): line for line in lines if "bits_null" in line}
    for world, name in dict.fromkeys((line["world"], line["case"]) for line in lines):
        here = [line for line in lines if (line["world"], line["case"]) == (world, name)]
        fields: Line = {"case": f"{name}, mean", "model": name, "world": world, "size": here[0]["size"]}
        for measure, digits in MEASURES.items():
            values = [line[measure] for line in here if line.get(measure) is not None]
            fields |= _over_seeds(measure, values, digits)
        between = [
            (line["bits_marginal"] - oracle["bits_null"]) / (oracle["bits_marginal"] - oracle["bits_null"])
            for line in here
            if (oracle := oracles.get((world, line["seed"])))
        ]
        fields |= _over_seeds(OF_ORACLE, between, 3)
        yield {**fields, "seeds": sorted(line["seed"] for line in here)}


def _over_seeds(name: str, values: Sequence[float], digits: int) -> Line:
    if not values:
        return {name: None}
    ends = [round(min(values), digits), round(max(values), digits)]
    return {name: round(float(np.mean(values)), digits), f"{name}_spread": ends}


def table(lines: Sequence[Line]) -> str:
    """Means as text, the best given other neurons first; in brackets half of the spread."""
    columns = [*MEASURES, OF_ORACLE]
    out = []
    for world in dict.fromkeys(line["world"] for line in lines):
        here = [line for line in lines if line["world"] == world]
        here.sort(key=lambda line: -(line["correlation_given"] or -1.0))
        rows = [["model", *columns], *([line["model"], *(_cell(line, c) for c in columns)] for line in here)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        out.append("\n".join([f"{world}, {here[0]['size']}", *text]))
    return "\n\n".join(out)


def _cell(line: Line, name: str) -> str:
    if line[name] is None:
        return "-"
    low, high = line[f"{name}_spread"]
    return f"{line[name]:g} ({(high - low) / 2:.2g})"


if __name__ == "__main__":
    main()
