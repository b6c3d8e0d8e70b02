"""A state that scales the drive beside adding to it: how it begins, what it says, and that it is found."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.evidence import sites
from twofold.likelihoods import ZigLikelihood
from twofold.likelihoods.quadrature import GainWeights
from twofold.sampling import TrialClips
from twofold.training import NotFiniteError, read_tensors

from .conftest import FEW, SMALL, with_weights
from .made_by import made_by

GIVEN = [0, 2, 5, 7, 9]


def with_gain(model: LatentVideoModel, size: float = 0.4) -> LatentVideoModel:
    """Random weights and gains on the state, which begin at zero."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for population in with_weights(model).latent_populations:
            for parameter in population.gain_map.parameters():
                parameter.copy_(size * torch.randn(parameter.shape, generator=generator))
    return model.eval()


@pytest.mark.parametrize("latent_map", ["free", "shared"])
def test_it_begins_equal_to_the_video_model_and_both_kinds_of_weights_learn(fitted, mouse, latent_map):
    positions = [mouse.neurons.position_um]
    model = LatentVideoModel(fitted[0], latent_gain=True, latent_map=latent_map, positions=positions, **SMALL)
    clip = TrialClips(mouse, "oracle").read(0)
    expected = fitted[0].distribution_of(0, clip)
    torch.testing.assert_close(model.eval().distribution_of(0, clip).mean, expected.mean)
    assert set(model.latent_weights()) == {"q", "theta", "q_gain", "theta_gain"}
    assert all((weights == 0).all() for weights in model.latent_weights().values())
    tw.fit(model, [mouse], tw.TrainOptions(epochs=1, **FEW))
    assert all((weights != 0).any() for weights in model.latent_weights().values())


def test_without_a_gain_nothing_is_drawn_or_kept_for_it(fitted):
    with_it, without = (LatentVideoModel(fitted[0], latent_gain=gain, **SMALL) for gain in (True, False))
    names = [name for name in with_it.state_dict() if "gain_map" not in name]
    assert list(without.state_dict()) == names
    for name in names:
        assert torch.equal(with_it.state_dict()[name], without.state_dict()[name])


