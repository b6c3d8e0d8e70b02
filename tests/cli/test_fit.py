"""`fit contrastive` and `transform`: what they write, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twofold.embeddings.run import EmbeddingRun
from twofold.recordings import open_recording

from .calling import call, refused

FEW = tuple(part for one in ("max_steps=10", "dimension=3", "hidden=8") for part in ("--set", one))


@pytest.fixture(scope="module")
def run(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedding fitted to the first three repeats."""
    out = tmp_path_factory.mktemp("fit") / "run"
    ran = call("fit", "contrastive", store, "--out", out, "--repeats", "0-2", *FEW)
    assert ran.code == 0, ran
    return out


def test_transform_writes_one_row_of_latents_per_row_as_the_run_computes_them(run, store, tmp_path):
    out = tmp_path / "latents.npz"
    assert call("transform", run, store, out).code == 0
    inside = open_recording(store).in_trials()
    with np.load(out, allow_pickle=False) as written:
        np.testing.assert_array_equal(written["latents"], EmbeddingRun.load(run).transform(inside))
        np.testing.assert_array_equal(written["trial"], inside.trial_of_row)
        np.testing.assert_array_equal(written["time_s"], inside.time_s)
        assert written["latents"].shape == (len(inside.time_s), 3)


def test_statistics_come_from_the_chosen_repeats_alone(run, store):
    fitted = EmbeddingRun.load(run).preprocessing
    part = open_recording(store).repeats([0, 1, 2])
    values = np.sqrt(np.asarray(part.responses)[:, fitted.kept].astype(float))
    np.testing.assert_allclose(fitted.mean, values.mean(axis=0))
    assert fitted.fitted_on == "repeats 0-2"


def test_figures_are_drawn(run):
    names = {path.name for path in (run / "figures").iterdir()}
    assert names == {"embedding.png", "embedding.svg", "history.png", "history.svg"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--label", "runing_speed"), ("--label runing_speed", "running_speed")),
        (("--set", "dimensoin=3"), ("dimensoin", "did you mean 'dimension'")),
        (("--set", "dimension=many"), ("dimension",)),
        (("--repeats", "a-b"), ("--repeats a-b", "0-8")),
        (("--repeats", "99"), ("no repeat 99",)),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(store, tmp_path, given, words):
    out = tmp_path / "run"
    refused(call("fit", "contrastive", store, "--out", out, *given), *words)
    assert not out.exists()


def test_other_neurons_a_damaged_run_and_no_run_are_refused(run, store, tmp_path):
    from twofold.recordings import save

    fewer = save(open_recording(store).select_neurons(np.arange(5)), tmp_path / "fewer.zarr")
    refused(call("transform", run, fewer, tmp_path / "a.npz"), "5 neurons", "12")
    refused(call("transform", tmp_path, store, tmp_path / "a.npz"), "no fitted embedding")
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in run.glob("*.*"):
        content = path.read_bytes()
        (broken / path.name).write_bytes(content[: len(content) // 2])
    refused(call("transform", broken, store, tmp_path / "a.npz"), "damaged")
    assert not (tmp_path / "a.npz").exists()
