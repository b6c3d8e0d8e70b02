"""A small SENSORIUM folder, written with numpy alone as the layout is described."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HEIGHT, WIDTH, NEURONS, PADDED = 4, 6, 5, 12
TIERS = ("train", "oracle", "train", "none", "live_test_main", "oracle", "train")
LENGTHS = (9, 8, 9, 7, 8, 8, 10)
VIDEO_OF = (0, 1, 2, 3, 1, 1, 4)  # files 1, 4 and 5 show one video; 4 is withheld


@dataclass
class ByHand:
    """What was written, unpadded, by file number."""

    path: Path
    videos: list[np.ndarray] = field(default_factory=list)
    responses: list[np.ndarray] = field(default_factory=list)
    behavior: list[np.ndarray] = field(default_factory=list)
    pupil_center: list[np.ndarray] = field(default_factory=list)
    position: np.ndarray = field(default_factory=lambda: np.arange(NEURONS * 3).reshape(NEURONS, 3) * 7)

    def file(self, name: str) -> Path:
        """A file of the folder."""
        return self.path / name

    def change(self, name: str, edit) -> None:
        """Rewrite one array: `edit` gets a copy and returns what is saved."""
        np.save(self.path / name, edit(np.load(self.path / name)), allow_pickle=True)


def padded(values: np.ndarray) -> np.ndarray:
    return np.pad(
        values, [(0, 0)] * (values.ndim - 1) + [(0, PADDED - values.shape[-1])], constant_values=np.nan
    )


def write_by_hand(path: Path, dtype: type = np.float64, seed: int = 0) -> ByHand:
    """Seven files of 7 to 10 frames, padded to 12."""
    rng = np.random.default_rng(seed)
    made = ByHand(path)
    clips = {
        v: rng.integers(0, 256, (HEIGHT, WIDTH, n)).astype(float)
        for v, n in zip(VIDEO_OF, LENGTHS, strict=True)
    }
    for number, (tier, n) in enumerate(zip(TIERS, LENGTHS, strict=True)):
        withheld = tier == "live_test_main"
        made.videos.append(clips[VIDEO_OF[number]])
        made.responses.append(np.zeros((NEURONS, n)) if withheld else rng.gamma(0.5, 10, (NEURONS, n)))
        made.behavior.append(rng.uniform(0, 50, (2, n)))
        made.pupil_center.append(rng.normal(120, 5, (2, n)))
        for modality in ("videos", "responses", "behavior", "pupil_center"):
            file = path / "data" / modality / f"{number}.npy"
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, padded(getattr(made, modality)[number]).astype(dtype))
    _write_meta(made)
    return made


def _write_meta(made: ByHand) -> None:
    for folder in ("meta/trials", "meta/neurons"):
        (made.path / folder).mkdir(parents=True)
    np.save(made.path / "meta/trials/tiers.npy", np.array(TIERS))
    np.save(made.path / "meta/trials/trial_idx.npy", np.arange(len(TIERS)) + 100)
    np.save(made.path / "meta/neurons/cell_motor_coordinates.npy", made.position)
    np.save(made.path / "meta/neurons/unit_ids.npy", np.arange(NEURONS) + 1)
    np.save(made.path / "meta/neurons/area.npy", np.array(["V1"] * NEURONS))
    np.save(made.path / "meta/neurons/layer.npy", np.array(["L2/3"] * NEURONS))
    train = [number for number, tier in enumerate(TIERS) if tier == "train"]
    for modality in ("responses", "behavior", "pupil_center"):
        stack = np.stack([padded(getattr(made, modality)[number]) for number in train])
        for part in ("all", "stimulus_frame"):
            folder = made.path / "meta/statistics" / modality / part
            folder.mkdir(parents=True)
            for name, average in {"mean": np.nanmean, "std": np.nanstd}.items():
                values = np.full(stack.shape[1:], np.nan)
                values[:, :10] = average(stack[..., :10], axis=0)
                np.save(folder / f"{name}.npy", values)
    (made.path / "config.json").write_text('{"links": {}}')
