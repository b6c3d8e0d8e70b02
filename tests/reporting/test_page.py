from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from twofold.errors import DataError, OptionError
from twofold.reporting import report
from twofold.studies.result import Result, Row

VOID = {"meta", "link", "img", "br", "input", "rect", "path"}


class Outline(HTMLParser):
    """What a page is made of, read by an independent parser."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.tables_without_caption = 0
        self.text: list[str] = []
        self._captions = [0]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._captions.append(0)
        if tag == "caption":
            self._captions[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open.pop() == tag, f"</{tag}> closes another element at {self.getpos()}"
        if tag == "table":
            self.tables_without_caption += self._captions.pop() != 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def outline(written) -> Outline:
    return Outline(written.text)


def test_every_element_is_closed(outline: Outline):
    assert outline.open == []


def test_every_image_says_what_it_shows_with_numbers(outline: Outline):
    images = outline.all("img")
    assert len(images) == 12
    for image in images:
        assert image["alt"] and re.search(r"\d", image["alt"])
        assert image["src"].startswith("data:image/png;base64,")


def test_every_table_has_a_caption_and_every_header_a_scope(outline: Outline):
    assert len(outline.all("table")) > 8
    assert outline.tables_without_caption == 0
    assert {header["scope"] for header in outline.all("th")} <= {"row", "col", "rowgroup", "colgroup"}


def test_the_page_loads_nothing(written, outline: Outline):
    for _, attributes in outline.found:
        for name in ("src", "href", "srcset", "action", "data"):
            assert re.match(r"data:|#|$", attributes.get(name) or "")
    assert not re.search(r"url\(|@import|https?:|fetch\(|XMLHttp", written.text.replace("data:image", ""))
    assert len(written.text) < 10e6


def test_every_link_leads_to_a_part_of_the_page(outline: Outline):
    places = {attributes["id"] for _, attributes in outline.found if "id" in attributes}
    targets = {link["href"][1:] for link in outline.all("a")}
    assert {"scoreboard", "data", "decoding", "alignment", "controls", "conclude", "reproduce"} <= targets
    assert targets <= places


def test_the_page_shows_notes_paper_values_and_how_to_reproduce(outline: Outline):
    text = " ".join(" ".join(outline.text).split())
    for words in (
        "the latents are no code of one trial",
        "paper 0.600",
        "leave one block out",
        "repeats but one, half of the frames",
        "contrastive.temperature",
        "2.13.0",
        "--preset quick",
        "2 min 3 s",
    ):
        assert words in text


def test_names_are_shown_as_text_and_never_run(tmp_path: Path):
    evil = "<script>alert(1)</script>"
    row = Row(table=evil, row=f"{evil} + knn", metric="exact_accuracy", split="test", value=0.4, note=evil)
    result = Result(evil, {"name": evil}, {evil: evil}, {evil: evil}, 1.0, [row], {}, [evil])
    outline = Outline(report(result, tmp_path / "page.html").read_text(encoding="utf-8"))
    assert len(outline.all("script")) == 1
    assert "".join(outline.text).count(evil) >= 8


def test_the_page_rebuilt_from_disk_is_the_one_from_memory(result: Result, tmp_path: Path):
    arrays = {key: result.arrays[key] for key in ("raster/responses", "explained_variance/cumulative")}
    rows = [row for row in result.rows if row.table == "state"]
    small = Result(result.study, result.recording, result.options, result.versions, 1.0, rows, arrays)
    small.save(tmp_path / "out")
    first, again = report(tmp_path / "out"), report(small, tmp_path / "again.html")
    assert again.read_text(encoding="utf-8") == first.read_text(encoding="utf-8")


def test_figures_lie_beside_the_page_as_png_and_svg_and_nothing_else_is_left(written):
    names = {path.name for path in (written.folder / "figures").iterdir()}
    assert {f"{name}.{kind}" for name in ("scoreboard", "raster") for kind in ("png", "svg")} <= names
    assert len(names) == 24
    left = {path.name for path in written.folder.iterdir()}
    assert left == {"results.json", "options.json", "arrays.npz", "report.html", "figures"}


def test_a_page_without_arrays_says_what_is_missing(result: Result, tmp_path: Path):
    bare = Result(result.study, result.recording, {}, {}, 1.0, result.rows, {})
    text = report(bare, tmp_path).read_text(encoding="utf-8")
    assert "is not shown: the result has no array raster/responses." in text


def test_a_result_without_anything_is_still_a_page(tmp_path: Path):
    text = report(Result("s", {}, {}, {}, 0.0, [], {}), tmp_path).read_text(encoding="utf-8")
    assert Outline(text).open == []


def test_a_study_with_other_tables_is_shown_too(tmp_path: Path):
    row = Row(table="mice", row="zig", metric="bits_marginal", split="test", value=0.4)
    path = report(Result("latent-factors", {"name": "m"}, {}, {}, 1.0, [row], {}), tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    assert 'id="mice"' in text
    assert "bits per response" in text


def test_a_result_in_memory_needs_a_path(result: Result):
    with pytest.raises(OptionError, match="give the path of the page"):
        report(result)


def test_a_folder_without_a_result_is_refused_and_nothing_is_written(tmp_path: Path):
    with pytest.raises(DataError, match=r"results\.json is missing"):
        report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_page_whose_folder_cannot_be_made_is_refused_in_one_line(result: Result, tmp_path: Path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(OptionError, match="cannot make the folder"):
        report(result, tmp_path / "file" / "page.html")
