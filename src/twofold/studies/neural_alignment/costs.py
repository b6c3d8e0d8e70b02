"""What the time of a job of the study depends on, to say it beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twofold.runs.estimate import Cost
from twofold.runs.jobs import Job
from twofold.studies.neural_alignment.methods.method import Method
from twofold.studies.neural_alignment.methods.vae import epochs_of
from twofold.studies.neural_alignment.tables.decoding import Comparison

STEPS, EPOCHS = (10, 40), (1, 3)  # of the short jobs that are timed


def cost_of(job: Job) -> Cost:
    """Jobs of a function are of a kind where their embeddings are trained alike, for so many steps."""
    function = job.function.__qualname__
    given = job.arguments
    if "settings" in given and "trials" in given:
        epochs, trials = given["settings"]["epochs"], given["trials"]
        return Cost(function, epochs * trials, _shortened_search(job))
    comparison, method = given.get("comparison"), given.get("method")
    if isinstance(comparison, Comparison):
        method = comparison.method
    if not isinstance(method, Method):
        return Cost(function)
    read = () if comparison is None else tuple(decoder.name for decoder in comparison.decoders)
    told = (
        given.get("told"),
        given.get("network") is not None,
        comparison is not None and comparison.responses,
    )
    kind = f"{function} {method.fit!r} {method.window} {method.depends.get('recurrent')} {read} {told}"
    length = length_of(method, job)
    if length is None:
        return Cost(kind)
    steps = "max_steps" in method.depends
    return Cost(kind, max(1, length), _shortened(job, method), STEPS if steps else EPOCHS)


def length_of(method: Method, job: Job) -> int | None:
    """Steps or epochs of training; None where nothing is trained."""
    depends = method.depends
    if "max_steps" in depends:
        return int(depends["max_steps"])
    if "epochs" not in depends:
        return None
    data, train = job.arguments["data"], job.arguments.get("train")
    n_repeats = data.n_repeats if train is None else len(train)
    return epochs_of(depends["epochs"], data.n_frames * n_repeats, 512, depends.get("most_steps"))


def _shortened(job: Job, method: Method) -> Callable[[int], Job]:
    def shorter(length: int) -> Job:
        steps = "max_steps" in method.depends
        of_length: dict[str, Any] = {"max_steps": length} if steps else {"epochs": length, "most_steps": None}
        own = replace(method, depends={**method.depends, **of_length})
        if "comparison" in job.arguments:
            changed: dict[str, Any] = {"comparison": replace(job.arguments["comparison"], method=own)}
        else:
            changed = {"method": own}
        return replace(job, arguments={**job.arguments, **changed})

    return shorter


def _shortened_search(job: Job) -> Callable[[int], Job]:
    def shorter(length: int) -> Job:
        settings = {**job.arguments["settings"], "epochs": length}
        return replace(job, arguments={**job.arguments, "settings": settings, "trials": 1})

    return shorter
