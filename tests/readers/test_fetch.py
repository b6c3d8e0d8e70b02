"""Files from a server that cuts, corrupts and lies: whole and checked, or nothing and one error."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from twofold.errors import DataError, OptionError
from twofold.readers.fetching.fetching import fetch, known_file
from twofold.readers.fetching.known_files import KNOWN

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"


@dataclass
class Server:
    """What the server does; each request is noted."""

    content: bytes = CONTENT
    tag: str | None = '"v1"'
    cut_at: list[int] = field(default_factory=list)  # bytes sent before the connection ends, per request
    claims: int | None = None  # length that is claimed
    takes_ranges: bool = True
    wrong_range: bool = False
    status: int = 200
    chunked: bool = False
    ranges: list[str | None] = field(default_factory=list)
    after_first: bytes | None = None  # content after the first request
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        plan: Server = self.server.plan
        asked = self.headers["Range"]
        plan.ranges.append(asked)
        if plan.after_first is not None and len(plan.ranges) > 1:
            plan.content, plan.tag = plan.after_first, '"v2"'
        if plan.status != 200:
            self.send_response(plan.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if not plan.takes_ranges or self.headers.get("If-Range", plan.tag) != plan.tag:
            asked, start = None, 0
        if asked and start >= len(plan.content):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = plan.content[start:]
        self.send_response(206 if asked else 200)
        if plan.tag:
            self.send_header("ETag", plan.tag)
        if asked:
            first = start + 7 if plan.wrong_range else start
            self.send_header("Content-Range", f"bytes {first}-{len(plan.content) - 1}/{len(plan.content)}")
        cut = plan.cut_at.pop(0) if plan.cut_at else None
        if plan.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            sent = body if cut is None else body[:cut]
            self.wfile.write(f"{len(sent):x}\r\n".encode() + sent + b"\r\n" + (b"" if cut else b"0\r\n\r\n"))
        else:
            self.send_header("Content-Length", str(plan.claims if plan.claims is not None else len(body)))
            self.end_headers()
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None or plan.claims is not None:
            self.close_connection = True


@pytest.fixture
def server() -> Iterator[Server]:
    """A server in a thread of its own, on a port of this machine."""
    plan = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.plan = plan
        running.daemon_threads = True
        running.handle_error = lambda *what: None  # a client that hangs up is what we test
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        plan.address = f"http://127.0.0.1:{running.server_port}/mouse.zip"
        yield plan
        running.shutdown()
        thread.join()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- good ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize("checksum", [SHA256, MD5, None])
def test_a_file_comes_whole_and_nothing_else_is_left(checksum, server, tmp_path):
    told = []
    path = fetch(
        server.address, tmp_path / "a.zip", checksum=checksum, progress=lambda *what: told.append(what)
    )
    assert path.read_bytes() == CONTENT
    assert left(tmp_path) == ["a.zip"]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert server.ranges == [None]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_connection_that_is_cut_is_taken_up_where_it_ended(chunked, server, tmp_path):
    server.cut_at, server.chunked = [100_000, 50_000], chunked
    fetch(server.address, tmp_path / "a.zip", checksum=SHA256, wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    starts = [int(asked[6:-1]) for asked in server.ranges[1:]]
    assert starts == sorted(starts)
    assert 0 < starts[0] <= 100_000 and starts[-1] <= 150_000
    assert left(tmp_path) == ["a.zip"]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, tmp_path):
    server.cut_at = [120_000, 0, 0]
    with pytest.raises(DataError, match=r"after .* bytes, 2 times; what came is kept, type the same again"):
        fetch(server.address, tmp_path / "a.zip", attempts=2, wait_s=0)
    assert left(tmp_path) == [".a.zip.part", ".a.zip.part.json"]
    kept = (tmp_path / ".a.zip.part").read_bytes()
    assert 0 < len(kept) <= 120_000 and CONTENT.startswith(kept)
    fetch(server.address, tmp_path / "a.zip")
    assert server.ranges[-1] == f"bytes={len(kept)}-"
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert left(tmp_path) == ["a.zip"]


def test_parts_of_two_versions_are_never_joined(server, tmp_path):
    server.cut_at, server.after_first = [100_000], CONTENT[::-1]
    fetch(server.address, tmp_path / "a.zip", wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT[::-1]


def test_without_a_version_or_a_checksum_it_starts_anew(server, tmp_path):
    server.cut_at, server.tag = [100_000], None
    fetch(server.address, tmp_path / "a.zip", wait_s=0)
    assert server.ranges == [None, None]
    server.cut_at, server.ranges = [100_000], []
    fetch(server.address, tmp_path / "b.zip", checksum=SHA256, wait_s=0)
    assert server.ranges[1].startswith("bytes=")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes() == CONTENT


def test_a_server_that_sends_no_parts_sends_all_again(server, tmp_path):
    server.cut_at, server.takes_ranges = [100_000], False
    fetch(server.address, tmp_path / "a.zip", checksum=SHA256, wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_begun_anew(server, tmp_path):
    (tmp_path / ".a.zip.part").write_bytes(b"x" * 400_000)
    fetch(server.address, tmp_path / "a.zip", checksum=SHA256, wait_s=0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_what_is_there_and_has_the_checksum_is_not_fetched(server, tmp_path):
    (tmp_path / "a.zip").write_bytes(CONTENT)
    fetch(server.address, tmp_path / "a.zip", checksum=SHA256)
    assert server.ranges == []


def test_another_file_that_is_there_is_kept(server, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"mine")
    with pytest.raises(DataError, match="--overwrite sets it aside"):
        fetch(server.address, tmp_path / "a.zip", checksum=SHA256)
    assert (tmp_path / "a.zip").read_bytes() == b"mine"
    fetch(server.address, tmp_path / "a.zip", checksum=SHA256, overwrite=True)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert (tmp_path / "a.zip.old-1").read_bytes() == b"mine"


def test_what_a_killed_run_left_is_not_taken_for_the_file(server, tmp_path):
    (tmp_path / ".a.zip.whole").write_bytes(b"half")
    assert fetch(server.address, tmp_path / "a.zip").read_bytes() == CONTENT


# --- bad ends --------------------------------------------------------------------------------------


def test_bytes_that_were_changed_are_told_and_not_kept(server, tmp_path):
    changed = bytearray(CONTENT)
    changed[150_000] ^= 1
    server.content = bytes(changed)
    with pytest.raises(DataError, match="not the file that was published: its checksum is not sha256"):
        fetch(server.address, tmp_path / "a.zip", checksum=SHA256)
    assert left(tmp_path) == []


def test_a_length_that_is_never_reached_is_no_file(server, tmp_path):
    server.claims = len(CONTENT) + 10
    with pytest.raises(DataError, match="could not be fetched"):
        fetch(server.address, tmp_path / "a.zip", attempts=1, wait_s=0)
    assert not (tmp_path / "a.zip").exists()


def test_a_length_below_the_truth_is_told_where_anything_was_published(server, tmp_path):
    server.claims = 1000
    with pytest.raises(DataError, match=r"1,000 bytes there, 300,000 are published"):
        fetch(server.address, tmp_path / "a.zip", n_bytes=len(CONTENT))
    with pytest.raises(DataError, match="its checksum is not"):
        fetch(server.address, tmp_path / "a.zip", checksum=SHA256)
    assert not (tmp_path / "a.zip").exists()


def test_more_than_was_published_is_not_kept(server, tmp_path):
    server.chunked = True  # no length is told
    with pytest.raises(DataError, match="sends more than the 1,000 bytes"):
        fetch(server.address, tmp_path / "a.zip", n_bytes=1000)
    assert not (tmp_path / "a.zip").exists()
    assert not (tmp_path / ".a.zip.part").exists()


def test_a_part_that_was_not_asked_for_is_refused(server, tmp_path):
    server.cut_at, server.wrong_range = [100_000], True
    with pytest.raises(DataError, match="a part that was not asked for"):
        fetch(server.address, tmp_path / "a.zip", wait_s=0)
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("status", [202, 403, 404, 500])
def test_another_answer_is_told(status, server, tmp_path):
    """Some stores answer 202 with nothing in it, which is no file."""
    server.status = status
    with pytest.raises(DataError, match=f"the server answered {status}"):
        fetch(server.address, tmp_path / "a.zip")
    assert left(tmp_path) == []


def test_a_server_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="ConnectionError after 0 bytes, 2 times"):
        fetch("http://127.0.0.1:9/a", tmp_path / "a.zip", attempts=2, wait_s=0)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("url", "checksum", "words"),
    [
        ("file:///etc/passwd", None, "an address starts with https"),
        ("ftp://a.org/x", None, "an address starts with https"),
        ("rat-achiles", None, "an address starts with https"),
        ("https://a.org/x", "sha256:abc", "is no checksum"),
        ("https://a.org/x", "crc:12345678", "is no checksum"),
        ("https://a.org/x", SHA256.upper(), "is no checksum"),
    ],
)
def test_an_address_or_a_checksum_that_is_none_is_refused(url, checksum, words, tmp_path):
    with pytest.raises(OptionError, match=words):
        fetch(url, tmp_path / "a.zip", checksum=checksum)


def test_places_that_cannot_hold_the_file_are_refused(server, tmp_path):
    with pytest.raises(DataError, match="there is no folder"):
        fetch(server.address, tmp_path / "none" / "a.zip")
    with pytest.raises(DataError, match="is a folder"):
        fetch(server.address, tmp_path)
    assert server.ranges == []


# --- the list --------------------------------------------------------------------------------------


def test_every_known_file_has_an_address_a_licence_and_a_name_of_its_own():
    names = [known.name for known in KNOWN]
    assert len(set(names)) == len(names)
    for known in KNOWN:
        assert known.what and known.licence and known.files
        for one in known.files:
            assert one.url.startswith("https://")
            assert Path(one.file).name == one.file
            assert one.checksum is None or len(one.checksum) in (4 + 32, 7 + 64)
    with pytest.raises(OptionError, match="did you mean 'rat-achilles'"):
        known_file("rat-achiles")
