"""The page of `latent-factors`: its parts in order, its tables over mice, what it says of what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twofold.reporting import report
from twofold.studies.result import Result, Row

SECTIONS = [
    *("clip", "parts", "conditioning", "competitors", "behaviour", "cortex", "controls", "likelihoods"),
    "other-videos",
]
PICTURES = {
    "table-1", "table-2", "table-3", "table-4", "table-5", "table-8", "table-10", "table-12", "appendix-j",
    "table-12-chance", "figure-3-dimension", "figure-3-given", "figure-4", "figure-4-artefact", "figure-5",
    "figure-6", "figure-8", "figure-9", "figure-10", "figure-11", "variogram", "mixed-repeats",
    "locked-share", "selection", "calibration", "noise-correlations", "training", "competitors",
}  # fmt: skip


def sections_of(text: str) -> list[str]:
    return re.findall(r'<section id="([^"]+)"', text)


def test_the_parts_come_in_the_order_to_read_them(written):
    assert sections_of(written.text) == [*SECTIONS, "reproduce"]
    before = written.text.index('id="conclude"')
    assert before < written.text.index('id="clip"')


def test_every_table_and_figure_is_a_file_as_png_and_svg(written):
    files = {path.name for path in (written.folder / "figures").iterdir()}
    assert files == {f"{name}.{kind}" for name in PICTURES for kind in ("png", "svg")}


def test_every_picture_says_what_it_shows_with_numbers_and_what_the_paper_found(written):
    alts = re.findall(r'<img [^>]*alt="([^"]+)"', written.text)
    assert len(alts) == len(PICTURES)
    assert all(re.search(r"\d", alt) for alt in alts)
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", written.text, re.DOTALL)
    without_paper = [c for c in captions if "paper" not in c]
    assert len(without_paper) <= 4  # the player, chance, the variogram, the training: it has none of these


def test_the_page_loads_nothing(written):
    for attribute in re.findall(r'(?:src|href)="([^"]*)"', written.text):
        assert attribute.startswith(("data:", "#")), attribute
    assert not re.search(r"url\((?!data:)|@import|fetch\(|https?://(?!www\.w3\.org)", written.text)


def test_the_page_stays_small(written):
    assert written.page.stat().st_size < 2.5e6


def test_the_conclusions_open_the_page_with_the_rows_in_bold(written, result: Result):
    head = written.text[written.text.index('id="conclude"') : written.text.index('id="clip"')]
    assert "<b>latent zig free</b> reaches" in head
    for sentence in result.conclusions[1:]:
        assert sentence in head


def test_a_sentence_leads_to_the_table_that_it_is_from(tmp_path: Path):
    common = {"metric": "correlation", "split": "test"}
    rows = [Row(table=t, row="video zig", value=0.2, **common) for t in ("table-1", "table-12")]
    said = ("It falls by -0.02 (table-12), and not (table-1, x).",)
    text = report(Result("latent-factors", {}, {}, {}, 1.0, rows, {}, said), tmp_path).read_text("utf-8")
    assert (
        'It falls by −0.02 (<a href="#behaviour">table-12</a>), and not (<a href="#parts">table-1</a>, x).'
        in text
    )


def test_what_all_notes_of_a_table_say_is_said_once(tmp_path: Path):
    common = {"table": "table-1", "metric": "correlation", "split": "test", "value": 0.2}
    rows = [
        Row(row="video zig", note="few epochs; slow", **common),
        Row(row="b", note="few epochs", **common),
    ]
    text = report(Result("latent-factors", {}, {}, {}, 1.0, rows, {}), tmp_path).read_text("utf-8")
    table = text[text.index('<table class="numbers">') : text.index("</table>")]
    assert table.count("few epochs") == 1
    assert '<td class="note">slow</td>' in table


def test_a_table_has_its_means_beside_the_papers_values_and_every_mouse_in_a_table_of_its_own(written):
    table = written.text[written.text.index("Table 1, video alone, test part") :]
    table = table[: table.index("</table>")]
    assert "mouse-2" not in table
    assert "paper 0.195" in table
    own = written.text[written.text.index("Table 1, video alone, every mouse") :]
    own = own[: own.index("</table>")]
    assert re.findall(r'<th scope="col" class="number">([^<]+)', own) == ["mouse-1", "mouse-2", "mouse-3"]


def test_leaky_rows_are_marked_in_tables(written):
    marked = re.findall(
        r'<tr class="leaky"><th scope="row">.*?</i>(.*?) <span class="tag leaky">', written.text
    )
    assert "latent zig free, leaky: scored where training stopped" in marked
    assert all("leaky" in row for row in marked)


def test_seeds_are_a_column_apart_from_mice(tmp_path: Path):
    common = {"table": "table-1", "metric": "correlation", "split": "test", "over": "mice"}
    rows = [
        Row(row="video zig", value=0.2, **common),
        Row(row="video zig · a", value=0.1, **common),
        Row(row="video zig · b", value=0.3, **common),
        Row(row="video zig · seeds", value=0.2, low=0.15, high=0.26, interval_kind="range", **common),
    ]
    text = report(Result("latent-factors", {}, {}, {}, 1.0, rows, {}), tmp_path).read_text(encoding="utf-8")
    assert '<th scope="col" class="number">over seeds</th>' in text
    assert "0.150 to 0.260" in text
    assert "one of 2 mice" in text


def test_what_arrays_are_missing_is_said(result: Result, tmp_path: Path):
    rows = result.tables()["table-1"]
    bare = Result(result.study, result.recording, {}, {}, 1.0, rows, {})
    text = report(bare, tmp_path).read_text(encoding="utf-8")
    assert (
        "<b>How many dimensions</b> is not shown: the result has no array figure-3-dimension/dimension."
        in text
    )
    assert 'id="player"' not in text
    assert (tmp_path / "figures" / "table-1.png").exists()


def test_arrays_that_do_not_fit_leave_their_figure_out(result: Result, tmp_path: Path):
    odd = dict(result.arrays)
    odd["figure-3-given/conditioned"] = odd["figure-3-given/conditioned"][:, :2]
    odd["figure-5/1/frame_of_time"] = odd["figure-5/1/frame_of_time"] + 1000
    odd["calibration/coverage"] = odd["calibration/coverage"].T
    wanted = ("figure-3-given/", "figure-5/", "calibration/", "mice")
    arrays = {name: values for name, values in odd.items() if name.startswith(wanted)}
    text = report(Result(result.study, {}, {}, {}, 1.0, [], arrays), tmp_path).read_text(encoding="utf-8")
    assert "for 3 models, 3 mice and 5 shares" in text
    assert "does not fit to 90 frames" in text
    assert "array calibration/coverage has shape (5, 3), not 3 mice x 5" in text
    assert list((tmp_path / "figures").iterdir()) == []


@pytest.mark.parametrize("conclusions", [(), ("Only one sentence.",)])
def test_a_result_without_anything_is_still_a_page(conclusions: tuple[str, ...], tmp_path: Path):
    empty = Result("latent-factors", {}, {}, {}, 0.0, [], {}, conclusions)
    text = report(empty, tmp_path).read_text(encoding="utf-8")
    assert (conclusions[0] if conclusions else "wrote no conclusions") in text
    assert sections_of(text) == ["reproduce"]


def test_a_page_from_the_folder_is_that_from_memory(written, result: Result, tmp_path: Path):
    small = {name: values for name, values in result.arrays.items() if name.startswith(("figure-8", "mice"))}
    one = Result(result.study, result.recording, result.options, result.versions, 1.0, result.rows[:4], small)
    one.save(tmp_path / "out")
    first, again = report(tmp_path / "out"), report(one, tmp_path / "again.html")
    assert again.read_text(encoding="utf-8") == first.read_text(encoding="utf-8")
