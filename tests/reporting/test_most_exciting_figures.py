"""Contact sheets and moving pictures show the frames that they were given."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from twofold.errors import DataError
from twofold.reporting.figures.most_exciting import contact_sheet, moving_sheet


def test_a_sheet_has_a_line_per_neuron_and_ends_with_the_last_frame():
    videos = np.random.default_rng(0).uniform(0, 255, (3, 25, 6, 8))
    figure = contact_sheet(videos, ["a", "b", "c"], rate_hz=25.0, title="all")
    panels = np.reshape(figure.axes, (3, 10))
    assert [axes.get_ylabel() for axes in panels[:, 0]] == ["a", "b", "c"]
    assert panels[0, 0].get_title() == "-960 ms"
    assert panels[0, -1].get_title() == "0 ms"
    for neuron in range(3):
        np.testing.assert_array_equal(panels[neuron, -1].images[0].get_array(), videos[neuron, -1])
        np.testing.assert_array_equal(panels[neuron, 0].images[0].get_array(), videos[neuron, 0])


def test_a_moving_picture_holds_every_frame_of_every_video():
    levels = np.random.default_rng(0).integers(0, 255, (3, 4))
    videos = np.broadcast_to(levels[:, :, None, None], (3, 4, 6, 96)).astype(float)
    with Image.open(io.BytesIO(moving_sheet(videos))) as moving:
        frames = []
        for number in range(moving.n_frames):
            moving.seek(number)
            frames.append(np.asarray(moving.convert("L")))
        assert moving.info["loop"] == 0
        assert moving.info["duration"] == 100
    assert len(frames) == 4
    tiles = [frame[row : row + 6, :96] for frame in frames for row in (0, 10, 20)]
    np.testing.assert_allclose(np.reshape([tile.mean() for tile in tiles], (4, 3)), levels.T, atol=1)


def test_none_at_all_and_labels_of_others_are_refused():
    with pytest.raises(DataError, match="1 labels for 2 videos"):
        contact_sheet(np.zeros((2, 3, 4, 5)), ["a"])
    with pytest.raises(DataError, match="at least one"):
        moving_sheet(np.zeros((0, 3, 4, 5)))
