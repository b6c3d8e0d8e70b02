"""Behaviour that the latents drive is found, unrelated slow behaviour is not, shuffled frames leak."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.studies.latent_factors.parts.table_12 import rows, table_12

FEW = {"seed": 0, "n_surrogates": 39}
PUPIL = "latent zig free -> pupil_dilation"


@pytest.fixture(scope="module")
def found(mouse, model):
    return table_12([mouse], model, **FEW)


@pytest.fixture(scope="module")
def unrelated(in_world, model):
    """Slow latents, and pupil and running that are as slow and have nothing to do with them."""
    return table_12([in_world("slow_behaviour")], model, **FEW)


def by_row(found) -> dict:
    return {row.row: row for row in rows(found, ["mouse-1"])}


@pytest.mark.parametrize("signal", ["pupil_dilation", "running_speed"])
def test_behaviour_that_latents_drive_is_found_also_beyond_the_video(found, signal):
    told = by_row(found)
    for way in ("", ", without what the video tells"):
        row = told[f"latent zig free -> {signal}{way}"]
        assert row.value > 0.5
        assert abs(row.chance) < 0.1
        assert row.note.count("p = 0.025") == 3  # 1 / 40, against each null


def test_eye_position_which_no_latent_drives_stays_in_its_null(found):
    for signal in ("pupil_x", "pupil_y"):
        assert abs(by_row(found)[f"latent zig free -> {signal}"].value) < 0.2


def test_unrelated_slow_behaviour_stays_in_its_null(unrelated):
    for signal in ("pupil_dilation", "running_speed"):
        null = unrelated[f"table-12/0/{signal}/honest/null"]
        value = unrelated[f"table-12/0/{signal}/honest/interval"][0]
        assert value < max(np.quantile(null[0], 0.95), np.quantile(null[1], 0.95))


def test_shuffled_frames_tell_slow_behaviour_that_is_unrelated(unrelated):
    """Leaky folds are right of 0 also by chance, honest ones are not."""
    told = by_row(unrelated)
    for signal in ("pupil_dilation", "running_speed"):
        honest, leaky = (told[f"latent zig free -> {signal}{way}"] for way in ("", ", leaky frames"))
        assert leaky.leaky and not honest.leaky
        assert leaky.value > honest.value
        assert leaky.chance > 0.1 > abs(honest.chance)


def test_the_trace_is_of_one_held_out_video_and_follows_the_signal(found, mouse):
    trace = {
        name: found[f"figure-10/0/pupil_dilation/{name}"]
        for name in ("time_s", "observed", "predicted", "trial")
    }
    assert len({len(values) for values in trace.values()}) == 1
    assert len(np.unique(trace["trial"])) == 5
    assert np.corrcoef(trace["observed"], trace["predicted"])[0, 1] > 0.4
    tier = mouse.trials.column("tier")[mouse.trial_of_row[np.isin(mouse.time_s, trace["time_s"])]]
    assert set(tier) == {"live_test_main"}


def test_chance_of_the_mean_over_mice_is_drawn_as_often_as_asked(found):
    assert found["table-12/pupil_dilation/null"].shape == (39,)


def test_the_mean_over_mice_comes_first_and_every_mouse_after_it(mouse, model):
    two = table_12([mouse, mouse], model, seed=0, n_surrogates=9, signals=["pupil_dilation"])
    first, *each = rows(two, ["a", "b"])[:3]
    assert (first.row, first.over, first.n) == (PUPIL, "mice", 2)
    assert [row.row for row in each] == [f"{PUPIL} · a", f"{PUPIL} · b"]
    assert first.value == pytest.approx(np.mean([row.value for row in each]))
    assert first.paper == 0.57
