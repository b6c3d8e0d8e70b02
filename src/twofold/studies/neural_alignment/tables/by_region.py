"""The table by-region: the same comparison per area, with as many units of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twofold.errors import DataError
from twofold.metrics import mean_and_sem
from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.label_scores import label_chance, label_scores, metric_names
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.alignment import align_method
from twofold.studies.neural_alignment.tables.alignment_fold import AlignmentSettings, Roles
from twofold.studies.neural_alignment.tables.decoding import Comparison, decode_method
from twofold.studies.result import Row

TABLE = "by-region"
FEWEST_UNITS = 10
ALIGNED = ("r2_cross_repeat", "r2_cosmoothing")


def units_by_region(data: Presentations, draws: int, seed: int) -> dict[tuple[str, int], np.ndarray]:
    """Units of each draw of each region, as many as the smallest region has, by (region, draw).

    Raises
    ------
    DataError
        If the recording names no regions, or fewer than two have enough units.
    """
    if data.regions is None:
        raise DataError(
            "by='region': the neurons have no column 'region'; name it when importing (--neuron region)"
        )
    names, counts = np.unique(data.regions.astype(str), return_counts=True)
    large = {name: n for name, n in zip(names.tolist(), counts.tolist(), strict=True) if n >= FEWEST_UNITS}
    if len(large) < 2:
        raise DataError(
            f"by='region': {len(large)} regions have {FEWEST_UNITS} units or more; at least 2 are needed"
        )
    n = min(large.values())
    found = {}
    for name, count in large.items():
        there = np.flatnonzero(data.regions.astype(str) == name)
        for draw in range(draws if count > n else 1):
            rng = np.random.default_rng([seed, 5, draw])
            found[name, draw] = np.sort(rng.permutation(there)[:n])
    return found


def score_region(
    data: Presentations,
    units: np.ndarray,
    comparisons: Sequence[Comparison],
    preprocessing: Preprocessing,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    roles: Roles,
    settings: AlignmentSettings,
) -> dict[str, np.ndarray]:
    """Decoding and alignment of each embedding from one draw of the units of a region.

    Returns
    -------
    dict
        `predicted/<row>` (fold, time), and `<metric>/<embedding>`.
    """
    # A region may have few units that never fall silent.
    own = preprocessing.model_copy(update={"drop_silent": False})
    part, every = data.of_units(units), np.ones(len(units), dtype=bool)
    out: dict[str, np.ndarray] = {}
    for one in comparisons:
        told = [
            decode_method(
                part,
                one,
                own,
                train,
                test,
                inner_folds=1,
                seed=settings.seed,
                refit=False,
                controls=False,
                told=False,
            )
            for train, test in splits
        ]
        for key in (key for key in told[0] if key.startswith("predicted/")):
            out[key] = np.concatenate([fold[key] for fold in told])
        found = align_method(part, one.method, one.decoders[0], own, settings, roles, every)
        out |= {key: x for key, x in found.items() if key in {f"{m}/{one.method.name}" for m in ALIGNED}}
    return out


def region_rows(
    results: Sequence[Mapping[str, np.ndarray]],
    regions: Sequence[tuple[str, int]],
    data: Presentations,
    seed: int,
) -> list[Row]:
    """Mean and s.e.m. over draws of units; row names are `<region>: <row>`.

    Parameters
    ----------
    results, regions
        A result per draw, and the region and number of units of each.
    data, seed
        The recording and the seed of the study.
    """
    values: dict[tuple[str, str, str], list[float]] = {}
    sizes = dict(regions)
    for result, (region, _) in zip(results, regions, strict=True):
        for key, found in result.items():
            kind, _, name = key.partition("/")
            if kind == "predicted":
                true = np.tile(data.label, len(found) // data.n_frames)
                scores = label_scores(data, true, found)
                for metric in ("exact_accuracy", "mae_frames"):
                    named = metric_names(data.label_name)[metric]
                    values.setdefault((region, name, named), []).append(getattr(scores, metric))
            elif np.isfinite(found[0]):
                values.setdefault((region, name, kind), []).append(float(found[0]))
    chance = label_chance(data)
    by_metric = {
        metric_names(data.label_name)[m]: getattr(chance, m) for m in ("exact_accuracy", "mae_frames")
    }
    return [
        _row(region, name, metric, found, sizes[region], by_metric.get(metric, 0.0), seed)
        for (region, name, metric), found in values.items()
    ]


def _row(
    region: str, name: str, metric: str, values: list[float], n_units: int, chance: float, seed: int
) -> Row:
    found = mean_and_sem(values)
    return Row(
        table=TABLE,
        row=f"{region}: {name}",
        metric=metric,
        split="test",
        value=found.value,
        low=found.low,
        high=found.high,
        interval_kind="sem" if found.low is not None else None,
        over="draws of as many units (they share data)" if len(values) > 1 else None,
        n=found.n,
        n_units=n_units,
        chance=chance,
        fitted_on="the training repeats",
        scored_on="left-out repeats" if metric not in ALIGNED else "the test repeats",
        window=1,
        seed=seed,
        note="as many units of every region; silent units are kept",
    )
