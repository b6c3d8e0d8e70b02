"""The study neural-alignment as a list of independent parts, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.recordings.splits import Split, frame_blocks
from twofold.runs.jobs import Arrays, Job
from twofold.studies.neural_alignment import catalogue, table_jobs
from twofold.studies.neural_alignment.assembling import Design, assembled
from twofold.studies.neural_alignment.job_maker import JobMaker
from twofold.studies.neural_alignment.labels import labelled, matched_latents
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.own_latents import refuse_names
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.splitting import divisions, schemes_of
from twofold.studies.neural_alignment.tables.alignment_fold import AlignmentSettings
from twofold.studies.neural_alignment.tables.by_region import score_region, units_by_region
from twofold.studies.neural_alignment.tables.decoding import Comparison
from twofold.studies.neural_alignment.tables.decoding_jobs import decoding_jobs, left_out
from twofold.studies.neural_alignment.truth import Known, absent_ceilings, known_truth
from twofold.studies.result import Result
from twofold.studies.versions import versions

STUDY = "neural-alignment"
REGION_FOLDS = 3


@dataclass(frozen=True, eq=False)
class Plan:
    """All parts of one study: per part, its folds, and the jobs of each fold."""

    data: Presentations
    options: AlignmentOptions
    asked: AlignmentOptions
    parts: Mapping[str, Sequence[Sequence[Job]]]
    design: Design
    no_ceiling: str
    name: str
    history: tuple[str, ...]

    @property
    def jobs(self) -> list[Job]:
        """All jobs, part after part."""
        return [job for folds in self.parts.values() for jobs in folds for job in jobs]

    def assemble(self, results: Sequence[Arrays], seconds: float) -> Result:
        """Rows, pictures and conclusions from the results of all jobs, in their order."""
        rest = iter(results)
        found = {
            part: [list(islice(rest, len(jobs))) for jobs in folds] for part, folds in self.parts.items()
        }
        whole = assembled(found, self.design, self.data, self.options)
        absent = absent_ceilings(self.no_ceiling) if self.no_ceiling else []
        return Result(
            study=STUDY,
            recording={"name": self.name, **self.data.summary(), "history": list(self.history)},
            options=self.asked.model_dump(mode="json"),
            versions=versions(),
            seconds=seconds,
            rows=[*whole.rows, *absent],
            arrays=whole.arrays,
            conclusions=whole.conclusions,
        )


def plan_study(
    recording: Recording,
    options: AlignmentOptions,
    *,
    latents: Mapping[str, np.ndarray] | None = None,
    by: Literal["region"] | None = None,
) -> Plan:
    """Arrange the recording and list every part of the study.

    Parameters
    ----------
    recording, options
        What to study, and how.
    latents
        A user's own, (time, dimension) for the rows in trials, by name.
    by
        "region" repeats the main rows per region of the neurons.

    Raises
    ------
    DataError
        If the recording cannot be studied, before any work starts.
    """
    arrange = (options.label, options.label_bins, options.label_repeats)
    data = labelled(recording, *arrange)
    if data.n_repeats < 4:
        raise DataError(f"the study needs at least 4 repeats of every clip, there are {data.n_repeats}")
    frame_blocks(data.clip, options.frame_folds, gap=1)  # refuses too few frames
    refuse_names(latents or {})
    own = {name: matched_latents(recording, x, *arrange) for name, x in (latents or {}).items()}
    known, no_ceiling = known_truth(recording, data, options) if data.label_name == "frame" else (None, "")
    used = catalogue.at_size(options, data)
    make = JobMaker.of(data, own, versions()["twofold"])
    parts, design = _parts(make, used, own, known, by)
    return Plan(data, used, options, parts, design, no_ceiling, recording.name, recording.history)


def _parts(
    make: JobMaker,
    options: AlignmentOptions,
    latents: Mapping[str, np.ndarray],
    known: Known | None,
    by: str | None,
) -> tuple[dict[str, Sequence[Sequence[Job]]], Design]:
    comparisons = catalogue.compared(options, make.data, latents)
    schemes = schemes_of(make.data, options)
    decoding = decoding_jobs(make, options, comparisons, schemes, known)
    methods = table_jobs.aligned_methods(options, latents)
    alignment = table_jobs.alignment_jobs(make, options, methods, known)
    state_names, state = table_jobs.state_jobs(make, options, latents)
    seeds_names, seeds = table_jobs.seeds_jobs(make, options, schemes["test"][0])
    (n_units, by_units), (n_repeats, by_repeats) = table_jobs.saturation_jobs(make, options)
    single = table_jobs.single_jobs(make, options)
    regions, of_regions = _regions(make, options, schemes["leave_one_repeat_out"]) if by else ((), [])
    regression = table_jobs.regression_jobs(make, options, schemes["leave_one_repeat_out"])
    parts: dict[str, Sequence[Sequence[Job]]] = {  # the longest jobs first, so that none is waited for
        "state": _alone(state),
        "alignment": alignment,
        **{str(scheme): folds for scheme, folds in decoding.items()},
        "regression": _alone(regression),
        "seeds": _alone(seeds),
        "saturation by units": _alone(by_units),
        "saturation by repeats": _alone(by_repeats),
        "regions": _alone(of_regions),
        **{name: _alone(jobs) for name, jobs in single.items()},
    }
    design = Design(
        comparisons=comparisons,
        tests={scheme: left_out(schemes[scheme]) for scheme in decoding},
        state=state_names,
        seeds=seeds_names,
        searches=table_jobs.SEARCHES[: len(single["tuning"])],
        regions=regions,
        n_units=n_units,
        n_repeats=n_repeats,
    )
    return parts, design


def _regions(
    make: JobMaker, options: AlignmentOptions, splits: Sequence[Split]
) -> tuple[tuple[tuple[str, int], ...], list[Job]]:
    """The region and the number of units of each draw, and its job."""
    data = make.data
    settings = AlignmentSettings(
        options.frame_folds, 1, options.reliability, inner_folds=1, seed=options.seed, refit=False
    )
    few = splits[:: max(1, len(splits) // REGION_FOLDS)][:REGION_FOLDS]
    drawn = units_by_region(data, options.region_draws, options.seed)
    knn = catalogue.read.knn(options)
    raw, pca, untrained, ours = catalogue.embeddings(options)
    pairs = (
        Comparison(raw, (catalogue.read.template(), knn)),
        *(Comparison(method, (knn,)) for method in (pca, untrained, ours)),
    )
    jobs = [
        make(
            f"region {region}, draw {draw + 1}",
            score_region,
            units=units,
            comparisons=pairs,
            preprocessing=options.preprocessing,
            splits=[(split.train, split.test) for split in few],
            roles=divisions(data.n_repeats, options.alignment_folds)[0],
            settings=settings,
        )
        for (region, draw), units in drawn.items()
    ]
    return tuple((region, len(units)) for (region, _), units in drawn.items()), jobs


def _alone(jobs: Sequence[Job]) -> list[list[Job]]:
    """Each job as a fold of its own."""
    return [[job] for job in jobs]
