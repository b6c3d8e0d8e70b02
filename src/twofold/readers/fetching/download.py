"""A download that goes on where it was cut, one attempt after the other."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twofold.errors import DataError

BLOCK_BYTES = 2**15  # what a cut connection loses at most
TIMEOUT_S = 30
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, eq=False)
class Resuming:
    """How pooch gets a file: parts of it stay beside the destination until it is whole.

    Parameters
    ----------
    part
        Where the beginning is kept between attempts; what the server calls this version lies beside it.
    n_bytes
        The size as published; None where it is not.
    is_checked
        Whether a checksum will tell if parts of two versions were joined.
    attempts
        How often to try without getting further.
    wait_s
        Before the second attempt, doubled before each further one.
    progress
        Called with bytes done and bytes in all.
    """

    part: Path
    n_bytes: int | None = None
    is_checked: bool = False
    attempts: int = 4
    wait_s: float = 1.0
    progress: Progress | None = None

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        """Download to `output_file`; the signature is that of pooch's downloaders."""
        import requests

        vain = 0
        while True:
            before = self._there()
            try:
                if self._attempt(url):
                    break
                reason = "the connection ended"
            except (
                requests.ConnectionError,
                requests.Timeout,
                requests.exceptions.ChunkedEncodingError,
            ) as error:
                reason = type(error).__name__
            vain = 0 if self._there() > before else vain + 1
            if vain >= self.attempts:
                raise DataError(
                    f"{url} could not be fetched: {reason} after {self._there():,} bytes, {vain} times; "
                    "what came is kept, type the same again to go on"
                )
            time.sleep(self.wait_s * 2**vain if vain else 0)
        self.part.replace(output_file)
        self._label.unlink(missing_ok=True)

    @property
    def _label(self) -> Path:
        return self.part.with_name(self.part.name + ".json")

    def _there(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self, url: str) -> bool:
        """One request; whether the file is whole after it."""
        import requests

        done, headers = self._there(), {"Accept-Encoding": "identity"}
        tag = self._tag(url)
        if done and (tag or self.is_checked):
            headers["Range"] = f"bytes={done}-"
            headers |= {"If-Range": tag} if tag else {}
        else:
            done = 0
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == 416:  # what is here is no beginning of what is there
                self.part.unlink(missing_ok=True)
                return False
            if response.status_code not in (200, 206):
                raise DataError(f"{url} could not be fetched: the server answered {response.status_code}")
            if response.status_code == 200:  # all of it, from the beginning
                done = 0
            elif not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
                raise DataError(f"{url} could not be fetched: the server sent a part that was not asked for")
            total = _total(response.headers, done)
            self._refuse(url, total, done)
            self._write_label(url, response.headers)
            with self.part.open("ab" if done else "wb") as file:
                for block in response.iter_content(BLOCK_BYTES):
                    file.write(block)
                    done += len(block)
                    self._refuse_more(url, done)
                    if self.progress is not None:
                        self.progress(done, total)
        return total is None or done == total

    def _refuse(self, url: str, total: int | None, done: int) -> None:
        if None not in (total, self.n_bytes) and total != self.n_bytes:
            raise DataError(f"{url} has {total:,} bytes there, {self.n_bytes:,} are published")
        free = shutil.disk_usage(self.part.parent).free
        if total is not None and total - done > free:
            raise DataError(f"{url} needs {total - done:,} bytes more, and {free:,} are free")

    def _refuse_more(self, url: str, done: int) -> None:
        if self.n_bytes is not None and done > self.n_bytes:
            self.part.unlink(missing_ok=True)
            raise DataError(
                f"{url} sends more than the {self.n_bytes:,} bytes that are published; nothing is kept"
            )

    def _tag(self, url: str) -> str | None:
        """What the server called the version whose beginning is here."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            label = json.loads(self._label.read_text(encoding="utf-8"))
            return str(label["tag"]) if label["url"] == url and label["tag"] else None
        return None

    def _write_label(self, url: str, headers: Mapping[str, str]) -> None:
        tag = headers.get("ETag") or headers.get("Last-Modified")
        tag = None if tag is None or tag.startswith("W/") else tag  # weak tags say too little
        self._label.write_text(json.dumps({"url": url, "tag": tag}), encoding="utf-8")


def _total(headers: Mapping[str, str], done: int) -> int | None:
    """How many bytes the whole file has, as the server says; None where it does not."""
    told = headers.get("Content-Range", "").rpartition("/")[2]
    if told.isdigit():
        return int(told)
    length = headers.get("Content-Length", "")
    return done + int(length) if length.isdigit() else None
