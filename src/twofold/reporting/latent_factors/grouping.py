"""Which models and metrics of a table share a panel, and what their names need not repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twofold.reporting.latent_factors.mice import LESS, is_difference

FIRST = ("correlation_conditioned", "correlation", "bits")  # of the metrics, where there are more than fit
MOST_METRICS = 3
BEFORE = (" -> ", " <- ", ", ")


@dataclass(frozen=True)
class Group:
    """Models, line by line, and metrics, side by side.

    Parameters
    ----------
    models, metrics
        Names in the rows.
    names
        The models without what all of them begin with or, if they are differences, end with.
    common
        That part, empty where there is none.
    """

    models: tuple[str, ...]
    metrics: tuple[str, ...]
    names: tuple[str, ...]
    common: str

    @property
    def is_difference(self) -> bool:
        """Whether its lines are what one model has above another."""
        return is_difference(self.models[0])

    def title(self, metric: str) -> str:
        """What stands above a panel: the title of its metric, and what differences are taken from."""
        if not self.is_difference:
            return metric
        return f"{metric}, above {self.common}" if self.common else f"difference in {metric}"


def groups_of(found: Iterable[tuple[str, str]]) -> list[Group]:
    """Group (model, metric): metrics share a group where they share a model.

    Differences of models stand apart, since their zero is another. A metric of a single model is left to
    the table where others compare more.

    Examples
    --------
    >>> found = [("a", "bits"), ("b", "bits"), ("b", "r2"), ("c", "share"), ("b - a", "bits")]
    >>> [(group.names, group.metrics) for group in groups_of(found)]
    [(('a', 'b'), ('bits',)), (('c',), ('share',)), (('b',), ('bits',))]
    """
    pairs = sorted(found, key=lambda pair: is_difference(pair[0]))
    groups: list[list[tuple[str, str]]] = []
    for pair in pairs:
        able = (group for group in groups if is_difference(group[0][0]) == is_difference(pair[0]))
        group = next((g for g in able if any(pair[0] == model or pair[1] == m for model, m in g)), None)
        if group is None:
            groups.append([pair])
        else:
            group.append(pair)
    return [_group(pairs) for pairs in groups]


def _group(pairs: Sequence[tuple[str, str]]) -> Group:
    counts: dict[str, int] = {}
    for _, metric in pairs:
        counts[metric] = counts.get(metric, 0) + 1
    telling = [metric for metric, count in counts.items() if count > 1] or list(counts)
    order = [*(m for m in FIRST if m in telling), *(m for m in telling if m not in FIRST)]
    metrics = tuple(order[:MOST_METRICS])
    models = tuple(dict.fromkeys(model for model, metric in pairs if metric in metrics))
    return Group(models, metrics, *_without_common(models))


def _without_common(models: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Names without what all share, and that part."""
    if is_difference(models[0]):
        parts = [model.rpartition(LESS) for model in models]
        same = {less + of for _, less, of in parts}
        return (
            (tuple(one for one, *_ in parts), parts[0][2]) if len(same) == 1 and parts[0][0] else (models, "")
        )
    for between in BEFORE:
        halves = [model.partition(between) for model in models]
        if len(models) > 1 and len({head for head, *_ in halves}) == 1 and all(rest for *_, rest in halves):
            return tuple(rest for *_, rest in halves), halves[0][0]
    return models, ""
