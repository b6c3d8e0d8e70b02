from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from twofold.errors import DataError, OptionError
from twofold.readers import read_sensorium
from twofold.readers.sensorium.statistics import floored
from twofold.recordings import open_recording, refuse_withheld, save
from twofold.recordings.check import check

from .by_hand import LENGTHS, NEURONS, TIERS, VIDEO_OF, ByHand, write_by_hand

USED = [number for number, tier in enumerate(TIERS) if tier != "none"]


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory) -> ByHand:
    return write_by_hand(tmp_path_factory.mktemp("sensorium") / "dynamic1-2-3-Video")


@pytest.fixture(scope="module", params=["folder", "zip", "zip without a folder"])
def source(request, by_hand, tmp_path_factory) -> Path:
    """The same session in its folder, and zipped with and without it."""
    if request.param == "folder":
        return by_hand.path
    target = tmp_path_factory.mktemp("zip") / by_hand.path.name
    root, base = (
        (by_hand.path, None) if "without" in request.param else (by_hand.path.parent, by_hand.path.name)
    )
    return Path(shutil.make_archive(str(target), "zip", root, base))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_responses_are_those_of_the_files_time_first_without_padding(tmp_path, dtype):
    made = write_by_hand(tmp_path / "mouse", dtype)
    recording = read_sensorium(made.path)
    expected = np.concatenate([made.responses[number].T for number in USED]).astype(np.float32)
    assert recording.responses.dtype == np.float32
    np.testing.assert_array_equal(recording.responses[:], expected)
    assert check(recording).errors == ()


def test_what_is_read_from_a_folder_and_from_its_zip_is_what_was_written(source, by_hand):
    recording = read_sensorium(source)
    assert recording.name == by_hand.path.name
    np.testing.assert_array_equal(
        recording.responses[:], np.concatenate([by_hand.responses[n].T for n in USED]).astype(np.float32)
    )
    for trial, number in enumerate(USED):
        row = recording.trials.table.iloc[trial]
        clip = recording.stimuli[row["stimulus"]]
        assert (row["file"], row["tier"], row["trial_idx"]) == (number, TIERS[number], number + 100)
        np.testing.assert_array_equal(clip.frames[:], np.moveaxis(by_hand.videos[number], -1, 0))
        assert clip.frames[:].dtype == np.uint8
        np.testing.assert_array_equal(clip.frames[2:5], clip.frames[:][2:5])
        part = recording.select_trials(np.array([trial]))
        for (low, high), values in (
            (("pupil_dilation", "running_speed"), by_hand.behavior[number]),
            (("pupil_x", "pupil_y"), by_hand.pupil_center[number]),
        ):
            np.testing.assert_array_equal(np.stack([part.signal(low), part.signal(high)]), values)
    np.testing.assert_array_equal(recording.neurons.position_um, by_hand.position)
    assert recording.neurons.column("area").tolist() == ["V1"] * NEURONS
    assert recording.neurons.column("unit_ids").tolist() == [1, 2, 3, 4, 5]


