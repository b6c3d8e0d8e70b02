"""What a contrastive embedding gains and loses when it also predicts another repeat.

Metric: R² of the stimulus-locked responses on frames that the decoder never saw, and exact decoding of the
frame by nearest neighbours, over five divisions of the repeats into training, target and test. The plain
embedding is scored twice, for its latents have unit length and those of the aligned one do not.

    python -m benchmarks.aligned [--quick] [--only CASE ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from benchmarks import report
from twofold.analyses.controls import random_code
from twofold.metrics import mean_and_sem, paired_difference
from twofold.readers import read_arrays
from twofold.recordings import Recording
from twofold.recordings.splits import frame_blocks
from twofold.simulate import MovieRepeats, simulate_movie_repeats
from twofold.studies.neural_alignment.catalogue import embeddings
from twofold.studies.neural_alignment.methods.contrastive import aligned_name, contrastive
from twofold.studies.neural_alignment.methods.frame_decoders import knn
from twofold.studies.neural_alignment.methods.method import FrameDecoder, Method, predict_frames
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.presentations import Presentations, presentations
from twofold.studies.neural_alignment.tables.alignment_fold import AlignmentSettings, Fold, Roles

DATA = Path(__file__).parents[2] / "shared" / "data"
PLAIN, UNSCALED, CODE = "contrastive", "contrastive (before normalisation)", "control: random code"
NEGLIGIBLE = 1e-9  # of a reconstruction: `transform` then gives the latents before normalisation
METRICS = ("exact_accuracy", "r2_cross_repeat", "r2_cross_repeat_against_train_mean")


def main() -> None:
    """Score every recording, a line per row and one per comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 steps instead of 1,500, and one lambda")
    parser.add_argument("--only", nargs="*", choices=CASES, help="some of the recordings")
    asked = parser.parse_args()
    options = AlignmentOptions(
        hidden=128,
        steps=200 if asked.quick else 1500,
        temperature=(0.3,),
        pca_components=(16,),
        reconstruction=(10.0,) if asked.quick else (0.1, 1.0, 10.0),
        precision="fp32",
    )
    for case in asked.only or CASES:
        load, neighbours = CASES[case]
        recording = load()
        if recording is None:
            report("aligned", case, skipped="the recording is not in ../shared/data")
        else:
            compare(case, presentations(recording), options.model_copy(update={"neighbours": (neighbours,)}))


def macaque(name: str) -> Recording | None:
    """Natural movies of one session: 220 frames, units and repeats without gaps."""
    path = DATA / "macaque_v1_movies" / f"{name}.npz"
    axes = ("neuron", "stimulus", "category", "stimulus", "time", "repeat")
    if not path.exists():
        return None
    return read_arrays(
        path,
        responses="counts",
        bin_seconds=0.3,
        select={"category": 0},
        missing=255,
        axes=axes,
        drop_units_missing=0.02,
        drop_repeats_missing=True,
    )


def allen() -> Recording | None:
    """Natural movie one in bins of a second: too few to judge alignment, so without a bar."""
    path = DATA / "allen_neuropixels_movie1" / "session_791319847.npz"
    if not path.exists():
        return None
    return read_arrays(path, responses="counts", axes=("neuron", "repeat", "time"), bin_seconds=1.0)


def simulated() -> Recording:
    """Eight seconds of movie for 160 units of two mice, 10 repeats."""
    return simulate_movie_repeats(MovieRepeats.small(n_frames=240), random_state=0)


# How to get each recording, and the number of neighbours: less than two per training repeat.
CASES: Mapping[str, tuple[Callable[[], Recording | None], int]] = {
    "macaque-ay3_u002": (lambda: macaque("ay3_u002"), 25),
    "macaque-ay4_u005": (lambda: macaque("ay4_u005"), 25),
    "allen-movie1": (allen, 9),
    "simulated-movie": (simulated, 9),
}


