"""The video model: what it is composed of, and that it sees only what it may see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from twofold.errors import DataError, OptionError
from twofold.likelihoods import ResponseStatistics, ZigLikelihood
from twofold.recordings import LazyArray, Neurons
from twofold.sampling import ClipBatch, TrialClips

from .conftest import SIZES


def whole_trial(recording, trial=0, number=0, signals=()):
    return ClipBatch.of(number, [TrialClips(recording, "train", signals=signals).read(trial)])


def altered(recording, change):
    """The recording with other responses."""
    values = np.array(recording.responses[:])
    change(values)
    return replace(recording, responses=LazyArray(values))


@pytest.mark.parametrize("likelihood", ["zig", "poisson", "gaussian"])
def test_loss_is_the_mean_negative_log_likelihood_of_the_distribution(mouse, make, likelihood):
    model, batch = make([mouse], likelihood).eval(), whole_trial(mouse)
    total, n = model.total_loss(batch)
    observed = batch.responses[:, model.frames_lost :]
    expected = -model.distribution(batch).log_prob(observed).mean()
    torch.testing.assert_close(total / n, expected, rtol=1e-5, atol=1e-6)
    assert n == observed.numel()


def test_an_untrained_model_with_a_bias_predicts_near_the_mean_response(mouse, make):
    model = make([mouse], "poisson").eval()
    for parameter in (model.population(0).readout.vectors,):
        parameter.data.zero_()
    train = mouse.tier("train")
    mean = model.distribution(whole_trial(mouse)).mean[0, 0]
    np.testing.assert_allclose(mean.detach(), np.asarray(train.responses).mean(axis=0), rtol=1e-4)


def test_a_prediction_depends_on_the_last_frames_and_on_no_later_one(mouse, make):
    model, batch = make([mouse]).eval(), whole_trial(mouse)
    before = model.distribution(batch).mean.detach()
    video = batch.video.clone()
    video[:, 20] = 255 - video[:, 20]
    after = model.distribution(replace(batch, video=video)).mean.detach()
    changed = (before != after).flatten(2).any(2)[0].nonzero().flatten() + model.frames_lost
    assert changed.min() == 20
    assert changed.max() == 20 + model.frames_lost


def test_clips_do_not_know_of_each_other_in_evaluation(mouse, make):
    model = make([mouse]).eval()
    trials = TrialClips(mouse, "train")
    together = model.raw(ClipBatch.of(0, [trials.read(0), trials.read(1)]))
    alone = model.raw(ClipBatch.of(0, [trials.read(1)]))
    torch.testing.assert_close(together[1:], alone, rtol=1e-4, atol=1e-5)


def test_draws_in_training_follow_the_clips_seed_not_its_place(mouse, make):
    model = make([mouse])
    model.core.eval()  # statistics would otherwise be those of the batch
    trials = TrialClips(mouse, "train")
    one, two = trials.read(0), trials.read(1)
    first = model.raw(ClipBatch.of(0, [one, two], seeds=[7, 8]))
    second = model.raw(ClipBatch.of(0, [two, one], seeds=[8, 7]))
    torch.testing.assert_close(first, second.flip(0), rtol=1e-4, atol=1e-5)
    other = model.raw(ClipBatch.of(0, [one, two], seeds=[7, 9]))
    assert not torch.allclose(first[1], other[1])


def test_statistics_come_from_the_training_tier_alone(mouse, make):
    held_out = np.flatnonzero(mouse.trials.column("tier")[mouse.trial_of_row] != "train")

    def change(values):
        values[held_out] = 3.0

    model, same = make([mouse]), make([altered(mouse, change)])
    for name, value in model.state_dict().items():
        assert torch.equal(value, same.state_dict()[name]), name


def test_kappa_is_that_of_the_training_responses(mouse, make):
    expected = ZigLikelihood.for_responses([np.asarray(mouse.tier("train").responses)]).kappa
    torch.testing.assert_close(make([mouse]).population(0).likelihood.kappa, expected)


def test_grey_levels_are_standardised_over_each_training_video_once(mouse, make):
    train = mouse.tier("train")
    frames = np.concatenate([clip.frames[:] for clip in train.stimuli.values()]).astype(float)
    model = make([mouse])
    assert model.video_mean.item() == pytest.approx(frames.mean(), rel=1e-6)
    assert model.video_sd.item() == pytest.approx(frames.std(), rel=1e-6)


def test_long_trials_are_predicted_in_parts_without_a_seam(mouse, make):
    model, clip = make([mouse]).eval(), TrialClips(mouse, "train").read(0)
    whole = model.raw_of(0, clip)
    torch.testing.assert_close(model.raw_of(0, clip, frames_at_once=7), whole, rtol=1e-4, atol=1e-5)
    assert len(whole) == 30 - model.frames_lost


def test_equal_seeds_give_equal_weights_and_global_state_is_untouched(mouse, make):
    before = torch.get_rng_state()
    first, again, other = (make([mouse], random_state=seed) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    assert any(not torch.equal(v, other.state_dict()[k]) for k, v in first.state_dict().items())


def test_recordings_share_the_core_and_nothing_else(mouse, other_mouse, make):
    model = make([mouse, other_mouse]).train()
    total, _ = model.total_loss(whole_trial(other_mouse, number=1))
    total.backward()
    with_gradient = {name.split(".")[1] for name, p in model.named_parameters() if p.grad is not None}
    assert {name for name in with_gradient if name.isdigit()} == {"1"}
    assert all(p.grad is not None for p in model.core.parameters() if p.requires_grad)


def test_biases_that_batch_normalisation_takes_away_do_not_learn(mouse, make):
    model, batch = make([mouse]).train(), whole_trial(mouse)
    before = model.raw(batch)
    for block in model.core.blocks:
        for layer in (block.spatial, block.temporal):
            assert not layer.bias.requires_grad
            layer.bias.add_(1.0)
    torch.testing.assert_close(model.raw(batch), before, rtol=1e-3, atol=1e-4)


def test_behaviour_gain_and_pupil_change_predictions_only_where_they_are_asked_for(mouse, make):
    signals = {
        "behaviour": ("running_speed",), "gain": ("pupil_dilation",), "pupil": ("pupil_x", "pupil_y"),
    }  # fmt: skip
    for name, chosen in signals.items():
        model = make([mouse], **{name: chosen}).eval()
        with torch.no_grad():  # they begin without effect
            for p in model.parameters():
                p.add_(0.05 * torch.randn(p.shape, generator=torch.Generator().manual_seed(0)))
        batch = whole_trial(mouse, signals=model.options.signals)
        moved = replace(batch, signals=batch.signals + 1)
        assert not torch.allclose(model.raw(batch), model.raw(moved)), name
        unknown = model.raw(replace(batch, signals=torch.full_like(batch.signals, torch.nan)))
        assert unknown.isfinite().all()
    plain, batch = make([mouse]).eval(), whole_trial(mouse)
    assert batch.signals.shape[-1] == 0
    assert plain.raw(batch).isfinite().all()


def test_positions_in_cortex_guide_receptive_fields_where_they_are_known(mouse, make):
    guided = make([mouse])
    free = make([mouse], positions=False)
    unknown = replace(mouse, neurons=Neurons(mouse.neurons.table.drop(columns=["x_um"])))
    assert "populations.0.readout.mean.place" in guided.state_dict()
    for model in (free, make([unknown])):
        assert "populations.0.readout.mean.mean" in model.state_dict()


# --- what is refused -----------------------------------------------------------------------------


def test_negative_responses_are_refused_with_the_way_out(mouse, make):
    train = np.flatnonzero(mouse.trials.column("tier")[mouse.trial_of_row] == "train")

    def change(values):
        values[train[3], 2] = -0.5

    for likelihood in ("zig", "poisson"):
        with pytest.raises(DataError, match=r"'mouse-1'.*neuron 2: response -0.5 is negative.*'gaussian'"):
            make([altered(mouse, change)], likelihood)
    make([altered(mouse, change)], "gaussian")


def test_frames_smaller_than_the_kernels_and_clips_shorter_than_the_core_are_refused(mouse, make):
    with pytest.raises(DataError, match=r"18 x 32 pixels are smaller than the kernels .* need 20; .*tiny"):
        make([mouse], spatial=(13, 8))
    with pytest.raises(DataError, match=r"trial \d+ has 30 frames, and the core needs 31"):
        make([mouse], temporal=(21, 11))


def test_recordings_that_differ_in_frame_size_or_share_a_name_are_refused(mouse, other_mouse, make):
    stimuli = {name: replace(clip, frames=clip.frames[:, :16]) for name, clip in other_mouse.stimuli.items()}
    with pytest.raises(DataError, match=r"18 x 32 pixels in 'mouse-1'.* and 16 x 32 pixels in 'mouse-2'"):
        make([mouse, replace(other_mouse, stimuli=stimuli)])
    with pytest.raises(DataError, match="two recordings are called 'mouse-1'"):
        make([mouse, mouse])
    with pytest.raises(DataError, match="no recording"):
        make([])


def test_a_missing_tier_and_unknown_signals_and_options_are_refused(mouse, make):
    from twofold.encoding import VideoModel

    with pytest.raises(DataError, match="no tier 'training'; its tiers are final_test_bonus"):
        VideoModel.for_recordings([mouse], tier="training", **SIZES)
    with pytest.raises(DataError, match="no signal 'runing_speed'; did you mean 'running_speed'"):
        make([mouse], gain=("runing_speed",))
    with pytest.raises(OptionError, match="unknown option 'chanels', did you mean 'channels'"):
        make([mouse], chanels=(1, 2))
    with pytest.raises(OptionError, match="one number per layer in each"):
        make([mouse], channels=(4, 4, 4))


def test_constant_training_signals_are_refused(mouse, make):
    speed = mouse.signals["running_speed"]
    still = dict(mouse.signals) | {"running_speed": replace(speed, values=np.zeros(len(speed)))}
    with pytest.raises(DataError, match="'running_speed' is constant in the training trials"):
        make([replace(mouse, signals=still)], gain=("running_speed",))


def test_the_null_of_a_likelihood_is_fitted_on_training_trials(mouse, make):
    from twofold.encoding.scores import null_of

    model = make([mouse])
    train = TrialClips(mouse, "train")
    statistics = ResponseStatistics.of([np.asarray(mouse.tier("train").responses)])
    expected = model.likelihood_of(0).null(statistics).mean
    torch.testing.assert_close(null_of(model, 0, train).mean, expected, rtol=1e-4, atol=1e-6)
