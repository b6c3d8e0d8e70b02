"""A fitted model comes back from its folder bit by bit, and nothing else does."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.errors import DataError
from twofold.training import read_tensors, write_tensors


@pytest.mark.parametrize(
    ("likelihood", "changes"),
    [
        ("zig", {}),
        ("poisson", {"positions": False, "bias": False}),
        ("gaussian", {"gain": ("running_speed",), "pupil": ("pupil_x", "pupil_y")}),
        ("zig", {"behaviour": ("pupil_dilation", "running_speed")}),
    ],
)
def test_a_model_comes_back_with_equal_predictions(mouse, make, tmp_path, likelihood, changes):
    model = make([mouse], likelihood, **changes)
    model.save(tmp_path / "model.safetensors")
    loaded = tw.load(tmp_path, device="cpu")
    oracle = mouse.tier("oracle")
    for name in ("mean", "variance"):
        first, second = (getattr(one.predict(oracle).concatenate(), name) for one in (model, loaded))
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(
        model.predict(oracle).concatenate().log_likelihood(),
        loaded.predict(oracle).concatenate().log_likelihood(),
    )
    assert (loaded.options, loaded.names) == (model.options, model.names)


def test_the_folder_of_a_fit_holds_model_log_options_and_scores(fitted, mouse):
    model, folder = fitted
    assert {path.name for path in folder.iterdir()} == {
        "model.safetensors", "log.csv", "options.json", "scores.json"
    }  # fmt: skip
    loaded = tw.load(folder, device="cpu")
    assert loaded.history == model.history
    rows = (folder / "log.csv").read_text().splitlines()
    assert len(rows) == 4
    assert float(rows[1].split(",")[1]) == model.history[0]["loss"]
    options = json.loads((folder / "options.json").read_text())
    assert options["training"]["clip_frames"] == 20
    scores = json.loads((folder / "scores.json").read_text())
    assert {row["tier"] for row in scores["rows"]} == set(mouse.trials.column("tier")) - {"train"}


def test_a_folder_without_a_model_says_what_is_missing(tmp_path):
    with pytest.raises(DataError, match="no folder"):
        tw.load(tmp_path / "nothing")
    with pytest.raises(DataError, match="holds no fitted model"):
        tw.load(tmp_path)
    (tmp_path / "checkpoint.safetensors").touch()
    with pytest.raises(DataError, match=r"has not ended; go on with .*--resume"):
        tw.load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, content: tensors.pop("video_mean"),
        lambda tensors, content: tensors.update(video_mean=torch.zeros(3)),
        lambda tensors, content: content.update(format="twofold training"),
        lambda tensors, content: content["options"].update(channels=[4, 7]),
        lambda tensors, content: content["options"].update(chanels=[4, 7]),
        lambda tensors, content: content["populations"][0].update(n_neurons=11),
        lambda tensors, content: content.pop("frame_shape"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused_in_one_line(fitted, tmp_path, change):
    tensors, content = read_tensors(fitted[1] / "model.safetensors")
    change(tensors, content)
    write_tensors(tmp_path / "model.safetensors", tensors, content)
    with pytest.raises(DataError, match="cannot be read"):
        tw.load(tmp_path)


def test_a_damaged_file_is_refused(fitted, tmp_path):
    whole = (fitted[1] / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        tw.load(tmp_path)
