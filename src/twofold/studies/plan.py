"""The study neural-alignment as a list of independent parts, and how their results become rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.recordings.preprocess import fit_to_responses
from twofold.recordings.splits import Split, frame_blocks, leave_one_out
from twofold.runs.jobs import Arrays, Job, content_hash
from twofold.studies.alignment import align_fold
from twofold.studies.alignment_options import AlignmentOptions
from twofold.studies.alignment_rows import alignment_rows
from twofold.studies.conclusions import conclusions
from twofold.studies.decoding import Scheme, decode_fold
from twofold.studies.decoding_rows import decoding_rows, gather
from twofold.studies.methods import embeddings
from twofold.studies.pictures import pictures
from twofold.studies.presentations import Presentations, presentations
from twofold.studies.result import Result
from twofold.studies.state import state_of_method, state_rows, traces
from twofold.studies.trade_off import trade_off
from twofold.studies.truth import absent_ceilings, known_truth
from twofold.studies.versions import versions

STUDY = "neural-alignment"


@dataclass(frozen=True, eq=False)
class Plan:
    """All parts of one study, before anything is computed."""

    data: Presentations
    options: AlignmentOptions
    parts: Mapping[str, Sequence[Job]]
    tests: Mapping[Scheme, Sequence[np.ndarray]]
    no_ceiling: str
    name: str
    history: tuple[str, ...]

    @property
    def jobs(self) -> list[Job]:
        """All jobs, part after part."""
        return [job for jobs in self.parts.values() for job in jobs]

    def assemble(self, results: Sequence[Arrays], seconds: float) -> Result:
        """Rows, pictures and conclusions from the results of all jobs, in their order."""
        data, options, rest = self.data, self.options, iter(results)
        found = {part: list(islice(rest, len(jobs))) for part, jobs in self.parts.items()}
        schemes = {s: gather(found[s], tests, data.n_frames, s) for s, tests in self.tests.items()}
        by_method = dict(zip((m.name for m in embeddings(options)), found["state"], strict=False))
        decoded = schemes["leave_one_repeat_out"]
        rows = [
            *(row for scheme in schemes.values() for row in decoding_rows(scheme, data, options.seed)),
            *alignment_rows(found["alignment"], options),
            *state_rows(by_method, data, options),
            *(absent_ceilings(self.no_ceiling) if self.no_ceiling else ()),
        ]
        return Result(
            study=STUDY,
            recording={"name": self.name, **data.summary(), "history": list(self.history)},
            options=options.model_dump(mode="json"),
            versions=versions(),
            seconds=seconds,
            rows=rows,
            arrays={
                **pictures(data, decoded, options),
                **traces(by_method, data),
                **trade_off(rows, options),
            },
            conclusions=conclusions(rows, decoded, data.label),
        )


def plan_study(recording: Recording, options: AlignmentOptions) -> Plan:
    """Arrange the recording and list every part of the study.

    Raises
    ------
    DataError
        If the recording cannot be studied, before any work starts.
    """
    data = presentations(recording)
    if data.n_repeats < 4:
        raise DataError(f"the study needs at least 4 repeats of every clip, there are {data.n_repeats}")
    frame_blocks(data.clip, options.frame_folds, gap=1)  # refuses too few frames
    known, no_ceiling = known_truth(recording, data, options)
    key = {
        "data": content_hash(data.responses, data.clip, data.label, *data.signals.values()),
        "signals": list(data.signals),
        "known": known is not None,
        "options": options.model_dump(mode="json"),
        "version": versions()["twofold"],
    }
    tests: dict[Scheme, list[Split]] = {
        "leave_one_repeat_out": leave_one_out(np.arange(data.n_repeats), options.max_folds)
    }
    by_block = [] if data.block is None else leave_one_out(data.block)
    if by_block and min(len(split.train) for split in by_block) > 1:
        tests["leave_one_block_out"] = by_block

    def job(name: str, function: Callable[..., Arrays], **arguments: Any) -> Job:
        given = {"data": data, "options": options, **arguments}
        if function is not state_of_method:
            given["known"] = known
        return Job(name, function, given, {**key, **_plain(arguments)})

    parts: dict[str, list[Job]] = {
        scheme: [
            job(
                f"{scheme.replace('_', ' ')}, {split.held_out[0]}",
                decode_fold,
                train=split.train,
                test=split.test,
                controls=scheme == "leave_one_repeat_out",
            )
            for split in splits
        ]
        for scheme, splits in tests.items()
    }
    divisions = _divisions(data.n_repeats, options.alignment_folds)
    scored = _kept_everywhere(data, options, [train for train, _, _ in divisions])
    parts["alignment"] = [
        job(f"alignment, division {i + 1}", align_fold, train=train, target=target, test=test, scored=scored)
        for i, (train, target, test) in enumerate(divisions)
    ]
    folds = _consecutive(data.n_repeats, options.alignment_folds)
    parts["state"] = [
        job(f"state, {method.name}", state_of_method, folds=folds, method_name=method.name)
        for method in (embeddings(options) if data.signals else ())
    ]
    left_out = {scheme: [split.test for split in splits] for scheme, splits in tests.items()}
    return Plan(data, options, parts, left_out, no_ceiling, recording.name, recording.history)


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as JSON can hold them."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.tolist()
        return [plain(part) for part in value] if isinstance(value, list | tuple) else value

    return {name: plain(value) for name, value in arguments.items()}


def _divisions(n_repeats: int, folds: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(training, target, test) repeats: groups are interleaved, so that slow drift is in all of them."""
    folds = min(folds, n_repeats)
    # Where so many groups would leave fewer than two repeats to train on, every repeat is a group.
    n_groups = folds if n_repeats - 2 * -(-n_repeats // folds) >= 2 else n_repeats
    group = np.arange(n_repeats) % n_groups
    return [
        (
            np.flatnonzero((group != test) & (group != (test + 1) % n_groups)),
            np.flatnonzero(group == (test + 1) % n_groups),
            np.flatnonzero(group == test),
        )
        for test in range(n_groups)
    ]


def _consecutive(n_repeats: int, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training, test) repeats: each test part is a stretch of time."""
    parts = np.array_split(np.arange(n_repeats), min(folds, n_repeats))
    return [(np.setdiff1d(np.arange(n_repeats), part), part) for part in parts]


def _kept_everywhere(
    data: Presentations, options: AlignmentOptions, trains: Sequence[np.ndarray]
) -> np.ndarray:
    """(neuron,) units that the preprocessing keeps on every training part."""
    kept = np.ones(data.responses.shape[-1], dtype=bool)
    for train in trains:
        rows = data.rows(train)
        fitted = fit_to_responses(rows.responses, rows.repeat, options.preprocessing, "the training repeats")
        kept &= np.isin(np.arange(len(kept)), fitted.kept)
    return kept
