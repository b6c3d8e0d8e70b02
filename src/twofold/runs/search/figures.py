"""The history of a search in figures, as Optuna draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twofold.runs.search.parzen import import_optuna
from twofold.runs.search.plan import SearchPlan
from twofold.runs.search.standing import Standing
from twofold.runs.search.storage import Shared

VALUE = "value"
FEWEST = 3  # complete trials that say which options matter


@dataclass(frozen=True)
class SearchFigure:
    """A figure with its words; `figure` is None where there is none, and `caption` says why."""

    name: str
    title: str
    caption: str
    figure: Any | None


def search_figures(plan: SearchPlan, shared: Shared) -> list[SearchFigure]:
    """History, curves, importances, parallel coordinates and slices of the trials that count."""
    optuna = import_optuna()
    draw = optuna.visualization
    standing = Standing.of(shared, plan.trials)
    copy = optuna.create_study(direction="maximize")
    copy.add_trials([trial for trial in standing.counted if trial.state.name in ("COMPLETE", "PRUNED")])
    complete = [trial for trial in copy.trials if trial.state.name == "COMPLETE"]
    varied = [name for name in plan.space if len({trial.params.get(name) for trial in complete}) > 1]
    curves = any(trial.intermediate_values for trial in copy.trials)
    enough = "too few trials are complete" if len(complete) < FEWEST or not varied else ""
    return [
        _figure(
            "history",
            "Value of each trial",
            "Each complete trial in its order, and the best so far.",
            "no trial is complete" if not complete else "",
            lambda: draw.plot_optimization_history(copy, target_name=VALUE),
        ),
        _figure(
            "curves",
            "Validation in the course of training",
            "Moving average, 0.3 of the newest epoch, of the correlation on the validation tier. A trial is "
            "given up where it is below the median of earlier ones at the same epoch.",
            "" if curves else "trials of this model are not looked at before their end",
            lambda: draw.plot_intermediate_values(copy),
        ),
        _figure(
            "importances",
            "What matters",
            "Share of the variance of the value that each option explains, in a forest fitted to all "
            "complete trials (fANOVA). With few trials it is rough.",
            enough,
            lambda: draw.plot_param_importances(
                copy, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=plan.seed), params=varied
            ),
        ),
        _figure(
            "parallel",
            "All options of each trial",
            "A line per complete trial, the darker the better. Drag along an axis to choose lines.",
            enough,
            lambda: draw.plot_parallel_coordinate(copy, target_name=VALUE),
        ),
        _figure(
            "slices",
            "Value against each option",
            "A dot per complete trial; later ones are darker.",
            enough,
            lambda: draw.plot_slice(copy, target_name=VALUE),
        ),
    ]


def _figure(name: str, title: str, caption: str, missing: str, draw: Callable[[], Any]) -> SearchFigure:
    if missing:
        return SearchFigure(name, title, f"Not drawn: {missing}.", None)
    return SearchFigure(name, title, caption, draw())
