"""Files that pynwb wrote come in as the same recording as the arrays that they were made of."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hdmf.common import VectorData
from pynwb.base import ImageReferences, Images
from pynwb.epoch import TimeIntervals
from pynwb.image import GrayscaleImage, ImageSeries, IndexSeries

from twofold.errors import DataError, OptionError
from twofold.readers import UnitQuality, read_arrays, read_nwb
from twofold.recordings import open_recording, save
from twofold.recordings.check import check

from . import nwb_files as files

FRAME_S = 0.03336


@pytest.fixture(scope="module")
def truth():
    """Counts (repeat, frame, unit) of 6 repeats of 12 frames by 5 units, in two blocks, and when it was."""
    counts = np.random.default_rng(0).poisson(2.0, (6, 12, 5))
    return counts, files.frame_starts(6, 12, FRAME_S, pause_after=3, jitter_s=0.001)


@pytest.fixture(scope="module")
def allen(truth, tmp_path_factory):
    counts, edges = truth
    content = files.empty()
    files.add_units(content, files.poisson_trains(edges, counts))
    files.add_presentations(content, edges)
    spontaneous = [
        VectorData(name=n, description=n, data=[v]) for n, v in (("start_time", 0.0), ("stop_time", 9.0))
    ]
    content.add_time_intervals(
        TimeIntervals(name="spontaneous_presentations", description="s", columns=spontaneous)
    )
    files.add_state(content, edges[-1, -1] + 1)
    return files.write(content, tmp_path_factory.mktemp("nwb") / "session.nwb")


def test_the_allen_layout_is_the_same_recording_as_by_direct_arrays(allen, truth, tmp_path):
    counts, _ = truth
    np.savez(tmp_path / "a.npz", counts=counts)
    direct = read_arrays(
        tmp_path / "a.npz", responses="counts", axes=["repeat", "time", "neuron"], bin_seconds=FRAME_S
    )
    recording = read_nwb(allen, bins_per_frame=1)
    np.testing.assert_array_equal(recording.responses[:], direct.responses[:])
    np.testing.assert_array_equal(recording.frame_ids, direct.frame_ids)
    np.testing.assert_array_equal(recording.frame_of_row, direct.frame_of_row)
    np.testing.assert_array_equal(recording.trial_of_row, direct.trial_of_row)
    np.testing.assert_array_equal(recording.per_row("repeat"), direct.per_row("repeat"))
    assert recording.trials.column("block").tolist() == [0, 0, 0, 1, 1, 1]
    assert list(recording.stimuli) == ["natural_movie_one"]
    assert recording.bin_s == pytest.approx(FRAME_S, rel=0.01)
    assert check(recording).errors == ()


def test_by_default_spikes_are_counted_in_the_120_hz_bins_of_the_paper(allen, truth):
    counts, edges = truth
    recording = read_nwb(allen)
    assert recording.responses.shape == (6 * 12 * 4, 5)
    np.testing.assert_array_equal(recording.responses[:].reshape(-1, 4, 5).sum(1), counts.reshape(-1, 5))
    quarter = np.linspace(edges[4, 7], edges[4, 8], 5)
    rows = slice((4 * 12 + 7) * 4, (4 * 12 + 8) * 4)
    spikes = files.poisson_trains(edges, counts)[2]
    np.testing.assert_array_equal(recording.responses[rows, 2], np.histogram(spikes, quarter)[0])
    assert check(recording).errors == ()


def test_averaging_gives_the_mean_of_the_bins_of_a_frame(allen, truth):
    recording = read_nwb(allen, average=True)
    np.testing.assert_array_equal(recording.responses[:], truth[0].reshape(-1, 5).astype(np.float32) / 4)


def test_neurons_know_where_they_are_and_how_good(allen):
    table = read_nwb(allen).neurons.table
    assert table["unit_id"].tolist() == [950, 951, 952, 953, 954]
    assert table["region"].tolist() == ["VISp", "LGd", "VISp", "LGd", "VISp"]
    assert table["probe"].tolist() == ["probeA"] * 5
    np.testing.assert_allclose(table["snr"], np.linspace(1, 4, 5))
    assert table["x_um"].tolist() == [0.0, 100.0, 200.0, 300.0, 0.0]


def test_running_and_pupil_come_along_on_the_same_clock(allen):
    recording = read_nwb(allen)
    assert list(recording.signals) == ["running_speed", "pupil_width"]
    assert recording.signals["running_speed"].unit == "cm/s"
    np.testing.assert_allclose(recording.signal("running_speed"), np.sin(recording.time_s), atol=1e-3)
    np.testing.assert_allclose(recording.signal("pupil_width"), 2 + np.cos(recording.time_s), atol=1e-3)


def test_signals_may_be_named(allen):
    recording = read_nwb(allen, signals={"speed": "running_speed", "width": "pupil_ellipse_fits/width"})
    assert list(recording.signals) == ["speed", "width"]
    assert read_nwb(allen, signals={}).signals == {}


def test_what_was_read_lies_on_disk_and_survives_saving_and_pickling(allen, truth, tmp_path):
    recording = read_nwb(allen, bins_per_frame=1)
    expected = truth[0].reshape(-1, 5)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(recording)).responses[3:30], expected[3:30])
    opened = open_recording(save(recording, tmp_path / "mouse.zarr"))
    np.testing.assert_array_equal(opened.responses[:], expected)
    assert opened.trials.table.equals(recording.trials.table)
    assert opened.history == recording.history


# --- which units ---------------------------------------------------------------------------------


def session(tmp_path, truth, name="s.nwb", columns=None, **quality):
    counts, edges = truth
    content = files.empty()
    files.add_units(content, files.poisson_trains(edges, counts), **quality)
    files.add_presentations(content, edges, **(columns or {}))
    return files.write(content, tmp_path / name)


def test_units_are_filtered_as_in_the_paper_and_it_is_said(tmp_path, truth):
    path = session(
        tmp_path, truth, isi_violations=[0.5, 0.49, 0.0, 0.0, 0.0],
        amplitude_cutoff=[0.0, 0.0, 0.1, 0.0, np.nan], presence_ratio=[1.0, 1.0, 1.0, 0.96, 1.0],
    )  # fmt: skip
    recording = read_nwb(path)
    assert recording.neurons.column("unit_id").tolist() == [951, 953]
    for told in ("4 of 5 units have isi_violations below 0.5", "3 of 5 units have amplitude_cutoff below 0.1",
                 "5 of 5 units have presence_ratio above 0.95", "kept 2 of 5 units"):  # fmt: skip
        assert told in recording.history
    np.testing.assert_array_equal(
        recording.responses[:].reshape(-1, 4, 2).sum(1), truth[0].reshape(-1, 5)[:, [1, 3]]
    )
    assert len(read_nwb(path, quality=UnitQuality(max_isi_violations=1.0)).neurons) == 3
    assert len(read_nwb(path, quality=None).neurons) == 5
    assert read_nwb(path, regions=["LGd"]).neurons.column("unit_id").tolist() == [951, 953]
    with pytest.raises(DataError, match="none of 5 units is left"):
        read_nwb(path, regions=["VISp"])


def test_a_missing_measure_is_told_or_refused_when_asked_for(tmp_path, truth):
    path = session(tmp_path, truth, presence_ratio=None)
    assert "units have no presence_ratio, which was not looked at" in read_nwb(path).history
    with pytest.raises(DataError, match=r"--min-presence-ratio 0.9: units have no column presence_ratio"):
        read_nwb(path, quality=UnitQuality(min_presence_ratio=0.9))


# --- what was shown ------------------------------------------------------------------------------


def test_presentations_that_are_not_whole_are_left_out_and_told(tmp_path, truth):
    counts, _ = truth
    frame = np.tile(np.arange(12.0), 6)
    frame[14] = -1  # a blank instead of a frame of repeat 1
    recording = read_nwb(session(tmp_path, truth, columns={"frame": frame}), bins_per_frame=1)
    np.testing.assert_array_equal(recording.responses[:], np.delete(counts, 1, axis=0).reshape(-1, 5))
    assert recording.trials.column("repeat").tolist() == [0, 1, 2, 3, 4]
    assert recording.trials.column("block").tolist() == [0, 0, 1, 1, 1]
    assert any("presentations that are not whole" in told for told in recording.history)


def test_presentations_in_invalid_times_are_left_out(tmp_path, truth):
    counts, edges = truth
    content = files.empty()
    files.add_units(content, files.poisson_trains(edges, counts))
    files.add_presentations(content, edges)
    content.add_invalid_time_interval(start_time=edges[2, 3], stop_time=edges[2, 4])
    path = files.write(content, tmp_path / "s.nwb")
    recording = read_nwb(path, bins_per_frame=1)
    np.testing.assert_array_equal(recording.responses[:], np.delete(counts, 2, axis=0).reshape(-1, 5))
    assert any("overlap invalid_times" in told for told in recording.history)
    assert len(read_nwb(path, keep_invalid=True).trials) == 6


def test_a_dropped_frame_shifts_no_frame_of_any_trial(tmp_path, truth):
    """Frame 5 of repeat 1 stays twice as long; all later bins still count in their own frames."""
    counts, edges = truth
    edges = edges.copy()
    edges[1, 6:] += FRAME_S
    edges[2] += FRAME_S
    recording = read_nwb(session(tmp_path, (counts, edges)), bins_per_frame=1)
    np.testing.assert_array_equal(recording.responses[:], counts.reshape(-1, 5))
    np.testing.assert_array_equal(recording.frame_of_row, np.tile(np.arange(12), 6))
    assert check(recording).errors == ()
    (told,) = (one for one in recording.history if "even clock" in one)
    off_ms = float(told.split("at most ")[1].split(" ms")[0])
    assert 900 * FRAME_S < off_ms < 1200 * FRAME_S


def test_an_index_series_tells_the_frames_and_its_pictures(tmp_path, truth):
    counts, edges = truth
    content = files.empty()
    files.add_units(content, files.poisson_trains(edges[:3], counts[:3]))
    pictures = np.random.default_rng(0).integers(0, 255, (12, 4, 6)).astype(np.uint8)
    images = [GrayscaleImage(name=f"image{i}", data=one) for i, one in enumerate(pictures)]
    box = Images(
        name="movie", images=images, order_of_images=ImageReferences(name="order_of_images", data=images)
    )
    content.add_stimulus_template(box)
    shown = np.tile(np.arange(12, dtype=np.uint32), 3)
    starts = edges[:3, :-1].ravel()
    content.add_stimulus(
        IndexSeries(name="shown", data=shown, unit="N/A", indexed_images=box, timestamps=starts)
    )
    recording = read_nwb(files.write(content, tmp_path / "s.nwb"), bins_per_frame=1)
    np.testing.assert_array_equal(recording.responses[:-1], counts[:3].reshape(-1, 5)[:-1])
    np.testing.assert_array_equal(recording.stimuli["shown"].frames, pictures)


def test_pictures_of_a_template_are_read_when_indexed(tmp_path, truth):
    counts, edges = truth
    content = files.empty()
    files.add_units(content, files.poisson_trains(edges, counts))
    files.add_presentations(content, edges)
    pictures = np.random.default_rng(0).integers(0, 255, (12, 4, 6)).astype(np.uint8)
    content.add_stimulus_template(
        ImageSeries(name="template", data=pictures, unit="n.a.", rate=30.0, starting_time=0.0)
    )
    path = files.write(content, tmp_path / "s.nwb")
    clip = read_nwb(path, frames="template").stimuli["natural_movie_one"]
    assert not isinstance(clip.frames, np.ndarray)
    np.testing.assert_array_equal(clip.frames[3:5], pictures[3:5])
    with pytest.raises(DataError, match=r"--frames templat: .* did you mean 'template'"):
        read_nwb(path, frames="templat")


def test_trials_without_frames_are_binned_from_their_start(tmp_path):
    rng = np.random.default_rng(0)
    start = np.arange(8) * 3.0
    table = pd.DataFrame({"orientation": ["0", "90"] * 4})
    trains = [np.sort(rng.uniform(0, 24, 200)) for _ in range(3)]
    content = files.empty()
    files.add_units(content, trains)
    given = {"start_time": start, "stop_time": start + 2.003, "orientation": table["orientation"].tolist()}
    made = [VectorData(name=key, description=key, data=values) for key, values in given.items()]
    content.add_time_intervals(TimeIntervals(name="gratings", description="g", columns=made))
    path = files.write(content, tmp_path / "s.nwb")
    recording = read_nwb(path, bin_seconds=0.5, stimulus_column="orientation")
    expected = [
        [np.sum((spikes >= a + k * 0.5) & (spikes < a + (k + 1) * 0.5)) for spikes in trains]
        for a in start for k in range(4)
    ]  # fmt: skip
    np.testing.assert_array_equal(recording.responses[:], expected)
    assert recording.trials.column("stimulus").tolist() == ["0", "90"] * 4
    assert recording.trials.column("repeat").tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert recording.stimuli["90"].frame_ids.tolist() == [4, 5, 6, 7]
    assert check(recording).errors == ()
    with pytest.raises(OptionError, match="gratings has no column `frame`: give the width of a bin"):
        read_nwb(path)


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"intervals": "natural_movie_on"}, DataError, ["--intervals natural_movie_on", "natural_movie_one"]),
        ({"units": "unit"}, DataError, ["--units unit", "did you mean 'units'?"]),
        ({"responses": "dff"}, DataError, ["--responses dff", "there are none"]),
        ({"signals": {"s": "runing_speed"}}, DataError, ["runing_speed", "did you mean 'running_speed'?"]),
        ({"regions": ["VISP"]}, DataError, ["--region VISP", "did you mean 'VISp'?"]),
        ({"frames": "movie"}, DataError, ["--frames movie", "there are none"]),
        ({"stimulus_column": "orient", "bin_seconds": 0.1}, DataError, ["--stimulus-column orient"]),
        ({"bins_per_frame": 0}, OptionError, ["--bins-per-frame 0"]),
        ({"bin_seconds": -1.0}, OptionError, ["--bin-seconds -1"]),
        ({"bin_seconds": 0.1, "average": True}, OptionError, ["--bin-seconds", "--average"]),
        ({"units": "units", "responses": "x"}, OptionError, ["--units or --responses"]),
        ({"intervals": "spontaneous_presentations"}, OptionError, ["--bin-seconds"]),
        ({"intervals": "spontaneous_presentations", "bin_seconds": 10.0}, DataError, ["narrower"]),
    ],
)  # fmt: skip
def test_a_wrong_name_or_option_is_one_line_that_says_what_there_is(allen, changes, error, words):
    with pytest.raises(error) as caught:
        read_nwb(allen, **changes)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_several_movies_are_a_choice_that_is_spelled_out(tmp_path, truth):
    counts, edges = truth
    content = files.empty()
    files.add_units(content, files.poisson_trains(edges, counts))
    files.add_presentations(content, edges)
    files.add_presentations(content, edges + 5000, "natural_movie_three_presentations")
    path = files.write(content, tmp_path / "s.nwb")
    with pytest.raises(DataError) as caught:
        read_nwb(path)
    assert "choose what to read with --intervals: intervals/natural_movie_one_presentations, " in str(
        caught.value
    )
    assert len(read_nwb(path, intervals="natural_movie_three_presentations").trials) == 6
