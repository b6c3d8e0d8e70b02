"""One worker of a search: it tries options until nothing is left to try."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twofold.errors import TwofoldError
from twofold.recordings import Recording, open_all
from twofold.runs.search.parzen import import_optuna
from twofold.runs.search.plan import SearchPlan, check_names
from twofold.runs.search.space import suggested
from twofold.runs.search.standing import SURPLUS, Standing, give_back, reclaim
from twofold.runs.search.storage import Shared, open_study

SMOOTHING = 0.3  # of the newest score in the average that decides whether a trial is given up
Tell = Callable[[float], None]
Score = Callable[[Mapping[str, str], Tell], float]


class SurplusTrialError(Exception):
    """Enough trials had begun before this one."""


def work(folder: Path, after_trial: Callable[[Shared], None] | None = None) -> None:
    """Try options until all trials have ended, also those of workers that die.

    Parameters
    ----------
    folder
        Of the search, with its plan.
    after_trial
        Called after each trial of this worker.
    """
    plan = SearchPlan.load(folder)
    recordings = opened(plan)
    work_on(open_study(plan, folder), plan, scoring(plan, recordings), after_trial)


def work_on(
    shared: Shared, plan: SearchPlan, score: Score, after_trial: Callable[[Shared], None] | None = None
) -> None:
    """The same with any score of options."""
    trying = [-1]

    def objective(trial: Any) -> float:
        trying[0] = trial.number
        if Standing.of(shared, plan.trials).is_surplus(trial.number):
            trial.set_user_attr(SURPLUS, True)
            raise SurplusTrialError
        return _tried(trial, plan, score)

    while not (now := Standing.of(shared, plan.trials)).is_over:
        if now.has_work:
            try:
                shared.study.optimize(objective, n_trials=1, catch=(SurplusTrialError,))
            except KeyboardInterrupt:
                give_back(shared, trying[0])
                raise
            except Exception:
                if trying[0] not in Standing.of(shared, plan.trials).replaced:
                    raise
                continue  # this worker was silent for so long that another has taken its trial over
            if after_trial is not None:
                after_trial(shared)
        else:
            reclaim(shared, plan.trials, plan.grace)  # all others are tried elsewhere, by workers who may die
            time.sleep(min(1.0, plan.grace / 4))


def check_plan(plan: SearchPlan) -> None:
    """Refuse names that the model does not know, and recordings or options that no trial could work with.

    Raises
    ------
    OptionError, DataError
        If there are any.
    """
    import_optuna()
    is_embedding = plan.model in ("contrastive", "guided-vae")
    if is_embedding:
        from twofold.runs.search.embedding_trials import check_embedding as check
        from twofold.runs.search.embedding_trials import embedding_options as options
    else:
        from twofold.runs.search.encoding_trials import check_encoding as check
        from twofold.runs.search.encoding_trials import encoding_options as options
    known = options(plan.model)
    check_names(plan.fixed, known, "--set")
    check_names(plan.space, known, "--space")
    check(plan, opened(plan))


def scoring(plan: SearchPlan, recordings: Sequence[Recording]) -> Score:
    """The score of options of the model that is searched for."""
    if plan.model in ("contrastive", "guided-vae"):
        from twofold.runs.search.embedding_trials import fit_embedding

        return lambda options, tell: fit_embedding(plan, recordings, options)
    from twofold.runs.search.encoding_trials import fit_encoding

    return lambda options, tell: fit_encoding(plan, recordings, options, tell)


def opened(plan: SearchPlan) -> list[Recording]:
    """The recordings of a search."""
    return [recording for path in plan.recordings for recording in open_all(Path(path))]


def _tried(trial: Any, plan: SearchPlan, score: Score) -> float:
    optuna = import_optuna()
    smoothed: list[float] = []

    def tell(value: float) -> None:
        before = smoothed[-1] if smoothed else value
        smoothed.append(SMOOTHING * value + (1 - SMOOTHING) * before)
        trial.report(smoothed[-1], len(smoothed) - 1)
        if trial.should_prune():
            raise optuna.TrialPruned

    options = suggested(plan.space, trial)
    began = time.monotonic()
    try:
        found = score({**plan.fixed, **options}, tell)
    except TwofoldError as error:  # these options cannot work, or diverge
        trial.set_user_attr("why", str(error))
        raise optuna.TrialPruned from None
    trial.set_user_attr("seconds", round(time.monotonic() - began, 1))
    return found
