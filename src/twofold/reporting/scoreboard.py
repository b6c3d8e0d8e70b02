"""The scoreboard: for every embedding and decoder, how well it decodes and how well it stays aligned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twofold.reporting.names import (
    ALIGNMENT_METRICS,
    DECODING_METRICS,
    Kind,
    embedding_of,
    kind_of,
    metric_of,
    plain_metric,
)
from twofold.studies.result import Result, Row

DECODING_TABLES = ("frame-decoding", "controls", "ceilings")
ALIGNMENT_TABLES = ("alignment", "ceilings")
PREFERRED = ("leave_one_repeat_out", "test", "leave_one_block_out", "validation", "train")
ORDER: tuple[Kind, ...] = ("honest", "ceiling", "control", "leaky")


@dataclass(frozen=True)
class Entry:
    """One line of the scoreboard: a row name and what was found for it, by metric."""

    name: str
    kind: Kind
    found: dict[str, Row]

    def value(self, metric: str) -> float | None:
        """Value of a metric, None where there is none."""
        row = self.found.get(metric)
        return None if row is None else row.value

    @property
    def split(self) -> str:
        """How its decoding was scored, empty where it has none."""
        return next((row.split for metric, row in self.found.items() if metric in DECODING_METRICS), "")

    @property
    def window(self) -> int:
        """Samples that its decoding saw at once."""
        return max(
            (row.window or 1 for metric, row in self.found.items() if metric in DECODING_METRICS), default=1
        )

    @property
    def note(self) -> str:
        """All notes of the line, each once."""
        return "; ".join(dict.fromkeys(row.note for row in self.found.values() if row.note))


@dataclass(frozen=True)
class Scoreboard:
    """Entries in the order to read them: honest rows by accuracy, then bounds, controls, leaky rows.

    Parameters
    ----------
    entries
        The lines.
    split
        How the decoding of most was scored; an entry may have another.
    """

    entries: tuple[Entry, ...]
    split: str

    @classmethod
    def of(cls, result: Result) -> Scoreboard:
        """Join the decoding and the alignment rows of a result."""
        scored = [
            row
            for row in result.rows
            if row.table in DECODING_TABLES and plain_metric(row.metric) in DECODING_METRICS
        ]
        split = next((name for name in PREFERRED if any(row.split == name for row in scored)), "")
        decoding: dict[str, dict[str, Row]] = {}
        for row in sorted(scored, key=lambda row: PREFERRED.index(row.split)):
            found = decoding.setdefault(row.row, {})
            # All numbers of a line come from one split: what is trained for long has only the last repeat.
            if all(known.split == row.split for known in found.values()):
                found.setdefault(plain_metric(row.metric), row)
        alignment: dict[str, dict[str, Row]] = {}
        for row in result.rows:
            if row.table in ALIGNMENT_TABLES and row.metric in ALIGNMENT_METRICS:
                alignment.setdefault(row.row, {}).setdefault(row.metric, row)
        entries = [
            Entry(name, kind_of(name), found | alignment.get(embedding_of(name), {}))
            for name, found in decoding.items()
        ]
        decoded = {embedding_of(name) for name in decoding}
        entries += [
            Entry(name, kind_of(name), found) for name, found in alignment.items() if name not in decoded
        ]
        return cls(tuple(sorted(entries, key=_place)), split)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that at least one line has."""
        known = (*DECODING_METRICS[:3], *ALIGNMENT_METRICS)
        return tuple(m for m in known if any(entry.value(m) is not None for entry in self.entries))

    def best(self, metric: str) -> Entry | None:
        """The honest line with the highest value of a metric."""
        able = [e for e in self.entries if e.kind == "honest" and e.value(metric) is not None]
        return max(able, key=lambda e: e.value(metric) or 0.0) if able else None

    @property
    def alignment_metric(self) -> str | None:
        """The alignment that cannot be had by copying noise; that of unseen frames first."""
        return next((m for m in ("r2_cross_repeat", "r2_cosmoothing") if self.best(m)), None)

    def title(self, metric: str) -> str:
        """Title of a metric, in terms of what is decoded."""
        found = (entry.found[metric] for entry in self.entries if metric in entry.found)
        return metric_of(next((row.metric for row in found), metric)).title

    def of_kind(self, kind: Kind) -> Iterator[Entry]:
        """Lines of one kind."""
        return (entry for entry in self.entries if entry.kind == kind)


def best_of_each(scoreboard: Scoreboard, most: int) -> list[Entry]:
    """The best decoder of every embedding: controls, bounds and leaky rows, and the best that compete.

    Parameters
    ----------
    scoreboard
        All lines.
    most
        Lines to keep, unless there are more of the others.
    """
    found: dict[tuple[Kind, str], Entry] = {}
    for entry in scoreboard.entries:
        if entry.value("exact_accuracy") is not None:
            found.setdefault((entry.kind, embedding_of(entry.name)), entry)
    others = sum(kind != "honest" for kind, _ in found)
    able = [entry for (kind, _), entry in found.items() if kind == "honest"][: max(most - others, 6)]
    return able + [entry for (kind, _), entry in found.items() if kind != "honest"]


def _place(entry: Entry) -> tuple[int, float]:
    accuracy = entry.value("exact_accuracy")
    return ORDER.index(entry.kind), -accuracy if accuracy is not None else float("inf")


@dataclass(frozen=True)
class Bar:
    """Marks of one small bar, each in percent of its width; None where the mark is absent."""

    value: float
    low: float | None
    high: float | None
    chance: float | None
    ceiling: float | None

    @classmethod
    def of(cls, row: Row, longest: float) -> Bar:
        """Scale a row so that `longest` fills the bar."""

        def percent(x: float | None) -> float | None:
            return None if x is None else round(100 * min(max(x / longest, 0.0), 1.0), 2)

        return cls(percent(row.value) or 0.0, *map(percent, (row.low, row.high, row.chance, row.ceiling)))


def longest_bar(scoreboard: Scoreboard, metric: str = "exact_accuracy") -> float:
    """The value that fills a bar: 1 where the best come near, else a little more than the largest mark."""
    rows = [entry.found[metric] for entry in scoreboard.entries if metric in entry.found]
    marks = [x for row in rows for x in (row.value, row.high, row.ceiling) if x is not None]
    largest = max(marks, default=1.0)
    return 1.0 if largest > 0.8 or largest <= 0 else 1.1 * largest
