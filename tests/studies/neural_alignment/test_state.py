"""Signals of the animal from latents: by hand with scikit-learn, gaps filled, and rows that follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from twofold.decoders import GroupedRidge
from twofold.studies.neural_alignment.methods.frame_decoders import knn
from twofold.studies.neural_alignment.methods.simple import raw
from twofold.studies.neural_alignment.presentations import Presentations, presentations
from twofold.studies.neural_alignment.tables.state import fill_missing, state_of_method, state_rows, traces

FOLDS = [(np.arange(2, 6), np.array([0, 1])), (np.array([0, 1, 2, 3]), np.array([4, 5]))]


@pytest.fixture(scope="module")
def data(movie) -> Presentations:
    return presentations(movie)


def by_hand(data: Presentations, signal: np.ndarray) -> list[float]:
    """R2 on each group of repeats, from raw responses scaled and fitted on the other repeats."""
    found = []
    for train, test in FOLDS:
        active = (data.responses[train] > 0).any(axis=1).all(axis=0)
        rows, new = (np.sqrt(np.concatenate(data.responses[part])[:, active]) for part in (train, test))
        scaled = StandardScaler().fit(rows)
        model = GroupedRidge(per_target=True)
        model.fit(scaled.transform(rows), signal[train].ravel(), np.repeat(train, data.n_frames))
        found.append(r2_score(signal[test].ravel(), model.predict(scaled.transform(new))))
    return found


def test_raw_responses_tell_each_signal_as_by_hand(data, few_steps):
    found = state_of_method(
        data,
        raw(),
        knn(few_steps),
        few_steps.preprocessing,
        FOLDS,
        surrogates=few_steps.surrogates,
        inner_folds=1,
        seed=0,
        refit=True,
    )
    for name, signal in data.signals.items():
        moving = signal - signal.mean(axis=1, keepdims=True)
        np.testing.assert_allclose(found[f"r2_signal/{name}/folds"], by_hand(data, signal), atol=1e-5)
        np.testing.assert_allclose(
            found[f"r2_signal_within_repeats/{name}/folds"], by_hand(data, moving), atol=1e-5
        )
        for null in ("circular_shifts", "trial_swaps"):
            assert found[f"r2_signal/{name}/{null}"].shape == (few_steps.surrogates,)


def test_rows_give_mean_null_and_both_p_values(data, few_steps):
    names = [f"{kind}/running_speed" for kind in ("r2_signal", "r2_signal_within_repeats")]
    parts = {
        "folds": [0.25, 0.75],
        "circular_shifts": [0.1] * 98 + [0.9],
        "trial_swaps": [0.2] * 99,
        "predicted": [],
    }
    found = {f"{name}/{part}": np.array(values) for name in names for part, values in parts.items()}
    only = replace(data, signals={"running_speed": data.signals["running_speed"]})
    slow, within = state_rows({"raw": found}, only, few_steps)
    assert (slow.row, slow.metric, within.metric) == (
        "raw -> running_speed",
        "r2_signal",
        names[1].split("/")[0],
    )
    assert (slow.value, slow.low, slow.high, slow.n) == (0.5, 0.25, 0.75, 2)
    assert slow.chance == pytest.approx((98 * 0.1 + 0.9) / 99)
    assert slow.note == "p = 0.02 (circular shifts), p = 0.01 (swaps of whole repeats)"


def test_the_figure_shows_the_embedding_that_tells_the_signal_best(data):
    def scored(r2: float, trace: float) -> dict[str, np.ndarray]:
        shape = data.signals["running_speed"].shape
        key = "r2_signal_within_repeats/running_speed"
        return {f"{key}/folds": np.array([r2, r2]), f"{key}/predicted": np.full(shape, trace)}

    shown = traces({"raw": scored(0.1, 1.0), "pca": scored(0.3, 2.0), "untrained": scored(-0.1, 3.0)}, data)
    assert set(shown) == {"state/running_speed/observed", "state/running_speed/predicted"}
    assert (shown["state/running_speed/predicted"] == 2.0).all()
    observed = shown["state/running_speed/observed"].reshape(data.n_repeats, -1)
    np.testing.assert_allclose(observed.mean(axis=1), 0, atol=1e-9)


def test_short_gaps_are_bridged_in_time_and_long_ones_are_not():
    signal = np.array([[0.0, 1.0, np.nan, 3.0, 4.0], [5.0, np.nan, 7.0, 8.0, 9.0]])
    np.testing.assert_allclose(fill_missing(signal), np.arange(10.0).reshape(2, 5))
    signal[0, 0] = np.nan
    assert fill_missing(signal) is None
    assert fill_missing(np.full((2, 3), np.nan)) is None
    assert fill_missing(np.ones((2, 3))) is None
