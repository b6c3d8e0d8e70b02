"""Where the command line writes: rich on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from twofold.errors import OptionError

stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)


class Report:
    """Progress of a long run: call it with (done, total, what was done)."""

    def __init__(self, progress: Progress | None, title: str) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=None) if progress else None
        self._told = -1

    def __call__(self, done: int, total: int, name: str) -> None:
        """Show how far the run is."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total)
        elif done * 10 // max(total, 1) != self._told:
            self._told = done * 10 // max(total, 1)
            stderr.print(f"{done} of {total} parts done" + (f" ({name})" if name else ""))


@contextmanager
def progress_bar(title: str) -> Iterator[Report]:
    """A bar with the time left on a terminal, a line per tenth elsewhere."""
    if not stderr.is_terminal:
        yield Report(None, title)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr) as progress:
        yield Report(progress, title)


def pairs(texts: list[str], flag: str) -> dict[str, str]:
    """KEY=VALUE texts as a dict.

    Examples
    --------
    >>> pairs(["steps=100"], "--set")
    {'steps': '100'}
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise OptionError(f"{flag} {text}: write {flag} NAME=VALUE")
        found[name.strip()] = value.strip()
    return found
