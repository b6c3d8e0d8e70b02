"""Trials of a search come to an end whatever happens to its workers, and none is lost."""

from __future__ import annotations

import csv
import datetime
import json
import signal
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optuna", reason="Optuna is not installed")

from twofold.errors import DataError, OptionError, TwofoldError
from twofold.runs.search.figures import search_figures
from twofold.runs.search.outcome import write_outcome
from twofold.runs.search.searching import search
from twofold.runs.search.standing import Standing, give_back, reclaim
from twofold.runs.search.storage import Shared, open_study
from twofold.runs.search.working import SMOOTHING, work_on

from .workers import planned, started, tried


def parabola(options, tell) -> float:
    return -((float(options["beta"]) - 1) ** 2)


def states(shared: Shared) -> Counter[str]:
    return Counter(trial.state.name for trial in shared.trials)


def test_all_trials_end_and_the_best_is_found(tmp_path):
    plan = planned(tmp_path, trials=16)
    shared = open_study(plan, tmp_path)
    work_on(shared, plan, parabola)
    assert states(shared) == {"COMPLETE": 16}
    best = Standing.of(shared, 16).best
    assert best.value == max(trial.value for trial in shared.trials) > -0.3


def test_one_worker_repeats_itself_and_another_seed_does_not(tmp_path):
    found = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        plan = planned(tmp_path / name, seed=seed)
        shared = open_study(plan, tmp_path / name)
        work_on(shared, plan, parabola)
        found.append([trial.params for trial in shared.trials])
    assert found[0] == found[1] != found[2]
    assert len({params["beta"] for params in found[0]}) == 6


def test_a_search_goes_on_and_takes_more_trials(tmp_path):
    plan = planned(tmp_path, trials=3)
    work_on(open_study(plan, tmp_path), plan, parabola)
    plan = planned(tmp_path, trials=5)
    work_on(open_study(plan, tmp_path), plan, parabola)
    shared = open_study(plan, tmp_path)
    assert states(shared) == {"COMPLETE": 5}
    work_on(shared, plan, parabola)
    assert states(shared) == {"COMPLETE": 5}


def test_a_trial_below_the_median_of_the_smoothed_scores_is_given_up(tmp_path):
    plan = planned(tmp_path, trials=9, warm_up=2)

    def score(options, tell) -> float:
        number = len(shared.trials)
        for epoch in range(4):
            tell((0.5 if epoch == 0 else 0.1) if number == 9 else 1.0)
        return 1.0

    shared = open_study(plan, tmp_path)
    work_on(shared, plan, score)
    assert states(shared) == {"COMPLETE": 8, "PRUNED": 1}
    smoothed = shared.trials[8].intermediate_values
    expected = smoothed[0]
    assert expected == 0.5
    for epoch in range(1, len(smoothed)):
        expected += SMOOTHING * (0.1 - expected)
        assert smoothed[epoch] == pytest.approx(expected)
    assert len(smoothed) == 3, "given up in the first epoch after the warm-up"


def test_options_that_cannot_work_end_a_trial_with_the_reason(tmp_path):
    plan = planned(tmp_path, seed=1)

    def score(options, tell) -> float:
        if options["hidden"] == "4,":
            raise OptionError("hidden is too small")
        return 1.0

    shared = open_study(plan, tmp_path)
    work_on(shared, plan, score)
    write_outcome(tmp_path, plan, shared)
    with (tmp_path / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["hidden"], row["state"], row["why"]) for row in rows} == {
        ("4,", "pruned", "hidden is too small"),
        ("8,8", "complete", ""),
    }


def test_best_json_holds_the_options_of_the_best_trial_in_full_precision(tmp_path):
    plan = planned(tmp_path, trials=5, fixed={"epochs": "3"})
    shared = open_study(plan, tmp_path)
    work_on(shared, plan, parabola)
    write_outcome(tmp_path, plan, shared)
    best = json.loads((tmp_path / "best.json").read_text())
    trial = Standing.of(shared, 5).best
    assert best["options"]["epochs"] == "3"
    assert float(best["options"]["beta"]) == trial.params["beta"]
    assert best["value"] == -((float(best["options"]["beta"]) - 1) ** 2)
    assert f"--set beta={trial.params['beta']!r}" in best["command"]


