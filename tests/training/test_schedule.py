"""The plateau schedule against torch's, and early stopping in rounds."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

from twofold.training import EarlyStopping, Plateau
from twofold.training.early_stopping import Verdict

scores = st.lists(st.integers(0, 6).map(lambda k: k / 10), min_size=1, max_size=40)


@given(scores, st.integers(0, 3), st.floats(0.1, 0.9))
def test_plateau_is_torchs(found, patience, factor):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    torchs = ReduceLROnPlateau(
        optimizer, mode="max", factor=factor, patience=patience, threshold=1e-6, threshold_mode="abs",
        min_lr=0.05, eps=0.0,
    )  # fmt: skip
    plateau, rate = Plateau(factor, patience, minimum=0.05), 1.0
    for score in found:
        torchs.step(score)
        plateau, rate = plateau.after(score, rate)
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"])


def run(found, patience, rounds):
    stopping, verdicts = EarlyStopping(patience, rounds), []
    for epoch, score in enumerate(found):
        stopping, verdict = stopping.after(score, epoch)
        verdicts.append(verdict.name)
    return stopping, verdicts


def test_a_round_ends_after_its_patience_and_the_last_one_stops():
    stopping, verdicts = run([0.1, 0.3, 0.2, 0.2, 0.2, 0.2], patience=2, rounds=2)
    assert verdicts == ["BEST", "BEST", "GO_ON", "RESTORE", "GO_ON", "STOP"]
    assert (stopping.best, stopping.best_epoch) == (0.3, 1)


def test_a_better_score_in_a_later_round_is_waited_for_afresh():
    _, verdicts = run([0.3, 0.2, 0.2, 0.4, 0.1, 0.1], patience=2, rounds=2)
    assert verdicts == ["BEST", "GO_ON", "RESTORE", "BEST", "GO_ON", "STOP"]


@given(scores, st.integers(1, 3), st.integers(1, 3))
def test_the_best_is_the_first_largest_and_no_run_waits_longer_than_its_patience(found, patience, rounds):
    stopping, n_waited = EarlyStopping(patience, rounds), 0
    for epoch, score in enumerate(found):
        stopping, verdict = stopping.after(score, epoch)
        n_waited = 0 if verdict is Verdict.BEST else n_waited + 1
        assert n_waited <= patience * rounds
        seen = found[: epoch + 1]
        assert (stopping.best, stopping.best_epoch) == (max(seen), seen.index(max(seen)))
        if verdict is Verdict.STOP:
            break
