"""What came of a search: a table of its trials, and the best options as one would type them."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path
from typing import Any

from twofold.files import written_whole
from twofold.runs.search.plan import SearchPlan
from twofold.runs.search.standing import Standing, given_up, history_of
from twofold.runs.search.storage import Shared

TRIALS, BEST = "trials.csv", "best.json"
METRICS = {
    "video": "correlation_single_trial on the validation tier",
    "latent-video": "correlation_conditioned on the validation tier",
    "contrastive": "exact_accuracy of frames in held-out repeats",
    "guided-vae": "r2_same_trial of held-out repeats",
}
FLAGS = {
    "video": ("likelihood", "seed"),
    "latent-video": ("dimension", "encoder", "seed"),
    "contrastive": (),
    "guided-vae": ("guide", "beta", "epochs"),
}


def write_outcome(folder: Path, plan: SearchPlan, shared: Shared) -> None:
    """Write `trials.csv` and, once a trial is complete, `best.json`."""
    standing = Standing.of(shared, plan.trials)
    rows = [_row(trial, plan) for trial in standing.trials]
    columns = ["trial", "state", "value", "seconds", "epochs", "replaces", *plan.space, "why"]
    with (
        written_whole(folder / TRIALS) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    if (best := best_of(plan, standing)) is not None:
        with written_whole(folder / BEST) as temporary:
            temporary.write_text(json.dumps(best, indent=1, allow_nan=False), encoding="utf-8")


def best_of(plan: SearchPlan, standing: Standing) -> dict[str, Any] | None:
    """Value and options of the best trial, and the command that fits a model with them."""
    if (trial := standing.best) is None:
        return None
    options = {**plan.fixed, **options_of(plan, trial)}
    return {
        "model": plan.model,
        "metric": METRICS[plan.model],
        "value": trial.value,
        "trial": trial.number,
        "trials": len(standing.ended),
        "options": options,
        "command": command(plan, options),
    }


def options_of(plan: SearchPlan, trial: Any) -> dict[str, str]:
    """Option to text, as the trial tried it."""
    return {name: _text(trial.params[name]) for name in plan.space if name in trial.params}


def command(plan: SearchPlan, options: dict[str, str]) -> str:
    """The line that fits such a model.

    Examples
    --------
    >>> from twofold.runs.search.space import Range
    >>> space = {"beta": Range(low=0.1, high=1.0)}
    >>> plan = SearchPlan(model="latent-video", recordings=("m.zarr",), fingerprint="", space=space)
    >>> command(plan, {"dimension": "3", "beta": "0.5"})
    'twofold fit latent-video m.zarr --out run --preset tiny --seed 0 --dimension 3 --set beta=0.5'
    """
    words = ["twofold", "fit", plan.model, *plan.recordings, "--out", "run"]
    own: dict[str, str] = {}
    if plan.model in ("video", "latent-video"):
        words += ["--preset", plan.preset]
        own["seed"] = str(plan.seed)
    if plan.video is not None:
        words += ["--video", plan.video]
    for name, text in {**own, **options}.items():
        is_flag = name in FLAGS[plan.model]
        words += [f"--{name}", text] if is_flag else ["--set", f"{name}={text}"]
    return shlex.join(words)


def _row(trial: Any, plan: SearchPlan) -> dict[str, Any]:
    replaces = " ".join(map(str, history_of(trial)))
    why = trial.user_attrs.get("why", "")
    if "surplus" in trial.user_attrs:
        why = "enough trials had begun before"
    elif trial.state.name == "FAIL" and not why:
        why = "its workers died" if given_up(trial) else "its worker died or was stopped; tried again"
    return {
        "trial": trial.number,
        "state": {"FAIL": "failed"}.get(trial.state.name, trial.state.name.lower()),
        "value": "" if trial.value is None else f"{trial.value:.6g}",
        "seconds": trial.user_attrs.get("seconds", ""),
        "epochs": len(trial.intermediate_values) or "",
        "replaces": replaces,
        **options_of(plan, trial),
        "why": why,
    }


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)
