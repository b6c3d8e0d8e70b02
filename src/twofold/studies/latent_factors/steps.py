"""A study as steps that need each other, run level by level, as jobs cached by what they depend on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twofold.runs.jobs import Arrays, Job, Progress

Runner = Callable[[Sequence[Job], Progress | None], list[Arrays]]


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a pure function, some of whose arguments are the results of other steps.

    Parameters
    ----------
    name
        Unique in its study.
    function, arguments, key
        As of a `Job`; the key leaves out what other steps give.
    needs
        Argument to the name of the step whose result it is.
    """

    name: str
    function: Callable[..., Arrays]
    arguments: Mapping[str, Any]
    key: Mapping[str, Any]
    needs: Mapping[str, str] = field(default_factory=dict)

    def job(self, results: Mapping[str, Arrays], digests: Mapping[str, str]) -> Job:
        """The job, when what it needs is there; its key holds the keys of what it needs."""
        given = {argument: results[name] for argument, name in self.needs.items()}
        needed = {argument: digests[name] for argument, name in self.needs.items()}
        return Job(self.name, self.function, {**self.arguments, **given}, {**self.key, "needs": needed})


def levels(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps in the order in which they can be done, each level needing earlier ones only.

    Examples
    --------
    >>> first = Step("a", dict, {}, {})
    >>> second = Step("b", dict, {}, {}, needs={"start": "a"})
    >>> [[step.name for step in level] for level in levels([second, first])]
    [['a'], ['b']]
    """
    by_name = {step.name: step for step in steps}
    depth: dict[str, int] = {}

    def depth_of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((depth_of(needed) for needed in by_name[name].needs.values()), default=-1)
        return depth[name]

    found: list[list[Step]] = [[] for _ in range(1 + max(depth_of(name) for name in by_name))]
    for step in steps:
        found[depth[step.name]].append(step)
    return found


def run_steps(steps: Sequence[Step], run: Runner, progress: Progress | None = None) -> dict[str, Arrays]:
    """Results of all steps, by name.

    Parameters
    ----------
    steps
        In any order.
    run
        Runs independent jobs.
    progress
        Called with (done, total, name) over all levels.
    """
    results: dict[str, Arrays] = {}
    digests: dict[str, str] = {}
    for level in levels(steps):
        jobs = [step.job(results, digests) for step in level]
        found = run(jobs, _over_levels(progress, len(results), len(steps)))
        for step, job, result in zip(level, jobs, found, strict=True):
            results[step.name], digests[step.name] = result, job.digest
    return results


def _over_levels(progress: Progress | None, before: int, total: int) -> Progress | None:
    if progress is None:
        return None

    def tell(done: int, _: int, name: str) -> None:
        progress(before + done, total, name)

    return tell
