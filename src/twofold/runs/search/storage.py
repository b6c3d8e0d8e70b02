"""Where the trials of a search are kept: a database that any number of workers share."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twofold.errors import OptionError
from twofold.runs.search.parzen import import_optuna, seeded_sampler
from twofold.runs.search.plan import SearchPlan

SECONDS_FOR_A_LOCK = 120
MOST_RETRIES = 3
FIRST_TRIALS = 5  # are never pruned


@dataclass(frozen=True)
class Shared:
    """A study of Optuna, and the database behind it."""

    study: Any
    storage: Any

    @property
    def trials(self) -> list[Any]:
        """All trials now, to be read only."""
        return list(self.study.get_trials(deepcopy=False))

    @property
    def without_a_sign_of_life(self) -> list[Any]:
        """Running trials whose worker has never told that it lives, for which Optuna would wait for ever."""
        from sqlalchemy import text

        running = [trial for trial in self.trials if trial.state.name == "RUNNING"]
        with self.storage.engine.connect() as connection:
            told = {row[0] for row in connection.execute(text("SELECT trial_id FROM trial_heartbeats"))}
        return [trial for trial in running if trial._trial_id not in told]


def open_study(plan: SearchPlan, folder: Path) -> Shared:
    """The study of a search, made where it is not there yet.

    Raises
    ------
    OptionError
        If the database cannot be opened.
    NotAvailableError
        If Optuna is not installed.
    """
    optuna = import_optuna()
    url = plan.url(folder)
    options = {"connect_args": {"timeout": SECONDS_FOR_A_LOCK}} if url.startswith("sqlite") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        for attempt in (1, 2):  # two workers may begin at the same time
            try:
                storage = optuna.storages.RDBStorage(
                    url,
                    engine_kwargs={**options, "pool_pre_ping": True},
                    heartbeat_interval=max(1, plan.grace // 4),
                    grace_period=plan.grace,
                    heartbeat_stale_trial_callback=retry(),
                )
                study = optuna.create_study(
                    study_name=plan.name,
                    storage=storage,
                    direction="maximize",
                    sampler=seeded_sampler(plan.seed, plan.trials),
                    pruner=optuna.pruners.MedianPruner(FIRST_TRIALS, n_warmup_steps=plan.warm_up),
                    load_if_exists=True,
                )
                return Shared(study, storage)
            except ImportError as error:
                raise OptionError(f"--storage {_hidden(url)}: {error}") from None
            except Exception as error:  # of whatever database driver
                if attempt == 2:
                    reason = str(error).partition("\n")[0] or type(error).__name__
                    raise OptionError(f"--storage {_hidden(url)} cannot be opened: {reason}") from None
    raise AssertionError("unreachable")


def retry() -> Any:
    """What puts a trial whose worker died back in the queue, with the same options."""
    optuna = import_optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=MOST_RETRIES)


def _hidden(url: str) -> str:
    """A URL without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url
