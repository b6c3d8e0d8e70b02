"""`import cebra`, `import experanto`, `features` and `fetch` as a user types them."""

from __future__ import annotations

import hashlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import joblib
import numpy as np
import pytest

from twofold.recordings import open_recording

from .calling import call, everything, refused


class Hostile:
    """Unpickling this leaves a file."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return Path.touch, (self.proof,)


def movie() -> dict[str, np.ndarray]:
    frames = np.tile(np.repeat(np.arange(6), 4), 3)
    return {"neural": np.random.default_rng(0).poisson(1.0, (72, 5)), "frames": frames}


def folder(root: Path) -> Path:
    """Responses at 8 Hz in experanto's layout."""
    device = root / "mouse" / "responses"
    device.mkdir(parents=True)
    about = {
        "modality": "sequence",
        "sampling_rate": 8.0,
        "start_time": 0.0,
        "end_time": 4.875,
        "n_signals": 3,
    }
    (device / "meta.yml").write_text(json.dumps(about))
    np.save(device / "data.npy", np.arange(120.0).reshape(40, 3))
    return device.parent


# --- import ----------------------------------------------------------------------------------------


def test_a_file_of_the_distribution_becomes_a_store(tmp_path):
    joblib.dump(movie(), tmp_path / "mouse.jl", compress=3)
    np.save(tmp_path / "dino.npy", np.eye(6, 4))
    ran = call(
        *("import", "cebra", tmp_path / "mouse.jl", tmp_path / "mouse.zarr"),
        *("--features", f"dino={tmp_path / 'dino.npy'}", "--region", "VISp"),
    )
    assert ran.code == 0, ran
    assert "72 time points of 0.00833333 s x 5 neurons, 3 trials" in ran.out
    mouse = open_recording(tmp_path / "mouse.zarr")
    np.testing.assert_array_equal(mouse.responses[:], movie()["neural"])
    np.testing.assert_array_equal(mouse.frame_features("dino"), np.eye(6, 4)[movie()["frames"]])
    assert call("check", tmp_path / "mouse.zarr").code == 0
    refused(call("import", "cebra", tmp_path / "mouse.jl", tmp_path / "mouse.zarr"), "exists", "--overwrite")


@pytest.mark.parametrize("kind", ["hostile", "truncated", "ten times", "text", "too large"])
def test_a_bad_pickle_is_one_line_runs_nothing_and_leaves_nothing(kind, tmp_path):
    path, more = tmp_path / "mouse.jl", ()
    proof = tmp_path / "it-ran"
    joblib.dump({**movie(), **({"more": Hostile(proof)} if kind == "hostile" else {})}, path)
    words = ["nothing was run"]
    if kind == "hostile":
        words = ["asks for pathlib.Path.touch", "could run code", "nothing was run"]
    elif kind == "truncated":
        path.write_bytes(path.read_bytes()[:-1000])
    elif kind == "ten times":
        path.write_bytes(path.read_bytes().replace(b"KHK\x05\x86", b"M\xd0\x02K\x05\x86"))  # 720 x 5
        words = ["it claims", "bytes"]
    elif kind == "text":
        path.write_text("no pickle")
    else:
        more, words = ("--max-bytes", "100"), ["larger than 100 bytes", "--max-bytes"]
    before = everything(tmp_path)
    refused(call("import", "cebra", path, tmp_path / "mouse.zarr", *more), *words)
    assert everything(tmp_path) == before
    assert not proof.exists()


def test_a_folder_of_experanto_becomes_a_store(tmp_path):
    given = ("import", "experanto", folder(tmp_path), tmp_path / "mouse.zarr", "--rate-hz", 16)
    ran = call(*given, "--interpolation", "linear")
    assert ran.code == 0, ran
    mouse = open_recording(tmp_path / "mouse.zarr")
    np.testing.assert_allclose(mouse.responses[:, 0], 24 * mouse.time_s, rtol=1e-6)
    refused(call(*given, "--overwrite", "--interpolation", "linea"), "did you mean 'linear'")


def test_a_bad_folder_is_one_line_and_leaves_nothing(tmp_path):
    source = folder(tmp_path)
    (source / "responses" / "meta.yml").write_text("a: !!python/object/apply:os.system ['touch it-ran']")
    before = everything(tmp_path)
    refused(call("import", "experanto", source, tmp_path / "mouse.zarr"), "asks for more than plain values")
    assert everything(tmp_path) == before


