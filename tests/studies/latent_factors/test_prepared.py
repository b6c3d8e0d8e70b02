"""Recordings are cut to what is asked, and trials to score on are never those of training or choice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twofold.errors import DataError
from twofold.recordings import Trials
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.plan import plan_study
from twofold.studies.latent_factors.prepared import for_training, prepare

ALL = {"most_neurons": None, "most_train_clips": None, "most_repeats": None}


def whole(**changes) -> LatentFactorsOptions:
    return LatentFactorsOptions.preset("demo", **{**ALL, **changes})


def with_tiers(mouse, **named):
    """The same mouse with some tiers called otherwise."""
    table = mouse.trials.table.copy()
    table["tier"] = table["tier"].replace(named)
    return replace(mouse, trials=Trials(table))


def without(mouse, *tiers):
    return mouse.select_trials(~np.isin(mouse.trials.column("tier"), tiers))


def test_no_more_is_used_than_asked(mice):
    options = whole(most_neurons=20, most_train_clips=5, most_repeats=2)
    (found, _) = prepare(mice, options).recordings
    table = found.trials.table
    assert len(found.neurons) == 20
    assert (table["tier"] == "train").sum() == 5
    assert (table[table["tier"] != "train"].groupby(["tier", "stimulus"]).size() == 2).all()


def test_what_is_used_whole_is_unchanged(mice):
    found = prepare(mice, whole()).recordings
    assert all(a.responses is b.responses for a, b in zip(found, mice, strict=True))


def test_training_sees_no_trial_of_the_held_out_tier(mice):
    part = for_training(prepare(mice, whole()).recordings[0], repeats=1)
    assert set(part.trials.column("tier")) == {"train", "oracle"}
    assert (part.trials.table.query("tier == 'oracle'").groupby("stimulus").size() == 1).all()


def test_without_a_held_out_tier_half_of_the_oracle_videos_take_its_place(mice):
    prepared = prepare([without(mice[0], "live_test_main")], whole())
    table = prepared.recordings[0].trials.table
    videos = {tier: set(part["stimulus"]) for tier, part in table.groupby("tier")}
    assert videos["oracle"] and videos["live_test_main"]
    assert not videos["oracle"] & videos["live_test_main"]
    assert "half of the videos of tier oracle" in prepared.notes[0]


def test_withheld_trials_are_left_out_and_not_scored(mice):
    table = mice[0].trials.table.copy()
    table["withheld"] = table["tier"] == "live_test_main"
    prepared = prepare([replace(mice[0], trials=Trials(table))], whole())
    assert not prepared.recordings[0].trials.table["withheld"].any()
    assert prepared.notes


@pytest.mark.parametrize("missing", ["train", "oracle"])
def test_a_tier_that_is_needed_is_named(mice, missing):
    with pytest.raises(DataError, match=rf"'mouse-1' has no tier '{missing}'.*its tiers are"):
        prepare([without(mice[0], missing)], whole())


def test_one_tier_alone_is_refused(mice):
    with pytest.raises(DataError, match="the study needs 'train' and 'oracle'"):
        prepare([mice[0].tier("train")], whole())


def test_no_recording_and_two_of_one_name_are_refused(mice):
    with pytest.raises(DataError, match="at least one"):
        prepare([], whole())
    with pytest.raises(DataError, match="two recordings are called 'mouse-1'"):
        prepare([mice[0], mice[0]], whole())


def test_clips_too_short_for_training_are_refused_before_any_work(mice):
    with pytest.raises(DataError, match="clip_frames"):
        plan_study(mice, whole(clip_frames=80))


def test_a_key_changes_with_what_is_studied(mice):
    key = prepare(mice[:1], whole()).key
    assert key == prepare(mice[:1], whole()).key
    assert key != prepare(mice[:1], whole(most_neurons=20)).key
    assert key != prepare([with_tiers(mice[0], final_test_main="other")], whole()).key
