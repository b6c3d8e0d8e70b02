"""Other ways to tell neurons from others, beside the latent model: what each gains, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twofold.analyses.hierarchical_bootstrap import ByMouse
from twofold.studies.latent_factors.competing import parameters_of
from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import MAIN, ZIG
from twofold.studies.latent_factors.fitting import HISTORY, model_of
from twofold.studies.latent_factors.oracle import ORACLE, normalised
from twofold.studies.latent_factors.parts.references import truth_rows
from twofold.studies.latent_factors.presets import RIVALS
from twofold.studies.latent_factors.row_maker import RowMaker
from twofold.studies.result import Row

TABLE, GAPS, JOINT = "competitors", "competitors-differences", f"joint likelihood, {MAIN}"
GIVEN, SECONDS, IN_ALL = "correlation_conditioned", "seconds", "seconds_in_all"
# metric -> name of the score
SCORED = {
    "correlation": "correlation",
    GIVEN: "conditioned",
    "bits": "bits",
    "bits_conditioned": "bits_conditioned",
    "bits_joint": "joint",
    SECONDS: "seconds",
    IN_ALL: "in_all",
    "parameters_per_neuron": "parameters",
}
BOUNDED = {"normalised_bits": "bits", "normalised_bits_conditioned": "bits_conditioned"}
NO_VIDEO = "knows no video: the same in every frame"
NO_LAW = "tells single neurons from others, and has no law of all together in this measure"
WITHOUT = {"correlation": NO_VIDEO, "joint": NO_LAW}  # why a score may not be there
NOTES = {
    (ZIG, GIVEN): "reads no neuron: the same neurons from the video alone",
    (ZIG, "bits_joint"): "neurons are independent given the video",
    (MAIN, "bits_joint"): "by Laplace's method",
}
COSTS = (SECONDS, IN_ALL, "parameters_per_neuron")
KNOWS = "told from the other repeats of a video, without any state; no upper bound where these are few"
NO_ROOM = "no two videos were repeated, or repeats tell no more than a constant"

Scores = Mapping[str, ByMouse]


def step_name(rival: str) -> str:
    """The step that fits and scores a competitor."""
    return f"competitor, {rival}"


def rows(found: Findings) -> list[Row]:
    """All models under one scoring, what each lacks to the best, and the bounds."""
    make = found.rows_of(TABLE, note="one seed; seconds of each mouse, on the clock")
    models = {ZIG: of_video(found), MAIN: of_state(found)}
    fitted = [name for name in RIVALS if found.has(step_name(name))]
    models |= {name: of_rival(found, name) for name in fitted}
    left_out = f"not among the rivals of these options (preset {found.options.preset_name})"
    made = [row for metric in SCORED for name in models for row in _scored(make, name, metric, models[name])]
    made += [make.absent(name, GIVEN, left_out) for name in RIVALS if name not in fitted]
    made += truth_rows(found, make, "correlation", GIVEN, "bits")
    return [*made, *_bounds(found, make, models), *_gaps(found, models)]


def of_video(found: Findings) -> Scores:
    """The video model of the first seed, which tells all neurons whoever is given."""
    own, n = found.scores(ZIG), len(found.mice)
    unread = [~np.isfinite(found.scores(MAIN)[f"{m}/conditioned"]) for m in range(n)]
    bits = [own[f"{m}/bits"] for m in range(n)]
    correlation = [own[f"{m}/correlation"] for m in range(n)]
    return {
        "correlation": correlation,
        "conditioned": [np.where(unread[m], np.nan, correlation[m]) for m in range(n)],
        "bits": bits,
        "bits_conditioned": [np.where(unread[m], np.nan, bits[m]) for m in range(n)],
        "joint": [one.mean(axis=1, keepdims=True) for one in bits],
        **_costs(found, ZIG),
    }


def of_state(found: Findings) -> Scores:
    """The main model of the first seed."""
    scores = found.scores(MAIN) | found.results[JOINT]
    names = {"correlation", "conditioned", "bits", "bits_conditioned"}
    mice = range(len(found.mice))
    own = {name: [scores[f"{m}/{name}"] for m in mice] for name in names}
    return own | {"joint": [scores[f"{m}/bits_joint"] for m in mice], **_costs(found, MAIN, ZIG)}


def of_rival(found: Findings, name: str) -> Scores:
    """A competitor; what it has not is left out."""
    scores, mice = found.results[step_name(name)], range(len(found.mice))
    names = {"conditioned", "bits", "bits_conditioned", "seconds", "parameters"}
    own = {what: [np.atleast_1d(scores[f"{m}/{what}"]) for m in mice] for what in names}
    own["in_all"] = own["seconds"]
    if name.startswith("video"):
        own["correlation"] = [scores[f"{m}/correlation"] for m in mice]
        own["in_all"] = [a + b for a, b in zip(own["seconds"], _costs(found, ZIG)["seconds"], strict=True)]
    if "0/bits_joint" in scores:
        own["joint"] = [scores[f"{m}/bits_joint"] for m in mice]
    return own


def _gaps(found: Findings, models: Mapping[str, Scores]) -> list[Row]:
    """What each model has above the best, given half of the neurons."""
    told = {name: scores["conditioned"] for name, scores in models.items()}
    best = max(told, key=lambda name: float(np.mean([np.nanmean(mouse) for mouse in told[name]])))
    make = found.rows_of(GAPS, note="the best by these same trials")
    others = [name for name in told if name != best]
    return [
        row for name in others for row in make.difference(f"{name} - {best}", GIVEN, told[name], told[best])
    ]


def _costs(found: Findings, *fits: str) -> dict[str, ByMouse]:
    """Of the first fit, and of all; models are trained on all mice at once, which share the time evenly."""
    n = len(found.mice)
    seconds = [float(found.results[fit][f"{HISTORY}seconds"].sum()) / n for fit in fits]
    model = model_of(found.results[fits[0]])
    return {
        "seconds": [np.array([seconds[0]])] * n,
        "in_all": [np.array([sum(seconds)])] * n,
        "parameters": [np.array([parameters_of(model, m)]) for m in range(n)],
    }


def _scored(make: RowMaker, name: str, metric: str, scores: Scores) -> list[Row]:
    score = SCORED[metric]
    if score not in scores:
        return [make.absent(name, metric, WITHOUT[score])]
    if metric in COSTS:
        each = {mouse: float(one[0]) for mouse, one in zip(make.mice, scores[score], strict=True)}
        mean = make.number(name, metric, float(np.mean(list(each.values()))))
        return [mean, *(make.number(f"{name} · {mouse}", metric, cost) for mouse, cost in each.items())]
    return make(name, metric, scores[score], note=NOTES.get((name, metric), ""))


def _bounds(found: Findings, make: RowMaker, models: Mapping[str, Scores]) -> list[Row]:
    """The oracle of repeated videos and the null, and where each model lies between them."""
    bounds, mice = found.results[ORACLE], range(len(found.mice))
    missing = [str(bounds[f"{m}/missing"]) for m in mice if f"{m}/missing" in bounds]
    if missing:
        return [make.absent(ORACLE, "bits", missing[0])]
    oracle, null = ([bounds[f"{m}/{name}"] for m in mice] for name in ("oracle", "null"))
    fewest = min(int(bounds[f"{m}/repeats"]) for m in mice)
    made = make(ORACLE, "bits", oracle, note=f"{KNOWS}, here {fewest} or more")
    made += make("constant responses", "bits", null, note="a zero-inflated gamma per neuron, by its moments")
    for metric, score in BOUNDED.items():
        for name, scores in models.items():
            values = [np.array([normalised(scores[score][m], oracle[m], null[m])]) for m in mice]
            is_there = np.isfinite(values).all()
            made += make(name, metric, values) if is_there else [make.absent(name, metric, NO_ROOM)]
    return made
