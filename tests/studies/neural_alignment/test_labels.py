"""Recordings whose label is a direction or a position are studied like movies, and their metrics say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from twofold.errors import DataError
from twofold.metrics import frame_chance
from twofold.readers import read_arrays
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.runs.jobs import run_jobs
from twofold.studies.neural_alignment.label_scores import label_chance, label_scores
from twofold.studies.neural_alignment.labels import labelled
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.plan import plan_study

DIRECTIONS = np.arange(0, 360, 45)
DATA = Path(__file__).parents[3].parent / "shared/data"


def gratings(n_trials: int = 48, bins: int = 4, n_units: int = 20, seed: int = 0) -> Recording:
    """Trials of random directions; units are tuned, and a pupil drifts."""
    rng = np.random.default_rng(seed)
    direction = rng.permutation(np.resize(DIRECTIONS, n_trials))
    preferred = rng.uniform(0, 360, n_units)
    rate = 8 * np.exp(2 * (np.cos(np.deg2rad(direction[:, None] - preferred)) - 1))
    counts = rng.poisson(np.repeat(rate, bins, axis=0))
    time_s = np.arange(n_trials * bins) + 0.5
    trials = pd.DataFrame(
        {
            "stimulus": "grating",
            "repeat": np.arange(n_trials),
            "tier": "all",
            "start_s": np.arange(n_trials) * float(bins),
            "stop_s": (np.arange(n_trials) + 1) * float(bins),
            "direction_deg": direction,
        }
    )
    return Recording(
        responses=LazyArray(counts),
        time_s=time_s,
        bin_s=1.0,
        neurons=Neurons(pd.DataFrame({"region": ["V1", "LM"] * (n_units // 2)})),
        trials=Trials(trials),
        signals={"pupil": Signal(rng.normal(size=len(time_s)).cumsum(), time_s)},
        stimuli={"grating": Stimulus(np.arange(bins), 1.0)},
    )


def track(n_laps: int = 40, n_units: int = 30, seed: int = 0) -> Recording:
    """Laps along a track of one metre; every unit has a place."""
    rng = np.random.default_rng(seed)
    position = np.concatenate([np.sort(rng.uniform(0, 1, 30)) for _ in range(n_laps)])
    place = rng.uniform(0, 1, n_units)
    counts = rng.poisson(5 * np.exp(-((position[:, None] - place) ** 2) / (2 * 0.1**2)))
    time_s = 0.05 * (np.arange(len(position)) + 0.5)
    row = {"stimulus": "track", "repeat": 0, "tier": "all", "start_s": 0.0, "stop_s": 0.05 * len(position)}
    return Recording(
        responses=LazyArray(counts),
        time_s=time_s,
        bin_s=0.05,
        neurons=Neurons(pd.DataFrame(index=range(n_units))),
        trials=Trials(pd.DataFrame([row])),
        signals={"position": Signal(position, time_s)},
        stimuli={"track": Stimulus(np.arange(len(position)), 20.0)},
    )


@pytest.fixture
def options(few_steps) -> AlignmentOptions:
    few = {"max_folds": 2, "alignment_folds": 3, "frame_folds": 2, "surrogates": 19, "steps": 20}
    return few_steps.model_copy(
        update={**few, "reconstruction": (), "pca_components": (4,), "reliability": -1}
    )


def test_the_kth_trial_of_each_direction_is_repeat_k():
    recording = gratings()
    data = labelled(recording, "direction_deg", 20, 10)
    assert data.responses.shape == (6, 8, 20)
    assert (data.label_name, data.circular) == ("direction", True)
    shown = recording.trials.column("direction_deg")
    counts = np.asarray(recording.responses).reshape(48, 4, -1).mean(axis=1)
    for repeat in (0, 5):
        for i, direction in enumerate(DIRECTIONS):
            trial = np.flatnonzero(shown == direction)[repeat]
            np.testing.assert_allclose(data.responses[repeat, i], counts[trial], rtol=1e-6)
    pupil = recording.signal("pupil").reshape(48, 4).mean(axis=1)
    assert data.signals["pupil"][2, 3] == pytest.approx(pupil[np.flatnonzero(shown == 135)[2]])


def test_positions_are_bins_and_stretches_of_time_are_repeats():
    recording = track()
    data = labelled(recording, "position", 10, 5)
    assert data.responses.shape == (5, 10, 30)
    assert (data.label_name, data.circular, list(data.signals)) == ("position", False, [])
    position, counts = recording.signal("position"), np.asarray(recording.responses)
    edges = np.linspace(position.min(), position.max(), 11)
    first = slice(0, len(position) // 5)
    inside = (position[first] >= edges[3]) & (position[first] < edges[4])
    np.testing.assert_allclose(data.responses[0, 3], counts[first][inside].mean(axis=0), rtol=1e-6)


def test_a_bin_that_some_stretch_lacks_is_left_out():
    recording = track()
    signal = recording.signal("position").copy()
    signal[: len(signal) // 5] = np.minimum(signal[: len(signal) // 5], 0.85)
    signals = {"position": Signal(signal, recording.time_s)}
    data = labelled(recording.__class__(**{**vars(recording), "signals": signals}), "position", 10, 5)
    assert data.n_frames == 9


def test_an_error_goes_the_shorter_way_round():
    data = labelled(gratings(), "direction_deg", 20, 10)
    scores = label_scores(data, np.array([0, 0, 7]), np.array([7, 4, 1]))
    assert (scores.exact_accuracy, scores.mae_frames) == (0.0, (1 + 4 + 2) / 3)
    errors = np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    assert label_chance(data).mae_frames == pytest.approx(np.minimum(errors, 8 - errors).mean())
    straight = labelled(track(), "position", 10, 5)
    assert label_chance(straight) == frame_chance(np.arange(10), np.arange(10), frame_seconds=1.0)


@pytest.mark.parametrize(
    ("recording", "label", "singular"),
    [(gratings(), "direction_deg", "direction"), (track(), "position", "position")],
    ids=["direction", "position"],
)
def test_a_study_of_another_label_runs_and_names_its_metrics_after_it(recording, label, singular, options):
    asked = {"label": label, "label_bins": 8, "label_repeats": 6, "seeds": 2}
    options = options.model_copy(update=asked)
    plan = plan_study(recording, options)
    result = plan.assemble(run_jobs(plan.jobs, n_jobs=1), 0.0)
    assert result.recording["label"] == singular
    assert "seeds" not in result.tables()  # 8 labels are too few to leave some out
    metrics = {row.metric for row in result.tables()["frame-decoding"]}
    assert metrics == {"exact_accuracy", f"mae_{singular}s", f"median_error_{singular}s"}
    template = result.find("frame-decoding", "raw + template", "exact_accuracy")
    assert template.value > 3 * template.chance
    assert result.find("alignment", "raw", "r2_cross_repeat").value is not None
    assert not [row for row in result.rows if row.table == "picture-similarity"]


@pytest.mark.parametrize("preset", ["quick", "paper"])
@pytest.mark.parametrize(("recording", "label"), [(gratings(), "direction_deg"), (track(), "position")])
def test_an_embedding_that_follows_the_movie_is_left_out_of_a_study_of_another_label(
    recording, label, preset
):
    plan = plan_study(recording, AlignmentOptions.preset(preset).model_copy(update={"label": label}))
    assert plan.asked.feature_steps > 0
    assert not [job.name for job in plan.jobs if "contrastive features" in job.name]


@pytest.mark.parametrize(
    ("label", "match"),
    [
        ("direction", "did you mean 'direction_deg'"),
        ("repeat", "at least 2 values in 4"),
        ("colour", "has none"),
    ],
)
def test_a_label_that_cannot_be_decoded_is_refused(label, match):
    with pytest.raises(DataError, match=match):
        labelled(gratings(), label, 20, 10)


def test_real_gratings_tell_their_direction_from_raw_responses():
    """The readme of the data: orientation is nearly certain in this session, direction 0.72 to 0.84."""
    paths = sorted((DATA / "mouse_v1_gratings").glob("*mrcuts28_fov4*.npz"))
    if not paths:
        pytest.skip("the recordings of gratings are not in shared/data")
    recording = read_arrays(
        paths[0],
        responses="dff",
        axes=("neuron", "repeat", "time"),
        bin_seconds=1 / 16,
        trial=["direction_deg"],
    )
    data = labelled(recording, "direction_deg", 20, 10)
    train, test = data.rows(np.arange(1, data.n_repeats)), data.rows(np.arange(1))
    told = KNeighborsClassifier(5).fit(train.responses, train.frame).predict(test.responses)
    orientation = (told % 4 == test.frame % 4).mean()
    assert data.n_frames == 8
    assert orientation > 0.5
