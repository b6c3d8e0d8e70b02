"""Numbers of each mouse with their spans and surrogates, as arrays, and the rows that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from twofold.analyses.chance import Chance
from twofold.analyses.hierarchical_bootstrap import hierarchical_bootstrap
from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval, mean_and_sem
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.result import IntervalKind, Row

TIER = "held-out trials"


def number(
    name: str, value: Interval, *nulls: Chance, entries: Num[np.ndarray, "clip neuron"] | None = None
) -> Arrays:
    """A number of one mouse as arrays: `interval` (value, low, high, n), and `null` (kind, surrogate).

    With `entries`, of which the number is the mean, the span over mice is that of the hierarchical bootstrap.

    Examples
    --------
    >>> number("table-4/gain", Interval(0.5, 0.25, 0.75, n=6))
    {'table-4/gain/interval': array([0.5 , 0.25, 0.75, 6.  ])}
    """
    ends = (np.nan if end is None else end for end in (value.low, value.high))
    found = {f"{name}/interval": np.array([value.value, *ends, value.n], dtype=float)}
    if nulls:
        found[f"{name}/null"] = np.stack([null.surrogates for null in nulls])
    if entries is not None:
        found[f"{name}/entries"] = entries.astype(np.float32)
    return found


def of_each_mouse(
    part: str, recordings: Sequence[Recording], measure: Callable[[int, Recording], Arrays]
) -> Arrays:
    """What is measured of each mouse: "TABLE/NAME" becomes "TABLE/m/NAME".

    A mouse that lacks something has "PART/m/missing" instead, with the reason.
    """
    found: Arrays = {"mice": np.array([recording.name for recording in recordings])}
    for m, recording in enumerate(recordings):
        try:
            own = measure(m, recording)
        except (DataError, OptionError) as error:
            own = {f"{part}/missing": np.array(str(error))}
        for name, values in own.items():
            table, _, rest = name.partition("/")
            found[f"{table}/{m}/{rest}"] = values
    return found


@dataclass(frozen=True)
class Told:
    """How a number of each mouse is told.

    Parameters
    ----------
    table, row, metric
        Of the rows; a row that says "leaky" is.
    name
        Of the arrays, as in `number`.
    nulls
        What each kind of surrogates is, in words.
    kind, over
        Of the span of one mouse.
    chance
        What the number is where there is nothing to find, if there are no surrogates.
    fitted_on, paper, note
        Of the rows.
    without
        Why a mouse may have no such number.
    """

    table: str
    row: str
    metric: str
    name: str
    nulls: tuple[str, ...] = ()
    kind: IntervalKind = "sem"
    over: str = "groups of videos"
    chance: float | None = None
    fitted_on: str = "train"
    paper: float | None = None
    note: str = ""
    without: str = "this mouse has no such number"

    def rows(self, found: Arrays, mice: Sequence[str], part: str) -> list[Row]:
        """The mean over mice, and a row for each."""
        table, _, rest = self.name.partition("/")
        names = [f"{table}/{m}/{rest}" for m in range(len(mice))]
        there = [m for m, name in enumerate(names) if np.isfinite(found.get(f"{name}/interval", [np.nan])[0])]
        each = [
            self._row(found, names[m], f" · {mouse}")
            if m in there
            else self._missing(f" · {mouse}", str(found.get(f"{part}/{m}/missing", self.without)))
            for m, mouse in enumerate(mice)
        ]
        if not there:
            return [self._missing("", each[0].note), *each]
        if len(there) == 1:
            return [self._row(found, names[there[0]], "", _without(len(mice) - 1, len(mice))), *each]
        return [self._mean(found, [names[m] for m in there], len(mice)), *each]

    def _mean(self, found: Arrays, names: Sequence[str], n_mice: int) -> Row:
        nulls = [found[f"{name}/null"] for name in names if f"{name}/null" in found]
        kinds = min((len(own) for own in nulls), default=0)  # a mouse may lack the last ones
        null = np.mean([own[:kinds] for own in nulls], axis=0) if nulls else None
        without = _without(n_mice - len(names), n_mice)
        if all(f"{name}/entries" in found for name in names):
            entries = [found[f"{name}/entries"].astype(float) for name in names]
            return self._told("", hierarchical_bootstrap(entries), null, "bootstrap_95", "mice", without)
        values = np.array([found[f"{name}/interval"][0] for name in names])
        return self._told("", mean_and_sem(values), null, "sem", "mice", without)

    def _row(self, found: Arrays, name: str, suffix: str, extra: str = "") -> Row:
        value, low, high, n = found[f"{name}/interval"].tolist()
        ends = (None, None) if np.isnan(low) or np.isnan(high) else (low, high)
        interval = Interval(value, ends[0], ends[1], int(n))
        return self._told(suffix, interval, found.get(f"{name}/null"), self.kind, self.over, extra)

    def _told(
        self,
        suffix: str,
        value: Interval,
        null: Float[np.ndarray, "kind surrogate"] | None,
        kind: IntervalKind,
        over: str,
        extra: str = "",
    ) -> Row:
        spread = value.low is not None
        chance = self.chance
        notes = [self.note, extra]
        if null is not None:
            kinds = [Chance(one) for one in null]
            chance = kinds[0].mean if np.isfinite(kinds[0].mean) else None
            notes += [
                f"p = {one.p(value.value):.3g} ({what})" for one, what in zip(kinds, self.nulls, strict=False)
            ]
        return Row(
            table=self.table,
            row=self.row + suffix,
            metric=self.metric,
            split="test",
            value=value.value,
            low=value.low,
            high=value.high,
            interval_kind=kind if spread else None,
            over=over,
            n=value.n,
            chance=chance,
            fitted_on=self.fitted_on,
            scored_on=TIER,
            leaky="leaky" in self.row,
            paper=self.paper,
            note="; ".join(note for note in notes if note),
        )

    def _missing(self, suffix: str, why: str) -> Row:
        return Row(
            table=self.table,
            row=self.row + suffix,
            metric=self.metric,
            split="test",
            value=None,
            leaky="leaky" in self.row,
            paper=self.paper,
            note=why,
        )


def _without(n: int, n_mice: int) -> str:
    return f"{n} of {n_mice} mice have no number" if n else ""


def all_rows(
    told: Sequence[Told], found: Mapping[str, np.ndarray], mice: Sequence[str], part: str
) -> list[Row]:
    """Rows of several numbers, in order."""
    return [row for one in told for row in one.rows(dict(found), mice, part)]