def test_every_figure_is_drawn_or_says_why_not(tmp_path):
    plan = planned(tmp_path, trials=6)
    shared = open_study(plan, tmp_path)
    assert all(one.figure is None and "Not drawn" in one.caption for one in search_figures(plan, shared))
    work_on(shared, plan, parabola)
    drawn = {one.name for one in search_figures(plan, shared) if one.figure is not None}
    assert drawn == {"history", "importances", "parallel", "slices"}


def replaces(trial: Any) -> bool:
    """Whether a trial tries again what another one tried."""
    return bool(trial.system_attrs.get("retry_history"))


def ask(shared: Shared) -> Any:
    """Begin a trial and do nothing with it, as a worker that dies at once."""
    with warnings.catch_warnings(action="ignore"):  # that it has no heartbeat
        return shared.study.ask()


# --- workers that die ----------------------------------------------------------------------------


def test_two_processes_share_a_search_and_one_is_killed(tmp_path):
    plan, log = planned(tmp_path / "search", grace=5), tmp_path / "log"
    log.mkdir()
    shared = open_study(plan, tmp_path / "search")
    victim, survivor = (started(tmp_path / "search", log, 0.6) for _ in range(2))
    try:
        deadline = time.monotonic() + 60
        while len(tried(log, victim.pid)) < 2 or not tried(log, survivor.pid):
            assert time.monotonic() < deadline, "workers do not start"
            time.sleep(0.02)
        victim.kill()
        in_hand = tried(log, victim.pid)[-1]
        assert survivor.wait(60) == 0
        assert victim.wait() == -signal.SIGKILL
    finally:
        for process in (victim, survivor):
            process.kill()
            process.wait()
    now = Standing.of(shared, plan.trials)
    assert now.is_over
    assert not now.lost
    assert len(now.ended) == plan.trials
    assert in_hand in tried(log, survivor.pid), "the survivor tried the same options"
    lost = [trial for trial in shared.trials if trial.state.name == "FAIL"]
    again = {trial.system_attrs["retry_history"][-1]: trial for trial in shared.trials if replaces(trial)}
    assert lost
    assert all(again[trial.number].params == trial.params for trial in lost)


def test_where_all_workers_die_the_search_says_how_to_go_on(tmp_path, capfd):
    planned(tmp_path)  # of a recording that is not there
    with pytest.raises(TwofoldError, match=r"all workers died; go on with `twofold search --out"):
        search(tmp_path, workers=2)
    assert capfd.readouterr().err.count("none.zarr") == 2
    with pytest.raises(OptionError, match="workers=0: give the number of processes"):
        search(tmp_path, workers=0)


def test_a_trial_whose_worker_died_before_its_first_heartbeat_is_found(tmp_path):
    plan = planned(tmp_path, trials=2)
    shared = open_study(plan, tmp_path)
    ask(shared)  # a worker that dies here has told nobody that it lives
    reclaim(shared, plan.trials, grace=60)
    assert states(shared) == {"RUNNING": 1}, "it may just have begun"
    time.sleep(0.05)
    reclaim(shared, plan.trials, grace=0.01)
    assert states(shared) == {"FAIL": 1, "WAITING": 1}
    work_on(shared, plan, parabola)
    assert states(shared) == {"FAIL": 1, "COMPLETE": 2}


def test_a_failed_trial_that_nobody_put_back_is_put_back(tmp_path):
    import optuna

    plan = planned(tmp_path, trials=2)
    shared = open_study(plan, tmp_path)
    trial = ask(shared)
    shared.study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    assert [lost.number for lost in Standing.of(shared, 2).lost] == [0]
    assert not Standing.of(shared, 1).has_work, "its place is kept"
    time.sleep(0.05)
    reclaim(shared, 2, grace=0.01)
    reclaim(shared, 2, grace=0.01)
    assert states(shared) == {"FAIL": 1, "WAITING": 1}


