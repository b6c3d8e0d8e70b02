"""Principal components against scikit-learn, and of frames on disk as of frames in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from twofold.errors import DataError, OptionError
from twofold.features import pixels_pca, principal
from twofold.features.principal import principal_scores

VIDEO = Path(__file__).parents[2].parent / "shared/data/natural_video/frames_36x64_and_features.npz"


def frames(n_frames: int, height: int = 6, width: int = 8) -> np.ndarray:
    return np.random.default_rng(n_frames).integers(0, 255, (n_frames, height, width)).astype(np.uint8)


@given(st.integers(3, 60), st.integers(1, 20), st.integers(0, 99))
@settings(max_examples=40)
def test_scores_are_those_of_scikit_learn_up_to_sign(n_rows, n_columns, seed):
    """More rows than columns and the reverse take different ways to the same scores."""
    values = np.random.default_rng(seed).normal(3.0, 1.0, (n_rows, n_columns))
    keep = min(n_rows - 1, n_columns)
    wanted = PCA(keep).fit_transform(values)
    found = principal_scores(values, keep)
    np.testing.assert_allclose(np.abs(found), np.abs(wanted), atol=1e-4)
    assert (found[np.abs(found).argmax(axis=0), np.arange(keep)] > 0).all()


@pytest.mark.parametrize("n_frames", [20, 200])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_share_keeps_the_fewest_components_that_reach_it(n_frames, share):
    pixels = frames(n_frames)
    explained = np.cumsum(PCA().fit(pixels.reshape(n_frames, -1)).explained_variance_ratio_)
    assert pixels_pca(pixels, share).shape == (n_frames, int(np.argmax(explained >= share)) + 1)


@pytest.mark.parametrize("n_frames", [20, 200])
def test_blocks_and_files_give_the_same_as_memory(n_frames, tmp_path, monkeypatch):
    whole = pixels_pca(frames(n_frames), 5)
    np.save(tmp_path / "frames.npy", frames(n_frames))
    monkeypatch.setattr(principal, "BLOCK_BYTES", 7 * 8 * 48)
    np.testing.assert_allclose(
        pixels_pca(np.load(tmp_path / "frames.npy", mmap_mode="r"), 5), whole, rtol=1e-4, atol=1e-3
    )


def test_colours_are_pixels_too():
    coloured = np.repeat(frames(30)[..., None], 3, axis=-1)
    np.testing.assert_allclose(pixels_pca(coloured, 4), np.sqrt(3) * pixels_pca(frames(30), 4), rtol=1e-4)


def test_distances_between_frames_are_kept():
    pixels = frames(25)
    scores = pixels_pca(pixels, 24).astype(float)
    flat = pixels.reshape(25, -1).astype(float)
    wanted = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    np.testing.assert_allclose(
        np.linalg.norm(scores[:, None] - scores[None], axis=-1), wanted, rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize("keep", [0, -1, 1.0, 0.0, 2.5, True, float("nan")])
def test_what_is_no_number_of_components_is_refused(keep):
    with pytest.raises(OptionError, match="--keep"):
        pixels_pca(frames(20), keep)


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.ones((5, 4, 4)), "all frames are equal"),
        (frames(1), "1 rows of 48 numbers"),
        (np.where(np.arange(48).reshape(6, 8) == 3, np.nan, frames(9)), "NaN or infinite"),
        (np.where(np.arange(48).reshape(6, 8) == 3, np.inf, frames(90)), "NaN or infinite"),
    ],
)
def test_frames_without_components_are_told(pixels, words):
    with pytest.raises(DataError, match=words):
        pixels_pca(pixels, 0.9)
    with pytest.raises(DataError, match="have 19 principal components"):
        pixels_pca(frames(20), 20)


@pytest.mark.skipif(not VIDEO.exists(), reason="the natural video is not at hand")
def test_frames_of_a_film_that_follow_each_other_are_close():
    """In a real film the next frame is nearer than a frame of another moment."""
    with np.load(VIDEO) as file:
        scores = pixels_pca(file["frames"], 0.9)
    assert 2 < scores.shape[1] < 60
    step = np.linalg.norm(np.diff(scores, axis=0), axis=1)
    apart = np.linalg.norm(scores[:, None] - scores[None], axis=-1)[np.triu_indices(len(scores), 30)]
    assert np.median(step) < 0.2 * np.median(apart)
