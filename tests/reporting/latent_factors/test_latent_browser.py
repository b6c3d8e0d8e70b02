"""The page and its player in a real browser: Debian's chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

Visit = Callable[..., tuple[Any, list[str], list[str]]]


@pytest.fixture
def opened(visit: Visit, written) -> Iterator[Any]:
    page, complaints, _ = visit(written.page, 1400)
    page.locator("#player").scroll_into_view_if_needed()
    yield page
    assert complaints == []
    page.context.close()


def frame_of(page: Any) -> int:
    return int(page.locator("#player").get_attribute("data-frame"))


def reach(page: Any, able: Callable[[int], bool]) -> int:
    """Wait until the film shows such a frame; the page forbids to evaluate a condition in it."""
    for _ in range(200):
        if able(frame := frame_of(page)):
            return frame
        page.wait_for_timeout(25)
    raise AssertionError(f"the film stays at frame {frame_of(page)}")


def clock_of(page: Any) -> float:
    return float(page.locator("#player .clock").inner_text().split()[0])


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1400, "dark")])
def test_the_page_reads_offline_at_every_width(visit: Visit, written, width: int, scheme: str):
    page, complaints, requests = visit(written.page, width, color_scheme=scheme)
    for fold in page.locator("summary").all():
        fold.click()
    drawn = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert len(drawn) == 28
    assert all(drawn)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.body.scrollWidth") == width
    bright = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (bright == "rgb(255, 255, 255)") == (scheme == "light")
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    page.context.close()


def test_a_click_plays_the_clip_and_another_one_stops_it(opened: Any):
    first = frame_of(opened)
    play = opened.locator("#player .play")
    play.click()
    reach(opened, lambda shown: shown > first + 3)
    play.click()
    assert play.get_attribute("aria-label") == "play"
    there = frame_of(opened)
    opened.wait_for_timeout(120)
    assert frame_of(opened) == there


def test_the_clip_stops_at_its_end_and_plays_again_from_its_start(opened: Any):
    slider, play = opened.locator("#player input[type=range]"), opened.locator("#player .play")
    slider.fill("70")
    play.click()
    reach(opened, lambda shown: shown == 89)
    assert play.get_attribute("aria-label") == "play"
    play.click()
    reach(opened, lambda shown: shown < 60)
    play.click()


def test_the_slider_and_the_keyboard_move_in_time(opened: Any):
    opened.locator("#player input[type=range]").fill("30")
    reach(opened, lambda shown: shown == 48)
    plot = opened.locator("#player .plot")
    plot.focus()
    for key, frame in (("ArrowRight", 49), ("ArrowLeft", 48), ("End", 89), ("Home", 18)):
        plot.press(key)
        reach(opened, frame.__eq__)
    assert clock_of(opened) == pytest.approx(0.6)
    plot.press(" ")
    reach(opened, lambda shown: shown > 19)
    plot.press(" ")


def test_what_stands_beside_the_film_is_what_the_result_holds(opened: Any, result):
    opened.locator("#player select.mouse").select_option("mouse-2")
    opened.locator("#player select.neuron").select_option("2")
    opened.locator("#player input[type=range]").fill("40")
    reach(opened, lambda shown: shown == 58)
    for what in ("observed", "video_only", "conditioned"):
        told = float(opened.locator(f"#player .now dd.{what}").inner_text())
        assert told == pytest.approx(result.arrays[f"figure-5/1/{what}"][2, 40], abs=0.051)


def test_the_neuron_is_changed_by_keys_and_the_best_told_one_comes_first(opened: Any):
    told = opened.locator("#player select.neuron option").all_inner_texts()
    agreement = [float(text.partition("r ")[2].rstrip(")")) for text in told]
    assert agreement == sorted(agreement, reverse=True)
    plot = opened.locator("#player .plot")
    plot.focus()
    plot.press("ArrowDown")
    assert opened.locator("#player select.neuron").evaluate("s => s.selectedIndex") == 1
    plot.press("ArrowUp")
    assert opened.locator("#player select.neuron").evaluate("s => s.selectedIndex") == 0


def test_pointing_at_the_curve_tells_its_values_and_a_click_goes_there(opened: Any):
    box = opened.locator("#player .plot").bounding_box()
    opened.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    told = opened.locator("#player output")
    lines = told.inner_text().splitlines()
    assert [line.rsplit(" ", 1)[0] for line in lines[1:4]] == ["recorded", "video alone", "given others"]
    assert lines[4].startswith("90 % band")
    assert frame_of(opened) == 18  # looking elsewhere does not move the film
    opened.mouse.down()
    opened.mouse.up()
    frame = int(lines[0].rsplit(" ", 1)[1])
    reach(opened, lambda shown: shown == frame)
    opened.mouse.move(5, 5)
    assert not told.is_visible()


def test_the_film_shows_the_pixels_of_the_frame(opened: Any, result):
    opened.locator("#player input[type=range]").fill("12")
    reach(opened, lambda shown: shown == 30)
    seen = opened.locator("#player .film").evaluate(
        "film => [...film.getContext('2d').getImageData(0, 0, film.width, film.height).data]"
    )
    frame = result.arrays["figure-5/0/frames"][30]
    assert seen[0::4] == frame.ravel().tolist()


def test_without_scripts_the_clip_is_still_a_picture(visit: Visit, written):
    page, _, _ = visit(written.page, 1400, java_script_enabled=False)
    assert not page.locator("#player").is_visible()
    assert page.locator("#clip figure img").count() == 1
    page.context.close()
