"""The page of a whole study: its size, its groups, and the embedding that can be turned."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from twofold.reporting.page import page
from twofold.reporting.viewer import embedding_viewer
from twofold.studies.result import Result


@pytest.fixture(scope="module")
def path(study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("study") / "report.html"
    text = page(study.result, study.scoreboard, study.palette, study.drawn)
    place.write_text(text, encoding="utf-8")
    return place


def test_the_page_holds_everything_and_stays_small(path: Path):
    assert 1e6 < path.stat().st_size < 3.5e6


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1400, "dark")])
def test_all_figures_show_at_every_width_in_light_and_dark(visit, path: Path, width: int, scheme: str):
    opened, complaints, requests = visit(path, width, color_scheme=scheme)
    drawn = opened.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert len(drawn) == 32
    assert all(drawn)
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    for fold in opened.locator("summary").all():
        fold.click()
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    bright = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (bright == "rgb(255, 255, 255)") == (scheme == "light")
    opened.context.close()


def test_the_sections_come_in_the_order_to_read_them(visit, path: Path):
    opened, _, _ = visit(path, 1400)
    anchors = opened.evaluate("[...document.querySelectorAll('main > section[id]')].map(s => s.id)")
    groups = [
        a for a in anchors if a in ("data", "decoding", "guidance", "contrastive", "alignment", "controls")
    ]
    assert groups == ["data", "decoding", "guidance", "contrastive", "alignment", "controls"]
    assert anchors[-2:] == ["conclude", "reproduce"]
    assert opened.locator("#conclude li b").first.inner_text() == "raw + logistic"
    opened.context.close()


def test_the_point_under_the_pointer_tells_its_frame_and_shows_it(visit, path: Path, study):
    opened, _, _ = visit(path, 1400)
    canvas = opened.locator("#embedding .stage > canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    told = opened.locator("#embedding output")
    for k in range(400):  # a walk from the middle outwards, until it meets a point
        x, y = 0.5 + 0.0011 * k * np.cos(k), 0.5 + 0.0011 * k * np.sin(k)
        opened.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if told.is_visible():
            break
    words = told.inner_text().split(", ")
    frame = int(words[0].removeprefix("frame "))
    assert frame in study.result.arrays["embedding/frame"]
    assert words[2] in ("held out", "seen by the encoder")
    assert told.locator("canvas").count() == 1
    opened.context.close()


def test_without_scripts_the_embedding_is_still_a_picture(visit, path: Path):
    opened, _, _ = visit(path, 1400, java_script_enabled=False)
    assert not opened.locator("#embedding").is_visible()
    assert opened.locator("#contrastive figure img").count() == 3
    opened.context.close()


def test_the_viewer_keeps_the_shape_of_an_embedding(study):
    viewer = embedding_viewer(study.result)
    assert viewer is not None
    assert viewer.names[0] == "contrastive"  # the trained one is shown first
    assert viewer.held_out
    assert viewer.has_pictures
    content = json.loads(str(viewer.json))
    packed = np.frombuffer(base64.b64decode(content["points"]["raw"]), "<i2").reshape(-1, 3) / 32767
    latents = study.result.arrays["embedding/latents/raw"]
    centred = latents - latents.mean(axis=0)
    np.testing.assert_allclose(packed, centred / np.linalg.norm(centred, axis=1).max(), atol=1e-4)
    assert content["frame"] == study.result.arrays["embedding/frame"].tolist()


@pytest.mark.parametrize("wrong", [np.zeros((5, 3)), np.full((360, 3), np.nan), np.zeros((360, 2))])
def test_an_embedding_that_does_not_fit_is_not_turned(study, wrong: np.ndarray):
    arrays = {"embedding/frame": study.result.arrays["embedding/frame"], "embedding/latents/x": wrong}
    assert embedding_viewer(Result("s", {}, {}, {}, 1.0, [], arrays)) is None
    assert embedding_viewer(Result("s", {}, {}, {}, 1.0, [], {})) is None


def test_no_name_ends_the_script_that_holds_the_points(study):
    frame = np.arange(9)
    arrays = {"embedding/frame": frame, "embedding/latents/</script><b>": np.eye(9)[:, :3]}
    viewer = embedding_viewer(Result("s", {"label": "</script>"}, {}, {}, 1.0, [], arrays))
    assert viewer is not None
    assert "<" not in str(viewer.json)
