"""A new mouse from few clips: what is learned from, what is scored, and what is counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding import FewShotOptions, FromScratch, LatentOptions, LatentVideoModel, few_shot_curve
from twofold.encoding.calibration import LEARNED, STOPPING, calibration_clips
from twofold.errors import DataError, OptionError
from twofold.recordings import LazyArray
from twofold.sampling import TrialClips

from .conftest import FEW, SMALL

TRAINING = tw.TrainOptions(**{name: value for name, value in FEW.items() if name != "frames_skipped"})
SHORT = FewShotOptions(clips=(2, 4), steps=2, scored="oracle", frames_skipped=8)


@pytest.fixture(scope="module")
def models(fitted, mouse) -> dict[str, LatentVideoModel]:
    """Weights on the state that are free, and those that follow from positions."""
    positions = [mouse.neurons.position_um]
    return {
        name: LatentVideoModel(fitted[0], latent_map=name, positions=positions, **SMALL)
        for name in ("free", "position")
    }


@pytest.fixture(scope="module")
def points(models, other_mouse):
    return list(few_shot_curve(models, other_mouse, SHORT, TRAINING))


def test_clips_are_cut_in_two_without_a_gap(other_mouse):
    part = calibration_clips(other_mouse, 2, scored="oracle", seed=1)
    learned, stopping = TrialClips(part, LEARNED), TrialClips(part, STOPPING)
    assert len(learned) == len(stopping) == 2
    train = TrialClips(other_mouse, "train")
    whole = {float(clip.time_s[0]): clip for clip in train.whole()}
    for first, second in zip(learned.whole(), stopping.whole(), strict=True):
        full = whole[float(first.time_s[0])]
        for name in ("video", "responses", "time_s"):
            joined = np.concatenate([getattr(first, name), getattr(second, name)])
            np.testing.assert_array_equal(joined, getattr(full, name))
        assert len(second.time_s) == 8  # a quarter of 30


def test_fewer_clips_are_among_more_and_what_is_scored_is_whole(other_mouse):
    few, many = (calibration_clips(other_mouse, n, scored="oracle", seed=2) for n in (1, 4))
    first, more = (set(TrialClips(part, LEARNED).recording.tier(LEARNED).time_s) for part in (few, many))
    assert first < more
    np.testing.assert_array_equal(few.tier("oracle").responses[:], other_mouse.tier("oracle").responses[:])
    other = calibration_clips(other_mouse, 1, scored="oracle", seed=5)
    assert set(other.tier(LEARNED).time_s) != first


def test_a_video_shown_twice_counts_once(other_mouse):
    with pytest.raises(DataError, match=r"has 2 videos in tier 'oracle', and 3 clips are asked for"):
        calibration_clips(other_mouse, 3, tier="oracle", scored="train")


def test_each_model_has_a_point_for_each_number_of_clips(points):
    assert [(p.model, p.clips) for p in points] == [
        ("free", 2),
        ("position", 2),
        ("free", 4),
        ("position", 4),
    ]
    assert [p.frames for p in points] == [44, 44, 88, 88]
    for point in points:
        values = point.as_dict()
        assert all(np.isfinite(values[name]) for name in ("bits_marginal", "bits_null", "bits_conditioned"))
        assert point.seconds > 0


def test_positions_save_the_parameters_of_free_weights(points):
    free, position = points[0].parameters_per_neuron, points[1].parameters_per_neuron
    n, p, k = 12, 2, SMALL["dimension"]
    of_the_map = p * ((3 * 6 + 6) + (6 * k + k))
    assert free - position == pytest.approx((n * p * k - of_the_map) / n)


def test_what_is_scored_is_not_learned_from(models, other_mouse, points):
    values = np.array(other_mouse.responses[:])
    held_out = other_mouse.trials.column("tier")[other_mouse.trial_of_row] == "oracle"
    values[held_out] = 1.0
    changed = replace(other_mouse, responses=LazyArray(values))
    one = FewShotOptions(clips=(2,), steps=2, scored="oracle", frames_skipped=8)
    found = next(few_shot_curve({"free": models["free"]}, changed, one, TRAINING))
    assert found.bits_marginal != points[0].bits_marginal
    model = models["free"]
    parts = [calibration_clips(own, 2, scored="oracle") for own in (other_mouse, changed)]
    how = TRAINING.model_copy(
        update={"epochs": 1, "training_tier": LEARNED, "validation_tier": STOPPING, "frames_skipped": 1}
    )
    first, second = (model.adapt(part, how).state_dict() for part in parts)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_models_are_not_changed_and_equal_seeds_give_equal_points(models, other_mouse, points):
    before = {name: value.clone() for name, value in models["free"].state_dict().items()}
    again = next(few_shot_curve(models, other_mouse, SHORT, TRAINING))
    assert again == replace(points[0], seconds=again.seconds)
    assert all(torch.equal(value, before[name]) for name, value in models["free"].state_dict().items())


def test_what_cannot_work_is_refused_before_any_training(models, other_mouse):
    def curve(**changes):
        return next(few_shot_curve(models, other_mouse, SHORT.model_copy(update=changes), TRAINING))

    with pytest.raises(DataError, match=r"has 5 videos in tier 'train', and 100 clips .* up to 5"):
        curve(clips=(2, 100))
    with pytest.raises(DataError, match="no tier 'oracel'; did you mean 'oracle'"):
        curve(scored="oracel")
    with pytest.raises(OptionError, match="score another"):
        curve(scored="train")
    with pytest.raises(OptionError, match="no model to adapt"):
        next(few_shot_curve({}, other_mouse, SHORT, TRAINING))


@pytest.mark.parametrize("latent", [None, LatentOptions(**SMALL)])
def test_from_scratch_all_is_trained_on_the_clips(latent, other_mouse, fitted):
    start = FromScratch(fitted[0].options, latent)
    (point,) = few_shot_curve(
        {"scratch": start}, other_mouse, SHORT.model_copy(update={"clips": (2,)}), TRAINING
    )
    core = sum(p.numel() for p in fitted[0].core.parameters()) / 12
    assert point.parameters_per_neuron > core + fitted[0].population(0).readout.vectors.numel() / 12
    assert (point.correlation_conditioned is None) == (latent is None)
    assert point.frames == 2 * 22
