"""Folders in the layout of experanto, written by hand from its description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

RATE_HZ, START_S, SECONDS = 30.0, 2.0, 8.0
N_FRAMES, SIZE = 20, (4, 6)


def write_meta(folder: Path, **about: Any) -> Path:
    """`meta.yml`; what json writes is yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meta.yml").write_text(json.dumps(about))
    return folder


def write_sequence(
    folder: Path,
    data: np.ndarray,
    *,
    rate_hz: float = RATE_HZ,
    start_s: float = START_S,
    mapped: bool = False,
    shifts: np.ndarray | None = None,
    **more: Any,
) -> Path:
    """A device with samples at a rate."""
    about = {
        "modality": "sequence",
        "start_time": start_s,
        "end_time": start_s + (len(data) - 1) / rate_hz,
        "sampling_rate": rate_hz,
        "n_signals": data.shape[1],
        "n_timestamps": len(data),
        "dtype": str(data.dtype),
        "is_mem_mapped": mapped,
        "phase_shift_per_signal": shifts is not None,
    }
    write_meta(folder, **{**about, **more})
    (folder / "meta").mkdir(exist_ok=True)
    if mapped:
        data.tofile(folder / "data.mem")
    else:
        np.save(folder / "data.npy", data)
    if shifts is not None:
        np.save(folder / "meta" / "phase_shifts.npy", shifts)
    return folder


def write_screen(folder: Path, shown: list[dict[str, Any]], times_s: np.ndarray, **more: Any) -> Path:
    """A screen; each presentation has `modality`, `tier`, ..., and `frames`, which go to a file."""
    write_meta(folder, **{"modality": "screen", "frame_rate": RATE_HZ, **more})
    for name in ("meta", "data"):
        (folder / name).mkdir(exist_ok=True)
    np.save(folder / "timestamps.npy", times_s)
    first = 0
    for number, one in enumerate(shown):
        about = {key: value for key, value in one.items() if key != "frames"}
        n_frames = len(one["frames"]) if one["modality"] == "video" else 1
        about = {"first_frame_idx": first, "num_frames": n_frames, "image_size": list(SIZE), **about}
        (folder / "meta" / f"{number:05d}.yml").write_text(json.dumps(about))
        if "frames" in one:
            name = about["stimulus_name"] if more.get("use_stimuli_names") else f"{number:05d}"
            np.save(folder / "data" / f"{name}.npy", one["frames"])
        first += n_frames
    return folder


def write_intervals(folder: Path, labels: dict[str, list[list[float]]]) -> Path:
    """A device of labelled intervals."""
    files = {label: f"{label}.npy" for label in labels}
    write_meta(folder, modality="time_interval", start_time=START_S, end_time=START_S + SECONDS, labels=files)
    for label, spans in labels.items():
        np.save(folder / f"{label}.npy", np.array(spans))
    return folder


def write_spikes(folder: Path, spikes: list[np.ndarray], *, raw: bool = False, **more: Any) -> Path:
    """A device of spikes, as bare numbers or as a npy file."""
    borders = np.cumsum([0, *map(len, spikes)]).tolist()
    about = {"modality": "spikes", "n_signals": len(spikes), "spike_indices": borders}
    write_meta(folder, **{**about, "start_time": START_S, "end_time": START_S + SECONDS, **more})
    flat = np.concatenate(spikes)
    if raw:
        flat.tofile(folder / "spikes.npy")
    else:
        np.save(folder / "spikes.npy", flat)
    return folder


def videos() -> dict[str, np.ndarray]:
    """Two clips and one picture."""
    rng = np.random.default_rng(3)
    clips = {name: rng.integers(0, 255, (N_FRAMES, *SIZE)).astype(np.uint8) for name in ("a", "b")}
    return {**clips, "picture": rng.integers(0, 255, SIZE).astype(np.uint8)}


ORDER = ("a", "blank", "b", "picture", "blank", "b", "a", "blank", "picture")


def presentations() -> tuple[list[dict[str, Any]], np.ndarray]:
    """What is shown in `ORDER`, and when: videos at 30 Hz, pictures for 0.5 s, blanks for 0.3 s."""
    clips, shown, times, now = videos(), [], [], START_S + 0.1
    for name in ORDER:
        if name == "blank":
            shown.append({"modality": "blank", "interleave_value": 128})
            own, seconds = [now], 0.3
        elif name == "picture":
            shown.append({"modality": "image", "tier": "train", "frames": clips[name], "seed": 1})
            own, seconds = [now], 0.5
        else:
            tier = "train" if name == "a" else "oracle"
            shown.append({"modality": "video", "tier": tier, "frames": clips[name], "seed": 2})
            own, seconds = (now + np.arange(N_FRAMES) / RATE_HZ).tolist(), N_FRAMES / RATE_HZ
        times += own
        now += seconds
    return shown, np.array([*times, now])


def responses() -> np.ndarray:
    """(time, neuron) of 7 neurons."""
    n_time = int(SECONDS * RATE_HZ)
    return np.random.default_rng(0).gamma(1.0, 2.0, (n_time, 7)).astype(np.float32)


def write_mouse(folder: Path) -> Path:
    """A whole folder, with all kinds of devices."""
    write_sequence(folder / "responses", responses(), mapped=True)
    rng = np.random.default_rng(1)
    np.save(folder / "responses" / "meta" / "unit_ids.npy", np.arange(100, 107))
    np.save(folder / "responses" / "meta" / "cell_motor_coordinates.npy", rng.normal(size=(7, 3)))
    np.save(folder / "responses" / "meta" / "means.npy", np.ones(7))
    write_sequence(folder / "treadmill", rng.normal(size=(900, 1)), rate_hz=100.0)
    write_sequence(folder / "eye_tracker", rng.normal(size=(200, 3)), rate_hz=20.0)
    shown, times_s = presentations()
    write_screen(folder / "screen", shown, times_s[:-1])
    write_intervals(folder / "tiers", {"first": [[2.0, 4.0]], "late": [[4.5, 6.0], [7.0, 9.0]]})
    return folder