def test_gains_of_zero_change_no_prediction(fitted, mouse):
    clip_of = mouse.tier("oracle").select_trials(np.array([0]))
    plain, gained = (
        with_weights(LatentVideoModel(fitted[0], latent_gain=gain, **SMALL)).predict(clip_of, given=GIVEN)
        for gain in (False, True)
    )
    np.testing.assert_allclose(gained.mean[0], plain.mean[0], rtol=1e-5, atol=1e-6)
    for kind in ("marginal", "conditioned", "joint_laplace"):
        np.testing.assert_allclose(
            gained.log_likelihood(kind)[0], plain.log_likelihood(kind)[0], rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("posterior", ["encoder", "laplace"])
def test_predictions_are_means_over_many_states(fitted, mouse, posterior):
    model = with_gain(LatentVideoModel(fitted[0], latent_gain=True, **SMALL))
    clip = TrialClips(mouse, "oracle").read(0)
    seen = mouse.tier("oracle").select_trials(np.array([0]))
    found = model.predict(seen, given=GIVEN, posterior=posterior).concatenate()
    state = model.infer(seen, given=GIVEN, posterior=posterior).concatenate()
    draw, raw = torch.Generator().manual_seed(0), model.video.raw_of(0, clip)[:3, found.neurons]
    root = torch.linalg.cholesky(torch.from_numpy(state.covariance[:3]))
    noise = torch.randn(20_000, 3, 3, 1, generator=draw)
    z = torch.from_numpy(state.mean[:3]) + (root @ noise).squeeze(-1)
    learned = list(model.latent_weights().values())
    w, v = (torch.from_numpy(np.stack(part, axis=1))[found.neurons] for part in (learned[:2], learned[2:]))
    drive, gain = (torch.einsum("stk,npk->stnp", z, part) for part in (w, v))
    law = model.likelihood_of(0).of_neurons(np.array(found.neurons)).distribution(raw * (1 + gain) + drive)
    np.testing.assert_allclose(law.mean.mean(0), found.mean[:3], rtol=0.05)


def test_it_is_saved_read_back_and_adapted(fitted, mouse, other_mouse, tmp_path):
    model = with_gain(LatentVideoModel(fitted[0], latent_gain=True, **SMALL))
    model.save(tmp_path / "model.safetensors")
    again = tw.load(tmp_path, device="cpu")
    assert again.latent_options.latent_gain
    for name, weights in model.latent_weights().items():
        np.testing.assert_array_equal(again.latent_weights()[name], weights)
    adapted = again.adapt(other_mouse, tw.TrainOptions(epochs=1, **FEW))
    assert (adapted.latent_weights()["theta_gain"] != 0).any()


@pytest.mark.parametrize("learning_rate", [1.0, 100.0])
def test_steps_that_are_too_large_are_one_error_and_spoil_no_checkpoint(
    fitted, mouse, tmp_path, learning_rate
):
    """A gradient that is NaN; and precisions of the state that rounding leaves indefinite."""
    options = tw.TrainOptions(epochs=5, learning_rate=learning_rate, checkpoint_seconds=0, **FEW)
    with pytest.raises(NotFiniteError, match=r"at step \d+ of epoch \d+; lower learning_rate"):
        tw.fit(LatentVideoModel(fitted[0], latent_gain=True, **SMALL), [mouse], options, out=tmp_path / "run")
    tensors, _ = read_tensors(tmp_path / "run" / "checkpoint.safetensors")
    assert all(tensor.isfinite().all() for name, tensor in tensors.items() if name.startswith("model/"))


def test_where_drives_are_large_no_time_moves_the_state_out_of_reach():
    """One large response where little was expected takes a first step of hundreds of standard deviations."""
    likelihood, w = ZigLikelihood(torch.ones(1)), torch.full((1, 2, 1), 0.3)
    raw, y = torch.tensor([[[1.0, -6.0]], [[1.0, 1.0]]])[None], torch.tensor([2.0, 3.0]).reshape(1, 2, 1)
    told = sites(likelihood, raw, GainWeights(w, w), y, torch.ones(1, 2, 1, dtype=torch.bool))
    far, near = told.step().mean.flatten().tolist()
    assert abs(far) > 100 and abs(near) < 3
    torch.testing.assert_close(
        told.bounded().step().mean.flatten(), torch.tensor([math.copysign(3, far), near])
    )
    torch.testing.assert_close(told.bounded().information, told.information)


def test_a_gain_that_is_there_is_found():
    """In responses of a model whose gains are as strong as what it adds; the bound is its own Laplace."""
    truth = model_with_gain()
    mouse, _ = made_by(truth, simulated())
    options = {"learning_rate": 0.02, "batch_clips": 1, "clip_frames": 60, "frames_skipped": 10}
    test, given, bits = mouse.tier("live_test_main"), np.arange(40) < 20, {}
    for gain in (False, True):
        model = LatentVideoModel(truth.video, dimension=1, latent_gain=gain, hidden=16, train_video=False)
        tw.fit(model, [mouse], tw.TrainOptions(epochs=14, device="cpu", **options))
        bits[gain] = conditioned_bits(model, test, given)
    best = conditioned_bits(truth, test, given, posterior="laplace")
    assert bits[True] > bits[False] + 0.5 * (best - bits[False])
    found, true = model.latent_weights(), truth.latent_weights()
    agree = {name: np.corrcoef(found[name][:, 0], true[name][:, 0])[0, 1] for name in true}
    assert np.prod(np.sign(list(agree.values()))) == 1  # one sign for all, that of the latent
    assert min(map(abs, agree.values())) > 0.85
    size = {name: np.linalg.norm(found[name]) / np.linalg.norm(true[name]) for name in true}
    assert size["q_gain"] > 0.5 and size["theta_gain"] > 0.33  # the masked objective likes them half as large


def conditioned_bits(model, test, given, **how):
    return model.predict(test, given=given, **how).concatenate().log_likelihood("conditioned").mean()


def simulated():
    from twofold.simulate import Sensorium, simulate_sensorium

    sizes = {"n_neurons": 40, "train_clips": 30, "clip_frames": 60, "test_videos": 2, "repeats": 3}
    return simulate_sensorium(Sensorium.preset("tiny", **sizes), random_state=0)


def model_with_gain() -> LatentVideoModel:
    """With a drive that moves as much as that of a fitted model."""
    sizes = {"channels": (6,), "spatial": (7,), "temporal": (7,), "bias": True, "init_sigma": 0.3}
    video = tw.VideoModel.for_recordings([simulated()], **sizes)
    draw = torch.Generator().manual_seed(0)
    model = LatentVideoModel(video, dimension=1, latent_gain=True, hidden=16)
    own, vectors = model.latent_population(0), model.video.population(0).readout.vectors
    with torch.no_grad():
        vectors.copy_(2 * torch.randn(vectors.shape, generator=draw) / len(vectors) ** 0.5)
        for weights in (own.map.weights, own.gain_map.weights):
            weights.copy_(0.7 * torch.randn(40, 2, 1, generator=draw))
    return model
