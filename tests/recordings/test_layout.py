"""Any recording comes back from its layout on disk as it went in."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.recordings.columns import TRIAL_COLUMNS
from twofold.recordings.store import open_recording, save, verify

DTYPES = ["f4", "f8", "f2", "i1", "u2", "i8", "?", ">f4", ">i2"]
NAMES = st.text(max_size=12)


def assert_same(opened: Recording, saved: Recording) -> None:
    assert (opened.name, opened.bin_s, opened.history) == (saved.name, saved.bin_s, saved.history)
    assert opened.responses.dtype == saved.responses.dtype.newbyteorder("=")
    np.testing.assert_array_equal(np.asarray(opened.responses), np.asarray(saved.responses))
    np.testing.assert_array_equal(opened.time_s, saved.time_s)
    pd.testing.assert_frame_equal(opened.neurons.table, saved.neurons.table)
    pd.testing.assert_frame_equal(opened.trials.table, saved.trials.table)
    assert list(opened.signals) == list(saved.signals)
    for name, signal in saved.signals.items():
        np.testing.assert_array_equal(opened.signals[name].values, signal.values)
        np.testing.assert_array_equal(opened.signals[name].time_s, signal.time_s)
        assert opened.signals[name].unit == signal.unit
    assert list(opened.stimuli) == list(saved.stimuli)
    for name, clip in saved.stimuli.items():
        again = opened.stimuli[name]
        np.testing.assert_array_equal(again.frame_ids, clip.frame_ids)
        assert again.rate_hz == clip.rate_hz
        assert (again.frames is None) == (clip.frames is None)
        if clip.frames is not None:
            assert again.frames.dtype == clip.frames.dtype
            np.testing.assert_array_equal(again.frames[:], clip.frames)
        assert list(again.features) == list(clip.features)
        for feature, values in clip.features.items():
            np.testing.assert_array_equal(again.features[feature], values)
    assert list(opened.truth) == list(saved.truth)
    for name, values in saved.truth.items():
        assert opened.truth[name].dtype == values.dtype
        np.testing.assert_array_equal(opened.truth[name], values)


def columns(n_rows: int) -> st.SearchStrategy:
    def listed(values):
        return st.lists(values, min_size=n_rows, max_size=n_rows)

    return st.one_of(
        listed(st.integers(-(2**63), 2**63 - 1)).map(lambda x: pd.Series(x, dtype="int64")),
        listed(st.floats()).map(lambda x: pd.Series(x, dtype="float64")),
        listed(st.floats(width=32)).map(lambda x: pd.Series(x, dtype="float32")),
        listed(st.booleans()).map(lambda x: pd.Series(x, dtype="bool")),
        listed(st.text() | st.none()).map(lambda x: pd.Series(x, dtype="str")),
    )


@st.composite
def parts(draw) -> dict:
    n_time, n_neurons, n_trials = draw(st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 3)))
    clips = draw(st.lists(NAMES, min_size=1, max_size=2, unique=True))
    table = {
        "stimulus": pd.Series(
            draw(st.lists(st.sampled_from(clips), min_size=n_trials, max_size=n_trials)), dtype="str"
        ),
        "repeat": np.arange(n_trials),
        "tier": pd.Series(["all"] * n_trials, dtype="str"),
        "start_s": np.arange(n_trials) * 2.0,
        "stop_s": np.arange(n_trials) * 2.0 + 2.0,
        **draw(
            st.dictionaries(
                NAMES.filter(lambda name: name not in TRIAL_COLUMNS), columns(n_trials), max_size=2
            )
        ),
    }
    stimuli = {}
    for name in clips:
        n = draw(st.integers(0, 4))
        pictures = hnp.arrays(draw(st.sampled_from(["u1", "f4"])), (n, 2, 3), elements=st.integers(0, 255))
        feature = hnp.arrays("f8", st.tuples(st.just(n), st.integers(0, 3)))
        stimuli[name] = Stimulus(
            frame_ids=np.arange(n) * 7,
            rate_hz=draw(st.floats(0.1, 1000)),
            frames=draw(st.none() | pictures),
            features=draw(st.dictionaries(NAMES, feature, max_size=2)),
        )
    signal = hnp.arrays("f8", st.integers(0, 5)).map(
        lambda v: Signal(v, np.arange(len(v)) * 0.1, unit="cm/s")
    )
    return {
        "responses": LazyArray(draw(hnp.arrays(draw(st.sampled_from(DTYPES)), (n_time, n_neurons)))),
        "time_s": np.arange(n_time) / 3,
        "bin_s": draw(st.floats(1e-3, 10)),
        "neurons": Neurons(
            pd.DataFrame(
                draw(st.dictionaries(NAMES, columns(n_neurons), max_size=3)), index=pd.RangeIndex(n_neurons)
            )
        ),
        "trials": Trials(pd.DataFrame(table)),
        "signals": draw(st.dictionaries(NAMES, signal, max_size=2)),
        "stimuli": stimuli,
        "truth": draw(
            st.dictionaries(NAMES, hnp.arrays("f8", hnp.array_shapes(min_dims=0, min_side=0)), max_size=2)
        ),
        "name": draw(st.text(max_size=5)),
        "history": tuple(draw(st.lists(st.text(max_size=5), max_size=2))),
    }


@settings(max_examples=25, deadline=None)
@given(parts=parts())
def test_any_recording_comes_back_as_it_was_saved(tmp_path_factory, parts):
    recording = Recording(**parts)
    path = tmp_path_factory.mktemp("store") / "mouse.zarr"
    assert_same(open_recording(save(recording, path)), recording)
    assert verify(path) == []
