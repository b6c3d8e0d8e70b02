"""`twofold.fit`: what it learns, what it keeps, and what it refuses before it begins."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding import TrainOptions, score
from twofold.encoding.estimating import estimate_training
from twofold.encoding.training_data import TrainingData
from twofold.errors import DataError, OptionError
from twofold.recordings import LazyArray, Trials

from .conftest import FEW


def bits(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_equal_bits(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def test_equal_seeds_give_equal_bits_and_other_seeds_do_not(mouse, make):
    def trained(seed):
        return bits(tw.fit(make([mouse]), [mouse], TrainOptions(epochs=1, seed=seed, **FEW)))

    before = torch.get_rng_state()
    first = trained(0)
    assert torch.equal(before, torch.get_rng_state())
    assert_equal_bits(first, trained(0))
    assert any(not torch.equal(value, first[name]) for name, value in trained(1).items())


def test_training_approaches_the_true_rate_on_videos_never_seen():
    from twofold.simulate import Sensorium, SensoriumTruth, simulate_sensorium

    sizes = {"n_neurons": 40, "train_clips": 30, "clip_frames": 60, "test_videos": 2, "repeats": 3}
    mouse = simulate_sensorium(Sensorium.preset("tiny", **sizes, drive_sd=2.0), random_state=0)
    model = tw.VideoModel.for_recordings(
        [mouse], channels=(8,), spatial=(7,), temporal=(7,), bias=True, init_sigma=0.3
    )
    options = TrainOptions(
        epochs=12, clip_frames=50, batch_clips=2, frames_skipped=10, learning_rate=0.01, device="cpu"
    )
    tw.fit(model, [mouse], options)
    oracle = mouse.tier("oracle")
    rate, trial = SensoriumTruth.of(oracle).video_only_rate(), oracle.trial_of_row
    rows = np.concatenate([np.flatnonzero(trial == k)[10:] for k in range(len(oracle.trials))])
    responses = np.asarray(oracle.responses)[rows]
    best = np.mean([np.corrcoef(rate[rows, n], responses[:, n])[0, 1] for n in range(40)])
    found = score(model, mouse, "oracle", frames_skipped=10)
    assert found.correlation_single_trial > 0.5 * best
    assert found.bits_marginal > found.bits_null


def test_recordings_of_unequal_length_are_trained_together(mouse, other_mouse, make):
    model = make([mouse, other_mouse])
    before = bits(model)
    tw.fit(model, [mouse, other_mouse], TrainOptions(epochs=1, **FEW))
    changed = {name for name, value in bits(model).items() if not torch.equal(value, before[name])}
    for part in ("core.blocks", "populations.0.readout", "populations.1.readout"):
        assert any(name.startswith(part) for name in changed)
    rows = [score(model, one, frames_skipped=8) for one in (mouse, other_mouse)]
    assert [row.recording for row in rows] == ["mouse-1", "mouse-2"]


def test_adapting_trains_the_readout_alone(fitted, other_mouse):
    model = fitted[0]
    before = bits(model)
    adapted = model.adapt(other_mouse, TrainOptions(epochs=2, **FEW))
    assert_equal_bits(bits(model), before)
    assert adapted.names == ("mouse-2",)
    for name, value in adapted.state_dict().items():
        if name.startswith("core.") or name.startswith("video_"):
            assert torch.equal(value, before[name]), name
    assert (adapted.population(0).readout.vectors != model.population(0).readout.vectors).all()
    assert adapted.predict(other_mouse.tier("oracle")).concatenate().mean.shape[1] == 12


def test_scores_are_those_of_the_definitions(fitted, mouse):
    model = fitted[0]
    found = score(model, mouse, "oracle", frames_skipped=8)
    joined = model.predict(mouse.tier("oracle")).concatenate()
    assert found.bits_marginal == pytest.approx(joined.log_likelihood().mean(), abs=1e-5)
    rows = json.loads((fitted[1] / "scores.json").read_text())["rows"]
    assert found.as_dict() in rows


def test_a_run_interrupted_and_resumed_has_the_bits_of_one_that_was_not(mouse, make, tmp_path):
    options = TrainOptions(epochs=3, **FEW)
    whole = bits(tw.fit(make([mouse]), [mouse], options))
    for number, at in enumerate((1, 4, 7)):

        def progress(done, total, text, at=at):
            if done == at:
                signal.raise_signal(signal.SIGINT)

        out = tmp_path / str(number)
        with pytest.raises(KeyboardInterrupt):
            tw.fit(make([mouse]), [mouse], options, out=out, progress=progress)
        resumed = tw.fit(make([mouse], random_state=5), [mouse], options, out=out, resume=True)
        assert_equal_bits(bits(resumed), whole)
        assert not (out / "checkpoint.safetensors").exists()


def test_every_epoch_is_told_and_what_the_listener_raises_ends_the_training(mouse, make, tmp_path):
    told = []

    def listen(log):
        told.append([row["epoch"] for row in log])
        if len(log) == 2:
            raise OptionError("enough")

    with pytest.raises(OptionError, match="enough"):
        tw.fit(make([mouse]), [mouse], TrainOptions(epochs=3, **FEW), out=tmp_path / "run", on_epoch=listen)
    assert told == [[0], [0, 1]]
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == 3


def test_resuming_a_finished_run_gives_it_back(fitted, mouse, make):
    model, folder = fitted
    when = (folder / "model.safetensors").stat().st_mtime_ns
    again = tw.fit(make([mouse]), [mouse], TrainOptions(epochs=3, **FEW), out=folder, resume=True)
    assert_equal_bits(bits(again), bits(model))
    assert again.history == model.history
    assert (folder / "model.safetensors").stat().st_mtime_ns == when


def test_a_folder_is_neither_overwritten_nor_resumed_with_other_options(mouse, make, tmp_path):
    options = TrainOptions(epochs=2, **FEW)

    def stop(done, total, text):
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        tw.fit(make([mouse]), [mouse], options, out=tmp_path / "run", progress=stop)
    with pytest.raises(DataError, match="not empty; add --resume"):
        tw.fit(make([mouse]), [mouse], options, out=tmp_path / "run")
    other = options.model_copy(update={"learning_rate": 0.1})
    with pytest.raises(DataError, match=r"'learning_rate': 0\.005.*now.*'learning_rate': 0\.1"):
        tw.fit(make([mouse]), [mouse], other, out=tmp_path / "run", resume=True)
    tw.fit(make([mouse]), [mouse], options, out=tmp_path / "run", overwrite=True)
    assert (tmp_path / "run.old-1" / "checkpoint.safetensors").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clip_frames": 6}, "clip_frames=6: the core needs at least 7"),
        ({"clip_frames": 31}, r"has 30 frames and a clip has 31; give clip_frames=30"),
        ({"training_tier": "trian"}, "no tier 'trian'"),
        ({"validation_tier": "test"}, "no tier 'test'"),
        ({"validation_tier": "train"}, "keep a tier apart"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(mouse, make, tmp_path, changes, words):
    with pytest.raises((DataError, OptionError), match=words):
        tw.fit(make([mouse]), [mouse], TrainOptions(**FEW | changes), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_withheld_responses_are_neither_trained_nor_validated_on(mouse, make):
    for tier, words in (("train", "to train on"), ("oracle", "to validate on")):
        table = mouse.trials.table.assign(withheld=mouse.trials.column("tier") == tier)
        with pytest.raises(DataError, match=words):
            tw.fit(make([mouse]), [replace(mouse, trials=Trials(table))], TrainOptions(**FEW))
    with pytest.raises(DataError, match=r"the model is for mouse-1, but the recordings are other"):
        tw.fit(make([mouse]), [replace(mouse, name="other")], TrainOptions(**FEW))


def test_tiers_with_withheld_responses_have_no_score(mouse, make, tmp_path):
    table = mouse.trials.table.assign(withheld=mouse.trials.column("tier") == "live_test_main")
    secret = replace(mouse, trials=Trials(table))
    tw.fit(make([mouse]), [secret], TrainOptions(epochs=1, **FEW), out=tmp_path / "run")
    rows = json.loads((tmp_path / "run" / "scores.json").read_text())["rows"]
    assert "live_test_main" not in {row["tier"] for row in rows}
    with pytest.raises(DataError, match="withheld"):
        score(tw.load(tmp_path / "run", device="cpu"), secret, "live_test_main")


def test_fewer_frames_are_skipped_where_trials_are_short_and_that_is_said(mouse, make):
    model = make([mouse])
    data = TrainingData.of(model, [mouse], TrainOptions(**FEW | {"frames_skipped": 50}))
    assert data.frames_skipped == 15
    assert data.notes == ("the shortest validation trial has 30 frames, so 15 are skipped instead of 50",)


def test_responses_that_nobody_standardised_are_told(mouse, make):
    raw = replace(mouse, responses=LazyArray(np.asarray(mouse.responses) * 100))
    for likelihood, n_notes in (("zig", 1), ("poisson", 0)):
        notes = TrainingData.of(make([raw], likelihood), [raw], TrainOptions(**FEW)).notes
        assert len(notes) == n_notes
        assert all("standard deviation" in note and "--normalise per_neuron" in note for note in notes)


def test_validation_is_the_same_twice(mouse, make):
    model = make([mouse]).eval()
    data = TrainingData.of(model, [mouse], TrainOptions(**FEW))
    assert data.correlation(model) == data.correlation(model)


def test_bf16_trains_and_keeps_weights_in_fp32(mouse, make):
    model = tw.fit(make([mouse]), [mouse], TrainOptions(epochs=1, precision="bf16", **FEW))
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert np.isfinite(model.history[0]["loss"])


def test_curves_for_tensorboard_are_written_where_they_are_asked_for(mouse, make, tmp_path):
    pytest.importorskip("tensorboard")
    tw.fit(make([mouse]), [mouse], TrainOptions(epochs=1, tensorboard=True, **FEW), out=tmp_path / "run")
    assert list((tmp_path / "run" / "tensorboard").glob("events*"))


def test_an_estimate_leaves_the_model_as_it_is(mouse, make):
    model = make([mouse])
    before = bits(model)
    data = TrainingData.of(model, [mouse], TrainOptions(**FEW))
    found = estimate_training(model, data, "cpu")
    assert (found.n_steps, found.seconds_per_epoch > 0, found.memory_mib > 10) == (3, True, True)
    assert_equal_bits(bits(model), before)