def test_arrays_saved_in_fortran_order_are_read_as_any_other(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    before = read_sensorium(made.path)
    expected = before.responses[:], before.stimuli["video-1"].frames[:]
    for modality in ("videos", "responses", "behavior"):
        for number in range(7):
            made.change(f"data/{modality}/{number}.npy", np.asfortranarray)
    archive = Path(shutil.make_archive(str(tmp_path / "mouse"), "zip", tmp_path, "mouse"))
    for path in (made.path, archive):
        again = read_sensorium(path)
        np.testing.assert_array_equal(again.responses[:], expected[0])
        np.testing.assert_array_equal(again.stimuli["video-1"].frames[:], expected[1])


def test_every_slice_of_the_responses_equals_slicing_the_whole(source):
    responses = read_sensorium(source).responses
    whole, n = responses[:], len(responses)
    for start, stop in [(0, 0), (0, 1), (8, 9), (8, 10), (3, 40), (17, 18), (n - 1, n), (0, n)]:
        np.testing.assert_array_equal(responses[start:stop], whole[start:stop])
    picked = np.array([30, 2, 2, 17])
    np.testing.assert_array_equal(responses[picked], whole[picked])
    np.testing.assert_array_equal(responses.source[::3], whole[::3])
    np.testing.assert_array_equal(responses.select(columns=np.array([3, 0]))[5:20], whole[5:20][:, [3, 0]])


def test_trials_lie_in_order_of_file_on_one_clock_of_30_hz_apart_by_their_padding(by_hand):
    recording = read_sensorium(by_hand.path)
    table = recording.trials.table
    np.testing.assert_allclose(table["start_s"], np.array(USED) * 12 / 30)
    np.testing.assert_allclose((table["stop_s"] - table["start_s"]) * 30, [LENGTHS[n] for n in USED])
    assert np.bincount(recording.trial_of_row).tolist() == [LENGTHS[n] for n in USED]
    for trial, number in enumerate(USED):
        frames = recording.frame_of_row[recording.trial_of_row == trial]
        assert frames.tolist() == list(range(LENGTHS[number]))


def test_trials_of_one_video_share_a_stimulus_and_number_its_repeats_over_all_tiers(by_hand):
    recording = read_sensorium(by_hand.path)
    table = recording.trials.table.set_index("file")
    assert table["stimulus"].tolist() == [f"video-{VIDEO_OF.index(VIDEO_OF[n])}" for n in USED]
    assert table.loc[[1, 4, 5], "repeat"].tolist() == [0, 1, 2]
    assert table["repeat"].drop([1, 4, 5]).tolist() == [0, 0, 0]
    assert list(recording.stimuli) == ["video-0", "video-1", "video-2", "video-6"]
    (shared,) = [text for text in check(recording).warnings if "more than one tier" in text]
    assert "video-1 in oracle and live_test_main" in shared


def test_the_same_picture_has_the_same_id_in_all_videos(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    first = np.load(made.file("data/videos/0.npy"))

    def show_again(video):
        video[..., 3] = first[..., 2]
        return video

    made.change("data/videos/2.npy", show_again)
    recording = read_sensorium(made.path)
    ids = {name: clip.frame_ids for name, clip in recording.stimuli.items()}
    assert ids["video-2"][3] == ids["video-0"][2]
    assert len(set(np.concatenate(list(ids.values())))) == 9 + 8 + 9 + 10 - 1


def test_one_other_pixel_is_another_video(tmp_path):
    made = write_by_hand(tmp_path / "mouse")

    def brighter(video):
        video[1, 2, 7] = (video[1, 2, 7] + 1) % 256
        return video

    made.change("data/videos/5.npy", brighter)
    table = read_sensorium(made.path).trials.table.set_index("file")
    assert table.loc[4, "stimulus"] == table.loc[1, "stimulus"] != table.loc[5, "stimulus"]


def test_withheld_responses_are_told_and_refused_for_scoring_only(source):
    recording = read_sensorium(source)
    assert recording.trials.table.set_index("file")["withheld"].to_dict() == {n: n == 4 for n in USED}
    withheld = recording.tier("live_test_main")
    assert not withheld.responses[:].any()
    with pytest.raises(DataError, match="no responses to score in trials 0 of tier live_test_main"):
        refuse_withheld(withheld)
    with pytest.raises(DataError, match=r"trials 3 of tier live_test_main, .*; take train, oracle"):
        refuse_withheld(recording, "score")
    refuse_withheld(recording.tier("train", "oracle"))
    assert any("withheld (all 0): 1 of live_test_main" in text for text in recording.history)
    assert any("1 of 6 trials are withheld" in text for text in check(recording).warnings)


def test_a_trial_in_which_one_neuron_is_silent_is_not_withheld(tmp_path):
    made = write_by_hand(tmp_path / "mouse")

    def first_silent(responses):
        responses[:4, :9] = 0
        return responses

    made.change("data/responses/0.npy", first_silent)
    assert not read_sensorium(made.path).trials.column("withheld")[0]


@pytest.mark.parametrize("modality", ["videos", "responses", "behavior", "pupil_center"])
def test_a_trial_ends_at_the_earliest_nan_of_all_modalities(tmp_path, modality):
    made = write_by_hand(tmp_path / "mouse")

    def shorter(values):
        values[..., 6:] = np.nan
        return values

    made.change(f"data/{modality}/2.npy", shorter)
    recording = read_sensorium(made.path)
    part = recording.select_trials(np.array([2]))
    assert len(part.time_s) == len(part.stimuli["video-2"]) == 6
    np.testing.assert_array_equal(part.responses[:], made.responses[2][:, :6].T.astype(np.float32))
    told = [text for text in recording.history if "ends before the video: files 2" in text]
    assert len(told) == (modality != "videos")
    assert check(recording).errors == ()


def test_zeros_that_deconvolution_left_negative_are_zero_and_real_negatives_stay(tmp_path):
    made = write_by_hand(tmp_path / "mouse")

    def dip(responses):
        responses[2, :3] = -2.7e-7, -0.5, 1e-9
        return responses

    made.change("data/responses/0.npy", dip)
    np.testing.assert_array_equal(
        read_sensorium(made.path).responses[:3, 2], np.array([0, -0.5, 1e-9], np.float32)
    )


def test_grey_values_that_are_no_whole_numbers_stay_float(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    made.change("data/videos/0.npy", lambda video: video / 2)
    clip = read_sensorium(made.path).stimuli["video-0"]
    assert clip.frames.dtype == np.float32
    np.testing.assert_array_equal(clip.frames[:], np.moveaxis(made.videos[0] / 2, -1, 0))


def test_behaviour_and_positions_may_be_absent(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    for folder in ("data/behavior", "data/pupil_center", "meta/neurons"):
        shutil.rmtree(made.file(folder))
    recording = read_sensorium(made.path, "per_neuron")
    assert not recording.signals
    assert recording.neurons.position_um is None


def test_a_column_of_python_objects_is_left_out_and_told(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    np.save(made.file("meta/neurons/comment.npy"), np.array([{}] * NEURONS, object), allow_pickle=True)
    recording = read_sensorium(made.path)
    assert "comment" not in recording.neurons.table
    assert any("left out" in text and "meta/neurons/comment.npy" in text for text in recording.history)


# --- normalisation -------------------------------------------------------------------------------


def test_per_neuron_divides_by_the_spread_over_the_train_tier_alone(source, by_hand):
    raw, scaled = read_sensorium(source), read_sensorium(source, "per_neuron")
    train = np.concatenate([by_hand.responses[n].T for n in (0, 2, 6)])
    np.testing.assert_allclose(scaled.neurons.column("response_scale"), train.std(axis=0), rtol=1e-6)
    np.testing.assert_allclose(scaled.tier("train").responses[:].std(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(
        scaled.responses[:] * scaled.neurons.column("response_scale"), raw.responses[:], rtol=1e-6
    )
    assert scaled.responses.dtype == np.float32
    speed = np.concatenate([by_hand.behavior[n][1] for n in (0, 2, 6)])
    np.testing.assert_allclose(
        scaled.signals["running_speed"].values, raw.signals["running_speed"].values / speed.std()
    )
    eye = np.concatenate([by_hand.pupil_center[n][0] for n in (0, 2, 6)])
    np.testing.assert_allclose(
        scaled.signals["pupil_x"].values, (raw.signals["pupil_x"].values - eye.mean()) / eye.std()
    )


def test_per_neuron_does_not_see_other_tiers(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    before = read_sensorium(made.path, "per_neuron")
    for number in (1, 4, 5):
        made.change(f"data/responses/{number}.npy", lambda values: values * 1000 + 1)
        made.change(f"data/behavior/{number}.npy", lambda values: values * 1000)
    after = read_sensorium(made.path, "per_neuron")
    np.testing.assert_array_equal(
        after.neurons.column("response_scale"), before.neurons.column("response_scale")
    )
    np.testing.assert_array_equal(after.tier("train").responses[:], before.tier("train").responses[:])
    train = before.tier("train")
    np.testing.assert_array_equal(after.tier("train").signal("running_speed"), train.signal("running_speed"))


def test_sensorium2023_divides_by_the_published_spread_per_neuron_and_frame(source, by_hand):
    raw, scaled = read_sensorium(source), read_sensorium(source, "sensorium2023")
    std = np.load(by_hand.file("meta/statistics/responses/all/std.npy"))[:, :10]
    floor = 0.01 * std.mean()
    divisor = np.where(std > floor, std, floor)
    assert (std <= floor).any()  # frame 9 is that of one clip only: its spread is 0
    for trial, number in enumerate(USED):
        rows = raw.trial_of_row == trial
        np.testing.assert_allclose(
            scaled.responses[:][rows], raw.responses[:][rows] / divisor[:, : LENGTHS[number]].T, rtol=1e-5
        )
    np.testing.assert_allclose(scaled.neurons.column("mean_log_response_scale"), np.log(divisor).mean(axis=1))
    assert any("sensorium2023" in text for text in scaled.history)


def test_the_published_rule_replaces_small_spreads():
    std = np.array([100.0, 300.0, 2.0, 1.0, 0.0])
    floor = 0.01 * 403 / 5
    np.testing.assert_allclose(floored(std), [100, 300, 2, 1, floor])
    assert floored(np.array([99.0, 1.1, 0.3])).tolist() == pytest.approx([99, 1.1, 0.01 * 100.4 / 3])
    assert floored(np.zeros(3)).tolist() == [1, 1, 1]


def test_normalising_twice_unknown_names_and_missing_statistics_are_refused(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    with pytest.raises(OptionError, match="did you mean 'per_neuron'"):
        read_sensorium(made.path, "per_neurons")
    shutil.rmtree(made.file("meta/statistics/behavior"))
    with pytest.raises(DataError, match=r"lacks meta/statistics/behavior/all/std.npy.*per_neuron instead"):
        read_sensorium(made.path, "sensorium2023")
    shutil.rmtree(made.file("meta/statistics"))
    np.save(made.file("meta/neurons/response_scale.npy"), np.ones(NEURONS))
    with pytest.raises(DataError, match=r"normalised before it was written"):
        read_sensorium(made.path, "per_neuron")
    made.file("meta/neurons/response_scale.npy").unlink()
    np.save(made.file("meta/trials/tiers.npy"), np.array(["oracle"] * 7))
    with pytest.raises(
        DataError, match=r"needs trials of tier 'train' with responses; there are only oracle"
    ):
        read_sensorium(made.path, "per_neuron")


def test_published_statistics_that_are_nan_within_the_clips_are_refused(tmp_path):
    made = write_by_hand(tmp_path / "mouse")

    def lose(std):
        std[3, 8] = np.nan
        return std

    made.change("meta/statistics/responses/all/std.npy", lose)
    with pytest.raises(DataError, match=r"not finite at row 3, frame 8"):
        read_sensorium(made.path, "sensorium2023")


# --- in other hands ------------------------------------------------------------------------------


def test_a_store_holds_what_the_folder_held(source, tmp_path):
    recording = read_sensorium(source, "per_neuron")
    stored = open_recording(save(recording, tmp_path / "mouse.zarr"))
    np.testing.assert_array_equal(stored.responses[:], recording.responses[:])
    assert stored.responses.dtype == np.float32
    for name, clip in recording.stimuli.items():
        np.testing.assert_array_equal(stored.stimuli[name].frames[:], clip.frames[:])
        assert stored.stimuli[name].frames.dtype == np.uint8
    assert stored.trials.table.equals(recording.trials.table.astype({"stimulus": "str", "tier": "str"}))
    assert stored.history == recording.history


def test_another_process_can_go_on_reading(source):
    recording = read_sensorium(source)
    again = pickle.loads(pickle.dumps(recording.responses))
    np.testing.assert_array_equal(again[:], recording.responses[:])


def test_progress_counts_every_trial_that_is_read(by_hand):
    told = []
    read_sensorium(by_hand.path, "per_neuron", progress=lambda *what: told.append(what[:2]))
    assert told == [(done, 6 + 3) for done in range(1, 10)]
