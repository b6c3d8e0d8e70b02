"""The study neural-alignment, preset quick, on real recordings: what it says of each, and how long it takes.

The recordings lie beside the project, in ../shared/data; those that are absent are named and left out.
`python -m benchmarks.real_studies [--out DIR] [--only NAME]` keeps every page under DIR.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from twofold import AlignmentOptions, Recording, Result, neural_alignment, read_arrays, report
from twofold.metrics import paired_difference
from twofold.studies.neural_alignment.label_scores import independent_hits

DATA = Path(__file__).parents[2] / "shared" / "data"
ASKED_SECONDS = 600
DECODED, OURS = "decoded/every_repeat/", "contrastive + knn"
PLAIN, WINDOWED = ("untrained + knn", "raw + template", "raw + knn"), "raw window="
SHOWN = {
    "frame-decoding": ("exact_accuracy",),
    "alignment": ("r2_cross_repeat", "r2_cosmoothing"),
    "controls": ("exact_accuracy_pooled",),
}


def allen() -> Recording:
    """Mouse visual areas, movie one, bins of a second."""
    path = DATA / "allen_neuropixels_movie1" / "session_791319847.npz"
    signals = ["running_speed", "pupil_width"]
    axes = ("neuron", "repeat", "time")
    return read_arrays(
        path, responses="counts", axes=axes, bin_seconds=1.0, neuron=["region"], signal=signals
    )


def macaque() -> Recording:
    """Macaque V1, natural movies at both zooms."""
    return read_arrays(
        DATA / "macaque_v1_movies" / "ay3_u002.npz",
        responses="counts",
        bin_seconds=0.3,
        select={"category": 0},
        missing=255,
        axes=("neuron", "stimulus", "category", "stimulus", "time", "repeat"),
        drop_units_missing=0.02,
        drop_repeats_missing=True,
    )


def gratings() -> Recording:
    """Mouse V1, drifting gratings; the label is their direction."""
    return read_arrays(
        DATA / "mouse_v1_gratings" / "230809_mrcuts28_fov4.npz",
        responses="dff",
        axes=("neuron", "repeat", "time"),
        bin_seconds=1 / 16,
        trial=["direction_deg"],
        signal=["pupil", "speed"],
    )


def hippocampus() -> Recording:
    """Mouse CA1 on a linear track; the label is the position."""
    return read_arrays(
        DATA / "mouse_hippocampus_track" / "CA1_C6M4.npz",
        responses="env1_ses1_dir1_events",
        axes=("time", "neuron"),
        bin_seconds=1 / 20,
        signal=["env1_ses1_dir1_position"],
    )


# How to get each recording, and what the study is told beside the preset.
CASES: Mapping[str, tuple[Callable[[], Recording], Mapping[str, object]]] = {
    "allen-movie1": (allen, {}),
    "macaque-ay3_u002": (macaque, {}),
    "gratings-mrcuts28_fov4": (gratings, {"label": "direction_deg", "square_root": False}),
    "hippocampus-CA1_C6M4": (hippocampus, {"label": "env1_ses1_dir1_position"}),
}


def run(name: str, out: Path) -> dict[str, object]:
    """One study, resumed where it was stopped; fields of its line."""
    opened, changes = CASES[name]
    recording = opened()
    options = AlignmentOptions.preset("quick").model_copy(update=dict(changes))
    began = time.monotonic()
    resume = (out / name).exists()
    result = neural_alignment(recording, options=options, out=out / name, resume=resume)
    report(result, out / name / "report.html")
    seconds = time.monotonic() - began
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "case": name,
        "seconds": round(seconds, 1),
        "asked_seconds": ASKED_SECONDS,
        "resumed": resume,
        "largest_process_mib": round(children),
        "recording": result.recording,
        "rows": shown(result),
        "paired": paired(result),
        "conclusions": list(result.conclusions),
    }


def shown(result: Result) -> list[dict[str, object]]:
    """The rows that a reader looks at first."""
    return [
        {"table": row.table, "row": row.row, "metric": row.metric, "split": row.split}
        | {"value": row.value, "low": row.low, "high": row.high, "chance": row.chance, "n": row.n}
        for row in result.rows
        if row.metric in SHOWN.get(row.table, ())
    ]


def paired(result: Result) -> list[dict[str, object]]:
    """Exact accuracy of the contrastive embedding above each plainer row, paired over repeats."""
    true = result.arrays["decoded/true"]
    hits = {
        name.removeprefix(DECODED): independent_hits(predicted == true)
        for name, predicted in result.arrays.items()
        if name.startswith(DECODED)
    }
    lines = []
    for name in hits:
        if name in PLAIN or name.startswith(WINDOWED):
            found = paired_difference(hits[OURS], hits[name])
            gap = found.difference
            sem = None if gap.high is None else round(gap.high - gap.value, 4)
            lines.append(
                {"row": OURS, "above": name, "difference": round(gap.value, 4), "sem": sem}
                | {"p": round(found.p, 4), "n": gap.n}
            )
    return lines


def main() -> None:
    """One line per recording."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("real-studies"))
    parser.add_argument("--only", choices=CASES)
    args = parser.parse_args()
    for name in [args.only] if args.only else CASES:
        try:
            print(json.dumps(run(name, args.out)), flush=True)
        except FileNotFoundError as error:
            print(json.dumps({"case": name, "absent": str(error)}), flush=True)


if __name__ == "__main__":
    main()
