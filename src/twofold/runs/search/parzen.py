"""Trees of Parzen estimators, by Optuna: the one way in which options are searched here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from twofold.errors import NotAvailableError


def import_optuna() -> Any:
    """Optuna, silent.

    Raises
    ------
    NotAvailableError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise NotAvailableError("a search needs Optuna: pip install 'twofold[search]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def first_at_random(trials: int) -> int:
    """How many trials are drawn blindly before the others learn from them."""
    return max(1, trials // 3)


def search_in_memory(score: Callable[[Any], float], trials: int, seed: int) -> dict[str, np.ndarray]:
    """The highest score; nothing is kept but what is returned.

    Parameters
    ----------
    score
        Of an Optuna trial.
    trials, seed
        How many, and of what is drawn.

    Returns
    -------
    dict
        `value` (trial,) and `options` (trial,) as JSON texts.

    Raises
    ------
    NotAvailableError
        If Optuna is not installed.

    Examples
    --------
    >>> found = search_in_memory(lambda trial: -abs(trial.suggest_float("x", 0, 1)), trials=3, seed=0)
    >>> found["value"].shape
    (3,)
    """
    optuna = import_optuna()
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=first_at_random(trials))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(score, n_trials=trials)
    return {
        "value": np.array([trial.value for trial in study.trials], dtype=float),
        "options": np.array([json.dumps(trial.params) for trial in study.trials]),
    }


def seeded_sampler(seed: int, trials: int) -> Any:
    """A sampler whose draw for a trial depends on its number alone, and on the trials that it learns from.

    So workers on several machines never draw the same, and a single worker repeats itself.
    """
    optuna = import_optuna()

    class SeededByTrial(optuna.samplers.BaseSampler):
        """Delegates to a fresh tree for every trial."""

        def __init__(self) -> None:
            self._number, self._tree = -1, self._new(-1)

        def _new(self, number: int) -> Any:
            (state,) = np.random.SeedSequence((seed, number + 1)).generate_state(1)
            return optuna.samplers.TPESampler(seed=int(state), n_startup_trials=first_at_random(trials))

        def _of(self, trial: Any) -> Any:
            if trial.number != self._number:
                self._number, self._tree = trial.number, self._new(trial.number)
            return self._tree

        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            return self._of(trial).infer_relative_search_space(study, trial)

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> Any:
            return self._of(trial).sample_relative(study, trial, search_space)

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
            return self._of(trial).sample_independent(study, trial, param_name, param_distribution)

    return SeededByTrial()
