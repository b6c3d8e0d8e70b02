"""The SENSORIUM 2023 layout: which files there are, and whether their shapes belong together.

    data/videos/{i}.npy         (height, width, frame)    grey 0..255
    data/responses/{i}.npy      (neuron, frame)
    data/behavior/{i}.npy       (2, frame)                pupil dilation, running speed
    data/pupil_center/{i}.npy   (2, frame)                x, y
    meta/trials/tiers.npy       one text per file; other arrays of that length are columns of the trials
    meta/neurons/*.npy          one entry per neuron; cell_motor_coordinates (neuron, 3) in um
    meta/statistics/...         see `sensorium_statistics`

All files of one number have the same number of frames; NaN from some frame on is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError
from twofold.readers.sensorium.files import NUMBERS, ArrayTree
from twofold.recordings.wording import first_few

AXES = {
    "videos": ("height", "width", "frame"),
    "responses": ("neuron", "frame"),
    "behavior": ("2", "frame"),
    "pupil_center": ("2", "frame"),
}
REQUIRED = ("videos", "responses")
TIERS = "meta/trials/tiers.npy"
SKIPPED = "none"
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class SensoriumFolder:
    """A folder in which every file is there, and has the shape that it should have.

    Parameters
    ----------
    tree
        Its files.
    tiers
        (file,) tier of each file, "none" among them.
    numbers
        (trial,) numbers of the files that are trials: those whose tier is not "none".
    modalities
        Folders of `data` that are there.
    frame_shape
        (height, width) in pixels.
    n_neurons
        How many neurons.
    padded
        Frames of the longest file, padding included.
    """

    tree: ArrayTree
    tiers: np.ndarray
    numbers: np.ndarray
    modalities: tuple[str, ...]
    frame_shape: tuple[int, int]
    n_neurons: int
    padded: int


def file_of(modality: str, number: int) -> str:
    """Where one modality of one trial lies."""
    return f"data/{modality}/{number}.npy"


def open_folder(tree: ArrayTree) -> SensoriumFolder:
    """Look at the names and headers of all files; no data are read.

    Raises
    ------
    DataError
        If files are missing, damaged or transposed, or do not belong together.
    """
    modalities = tuple(name for name in AXES if tree.names(f"data/{name}"))
    missing = [name for name in REQUIRED if name not in modalities]
    if missing:
        raise DataError(
            f"{tree.path} holds no data/{missing[0]}/*.npy; give the folder that contains data and meta"
        )
    tiers = _tiers(tree)
    _refuse_other_files(tree, modalities, len(tiers))
    numbers = np.flatnonzero(tiers != SKIPPED)
    if not numbers.size:
        raise DataError(
            f"all {len(tiers)} files of {tree.path.name} are of tier {SKIPPED!r}; nothing to read"
        )
    padded = 0
    first: dict[str, Shape] = {}
    for number in numbers.tolist():
        shapes = {modality: _shape(tree, modality, number) for modality in modalities}
        first = first or shapes
        if problem := _misfit(shapes, number) or _other_size(shapes, first, number):
            raise DataError(f"{tree.path.name}: {problem}")
        padded = max(padded, shapes["videos"][-1])
    height, width, _ = first["videos"]
    n_neurons = first["responses"][0]
    return SensoriumFolder(tree, tiers, numbers, modalities, (height, width), n_neurons, padded)


def _tiers(tree: ArrayTree) -> np.ndarray:
    if "tiers.npy" not in tree.names("meta/trials"):
        raise DataError(
            f"{tree.path.name} lacks {TIERS}: one text per file of data/responses, such as 'train', 'oracle' "
            "or 'none'; get the folder again, or save that array"
        )
    tiers = tree.text(TIERS)
    if tiers.ndim != 1 or tiers.dtype.kind != "U":
        raise DataError(
            f"{tree.path.name}: {TIERS} holds {tiers.dtype} {tiers.shape}; one text per file is due"
        )
    return tiers


def _refuse_other_files(tree: ArrayTree, modalities: Sequence[str], n_files: int) -> None:
    """The files of each modality are 0.npy, 1.npy, ..., one per row of the tiers."""
    expected = {f"{number}.npy" for number in range(n_files)}
    for modality in modalities:
        there = set(tree.names(f"data/{modality}"))
        if there == expected:
            continue
        lacking = sorted(expected - there, key=_number)
        extra = sorted(there - expected, key=_number)
        parts = [f"lacks {first_few(lacking)}"] if lacking else []
        parts += [f"has {first_few(extra)} too many"] if extra else []
        raise DataError(
            f"{tree.path.name}: data/{modality} {' and '.join(parts)}: {TIERS} has {n_files} entries, so the "
            f"files are 0.npy to {n_files - 1}.npy in every folder of data; get the folder again"
        )


def _number(name: str) -> tuple[bool, int, str]:
    stem = name.removesuffix(".npy")
    return not stem.isdecimal(), int(stem) if stem.isdecimal() else 0, name


def _shape(tree: ArrayTree, modality: str, number: int) -> Shape:
    name, axes = file_of(modality, number), AXES[modality]
    header = tree.header(name)
    if header.dtype.kind not in NUMBERS:
        raise DataError(f"{tree.path.name}: {name} holds {header.dtype}; numbers are due")
    if len(header.shape) != len(axes) or not all(header.shape):
        raise DataError(
            f"{tree.path.name}: {name} has shape {header.shape}; ({', '.join(axes)}) is due, none of them 0"
        )
    return header.shape


def _misfit(shapes: dict[str, Shape], number: int) -> str | None:
    """Why the files of one trial do not fit together: time first, or not equally long."""
    frames = [shape[-1] for shape in shapes.values()]
    narrow = [m for m in shapes if m not in REQUIRED and shapes[m][0] != 2]
    if len(set(frames)) == 1 and not narrow:
        return None
    for usual in sorted(dict.fromkeys(frames), key=frames.count, reverse=True):
        odd = [m for m, shape in shapes.items() if shape[-1] != usual]
        if odd and all(shapes[m][0] == usual for m in odd):
            return _told_swapped(odd[0], number, shapes[odd[0]])
    if len({shape[0] for shape in shapes.values()}) == 1:
        return _told_swapped("responses", number, shapes["responses"]) + ", and the others likewise"
    if len(set(frames)) == 1:
        return f"{file_of(narrow[0], number)} has shape {shapes[narrow[0]]}; (2, frame) is due"
    counts = ", ".join(f"{shape[-1]} in {m}" for m, shape in shapes.items())
    return f"files {number}.npy differ in frames: {counts}; pad the shorter ones with NaN"


def _told_swapped(modality: str, number: int, shape: Shape) -> str:
    axes = AXES[modality]
    order = "array.T" if len(axes) == 2 else "array.transpose(1, 2, 0)"
    return (
        f"{file_of(modality, number)} has shape {shape}, with time first; in this layout it is last, "
        f"({', '.join(axes)}): save {order} in data/{modality}"
    )


def _other_size(shapes: dict[str, Shape], first: dict[str, Shape], number: int) -> str | None:
    for modality, what in (("videos", "pixels"), ("responses", "neurons")):
        if shapes[modality][:-1] != first[modality][:-1]:
            found, usual = (" x ".join(map(str, one[modality][:-1])) for one in (shapes, first))
            return (
                f"{file_of(modality, number)} has {found} {what}, but those before it have {usual}; "
                f"give all of them the same {what}, or this file the tier {SKIPPED!r}"
            )
    return None
