"""Which trials of a search count, which wait to be tried again, and when it is over.

A trial whose worker died has failed, and one with the same options waits in its place, which remembers the
numbers of those before it. Only the first `wanted` trials by number count that have not failed so; a surplus
arises where several workers begin their last trials at the same time.
"""

from __future__ import annotations

import datetime
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from twofold.runs.search.parzen import import_optuna
from twofold.runs.search.storage import MOST_RETRIES, Shared, retry

ENDED = ("COMPLETE", "PRUNED")
SURPLUS = "surplus"


@dataclass(frozen=True)
class Standing:
    """Trials of a study at a moment, as Optuna tells them."""

    trials: tuple[Any, ...]
    wanted: int

    @classmethod
    def of(cls, shared: Shared, wanted: int) -> Standing:
        """How it stands now."""
        return cls(tuple(shared.trials), wanted)

    @property
    def counted(self) -> list[Any]:
        """Trials that have ended or will, and those given up for good; first come first."""
        replaced = self.replaced
        kept = []
        for trial in sorted(self.trials, key=lambda trial: trial.number):
            is_lost = trial.state.name == "FAIL" and not given_up(trial)
            if trial.number in replaced or is_lost or SURPLUS in trial.user_attrs:
                continue
            kept.append(trial)
        return kept

    @property
    def ended(self) -> list[Any]:
        """Counted trials about which nothing more will be known."""
        return [trial for trial in self.counted if trial.state.name in (*ENDED, "FAIL")]

    @property
    def lost(self) -> list[Any]:
        """Trials that failed by no fault of theirs and that nothing waits to replace."""
        replaced = self.replaced
        return [
            trial
            for trial in self.trials
            if trial.state.name == "FAIL"
            and trial.number not in replaced
            and not given_up(trial)
            and SURPLUS not in trial.user_attrs
        ]

    @property
    def best(self) -> Any | None:
        """The complete trial with the highest value."""
        complete = [trial for trial in self.counted if trial.state.name == "COMPLETE"]
        return max(complete, key=lambda trial: trial.value, default=None)

    @property
    def has_work(self) -> bool:
        """Whether a worker can begin a trial."""
        waiting = any(trial.state.name == "WAITING" for trial in self.trials)
        return waiting or len(self.counted) + len(self.lost) < self.wanted

    @property
    def is_over(self) -> bool:
        """Whether all trials have ended that were wanted."""
        going_on = any(trial.state.name in ("WAITING", "RUNNING") for trial in self.trials)
        return not going_on and not self.lost and len(self.counted) >= self.wanted

    def is_surplus(self, number: int) -> bool:
        """Whether a trial is one too many: enough came before it, or another one replaces the same trial."""
        own = next(trial for trial in self.trials if trial.number == number)
        history = history_of(own)
        earlier = [trial for trial in self.counted if trial.number < number]
        twins = [trial for trial in earlier if history and history_of(trial) == history]
        return bool(twins) or len(earlier) >= self.wanted

    @property
    def replaced(self) -> set[int]:
        """Numbers of trials in whose place another one waits, runs or has ended."""
        return {number for trial in self.trials for number in history_of(trial)}


def history_of(trial: Any) -> tuple[int, ...]:
    """Numbers of the trials that this one replaces."""
    return tuple(trial.system_attrs.get("retry_history", ()))


def given_up(trial: Any) -> bool:
    """Whether it failed so often that it is not tried again."""
    return trial.state.name == "FAIL" and len(history_of(trial)) >= MOST_RETRIES


def reclaim(shared: Shared, wanted: int, grace: float) -> None:
    """Put trials of dead workers back in the queue."""
    optuna = import_optuna()
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        optuna.storages.fail_stale_trials(shared.study)
    oldest = datetime.datetime.now() - datetime.timedelta(seconds=grace)
    for trial in shared.without_a_sign_of_life:
        if trial.datetime_start is not None and trial.datetime_start < oldest:
            give_back(shared, trial.number)
    for trial in Standing.of(shared, wanted).lost:  # its finder died before it told
        if trial.datetime_complete is None or trial.datetime_complete < oldest:
            retry()(shared.study, trial)


def give_back(shared: Shared, number: int) -> None:
    """Let another worker try what this one began, unless that has happened already."""
    optuna = import_optuna()
    with suppress(optuna.exceptions.UpdateFinishedTrialError, ValueError):
        shared.study.tell(number, state=optuna.trial.TrialState.FAIL)
    (trial,) = (trial for trial in shared.trials if trial.number == number)
    if trial in Standing.of(shared, 0).lost:
        retry()(shared.study, trial)
