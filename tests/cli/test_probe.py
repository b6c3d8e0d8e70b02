"""`twofold probe`: what it writes for one model and for several, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import twofold as tw

from .calling import call, refused

MODEL = ("channels=4,6", "spatial=7,3", "temporal=5,3", "clip_frames=20", "batch_clips=4", "frames_skipped=8")
SHOWN = (
    *(
        "directions=4",
        "cycles_per_pixel=0.06,0.12",
        "temporal_hz=4",
        "contrasts=0.5,1",
        "rows=2",
        "columns=2",
    ),
    *("sizes=0.2", "gabor_orientations=1", "seconds=0.2", "videos=2", "steps=3", "starts=2"),
)


def settings(pairs):
    return tuple(part for one in pairs for part in ("--set", one))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two video models of other seeds, and one with a state."""
    from twofold.simulate import Sensorium, simulate_sensorium

    folder = tmp_path_factory.mktemp("probe")
    sizes = {"n_neurons": 12, "train_clips": 8, "clip_frames": 30, "test_videos": 2, "repeats": 2}
    mouse = tw.save(
        simulate_sensorium(Sensorium.preset("tiny", **sizes), random_state=0), folder / "mouse.zarr"
    )
    few = ("--epochs", "1", "--preset", "tiny", *settings(MODEL))
    state = ("--dimension", "2", *settings(("hidden=6", "width=4")))
    for name, kind, own in (
        ("a", "video", ()),
        ("b", "video", ("--seed", "1")),
        ("c", "latent-video", state),
    ):
        said = call("fit", kind, mouse, "--out", folder / name, *few, *own)
        assert said.code == 0, said
    return {name: folder / name for name in "abc"}


def test_several_models_are_compared_and_all_is_written(runs, tmp_path):
    out = tmp_path / "probed"
    said = call("probe", *runs.values(), "--out", out, *settings(SHOWN))
    assert said.code == 0, said
    pictures = {f"most_exciting-{n}.{kind}" for n in (1, 2, 3) for kind in ("png", "gif")}
    tables = {"tuning.csv", "tuning_over_seeds.csv", "reproducibility.csv"}
    assert {path.name for path in out.iterdir()} == tables | pictures | {
        "tuning_curves.npz", "most_exciting.npz"
    }  # fmt: skip
    tuning = pd.read_csv(out / "tuning.csv")
    assert tuning.groupby("kind")["model"].unique().apply(list).to_dict() == {
        "latent-video-zig": ["c"],
        "video-zig": ["a", "b"],
    }
    assert len(tuning) == 3 * 12
    agreed = pd.read_csv(out / "reproducibility.csv").set_index(["measure", "kind", "with_kind"])
    assert agreed.loc[("cosine_videos", "video-zig", "video-zig"), "n_pairs"] == 1
    assert agreed.loc[("cosine_videos", "video-zig", "latent-video-zig"), "n_pairs"] == 2
    with np.load(out / "most_exciting.npz") as videos, Image.open(out / "most_exciting-1.gif") as moving:
        assert moving.n_frames == videos["video"].shape[2]


def test_neurons_can_be_chosen_and_equal_seeds_give_equal_files(runs, tmp_path):
    for name in ("first", "second"):
        said = call("probe", runs["a"], "--out", tmp_path / name, "--neurons", "7,2", *settings(SHOWN))
        assert said.code == 0, said
    for path in (tmp_path / "first").iterdir():
        if path.suffix in (".csv", ".gif", ".png"):
            assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
    with np.load(tmp_path / "first" / "most_exciting.npz") as videos:
        assert videos["neuron"].tolist() == [2, 7]
    assert not (tmp_path / "first" / "reproducibility.csv").exists()


def test_an_estimate_writes_nothing(runs, tmp_path):
    said = call("probe", runs["a"], "--out", tmp_path / "out", "--estimate", *settings(SHOWN))
    assert said.code == 0, said
    assert "at most about" in said.out
    assert not (tmp_path / "out").exists()


def test_bad_input_is_one_line_before_anything_is_shown(runs, tmp_path):
    out = tmp_path / "out"

    def probe(*given):
        return call("probe", runs["a"], "--out", out, *given)

    refused(probe("--set", "direction=8"), "unknown option", "did you mean 'directions'")
    refused(probe("--set", "directions=6"), "multiple of 4")
    refused(probe("--neurons", "one"), "--neurons one", "0,7,12")
    refused(probe("--recording", "mouse-9"), "not fitted to 'mouse-9'", "mouse-1")
    refused(call("probe", tmp_path / "none", "--out", out), "there is no folder")
    assert not out.exists()
    out.mkdir()
    (out / "kept.txt").write_text("mine")
    refused(probe(*settings(SHOWN)), "not empty", "--overwrite")