def compare(case: str, data: Presentations, options: AlignmentOptions) -> None:
    """Print the rows of one recording, then each aligned row against both plain ones."""
    found: dict[str, dict[str, list[float]]] = {}
    for test in range(options.alignment_folds):
        for name, values in score_division(data, options, test).items():
            for metric, some in zip(METRICS, values, strict=True):
                found.setdefault(name, {}).setdefault(metric, []).extend(some)
    for name, values in found.items():
        numbers = {metric: said(*sem_of(some)) for metric, some in values.items() if np.isfinite(some).all()}
        report("aligned", f"{case}/{name}", **numbers, repeats=options.alignment_folds)
    for weight in options.reconstruction:
        aligned = found[aligned_name(weight)]
        for plain in (PLAIN, UNSCALED):
            gaps = {}
            for metric in METRICS:
                gap = paired_difference(aligned[metric], found[plain][metric]).difference
                gaps[metric] = {**said(gap.value, gap.value - gap.low), "in_sem": in_sem(gap.value, gap.low)}
            report(
                "aligned",
                f"{case}/{aligned_name(weight)} - {plain}",
                **gaps,
                paired_over="divisions, repeats",
            )


def score_division(
    data: Presentations, options: AlignmentOptions, test: int
) -> dict[str, tuple[list[float], list[float], list[float]]]:
    """Per row: exact accuracy of each test repeat, then R² against both yardsticks."""
    group = np.arange(data.n_repeats) % options.alignment_folds
    target = (test + 1) % options.alignment_folds
    train = np.flatnonzero((group != test) & (group != target))
    everything = np.ones(data.responses.shape[-1], dtype=bool)
    roles = Roles(train, np.flatnonzero(group == target), np.flatnonzero(group == test))
    settings = AlignmentSettings(
        options.frame_folds, 1, options.reliability, inner_folds=1, seed=options.seed
    )
    fold = Fold.of(data, options.preprocessing, settings, roles, everything)
    frames = frame_blocks(data.clip, options.frame_folds, gap=1)
    decoder = knn(options)

    def scored(latents: tuple[np.ndarray, np.ndarray]) -> tuple[list[float], list[float], list[float]]:
        aligned = fold.cross_repeat(*latents, frames)
        hits = decoded(decoder, fold, latents) == fold.new.frame
        exact = hits.reshape(-1, data.n_frames).mean(axis=1)
        return exact.tolist(), [aligned.variance_weighted], [aligned.against_train_mean]

    out = {}
    for name, method in methods(options).items():
        encode = method.encoder(method.candidates[0], fold.rows, options.seed)
        out[name] = scored((encode(fold.rows), encode(fold.new)))
    code = random_code(data.n_frames, options.dimension, np.random.default_rng(options.seed))
    own = fold.rows.responses, fold.new.responses
    out[CODE] = scored((code[fold.rows.frame], code[decoded(decoder, fold, own)]))
    return out


def methods(options: AlignmentOptions) -> dict[str, Method]:
    """The rows by name."""
    found = embeddings(options)
    aligned = {aligned_name(w): contrastive(options, reconstruction=w) for w in options.reconstruction}
    unscaled = contrastive(options, reconstruction=NEGLIGIBLE)
    return {**{method.name: method for method in found}, UNSCALED: unscaled, **aligned}


def decoded(decoder: FrameDecoder, fold: Fold, latents: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Frame of each test row by nearest neighbours."""
    return predict_frames(decoder, decoder.candidates[0], latents[0], fold.rows.frame, latents[1])


def sem_of(values: list[float]) -> tuple[float, float]:
    """Mean and one standard error."""
    found = mean_and_sem(values)
    return found.value, found.value - found.low


def said(value: float, sem: float) -> dict[str, float]:
    """A value with its standard error, rounded."""
    return {"value": round(value, 4), "sem": round(sem, 4)}


def in_sem(value: float, low: float) -> float | None:
    """A difference in units of its standard error."""
    return round(value / (value - low), 2) if value > low else None


if __name__ == "__main__":
    main()
