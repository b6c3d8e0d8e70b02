"""The page in a real browser: Debian's chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Visit = Callable[..., tuple[Any, list[str], list[str]]]


@pytest.mark.parametrize("width", [390, 1000, 1400])
def test_the_page_reads_offline_at_every_width(visit: Visit, written, width: int):
    page, complaints, requests = visit(written.page, width)
    drawn = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert len(drawn) == 12
    assert all(drawn)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.body.scrollWidth") == width
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    page.context.close()


def test_without_scripts_every_row_can_be_read(visit: Visit, written):
    page, _, _ = visit(written.page, 1400, java_script_enabled=False)
    assert page.locator("#board tbody tr:not(.group):visible").count() == 15
    assert page.locator(".switch").count() == 0
    page.context.close()


def test_a_click_sorts_within_the_groups_and_the_switch_hides_the_controls(visit: Visit, written):
    page, _, _ = visit(written.page, 1400)

    def accuracies() -> list[float]:
        return page.evaluate(
            "[...document.querySelectorAll('#board tbody.honest td:nth-child(2)')].map(c => +c.dataset.sort)"
        )

    before = accuracies()
    header = page.locator("#board thead button", has_text="exact")
    header.click()
    header.click()
    assert accuracies() == sorted(before) != before
    page.locator(".switch input").uncheck()
    assert page.locator("#board tbody.leaky tr:visible").count() == 0
    assert page.locator("#board tbody.honest tr:visible").count() == 9
    page.context.close()


def test_the_head_of_the_scoreboard_stays_in_sight(visit: Visit, written):
    page, _, _ = visit(written.page, 1400)
    page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
    page.locator("#board tbody.control tr").last.evaluate("row => row.scrollIntoView({block: 'center'})")
    top = (
        page.locator("#board thead tr")
        .last.locator("th")
        .first.evaluate("h => h.getBoundingClientRect().top")
    )
    assert abs(top) < 2
    page.context.close()
