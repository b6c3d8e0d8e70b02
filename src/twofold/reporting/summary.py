"""What a reader should know after one minute, written from the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from twofold.reporting.names import embedding_of, metric_of
from twofold.reporting.numbers import number, with_error
from twofold.reporting.scoreboard import Entry, Scoreboard
from twofold.studies.result import Result, Row


@dataclass(frozen=True)
class Fact:
    """One of the three answers at the top of the page."""

    question: str
    answer: str
    detail: str
    row: str


def facts(scoreboard: Scoreboard) -> list[Fact]:
    """Which row decodes best, which is aligned, which number to distrust; those that can be said."""
    found = (_decodes_best(scoreboard), _most_aligned(scoreboard), _distrust(scoreboard))
    return [fact for fact in found if fact is not None]


def _decodes_best(scoreboard: Scoreboard) -> Fact | None:
    best = scoreboard.best("exact_accuracy")
    if best is None:
        return None
    row = best.found["exact_accuracy"]
    chance = f", chance {number(row.chance)}" if row.chance is not None else ""
    detail = f"exact accuracy {with_error(row)}{chance}"
    return Fact("Which decodes the frame best?", best.name, detail, best.name)


def _most_aligned(scoreboard: Scoreboard) -> Fact | None:
    metric = scoreboard.alignment_metric
    best = scoreboard.best(metric) if metric else None
    if metric is None or best is None:
        return None
    row = best.found[metric]
    title = metric_of(metric).title.partition(") ")[2]
    if (row.value or 0.0) <= 0:
        detail = f"at best, {title} is {with_error(row)}: no better than the mean"
        return Fact("Which stays aligned with the responses?", "cannot be told here", detail, best.name)
    return Fact(
        "Which stays aligned with the responses?",
        embedding_of(best.name),
        f"{title} {with_error(row)}{_bounds(row, scoreboard)}",
        best.name,
    )


def _bounds(row: Row, scoreboard: Scoreboard) -> str:
    """What could be reached: what repeats share and, in a simulation, what its law tells."""
    shared = "" if row.ceiling is None else f"; noise ceiling, what repeats share, {number(row.ceiling)}"
    true = [value for e in scoreboard.of_kind("ceiling") if (value := e.value(row.metric)) is not None]
    return shared + (f"; the simulation's own drive reaches {number(max(true))}" if true else "")


def _distrust(scoreboard: Scoreboard) -> Fact | None:
    able: list[Entry] = [e for e in scoreboard.of_kind("leaky") if e.value("exact_accuracy") is not None]
    if not able:
        return None
    row = able[0].found["exact_accuracy"]
    detail = f"exact accuracy {with_error(row)}, but fitted on what it is scored on"
    return Fact("Which number to distrust?", able[0].name, detail, able[0].name)


def headline(result: Result, scoreboard: Scoreboard) -> list[str]:
    """Sentences that open the page: the study's conclusions, or else simple ones from the scoreboard."""
    if result.conclusions:
        return list(result.conclusions)
    sentences = []
    best = scoreboard.best("exact_accuracy")
    if best is not None:
        row = best.found["exact_accuracy"]
        chance = "" if row.chance is None else f"; chance is {100 * row.chance:.2g} %"
        sentences.append(
            f"{best.name} names the exact frame in {100 * (row.value or 0):.1f} % of bins{chance}."
        )
    metric = scoreboard.alignment_metric
    aligned = scoreboard.best(metric) if metric else None
    if metric is not None and aligned is not None:
        title = metric_of(metric).title.partition(") ")[2]
        sentences.append(
            f"{embedding_of(aligned.name)} is the best aligned: {title} {number(aligned.value(metric))}."
        )
    return sentences or [f"{len(result.rows)} numbers of the study {result.study}."]
