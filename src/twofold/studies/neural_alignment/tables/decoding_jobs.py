"""The jobs of frame decoding: a job per fold and embedding, and one per fold for what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twofold.recordings.splits import Split
from twofold.runs.jobs import Job
from twofold.studies.neural_alignment import catalogue
from twofold.studies.neural_alignment.job_maker import JobMaker
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.tables.controls import known_decoding, leaky_decoding
from twofold.studies.neural_alignment.tables.decoding import Comparison, Scheme, decode_method
from twofold.studies.neural_alignment.truth import Known


def decoding_jobs(
    make: JobMaker,
    options: AlignmentOptions,
    comparisons: Sequence[Comparison],
    schemes: Mapping[Scheme, Sequence[Split]],
    known: Known | None,
) -> dict[Scheme, list[list[Job]]]:
    """Per scheme and fold, its jobs; a scheme in which nothing is scored is left out.

    What is trained is scored in every fold of a small recording, and on the last repeat of a large one,
    beside all else. The last fold tells the rest: training curves, latents to draw, responses.
    """
    once = catalogue.is_split_once(options, make.data)
    found: dict[Scheme, list[list[Job]]] = {}
    for scheme, splits in schemes.items():
        wanted = [one for one in comparisons if _is_in(one, scheme, once)]
        if not wanted:
            continue
        told = scheme == ("test" if once else "leave_one_repeat_out")
        found[scheme] = [
            [
                *(
                    _job(make, options, one, scheme, split, once, told and split is splits[-1])
                    for one in wanted
                ),
                *(_further(make, options, scheme, split, once, known)),
            ]
            for split in splits
        ]
    return found


def _is_in(comparison: Comparison, scheme: Scheme, once: bool) -> bool:
    if scheme == "leave_one_block_out":
        return comparison.by_block and not (once and comparison.heavy)
    if scheme == "test":
        return once or comparison.one_split
    return not comparison.one_split and not (once and comparison.heavy)


def _job(
    make: JobMaker,
    options: AlignmentOptions,
    comparison: Comparison,
    scheme: Scheme,
    split: Split,
    once: bool,
    told: bool,
) -> Job:
    return make(
        f"{scheme.replace('_', ' ')}, {split.held_out[0]}: {comparison.method.name}",
        decode_method,
        comparison=comparison,
        preprocessing=options.preprocessing,
        train=split.train,
        test=split.test,
        inner_folds=1 if once else options.inner_folds,
        seed=options.seed,
        refit=not (once and comparison.heavy),
        controls=scheme != "leave_one_block_out",
        told=told or comparison.one_split,
    )


def _further(
    make: JobMaker,
    options: AlignmentOptions,
    scheme: Scheme,
    split: Split,
    once: bool,
    known: Known | None,
) -> list[Job]:
    """The ceiling, and the leaky version of the paper's embedding."""
    jobs = []
    is_main = scheme == ("test" if once else "leave_one_repeat_out")
    if known is not None and is_main:
        kept = make.data.responses.shape[-1]
        jobs.append(
            make.without_data(
                f"ceiling, {split.held_out[0]}", known_decoding, known=known, test=split.test, n_units=kept
            )
        )
    if is_main and options.feature_steps:
        method = catalogue.feature_contrastive(options)
        jobs.append(
            make(
                f"leaky, {split.held_out[0]}: {method.name}",
                leaky_decoding,
                method=method,
                decoder=catalogue.read.knn(options),
                preprocessing=options.preprocessing,
                train=split.train,
                test=split.test,
                inner_folds=1,
                seed=options.seed,
            )
        )
    return jobs


def left_out(splits: Sequence[Split]) -> list[np.ndarray]:
    """The test repeats of each fold."""
    return [split.test for split in splits]
