"""From the results of all jobs to the rows, arrays and sentences of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twofold.runs.jobs import Arrays
from twofold.studies.neural_alignment import catalogue
from twofold.studies.neural_alignment.conclusions import conclusions
from twofold.studies.neural_alignment.methods.response_decoders import response_rows
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.pictures import pictures, told_arrays
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.table_jobs import grid_decoder
from twofold.studies.neural_alignment.tables.alignment_rows import alignment_rows
from twofold.studies.neural_alignment.tables.by_region import region_rows
from twofold.studies.neural_alignment.tables.decoding import Comparison, Scheme
from twofold.studies.neural_alignment.tables.decoding_rows import DecodedFolds, decoding_rows, gather
from twofold.studies.neural_alignment.tables.guidance import guidance_rows
from twofold.studies.neural_alignment.tables.noise import ceiling_rows
from twofold.studies.neural_alignment.tables.pc_grid import grid_rows
from twofold.studies.neural_alignment.tables.regression import regression_rows
from twofold.studies.neural_alignment.tables.saturation import saturation_arrays, saturation_rows
from twofold.studies.neural_alignment.tables.seeds import seeds_arrays, seeds_rows
from twofold.studies.neural_alignment.tables.similarity import merging, similarities
from twofold.studies.neural_alignment.tables.state import state_rows, traces
from twofold.studies.neural_alignment.tables.trade_off import trade_off
from twofold.studies.neural_alignment.tables.tuning import tuning_arrays, tuning_rows
from twofold.studies.result import Row

Found = Mapping[str, Sequence[Sequence[Arrays]]]


@dataclass(frozen=True, eq=False)
class Design:
    """What the study is made of, as its results are put together again.

    Parameters
    ----------
    comparisons
        All rows of frame decoding.
    tests
        Per scheme, the repeats that each fold leaves out.
    state, seeds, searches, regions
        Embeddings of the tables state and seeds, names of the searches, and of the regions with their draws.
    n_units, n_repeats
        On the axes of the saturation curves.
    """

    comparisons: tuple[Comparison, ...]
    tests: Mapping[Scheme, Sequence[np.ndarray]]
    state: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    regions: tuple[tuple[str, int], ...] = ()
    n_units: np.ndarray = field(default_factory=lambda: np.array([], dtype=int))
    n_repeats: np.ndarray = field(default_factory=lambda: np.array([], dtype=int))

    @property
    def windows(self) -> dict[str, int]:
        """Samples that a latent depends on, by embedding."""
        return {one.method.name: one.method.window for one in self.comparisons}

    @property
    def notes(self) -> dict[str, str]:
        """What the rows of an embedding say."""
        return {one.method.name: one.method.note for one in self.comparisons}


@dataclass(frozen=True, eq=False)
class Assembled:
    """Rows, arrays and sentences."""

    rows: list[Row]
    arrays: dict[str, np.ndarray]
    conclusions: list[str]


def assembled(found: Found, design: Design, data: Presentations, options: AlignmentOptions) -> Assembled:
    """Put the results of all parts together."""
    seed = options.seed
    folds = {part: [_together(fold) for fold in results] for part, results in found.items()}
    schemes: dict[str, DecodedFolds] = {
        scheme: gather(folds[scheme], tests, data.n_frames, scheme, design.windows, design.notes)
        for scheme, tests in design.tests.items()
    }
    main = schemes["test" if catalogue.is_split_once(options, data) else "leave_one_repeat_out"]
    told = {key: x for scheme in ("leave_one_repeat_out", "test") for key, x in _last(folds, scheme).items()}
    state, seeds, searches = (
        dict(zip(names, (result for fold in found[part] for result in fold), strict=True))
        for part, names in (("state", design.state), ("seeds", design.seeds), ("tuning", design.searches))
    )
    saturation = saturation_arrays(
        design.n_units, design.n_repeats, folds["saturation by units"], folds["saturation by repeats"]
    )
    rows = [
        *(row for scheme in schemes.values() for row in decoding_rows(scheme, data, seed)),
        *regression_rows(folds["regression"], data, seed),
        *(
            row
            for grid in folds["pc-grid"]
            for row in grid_rows(grid, data, grid_decoder(options).name, seed)
        ),
        *guidance_rows(told, seed),
        *response_rows(told, design.windows, seed),
        *alignment_rows(folds["alignment"], options),
        *ceiling_rows(data, options.preprocessing, seed),
        *state_rows(state, data, options),
        *similarities(schemes, data, seed),
        *seeds_rows(seeds, seed),
        *saturation_rows(saturation, data.responses.shape[-1], seed),
        *region_rows(folds["regions"], design.regions, data, seed),
        *tuning_rows(searches, seed),
    ]
    arrays = {
        **pictures(data, schemes, main, options.preprocessing),
        **told_arrays(told, options.neighbours, data.label),
        **_regressed(folds["regression"]),
        **{
            f"pc_grid/{name}": x for grid in folds["pc-grid"] for name, x in grid.items() if name != "n_units"
        },
        **{name: x for picture in folds["tsne"] for name, x in picture.items()},
        **seeds_arrays(seeds),
        **saturation,
        **(merging(main, data) if data.label_name == "frame" else {}),
        **tuning_arrays(searches),
        **traces(state, data),
        **trade_off(rows, options),
    }
    return Assembled(rows, arrays, conclusions(rows, main, data.label))


def _together(results: Sequence[Arrays]) -> Arrays:
    """What all jobs of one fold gave."""
    return {key: values for result in results for key, values in result.items()}


def _last(folds: Mapping[str, Sequence[Arrays]], scheme: str) -> Arrays:
    """What the last fold of a scheme told, beside what it predicted."""
    return dict(folds[scheme][-1]) if scheme in folds else {}


def _regressed(folds: Sequence[Arrays]) -> dict[str, np.ndarray]:
    """Frame numbers told in the middle fold."""
    middle = folds[len(folds) // 2]
    return {
        f"regression/predicted/{key.removeprefix('told/')}": told
        for key, told in middle.items()
        if key.startswith("told/")
    }
