"""Rows over mice: the mean with its interval, a row for each mouse, and differences mouse by mouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twofold.analyses.hierarchical_bootstrap import ByMouse, difference_over_mice, hierarchical_bootstrap
from twofold.metrics.intervals import Interval
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.paper import paper_value
from twofold.studies.latent_factors.prepared import TEST, VALIDATION
from twofold.studies.result import Row


@dataclass(frozen=True)
class RowMaker:
    """Makes the rows of one table.

    Parameters
    ----------
    table
        Its name.
    mice
        Names of the recordings.
    bootstrap, seed
        Draws behind an interval, and their seed.
    note
        That every row bears.
    scored_on
        Tier that the numbers are from.
    """

    table: str
    mice: Sequence[str]
    bootstrap: int = 1000
    seed: int = 0
    note: str = ""
    scored_on: str = TEST

    def __call__(self, row: str, metric: str, values: ByMouse, *, note: str = "") -> list[Row]:
        """The mean over mice with its interval, a row for each mouse, and one for seeds where there are some.

        Parameters
        ----------
        row, metric
            Names.
        values
            For each mouse (clip, neuron) or (seed, clip, neuron); a score per neuron is one of a single clip.
        note
            Of the rows.
        """
        tables = [_as_table(mouse) for mouse in values]
        if not all(np.isfinite(table).any() for table in tables):
            return [self.absent(row, metric, "a recording has no finite value")]
        over = hierarchical_bootstrap(tables, n_bootstrap=self.bootstrap, random_state=self.seed)
        n_units = int(sum(np.isfinite(table).any(axis=(0, 1)).sum() for table in tables))
        mean = self._over_mice(row, metric, over, note, n_units=n_units, paper=self._paper(row, metric))
        each = [
            self._row(f"{row} · {mouse}", metric, float(np.nanmean(table)), note)
            for mouse, table in zip(self.mice, tables, strict=True)
        ]
        return [mean, *each, *self._by_seed(row, metric, tables, note)]

    def difference(self, row: str, metric: str, a: ByMouse, b: ByMouse, *, note: str = "") -> list[Row]:
        """How much higher `a` is than `b` on the same neurons; the note has p, and each mouse is a row."""
        one, other = ([_as_table(mouse) for mouse in values] for values in (a, b))
        found = difference_over_mice(one, other, n_bootstrap=self.bootstrap, random_state=self.seed)
        n = len(self.mice)
        said = [f"sign-flip p over {n} mice = {found.p:.2g}"] if n > 1 else []
        mean = self._over_mice(row, metric, found.difference, _joined(*said, note), chance=0.0)
        each = [
            self._row(f"{row} · {mouse}", metric, float(value), note)
            for mouse, value in zip(self.mice, found.per_mouse, strict=True)
        ]
        return [mean, *each]

    def number(self, row: str, metric: str, value: float, *, note: str = "") -> Row:
        """A number without an interval."""
        return self._row(row, metric, value, note, paper=self._paper(row, metric))

    def absent(self, row: str, metric: str, why: str) -> Row:
        """A row without a value."""
        return self._row(row, metric, None, why, paper=self._paper(row, metric))

    def _over_mice(self, row: str, metric: str, over: Interval, note: str, **more: Any) -> Row:
        kind = "mice" if len(self.mice) > 1 else "neurons"
        ends = {"low": over.low, "high": over.high, "interval_kind": "bootstrap_95"}
        return self._row(row, metric, over.value, note, over=kind, n=over.n, **ends, **more)

    def _by_seed(self, row: str, metric: str, tables: Sequence[np.ndarray], note: str) -> list[Row]:
        """Mean and range of the means over mice."""
        n_seeds = len(tables[0])
        if n_seeds < 2:
            return []
        means = np.array([[np.nanmean(table) for table in mouse] for mouse in tables]).mean(axis=0)
        ends = {"low": float(means.min()), "high": float(means.max()), "interval_kind": "range"}
        value = float(means.mean())
        return [self._row(f"{row} · seeds", metric, value, note, over="seeds", n=n_seeds, **ends)]

    def _row(self, row: str, metric: str, value: float | None, note: str, **more: Any) -> Row:
        return Row(
            table=self.table,
            row=row,
            metric=metric,
            split="validation" if self.scored_on == VALIDATION else "test",
            value=value,
            fitted_on="train",
            scored_on=self.scored_on,
            leaky="leaky" in row,
            note=_joined(note, self.note),
            **more,
        )

    def _paper(self, row: str, metric: str) -> float | None:
        return paper_value(self.table, row, metric)


def by_mouse(scores: Sequence[Mapping[str, np.ndarray]] | Arrays, name: str, n_mice: int) -> ByMouse:
    """For each mouse (seed, clip, neuron) of one score, from the scores of the fits of each seed."""
    several: Sequence[Mapping[str, np.ndarray]] = [scores] if isinstance(scores, dict) else scores
    return [np.stack([np.atleast_2d(one[f"{number}/{name}"]) for one in several]) for number in range(n_mice)]


def _as_table(values: np.ndarray) -> np.ndarray:
    """(seed, clip, neuron)."""
    return np.asarray(values, dtype=float).reshape((1,) * (3 - np.ndim(values)) + np.shape(values))


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