# --- features --------------------------------------------------------------------------------------


def test_features_are_added_and_nothing_is_lost(store, tmp_path):
    out = tmp_path / "more.zarr"
    ran = call("features", store, "--by", "pixels-pca", "--keep", 5, "--out", out)
    assert ran.code == 0, ran
    assert "computed the feature pixels-pca, 5 numbers per frame" in ran.out
    before, after = open_recording(store), open_recording(out)
    assert after.frame_features("pixels-pca").shape == (len(before.time_s), 5)
    np.testing.assert_array_equal(after.responses[:], before.responses[:])
    np.testing.assert_array_equal(after.stimuli["movie"].frames[:], before.stimuli["movie"].frames[:])
    assert after.trials.table.equals(before.trials.table)

    again = call("features", out, "--by", "pixels-pca", "--keep", "0.5", "--name", "few")
    assert again.code == 0, again
    assert sorted(open_recording(out).stimuli["movie"].features) == ["few", "pixels-pca"]
    assert sorted(open_recording(tmp_path / "more.zarr.old-1").stimuli["movie"].features) == ["pixels-pca"]
    refused(call("features", out, "--by", "pixels-pca"), "there is a feature 'pixels-pca' already", "--name")


def test_features_of_a_network_in_a_folder(store, tmp_path, monkeypatch):
    import torch
    from transformers import ViTConfig, ViTModel

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with torch.random.fork_rng():
        config = ViTConfig(
            hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=16,
            patch_size=8,
        )  # fmt: skip
        ViTModel(config, add_pooling_layer=False).save_pretrained(tmp_path / "vit")
    for out in ("a.zarr", "b.zarr"):
        ran = call("features", store, "--by", tmp_path / "vit", "--out", tmp_path / out)
        assert ran.code == 0, ran
    assert open_recording(tmp_path / "a.zarr").frame_features("vit").shape[1] == 8
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--by", "pixels-pca", "--keep", "many"), ("--keep many", "0.9")),
        (("--by", "pixels-pca", "--keep", "0"), ("--keep 0", "share")),
        (("--by", "pixels-pca", "--keep", "1000"), ("--keep 1000", "principal components")),
        (("--by", "./none/at/all"), ("is no folder of a network",)),
    ],
)
def test_features_that_cannot_be_are_one_line_and_change_nothing(given, words, store, tmp_path):
    before = everything(store)
    refused(call("features", store, *given, "--out", tmp_path / "x.zarr"), *words)
    assert everything(store) == before
    assert not (tmp_path / "x.zarr").exists()


# --- fetch -----------------------------------------------------------------------------------------


def test_without_a_name_known_files_are_listed():
    ran = call("fetch")
    assert ran.code == 0
    for words in ("rat-achilles", "sensorium-29515", "CC BY-NC-ND 4.0", "dino-vitb8"):
        assert words in ran.out


def test_the_licence_is_shown_and_must_be_accepted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = call("fetch", "sensorium-29515")
    assert ran.code == 1
    assert "Licence: CC BY-NC-ND 4.0" in ran.out
    assert "add --yes" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_an_address_is_fetched_and_checked(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mouse.bin").write_bytes(b"spikes" * 1000)
    digest = hashlib.sha256(b"spikes" * 1000).hexdigest()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "there")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/mouse.bin"
            wrong = call("fetch", url, "--sha256", "0" * 64, "--out", tmp_path / "mouse.bin")
            right = call("fetch", url, "--sha256", digest.upper(), "--out", tmp_path / "mouse.bin")
        finally:
            server.shutdown()
            thread.join()
    assert wrong.code == 1
    assert "not the file that was published" in wrong.err
    assert "Traceback" not in wrong.err
    assert right.code == 0, right
    assert (tmp_path / "mouse.bin").read_bytes() == b"spikes" * 1000


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("rat-achiles",), ("did you mean 'rat-achilles'?",)),
        (("https://example.org/",), ("no file name", "--out")),
        (("https://example.org/a", "--sha256", "12"), ("is no checksum",)),
        (("https://example.org/a", "--sha256", "12", "--md5", "34"), ("not both",)),
        (("rat-achilles", "--md5", "34"), ("go with an address",)),
        (("ftp://example.org/a",), ("starts with https://",)),
    ],
)
def test_what_cannot_be_fetched_is_one_line(given, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call("fetch", *given), *words)
    assert list(tmp_path.iterdir()) == []
