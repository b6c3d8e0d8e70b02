"""`search`: its files, its page, how it goes on, and what it refuses."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="Optuna is not installed")

import twofold as tw
from twofold.simulate import Sensorium, simulate_sensorium

from .calling import call, refused

SIZES = ("spatial=7,3", "temporal=5,3", "clip_frames=20", "batch_clips=4", "frames_skipped=8", "epochs=2")
FEW = ("--preset", "tiny", *(part for one in SIZES for part in ("--set", one)))
SPACE = {
    "learning_rate": {"low": 1e-3, "high": 1e-2, "log": True},
    "channels": {"among": ["2,4", "4,6"]},
    "smoothness": {"low": 1e-5, "high": 1e-3, "log": True},
}


@pytest.fixture(scope="module")
def mouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 12 neurons and 32 trials of 30 frames."""
    sizes = {"n_neurons": 12, "train_clips": 12, "clip_frames": 30, "test_videos": 2, "repeats": 2}
    found = simulate_sensorium(Sensorium.preset("tiny", **sizes), random_state=0)
    return tw.save(found, tmp_path_factory.mktemp("search") / "mouse.zarr")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "space.json"
    path.write_text(json.dumps(SPACE))
    return path


@pytest.fixture(scope="module")
def searched(mouse, space, tmp_path_factory) -> Path:
    """A search of four trials."""
    out = tmp_path_factory.mktemp("search") / "out"
    said = call("search", "video", mouse, "--out", out, "--trials", "4", "--space", space, *FEW)
    assert said.code == 0, said
    assert "Fit it: twofold fit video" in said.out
    return out


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_search_writes_its_trials_its_best_and_a_page_that_needs_no_network(searched):
    best = json.loads((searched / "best.json").read_text())
    values = [float(row["value"]) for row in rows(searched) if row["state"] == "complete"]
    assert len(rows(searched)) == 4
    assert best["value"] == pytest.approx(max(values), abs=1e-5)
    page = (searched / "search.html").read_text()
    assert all(f'id="figure-{name}"' in page for name in ("history", "curves", "importances", "slices"))
    assert best["command"] in page.replace("&#39;", "'").replace("&#34;", '"')
    assert "src=" not in page.split("</script>")[-1]
    assert "default-src 'none'" in page


def test_the_command_of_the_best_trial_fits_a_model_with_its_score(searched, tmp_path):
    best = json.loads((searched / "best.json").read_text())
    words = shlex.split(best["command"])[1:]
    words[words.index("--out") + 1] = str(tmp_path / "run")
    said = call(*words)
    assert said.code == 0, said
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        history = list(csv.DictReader(file))
    assert max(float(row["correlation"]) for row in history) == pytest.approx(best["value"], abs=1e-6)


def test_a_search_goes_on_by_its_folder_alone_and_takes_more_trials(searched, mouse, space):
    before = rows(searched)
    said = call("search", "--out", searched, "--trials", "5", "--resume")
    assert said.code == 0, said
    assert rows(searched)[:4] == before
    assert len(rows(searched)) == 5
    another = call("search", "video", mouse, "--out", searched, "--space", space, "--seed", "1", *FEW)
    refused(another, "another seed", "--overwrite")
    refused(call("search", "--out", searched, "--set", "epochs=3"), "--set: say it with the model")


def test_a_latent_model_is_scored_by_neurons_given_others(mouse, tmp_path):
    sizes = ("channels=2,4", "hidden=8", "width=6", "masked_share=0.5", "encoder=gru")
    how = (*FEW, *(part for one in sizes for part in ("--set", one)), "--trials", "2")
    said = call("search", "latent-video", mouse, "--out", tmp_path / "out", *how)
    assert said.code == 0, said
    best = json.loads((tmp_path / "out" / "best.json").read_text())
    assert best["metric"].startswith("correlation_conditioned")
    assert f"--dimension {best['options']['dimension']} " in best["command"]
    words = shlex.split(best["command"])[1:]
    words[words.index("--out") + 1] = str(tmp_path / "run")
    assert call(*words).code == 0
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        history = list(csv.DictReader(file))
    assert max(float(row["correlation"]) for row in history) == pytest.approx(best["value"], abs=1e-6)


def test_two_processes_search_for_an_embedding(store, tmp_path):
    how = ("--set", "max_steps=5", "--set", "dimension=4", "--set", "batch_size=16", "--workers", "2")
    said = call("search", "contrastive", store, "--out", tmp_path / "out", "--trials", "3", *how)
    assert said.code == 0, said
    assert [row["state"] for row in rows(tmp_path / "out")] == ["complete"] * 3
    words = shlex.split(json.loads((tmp_path / "out" / "best.json").read_text())["command"])[1:]
    words[words.index("--out") + 1] = str(tmp_path / "run")
    assert call(*words).code == 0


def test_a_guided_autoencoder_is_scored_by_repeats_held_out(store, tmp_path):
    how = ("--set", "epochs=2", "--set", "guide=frame", "--trials", "2", "--seed", "1")
    said = call("search", "guided-vae", store, "--out", tmp_path / "out", *how)
    assert said.code == 0, said
    best = json.loads((tmp_path / "out" / "best.json").read_text())
    assert best["metric"] == "r2_same_trial of held-out repeats"
    assert "--guide frame" in best["command"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("vidoe", "{mouse}"), ("did you mean 'video'?",)),
        (("video",), ("name one or more recordings",)),
        ((), ("holds no search",)),
        (("video", "{mouse}", "--preset", "tiny", "--set", "epocs=2"), ("--set epocs", "'epochs'?")),
        (("video", "{mouse}", "--preset", "tiny", "--set", "epochs=none"), ("epochs",)),
        (("video", "{mouse}", "--preset", "tiny", "--set", "training_tier=oracle"), ("keep a tier apart",)),
        (("video", "{mouse}", "--video", "run"), ("--video: only a latent-video",)),
        (("contrastive", "{mouse}", "--set", "temperature=-1"), ("temperature",)),
        (("video", "{mouse}", "--space", "no.json"), ("no.json cannot be read as JSON",)),
        (("video", "{mouse}", "--space", "{space}", *FEW, "--storage", "nonsense"), ("--storage nonsense",)),
    ],
)
def test_what_cannot_work_is_one_line_before_any_trial(mouse, space, tmp_path, arguments, words):
    said = call(
        "search", *(one.format(mouse=mouse, space=space) for one in arguments), "--out", tmp_path / "out"
    )
    assert said.code == 1, said
    assert len([line for line in said.err.splitlines() if line]) == 1, said.err
    assert all(word in said.err for word in words), said.err
    assert not (tmp_path / "out" / "trials.csv").exists()
