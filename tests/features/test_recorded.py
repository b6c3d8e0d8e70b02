"""Features of a recording's frames lie beside the frames, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twofold.errors import DataError
from twofold.features import pixels_pca, with_features
from twofold.features.recorded import AllFrames
from twofold.recordings import LazyArray, Neurons, Recording, Stimulus, Trials, open_recording, save


def recording(**sizes: tuple[int, int, int]) -> Recording:
    rng = np.random.default_rng(0)
    stimuli, first = {}, 0
    for name, shape in (sizes or {"a": (5, 4, 6), "b": (7, 4, 6)}).items():
        pixels = rng.integers(0, 255, shape).astype(np.uint8)
        stimuli[name] = Stimulus(np.arange(first, first + shape[0]), 10.0, frames=pixels)
        first += shape[0]
    lengths = np.array([len(clip) for clip in stimuli.values()])
    stop = np.cumsum(lengths) / 10
    spans = {"start_s": stop - lengths / 10, "stop_s": stop}
    trials = pd.DataFrame({"stimulus": list(stimuli), "repeat": 0, "tier": "all", **spans})
    return Recording(
        responses=LazyArray(rng.normal(size=(lengths.sum(), 3))),
        time_s=(np.arange(lengths.sum()) + 0.5) / 10,
        bin_s=0.1,
        neurons=Neurons(pd.DataFrame(index=range(3))),
        trials=Trials(trials),
        stimuli=stimuli,
    )


def test_all_clips_share_their_components():
    given = recording()
    found = with_features(given, "pca", lambda frames: pixels_pca(frames, 3))
    pixels = np.concatenate([clip.frames for clip in given.stimuli.values()])
    np.testing.assert_array_equal(found.frame_features("pca"), pixels_pca(pixels, 3))
    assert found.stimuli["a"].frames is given.stimuli["a"].frames
    assert found.responses is given.responses
    assert found.history[-1] == "computed the feature pca, 3 numbers per frame"


def test_features_are_stored_and_read_back(tmp_path):
    found = with_features(recording(), "pixels-pca", lambda frames: pixels_pca(frames, 3))
    stored = open_recording(save(found, tmp_path / "mouse.zarr"))
    again = with_features(stored, "second", lambda frames: pixels_pca(frames, 2))
    np.testing.assert_array_equal(again.frame_features("pixels-pca"), found.frame_features("pixels-pca"))
    np.testing.assert_array_equal(again.frame_features("second"), found.frame_features("pixels-pca")[:, :2])


@pytest.mark.parametrize(
    "rows", [slice(None), slice(3, 9), slice(0, 0), slice(4, 6), slice(5, 12), slice(2, 11, 3)]
)
def test_frames_of_several_clips_are_one_array(rows):
    clips = [np.arange(5 * 2).reshape(5, 2), np.arange(7 * 2).reshape(7, 2) + 100]
    np.testing.assert_array_equal(AllFrames(clips)[rows], np.concatenate(clips)[rows])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda r: replace(r, stimuli={**r.stimuli, "b": replace(r.stimuli["b"], frames=None)}),
            "1 of 2 clips",
        ),
        (lambda r: recording(a=(5, 4, 6), b=(7, 4, 8)), "different sizes"),
        (lambda r: with_features(r, "x", lambda frames: np.ones((12, 2))), "there is a feature 'x' already"),
        (lambda r: r.select_trials(np.array([], dtype=int)), "no stimuli"),
    ],
)
def test_what_has_no_frames_of_one_size_is_refused(change, words):
    with pytest.raises(DataError, match=words):
        with_features(change(recording()), "x", lambda frames: np.ones((frames.shape[0], 2)))


def test_a_wrong_number_of_features_is_told():
    with pytest.raises(DataError, match="for 12 frames"):
        with_features(recording(), "x", lambda frames: np.ones((3, 2)))
