"""A state that follows the video is called one, by features, by repeats and by the share that is locked."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.studies.latent_factors.parts.locked import locked
from twofold.studies.latent_factors.parts.locked import rows as rows_of_locked
from twofold.studies.latent_factors.parts.mixed import mixed
from twofold.studies.latent_factors.parts.mixed import rows as rows_of_mixed
from twofold.studies.latent_factors.parts.table_4 import HONEST, LIKE_PAPER, table_4
from twofold.studies.latent_factors.parts.table_4 import rows as rows_of_table_4

LOCKED = "state_locked_to_video"


def values(rows) -> dict[str, float]:
    return {row.row.removeprefix("latent zig free"): row.value for row in rows}


# --- mixed repeats -------------------------------------------------------------------------------


def test_mixed_repeats_lose_what_the_state_of_the_trial_adds(mouse, model):
    found = mixed([mouse], model, seed=0, n_bootstrap=200)
    told = values(rows_of_mixed(found, ["mouse-1"]))
    for apart in ("", ", neighbours apart"):
        assert told[f", same repeat{apart}"] > told[f", mixed repeats{apart}"] + 0.05
        assert told[f", gain of conditioning{apart}"] > 0.05
        assert told[f", locked share of the gain{apart}"] < 0.2


def test_mixed_repeats_keep_what_a_locked_state_adds(in_world, model):
    found = mixed([in_world(LOCKED)], model, seed=0, n_bootstrap=200)
    told = values(rows_of_mixed(found, ["mouse-1"]))
    assert told[", locked share of the gain"] == pytest.approx(1, abs=0.15)


def test_neurons_of_the_figure_are_those_that_are_not_given_and_average_to_the_rows(mouse, model):
    found = mixed([mouse], model, seed=0, n_bootstrap=20)
    told = values(rows_of_mixed(found, ["mouse-1"]))
    for kind, row in (("same", ", same repeat"), ("mixed", ", mixed repeats"), ("video", ", video only")):
        assert found[f"mixed/0/{kind}"].shape == (60,)
        assert found[f"mixed/0/{kind}"].mean() == pytest.approx(told[row])


def test_spans_over_mice_are_those_of_the_hierarchical_bootstrap(mouse, model):
    found = mixed([mouse, mouse], model, seed=0, n_bootstrap=20)
    row = rows_of_mixed(found, ["a", "b"])[0]
    assert (row.over, row.interval_kind) == ("mice", "bootstrap_95")
    assert row.low < row.value < row.high


# --- locked share --------------------------------------------------------------------------------


def test_the_locked_share_is_small_for_state_and_large_for_a_locked_one(mouse, in_world, model):
    free, bound = (
        rows_of_locked(locked([one], model, seed=0, n_surrogates=39), ["mouse-1"])[0]
        for one in (mouse, in_world(LOCKED))
    )
    assert free.value < 0.15
    assert bound.value > 0.6
    assert bound.low > bound.chance
    assert "p = 0.025" in bound.note


# --- features of the video -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def regressed(in_world, model):
    settings = {"n_surrogates": 19, "positions": 40, "training_clips": 40}
    worlds = {
        world: in_world(world, clip_frames=100, test_videos=8) for world in ("default", "latents_by_contrast")
    }
    return {
        world: table_4([mouse], model, seed=0, **settings)
        for world, mouse in {**worlds, LOCKED: in_world(LOCKED)}.items()
    }


def test_features_tell_latents_that_they_drive_and_no_others(regressed):
    told = {world: values(rows_of_table_4(found, ["mouse-1"])) for world, found in regressed.items()}
    best = {world: max(own[f" <- {way.what}"] for way in HONEST.values()) for world, own in told.items()}
    assert best["default"] < 0.03
    assert best["latents_by_contrast"] > best["default"] + 0.03


def test_without_a_penalty_the_paper_overfits(regressed):
    for found in regressed.values():
        told = values(rows_of_table_4(found, ["mouse-1"]))
        local, free = told[" <- contrast at receptive fields"], told[f" <- {LIKE_PAPER['no-penalty'].what}"]
        assert free < local - 0.03


def test_shuffled_clips_make_a_locked_state_look_told_by_contrast(regressed):
    """The video of a test clip was trained on, so that anything that differs between videos tells it."""
    rows = rows_of_table_4(regressed[LOCKED], ["mouse-1"])
    told = values(rows)
    assert told[f" <- {LIKE_PAPER['paper'].what}"] > told[f" <- {LIKE_PAPER['no-penalty'].what}"] + 0.3
    assert told[f" <- {LIKE_PAPER['shuffled'].what}"] >= told[" <- contrast at receptive fields"]
    assert {row.leaky for row in rows if "shuffled" in row.row} == {True}
    assert {row.leaky for row in rows if "shuffled" not in row.row} == {False}


def test_each_latent_has_its_own_r2(regressed):
    own = regressed["default"]["table-4/0/all/per_dimension"]
    assert own.ndim == 1 and 1 <= len(own) <= 4
    assert np.isfinite(own).all()
