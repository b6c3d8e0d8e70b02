"""`fit guided-vae`: what it writes, that `transform` reads it, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twofold.embeddings import GuidedVAE
from twofold.embeddings.run import EmbeddingRun
from twofold.recordings import open_recording

from .calling import call, refused

FEW = (
    "--epochs", "3",
    *(part for one in ("dimension=3", "hidden=(8,8,8)", "decoder_hidden=(8,8)") for part in ("--set", one)),
)  # fmt: skip


@pytest.fixture(scope="module")
def run(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An autoencoder guided by frame, fitted to the first four repeats and one held out."""
    out = tmp_path_factory.mktemp("fit") / "run"
    given = ("--guide", "frame", "--beta", "0.01", "--repeats", "0-3", "--set", "validation=0.25")
    ran = call("fit", "guided-vae", store, "--out", out, *given, *FEW)
    assert ran.code == 0, ran
    assert "on held-out trials" in ran.out
    assert "3 of 3 parts done" in ran.err
    return out


def test_transform_writes_the_latents_that_the_run_computes(run, store, tmp_path):
    out = tmp_path / "latents.npz"
    assert call("transform", run, store, out).code == 0
    inside = open_recording(store).in_trials()
    with np.load(out, allow_pickle=False) as written:
        np.testing.assert_array_equal(written["latents"], EmbeddingRun.load(run).transform(inside))
        assert written["latents"].shape == (len(inside.time_s), 3)


def test_the_run_is_the_embedding_that_was_asked_for(run):
    vae = EmbeddingRun.load(run).embedding
    assert isinstance(vae, GuidedVAE)
    asked = {
        "guide": "frame",
        "beta": 0.01,
        "epochs": 3,
        "dimension": 3,
        "hidden": (8, 8, 8),
        "random_state": 0,
    }
    assert {name: vae.get_params()[name] for name in asked} == asked
    assert len(vae.classes_) == 24


def test_one_line_per_epoch_is_logged_and_a_picture_drawn(run):
    lines = (run / "log.csv").read_text().splitlines()
    assert lines[0].split(",")[:2] == ["epoch", "r2_train"]
    assert {"r2_validation", "guide_train", "guide_validation", "active"} <= set(lines[0].split(","))
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3"]
    assert {path.name for path in (run / "figures").iterdir()} == {"embedding.png", "embedding.svg"}


def test_counts_stay_counts_where_the_likelihood_needs_them(store, tmp_path):
    out = tmp_path / "run"
    assert call("fit", "guided-vae", store, "--out", out, *FEW, "--set", "likelihood=poisson").code == 0
    fitted = EmbeddingRun.load(out)
    assert not fitted.preprocessing.square_root
    assert (fitted.preprocessing.mean == 0).all()
    assert fitted.embedding.classes_ is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--guide", "features"), ("--guide features", "no features", "use frame or none")),
        (("--guide", "farme"), ("--guide farme",)),
        (("--beta", "-1"), ("beta=-1",)),
        (("--set", "dimensoin=3"), ("dimensoin", "did you mean 'dimension'")),
        (("--set", "early_stopping=true"), ("give validation",)),
        (("--repeats", "99"), ("no repeat 99",)),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(store, tmp_path, given, words):
    out = tmp_path / "run"
    refused(call("fit", "guided-vae", store, "--out", out, *given), *words)
    assert not out.exists()
