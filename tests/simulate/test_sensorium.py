"""A simulated mouse in SENSORIUM's shape: sizes, tiers, marginals, maps and options."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twofold.errors import DataError, OptionError
from twofold.recordings import Recording
from twofold.recordings.check import check
from twofold.simulate import Sensorium, SensoriumTruth
from twofold.simulate.sensorium.options import SIZES

from .mice import correlation, few, more, neighbours_agree, responses

STATISTICS = Path(__file__).parents[2].parent / "shared/data/sensorium2023_statistics/mouseA.npz"


@pytest.fixture
def tiny() -> Recording:
    return more()


def test_sizes_are_those_of_the_table():
    rows = {size: Sensorium.preset(size) for size in SIZES}
    table = {
        "tiny": (150, 18, 32, 40, 100, 4, 6, 3),
        "small": (300, 18, 32, 150, 100, 6, 10, 3),
        "lite": (800, 36, 64, 200, 150, 6, 10, 4),
        "full": (8000, 36, 64, 350, 300, 6, 10, 4),
    }
    names = (
        "n_neurons",
        "height",
        "width",
        "train_clips",
        "clip_frames",
        "test_videos",
        "repeats",
        "latents",
    )
    assert {size: tuple(getattr(row, name) for name in names) for size, row in rows.items()} == table


def test_every_tier_is_there_with_its_repeats(tiny):
    trials = tiny.trials.table
    assert trials.groupby("tier")["stimulus"].nunique().to_dict() == {
        "train": 20,
        "oracle": 3,
        "live_test_main": 3,
        "final_test_main": 3,
        "live_test_bonus": 3,
        "final_test_bonus": 3,
    }
    assert set(trials.groupby("stimulus").size()[lambda n: ~n.index.str.startswith("train")]) == {4}
    bonus = trials[trials["tier"].str.endswith("bonus")]
    assert set(bonus["video_class"]) == {"pink_noise", "gabor", "dots"}
    assert set(trials["video_class"][~trials["tier"].str.endswith("bonus")]) == {"natural"}
    assert not check(tiny).errors


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    one, other = few(3), few(4)
    two = few.__wrapped__(3)
    assert np.array_equal(one.responses[:], two.responses[:])
    assert all(np.array_equal(one.truth[name], two.truth[name]) for name in one.truth)
    assert all(np.array_equal(one.signals[n].values, two.signals[n].values) for n in one.signals)
    assert not np.array_equal(one.responses[:], other.responses[:])


def test_random_numbers_do_not_touch_the_global_state():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    few.__wrapped__()
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_mice_see_the_same_videos_with_other_neurons():
    one, two, own = few(mouse=1), few(mouse=2), few(mouse=2, shared_videos=False)
    assert two.name == "mouse-2"
    frames = [np.asarray(mouse.stimuli["train-0"].frames) for mouse in (one, two, own)]
    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])
    for name in ("w_q", "receptive_field_px", "latents"):
        assert not np.array_equal(one.truth[name], two.truth[name])


def test_responses_are_silent_as_often_and_as_large_as_asked(tiny):
    y = responses(tiny.tier("train"))
    silent = (y <= 0.005).mean(axis=0)
    assert 0.5 < silent.min() < silent.mean() - 0.02
    assert silent.mean() == pytest.approx(0.6, abs=0.02)
    assert 0.15 < y.mean() < 0.3
    assert (y >= 0).all()
    assert y.dtype == float
    assert tiny.responses.dtype == np.float32


def test_raw_responses_are_the_standardised_ones_times_a_scale():
    one, raw = few(), few(responses="raw")
    scale = raw.truth["response_scale"]
    assert 3 < np.median(scale) < 40
    assert np.allclose(raw.responses[:], one.responses[:] * scale, rtol=1e-5)
    a, b = (SensoriumTruth.of(mouse.tier("oracle")) for mouse in (one, raw))
    assert np.allclose(b.video_only_rate(), a.video_only_rate() * scale)
    y, y_raw = (responses(mouse.tier("oracle")) for mouse in (one, raw))
    assert np.isclose(a.log_prob(y), b.log_prob(y_raw), atol=1e-2).mean() > 0.999  # but at the border rho


def test_retinotopy_is_linear_in_the_place_in_cortex(tiny):
    place = np.column_stack([tiny.neurons.position_um[:, :2], np.ones(100)])
    fields = tiny.truth["receptive_field_px"]
    residual = fields - place @ np.linalg.lstsq(place, fields, rcond=None)[0]
    assert np.abs(residual).max() < 1e-6


def test_weights_are_maps_of_the_cortex_but_in_the_world_where_they_are_not(tiny):
    position = tiny.neurons.position_um[:, :2]
    w_q, w_theta = tiny.truth["w_q"], tiny.truth["w_theta"]
    assert neighbours_agree(position, w_q) > 0.5
    assert correlation(w_q, w_theta) > 0.7
    for w in (w_q, w_theta):
        assert np.sqrt((w**2).sum(axis=1).mean()) == pytest.approx(0.7, rel=0.1)
    scattered = few(world="weights_without_position")
    assert abs(neighbours_agree(scattered.neurons.position_um[:, :2], scattered.truth["w_q"])) < 0.2


def test_latents_are_white_or_remember(tiny):
    def memory(recording):
        z = recording.truth["latents"].reshape(-1, 100, 3)
        return (z[:, 1:] * z[:, :-1]).mean(), z.var()

    assert memory(tiny) == pytest.approx((0, 1), abs=0.03)
    assert memory(few(latent_memory=0.9)) == pytest.approx((0.9, 1), abs=0.12)


def test_pupil_and_running_follow_the_first_two_latents(tiny):
    z = tiny.truth["latents"]
    design = np.column_stack([z, np.ones(len(z))])
    for name in ("pupil_dilation", "running_speed"):
        signal = tiny.signals[name].values
        weights = np.linalg.lstsq(design, signal, rcond=None)[0]
        assert np.corrcoef(design @ weights, signal)[0, 1] > 0.7
        assert abs(weights[2]) < 0.1 * np.abs(weights[:2]).max()
    assert (tiny.signals["running_speed"].values >= 0).all()


@pytest.mark.skipif(not STATISTICS.exists(), reason="the statistics of SENSORIUM are not beside the project")
def test_positions_and_marginals_come_from_measured_statistics():
    mouse = few(statistics=str(STATISTICS), responses="raw")
    with np.load(STATISTICS) as measured:
        planes, sd = np.unique(measured["cell_motor_coordinates"][:, 2]), measured["response_std"]
        assert set(mouse.neurons.position_um[:, 2]) <= set(planes.tolist())
        assert np.isin(mouse.truth["response_scale"].astype(np.float32), sd).all()
    with pytest.raises(DataError, match="7440 neurons"):
        few(statistics=str(STATISTICS), n_neurons=8000)


def test_statistics_that_are_none_are_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    for name in ("other.npz", "missing.npz"):
        with pytest.raises(DataError, match="cell_motor_coordinates"):
            few(statistics=str(tmp_path / name))


# --- options -------------------------------------------------------------------------------------


def test_all_problems_are_told_at_once():
    with pytest.raises(OptionError) as error:
        Sensorium(mismatch=("gian",), zeros=(0.9, 0.5), kappa=(0.0, 1.0), final_bonus=("dots",) * 9)
    for words in ("did you mean 'gain'", "zeros=(0.9, 0.5)", "kappa=(0.0, 1.0)", "test_videos=6"):
        assert words in str(error.value)
    with pytest.raises(OptionError, match="world='nolatents'"):
        Sensorium(world="nolatents")
    with pytest.raises(OptionError, match="did you mean 'tiny'"):
        Sensorium.preset("tinny")


def test_options_come_from_the_command_line():
    texts = {"mismatch": "gain,drift", "latent_memory": "0.5", "shared_videos": "false", "zeros": "0.5,0.6"}
    options = Sensorium.from_strings(texts, base=Sensorium.preset("lite"))
    assert (options.mismatches, options.latent_memory, options.shared_videos) == (
        ("gain", "drift"),
        0.5,
        False,
    )
    assert (options.zeros, options.n_neurons) == ((0.5, 0.6), 800)
