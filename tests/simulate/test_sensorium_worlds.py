"""Worlds in which an analysis must fail, and what a model does not know."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.simulate import Sensorium, SensoriumTruth
from twofold.simulate.sensorium.options import MISMATCHES

from .mice import correlation, few, more, neighbours_agree, responses


def gain_of_conditioning(recording):
    mouse = recording.tier("oracle")
    truth, y = SensoriumTruth.of(mouse), responses(mouse)
    given = np.arange(y.shape[1]) % 2 == 0
    video = truth.video_only_rate()[:, ~given]
    return correlation(truth.conditioned_rate(y, given, ~given), y[:, ~given]) - correlation(
        video, y[:, ~given]
    )


@pytest.mark.parametrize("world", ["no_latents", "unseen_drive", "neuropil_only"])
def test_worlds_without_state_have_no_weights_and_nothing_to_gain(world):
    mouse = few(world=world)
    assert not mouse.truth["w_q"].any()
    assert not mouse.truth["w_theta"].any()
    assert gain_of_conditioning(mouse) == pytest.approx(0, abs=1e-9)
    assert gain_of_conditioning(few()) > 0.02


def test_latents_by_contrast_are_told_by_the_video():
    def explained(mouse):
        pictures = [np.asarray(mouse.stimuli[name].frames) for name in mouse.trials.column("stimulus")]
        contrast = np.concatenate([np.log(clip.std(axis=(1, 2), dtype=float)) for clip in pictures])
        return np.corrcoef(contrast, mouse.truth["latents"][:, 0])[0, 1] ** 2

    assert explained(few(world="latents_by_contrast")) > 0.6
    assert explained(more()) < 0.01
    assert not SensoriumTruth.of(few(world="latents_by_contrast")).is_matched


def test_unseen_drive_is_retinotopic_and_late():
    plain, unseen = few(), few(world="unseen_drive")
    late = unseen.truth["drive_theta"] - plain.truth["drive_theta"]
    late = late.reshape(-1, 100, 100)[:6]
    assert np.ptp(late[:, :24], axis=1).max() < 1e-4  # grey before the clip
    late = late[:, 24:].reshape(-1, 100)
    assert late.std(axis=0).mean() == pytest.approx(0.7, abs=0.15)
    assert neighbours_agree(unseen.neurons.position_um[:, :2], (late - late.mean(axis=0)).T[:, :200]) > 0.5


def test_neuropil_correlates_neighbours_and_no_others():
    mouse = few(world="neuropil_only", train_clips=20)
    train = mouse.tier("train")
    residual = responses(train) - SensoriumTruth.of(train).video_only_rate()
    r = np.corrcoef(residual.T)
    distance = np.linalg.norm(mouse.neurons.position_um[:, None] - mouse.neurons.position_um, axis=2)
    assert r[(distance > 0) & (distance < 15)].mean() > 0.1
    assert abs(r[distance > 70].mean()) < 0.02
    y = responses(train)
    assert (y <= 0.005).mean() == pytest.approx(0.6, abs=0.03)


def test_slow_behaviour_knows_nothing_of_slow_latents():
    mouse = few(world="slow_behaviour", train_clips=80, n_neurons=12)
    z, pupil = mouse.truth["latents"], mouse.signals["pupil_dilation"].values
    assert np.corrcoef(pupil[1:], pupil[:-1])[0, 1] > 0.98
    assert (z[1:] * z[:-1]).mean() > 0.9
    assert max(abs(np.corrcoef(pupil, column)[0, 1]) for column in z.T) < 0.25


def test_a_locked_state_repeats_with_its_video():
    def share(world):
        mouse = few(world=world).tier("oracle")
        z = SensoriumTruth.of(mouse).latents.reshape(len(mouse.trials), -1)
        name = mouse.trials.column("stimulus")
        return np.corrcoef(z[name == "oracle-0"][:2])[0, 1]

    assert share("state_locked_to_video") == pytest.approx(1)
    assert abs(share("default")) < 0.2


@pytest.mark.parametrize("name", MISMATCHES)
def test_every_mismatch_changes_the_responses_and_little_of_their_marginals(name):
    plain, other = few(), few(mismatch=(name,))
    assert not np.array_equal(plain.responses[:], other.responses[:])
    assert np.array_equal(plain.truth["latents"], other.truth["latents"])
    y = responses(other.tier("train"))
    assert (y <= 0.005).mean() == pytest.approx(0.6, abs=0.04)
    assert y.mean() == pytest.approx(responses(plain.tier("train")).mean(), rel=0.25)
    truth = SensoriumTruth.of(other.tier("oracle"))
    assert not truth.is_matched
    assert correlation(truth.video_only_rate(), responses(other.tier("oracle"))) > 0.15


def test_all_mismatches_hide_the_state_and_the_video_somewhat():
    plain, other = few(), few(mismatch=("all",))
    assert Sensorium(mismatch=("all",)).mismatches == MISMATCHES
    found = []
    for mouse in (plain, other):
        shown = mouse.tier("oracle")
        found.append(correlation(SensoriumTruth.of(shown).video_only_rate(), responses(shown)))
    assert 0.08 < found[1] < found[0]


def test_scanned_responses_are_smooth_in_time():
    def memory(mouse):
        y = responses(mouse.tier("train")).reshape(6, 100, -1)
        y = y - y.mean(axis=(0, 1))
        return (y[:, 1:] * y[:, :-1]).mean() / y.var()

    assert memory(few()) < 0.2
    assert memory(few(mismatch=("acquisition",))) > 0.5
