from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twofold.errors import OptionError
from twofold.recordings import LazyArray
from twofold.simulate import MovieRepeats, frame_counts, simulate_movie_repeats


def by_repeat(recording):
    return frame_counts(recording).reshape(len(recording.trials), -1, len(recording.neurons))


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    options = MovieRepeats.small(n_units=20, n_frames=40)
    one, two, other = (simulate_movie_repeats(options, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.responses[:], two.responses[:])
    assert np.array_equal(one.stimuli["movie"].frames, two.stimuli["movie"].frames)
    assert all(np.array_equal(one.truth[name], two.truth[name]) for name in one.truth)
    assert all(np.array_equal(one.signals[name].values, two.signals[name].values) for name in one.signals)
    assert not np.array_equal(one.responses[:], other.responses[:])


def test_random_numbers_do_not_touch_the_global_state():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    simulate_movie_repeats(MovieRepeats.small(n_units=4, n_frames=20))
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_times_trials_and_frames_agree(recording):
    options = MovieRepeats.small()
    bins = options.bins_per_frame
    shown = np.repeat(np.arange(options.n_frames), bins)
    assert np.array_equal(recording.frame_of_row, np.tile(shown, options.n_repeats))
    assert np.array_equal(recording.per_row("repeat"), np.repeat(np.arange(10), len(shown)))
    assert recording.trials.column("block").tolist() == [0] * 5 + [1] * 5
    start, stop = recording.trials.column("start_s"), recording.trials.column("stop_s")
    gaps = start[1:] - stop[:-1]
    assert gaps[4] == pytest.approx(options.gap_s)
    assert np.allclose(np.delete(gaps, 4), 0)
    assert np.allclose(stop - start, options.n_frames / options.frame_hz)


def test_rates_are_the_stated_product_of_drive_drift_and_state(recording):
    truth = recording.truth
    w = truth["loadings"]
    for row in (0, 77, 640, 1199):
        repeat, frame = divmod(row, 120)
        state = np.exp(truth["state"][row] @ w - (w**2).sum(axis=0) / 2)
        expected = truth["drive"][frame] * truth["drift"][repeat] * state
        assert np.allclose(truth["rates"][row], expected, rtol=1e-5)


def test_counts_follow_the_true_rates(recording):
    mean = recording.truth["rates"] / 30.0
    z = (frame_counts(recording) - mean) / np.sqrt(mean)
    assert z.mean() == pytest.approx(0, abs=4 / np.sqrt(z.size))
    assert (z**2).mean() == pytest.approx(1, abs=0.02)


def test_the_mean_rate_over_states_is_drive_times_drift():
    options = MovieRepeats.small(n_frames=400, n_repeats=40, n_units=30, state_seconds=(0.05, 0.05))
    truth = simulate_movie_repeats(options).truth
    found = truth["rates"].mean(axis=0)
    expected = (truth["drive"].mean(axis=0) * truth["drift"]).mean(axis=0)
    assert np.allclose(found, expected, rtol=0.12)


def test_without_stimulus_all_frames_have_one_drive():
    truth = simulate_movie_repeats(MovieRepeats.small(stimulus_gain=0, n_units=10)).truth
    assert np.allclose(truth["drive"], truth["drive"][0])


def test_without_state_movie_and_units_stay_and_signals_tell_nothing_of_the_rates(recording):
    silent = simulate_movie_repeats(MovieRepeats.small(state_gain=0), random_state=1)
    assert np.array_equal(silent.truth["drive"], recording.truth["drive"])
    assert np.array_equal(silent.truth["state"], recording.truth["state"])
    assert not silent.truth["loadings"].any()
    assert np.array_equal(
        silent.truth["rates"],
        (silent.truth["drift"][:, None] * silent.truth["drive"]).reshape(1200, -1).astype(np.float32),
    )
    assert set(silent.signals) == set(recording.signals)


def test_running_and_pupil_follow_the_first_two_latents_of_their_mouse(recording):
    bins = recording.truth["bins_per_frame"][0]
    state = recording.truth["state"]
    for name, latent in {
        "running_speed_mouse1": 0,
        "pupil_dilation_mouse1": 1,
        "running_speed_mouse2": 3,
        "pupil_dilation_mouse2": 4,
    }.items():
        signal = recording.signal(name)[::bins]
        assert (signal > 0).all()
        related = np.abs([np.corrcoef(signal, column)[0, 1] for column in state.T])
        assert related[latent] > 0.8
        assert np.delete(related, latent).max() < 0.4


def test_one_mouse_has_signals_without_a_number():
    one = simulate_movie_repeats(MovieRepeats.small(mice=1, n_units=5, n_frames=20))
    assert set(one.signals) == {"running_speed", "pupil_dilation"}


def test_state_runs_through_the_gap():
    close = simulate_movie_repeats(MovieRepeats.small(gap_s=0, state_seconds=(50, 90), n_units=4)).truth
    far = simulate_movie_repeats(MovieRepeats.small(gap_s=5000, state_seconds=(50, 90), n_units=4)).truth
    jump = [np.abs(truth["state"][600] - truth["state"][599]).mean() for truth in (close, far)]
    assert jump[0] < 0.15 < jump[1]


def test_drift_grows_with_the_time_between_presentations():
    drift = simulate_movie_repeats(MovieRepeats.small(n_units=2000, n_frames=10, gap_s=5, drift=0.1)).truth[
        "drift"
    ]
    steps = np.diff(np.log(drift), axis=0).std(axis=1)
    assert np.allclose(np.delete(steps, 4), 0.1, rtol=0.1)
    assert steps[4] == pytest.approx(0.1 * np.sqrt(1 + 5 * 30 / 10), rel=0.1)


def test_identical_frames_share_an_id(recording):
    held = simulate_movie_repeats(MovieRepeats.small(identical_adjacent=5, n_units=4)).stimuli["movie"]
    assert len(np.unique(held.frame_ids)) == 120 - 15
    assert np.array_equal(held.frames, held.frames[held.frame_ids])
    assert len(np.unique(recording.stimuli["movie"].frame_ids)) == 120


def test_the_default_size_is_realistic():
    # one bin per frame: the same rates, fewer random numbers
    full = simulate_movie_repeats(MovieRepeats(bins_per_frame=1, height=18, width=32))
    counts = by_repeat(full)
    assert counts.shape == (10, 900, 800)
    silent_in_a_presentation = (counts.sum(axis=1) == 0).any(axis=0).mean()
    assert 0.01 < silent_in_a_presentation < 0.08
    rates = counts.mean(axis=(0, 1)) * 30
    assert np.percentile(rates, 1) < 0.3
    assert 15 < rates.max() < 45
    assert rates.mean() > 1.5 * np.median(rates)


def test_state_makes_correlated_variance_that_its_absence_does_not():
    def share_of_first_six(gain):
        counts = by_repeat(simulate_movie_repeats(MovieRepeats.small(state_gain=gain), random_state=1))
        z = np.sqrt(counts) - np.sqrt(counts).mean(axis=0)
        variance = np.linalg.eigvalsh(np.cov(z.reshape(-1, z.shape[2]).T))[::-1]
        return variance[:6].sum() / variance.sum()

    assert share_of_first_six(0.7) > 1.5 * share_of_first_six(0)


def test_a_template_reads_the_frame_neither_perfectly_nor_at_chance(recording):
    x = np.sqrt(by_repeat(recording))
    train, test = x[:-1], x[-1]
    centre, scale = train.mean(axis=(0, 1)), train.std(axis=(0, 1)) + 1e-9
    similarity = np.corrcoef((test - centre) / scale, (train.mean(axis=0) - centre) / scale)[:120, 120:]
    assert 0.3 < (similarity.argmax(axis=1) == np.arange(120)).mean() < 0.9


def test_all_problems_are_told_at_once():
    with pytest.raises(OptionError) as error:
        MovieRepeats.small(mice=200, blocks=11, identical_adjacent=40, state_seconds=(2, 1))
    for words in ("mice=200", "n_units=160", "blocks=11", "29 runs", "state_seconds"):
        assert words in str(error.value)
    with pytest.raises(OptionError, match=r"n_frames=1.*dispersion=-1"):
        MovieRepeats(n_frames=1, dispersion=-1)
    with pytest.raises(OptionError, match="did you mean 'n_units'"):
        MovieRepeats(n_unit=3)


def test_options_come_from_the_command_line():
    options = MovieRepeats.from_strings({"mice": "1", "state_seconds": "1,2", "counts": "negative-binomial"})
    assert (options.mice, options.state_seconds, options.counts) == (1, (1.0, 2.0), "negative-binomial")


@pytest.mark.parametrize(
    "switch",
    [{"counts": "negative-binomial"}, {"refractory_ms": 5.0}, {"adaptation": 0.3}, {"gain_state": True}],
)
def test_every_switch_changes_the_counts_and_keeps_the_shapes(switch):
    plain = simulate_movie_repeats(MovieRepeats.small(n_frames=30))
    switched = simulate_movie_repeats(MovieRepeats.small(n_frames=30, **switch))
    assert switched.responses.shape == plain.responses.shape
    assert not np.array_equal(switched.responses[:], plain.responses[:])
    assert np.array_equal(switched.truth["drive"], plain.truth["drive"])


def test_counting_frames_refuses_a_recording_that_was_binned(recording):
    binned = replace(
        recording,
        responses=LazyArray(frame_counts(recording)),
        time_s=recording.time_s[::2],
        bin_s=2 * recording.bin_s,
    )
    with pytest.raises(ValueError, match="count frames before binning"):
        frame_counts(binned)
