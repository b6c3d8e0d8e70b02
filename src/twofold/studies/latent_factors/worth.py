"""What to conclude of the competitors: which tells most of other neurons, and which is cheapest beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twofold.studies.latent_factors.fits import ZIG
from twofold.studies.latent_factors.parts.competitors import GAPS, GIVEN, IN_ALL, TABLE
from twofold.studies.result import Row

LESS = " - "


def worth(rows: Sequence[Row]) -> Iterator[str]:
    """Sentences on the tables of competitors, where they hold two models or more.

    A model is within the error of the best where the span of their difference holds 0.
    """
    means = [row for row in rows if row.value is not None and "·" not in row.row]
    found = {(row.row, row.metric): row for row in means if row.table == TABLE}
    gaps = [row for row in means if row.table == GAPS]
    if not gaps:
        return
    best = gaps[0].row.rpartition(LESS)[2]
    most, alone = found[best, GIVEN], found.get((ZIG, GIVEN))
    instead = "" if alone is None or best == ZIG else f", where {ZIG} tells {alone.value:.3f}"
    yield (
        f"Of {len(gaps) + 1} ways to tell half of the neurons from the others, {best} tells most, "
        f"{most.value:.3f}{instead} ({TABLE})."
    )
    near = [row.row.removesuffix(f"{LESS}{best}") for row in gaps if row.high is not None and row.high >= 0]
    cost = {name: found[name, IN_ALL].value or 0.0 for name in (best, *near)}
    cheapest = min(cost, key=lambda name: cost[name])
    if cheapest == best:
        yield f"None that is cheaper comes within the error of {best}, in {_time(cost[best])} ({TABLE})."
    else:
        yield (
            f"Within its error the cheapest is {cheapest}, {found[cheapest, GIVEN].value:.3f}, fitted in "
            f"{_time(cost[cheapest])} for each mouse instead of {_time(cost[best])} ({TABLE})."
        )


def _time(seconds: float) -> str:
    """Two digits."""
    return f"{float(f'{seconds:.2g}'):g} s"