def test_an_interrupted_trial_is_given_back_at_once(tmp_path):
    plan = planned(tmp_path, trials=3)
    shared = open_study(plan, tmp_path)

    def interrupted(options, tell) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_on(shared, plan, interrupted)
    assert states(shared) == {"FAIL": 1, "WAITING": 1}
    work_on(shared, plan, parabola)
    assert states(shared) == {"FAIL": 1, "COMPLETE": 3}
    assert shared.trials[1].params == shared.trials[0].params


def test_a_trial_that_always_takes_its_worker_along_is_given_up(tmp_path):
    plan = planned(tmp_path, trials=2)
    shared = open_study(plan, tmp_path)
    for _ in range(4):
        give_back(shared, ask(shared).number)
    assert states(shared) == {"FAIL": 4}
    work_on(shared, plan, parabola)
    assert states(shared) == {"FAIL": 4, "COMPLETE": 1}
    assert Standing.of(shared, 2).is_over


def test_of_workers_that_begin_the_last_trial_together_one_steps_back(tmp_path):
    plan = planned(tmp_path, trials=2)
    shared = open_study(plan, tmp_path)
    work_on(shared, planned(tmp_path, trials=1), parabola)
    late = ask(shared)  # as two workers do that saw room for one
    own = ask(shared)
    now = Standing.of(shared, 2)
    assert (now.is_surplus(late.number), now.is_surplus(own.number)) == (False, True)


def test_of_two_trials_that_replace_the_same_one_the_first_counts(tmp_path):
    from twofold.runs.search.storage import retry

    plan = planned(tmp_path, trials=3)
    shared = open_study(plan, tmp_path)
    give_back(shared, ask(shared).number)
    retry()(shared.study, shared.trials[0])  # as two workers do that found it at the same time
    work_on(shared, plan, parabola)
    assert len(Standing.of(shared, 3).ended) == 3
    assert states(shared) == {"FAIL": 2, "COMPLETE": 3}


def test_a_worker_that_slept_through_its_grace_goes_on_with_another_trial(tmp_path):
    plan = planned(tmp_path, trials=3)
    shared = open_study(plan, tmp_path)
    first = [True]

    def score(options, tell) -> float:
        if first.pop() if first else False:
            give_back(shared, 0)  # somebody else thought it dead
            tell(0.0)
        return 1.0

    work_on(shared, plan, score)
    assert states(shared) == {"FAIL": 1, "COMPLETE": 3}


# --- databases -----------------------------------------------------------------------------------


def test_searches_of_other_tasks_in_one_database_do_not_meet(tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    for name, seed in (("a", 0), ("b", 1)):
        plan = planned(tmp_path / name, seed=seed, storage=url, trials=2)
        shared = open_study(plan, tmp_path / name)
        work_on(shared, plan, parabola)
        assert states(shared) == {"COMPLETE": 2}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "cannot be opened: Could not parse"),
        ("sqlite:////no/such/folder/x.db", "unable to open database file"),
        ("oracle://me:secret@host/x", "oracle://me:***@host/x"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_line_without_the_password(tmp_path, url, words):
    with pytest.raises(OptionError) as refused:
        open_study(planned(tmp_path, storage=url), tmp_path)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_folder_without_a_search_says_how_to_begin(tmp_path: Path):
    from twofold.runs.search.plan import SearchPlan

    with pytest.raises(DataError, match="holds no search; name a model and recordings"):
        SearchPlan.load(tmp_path)
    (tmp_path / "search.json").write_text("{")
    with pytest.raises(DataError, match="is damaged"):
        SearchPlan.load(tmp_path)


def test_the_clock_of_this_machine_is_the_one_that_optuna_writes(tmp_path):
    shared = open_study(planned(tmp_path), tmp_path)
    ask(shared)
    began = shared.trials[0].datetime_start
    assert abs(datetime.datetime.now() - began) < datetime.timedelta(seconds=30)
