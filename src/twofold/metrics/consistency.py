"""Do embeddings agree: between runs on the same samples, or between animals that saw the same labels.

Each agreement is measured on rows that were left out, in both directions, and beside surrogates in which the
rows of one embedding are moved against the other. (Schneider, Lee & Mathis 2023 fit and score a linear map on
the same rows: there, independent noise in 128 dimensions agrees perfectly over 99 bins.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from jaxtyping import Float, Int

from twofold.errors import DataError, OptionError
from twofold.metrics.cross_validation import Held, LinearMap
from twofold.metrics.label_means import align_by_label

FEWEST_ROWS = 10


@dataclass(frozen=True, eq=False)
class Consistency:
    """How well each embedding (line) tells each other one (column) on held-out rows.

    Parameters
    ----------
    score
        (source, target), 1 on the diagonal.
    chance
        (source, target) mean over surrogates, NaN on the diagonal.
    chance_high
        (source, target) their 95th percentile, NaN on the diagonal.
    p
        (source, target) share of scores, the observed one among them, that reach the observed one.
    n_rows
        Samples or labels that were compared.
    n_surrogates
        How many surrogates.
    """

    score: Float[np.ndarray, "run run"]
    chance: Float[np.ndarray, "run run"]
    chance_high: Float[np.ndarray, "run run"]
    p: Float[np.ndarray, "run run"]
    n_rows: int
    n_surrogates: int

    @property
    def symmetric(self) -> Float[np.ndarray, "run run"]:
        """Mean of both directions."""
        return (self.score + self.score.T) / 2

    @property
    def mean(self) -> float:
        """Mean over all ordered pairs."""
        return float(self.score[~np.eye(len(self.score), dtype=bool)].mean())

    @property
    def mean_chance(self) -> float:
        """Mean chance level over all ordered pairs."""
        return float(np.nanmean(self.chance))


def consistency(
    embeddings: Sequence[np.ndarray],
    *,
    labels: np.ndarray | Sequence[np.ndarray] | None = None,
    bins: int | None = None,
    groups: np.ndarray | None = None,
    measure: Callable[[np.ndarray, np.ndarray], Held] = LinearMap,
    folds: int = 5,
    n_surrogates: int = 20,
    random_state: int | np.random.Generator = 0,
) -> Consistency:
    """Held-out agreement of every pair of embeddings, with its chance level.

    Folds are stretches: of consecutive groups, or rows, or labels in their order. In a surrogate, the rows of
    the target are turned in a circle by a random tenth to nine tenths: within each group, or over the labels
    in their order; labels that are strings have none, and are permuted. Turning keeps what is slow about an
    embedding, but no drift over the whole recording: take the agreement of two drifts for none.

    Parameters
    ----------
    embeddings
        Two or more, each (time, dimension); dimensions may differ.
    labels
        None: all have the same samples, compared row by row. Otherwise (time,) labels, one array for all or
        one for each: embeddings are averaged per label, and compared over the labels that all have.
    bins
        Cut numeric labels into so many bins of equal width first.
    groups
        (time,) trial of each row, where there are no labels; a whole trial is left out at a time. Where
        trials repeat a stimulus, leave out stretches of the stimulus instead, through `labels`.
    measure
        `LinearMap` (R2 of ridge regression), `SharedSubspace` (canonical correlation), or another class that
        takes a source and its folds and scores targets.
    folds
        Number of folds, at least 3.
    n_surrogates
        Number of surrogates.
    random_state
        Seed or generator of the surrogates.

    Raises
    ------
    DataError
        If embeddings, labels and groups do not fit each other, or there are too few rows to leave some out.
    OptionError
        If options cannot work.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> one = np.cumsum(rng.normal(size=(200, 3)), axis=0)
    >>> found = consistency([one, one @ rng.normal(size=(3, 3))])
    >>> bool(found.mean > 0.99), bool(found.mean_chance < 0.2), float(found.p[0, 1].round(3))
    (True, True, 0.048)
    """
    _check_options(folds, n_surrogates, labels, groups)
    tables, ordered = _tables(embeddings, labels, bins)
    n_rows = len(tables[0])
    stretch = _stretches(n_rows, groups)
    fold = _folds(stretch if groups is not None else np.arange(n_rows), folds)
    rng = np.random.default_rng(random_state)
    orders = [rng.permutation(n_rows) if not ordered else _turned(stretch, rng) for _ in range(n_surrogates)]

    n = len(tables)
    score, chance, high, p = (np.full((n, n), value) for value in (1.0, np.nan, np.nan, np.nan))
    sources = [measure(table, fold) for table in tables]
    for i, j in permutations(range(n), 2):
        score[i, j] = sources[i].score(tables[j])
        by_chance = np.array([sources[i].score(tables[j][order]) for order in orders])
        chance[i, j], high[i, j] = by_chance.mean(), np.quantile(by_chance, 0.95)
        p[i, j] = (1 + (by_chance >= score[i, j]).sum()) / (1 + n_surrogates)
    return Consistency(score, chance, high, p, n_rows, n_surrogates)


def _check_options(folds: int, n_surrogates: int, labels: object, groups: object) -> None:
    if folds < 3:
        raise OptionError(f"folds={folds}: give 3 or more, one to score, one to choose on and others to fit")
    if n_surrogates < 1:
        raise OptionError(f"n_surrogates={n_surrogates}: give 1 or more; a score needs its chance level")
    if labels is not None and groups is not None:
        raise OptionError("labels and groups: give one of them; with labels, their stretches are left out")


def _tables(
    embeddings: Sequence[np.ndarray], labels: np.ndarray | Sequence[np.ndarray] | None, bins: int | None
) -> tuple[list[np.ndarray], bool]:
    """Embeddings with the same rows, centred; and whether the rows have an order."""
    if len(embeddings) < 2:
        raise DataError(f"{len(embeddings)} embeddings; at least 2 are needed to compare")
    for place, embedding in enumerate(embeddings):
        if embedding.ndim != 2 or not np.isfinite(embedding).all():
            raise DataError(
                f"embedding {place} of shape {embedding.shape}: give finite numbers (time, dimension)"
            )
    ordered = True
    if labels is None:
        tables = [np.asarray(embedding, dtype=float) for embedding in embeddings]
        lengths = [len(table) for table in tables]
        if len(set(lengths)) > 1:
            raise DataError(f"embeddings of {lengths} rows; give labels to compare different samples")
    else:
        common, tables = align_by_label(embeddings, labels, bins=bins)
        ordered = common.dtype.kind in "biuf"
    if len(tables[0]) < FEWEST_ROWS:
        what = "rows" if labels is None else "labels in common"
        raise DataError(f"{len(tables[0])} {what}; at least {FEWEST_ROWS} are needed to leave some out")
    return [table - table.mean(axis=0) for table in tables], ordered


def _stretches(n_rows: int, groups: np.ndarray | None) -> Int[np.ndarray, " row"]:
    if groups is None:
        return np.zeros(n_rows, dtype=np.int64)
    if groups.shape != (n_rows,):
        raise DataError(f"groups of shape {groups.shape} for {n_rows} rows; give one group per row")
    number = np.unique(groups, return_inverse=True)[1]
    if np.bincount(number).min() < FEWEST_ROWS:
        raise DataError(
            f"a group has fewer than {FEWEST_ROWS} rows, too few to turn for a surrogate; join groups, or "
            "leave groups out"
        )
    return number


def _folds(units: Int[np.ndarray, " row"], folds: int) -> Int[np.ndarray, " row"]:
    n_units = int(units.max()) + 1
    if n_units < 3:
        raise DataError(f"{n_units} groups; at least 3 are needed, or leave groups out")
    return units * min(folds, n_units) // n_units


def _turned(stretch: Int[np.ndarray, " row"], rng: np.random.Generator) -> Int[np.ndarray, " row"]:
    """Rows of each stretch turned in a circle, by a tenth to nine tenths of it."""
    order = np.arange(len(stretch))
    for number in range(int(stretch.max()) + 1):
        rows = np.flatnonzero(stretch == number)
        least = max(1, len(rows) // 10)
        order[rows] = np.roll(rows, rng.integers(least, len(rows) - least, endpoint=True))
    return order
