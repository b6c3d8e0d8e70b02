"""One training sample, 80 frames of video with the responses of 8000 neurons, from disk to arrays.

`sample-loading`: from our store, whose chunks are compared with their checksums, against the same slices of
numpy memory maps. `sample-loading-folder`: against the files of a SENSORIUM folder, read as its starter
loader does: each modality of the whole trial, padded to 324 frames, is loaded and cut where it turns NaN,
divided by its statistics, which have the same shape, and put time first; of that 80 frames are taken. Written
here from the published layout and steps. The type of the published files is not known: they are read in
double precision, as the loader's own cache holds them, and in single (`-float32`). On our side responses were
divided when they were imported, and the 80 frames of video are standardised after reading. All files were
read before, so the page cache is warm.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import alternate
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials, open_recording, save
from twofold.sampling import Clip, TrialClips

NEURONS, HEIGHT, WIDTH, RATE_HZ = 8000, 36, 64, 30.0
TRIAL, PADDED, SAMPLE = 300, 324, 80
SIGNALS = ("pupil_dilation", "running_speed", "pupil_x", "pupil_y")
ASKED_MS = 3.0
GREY, GREY_SD = 80.0, 57.0


def sample_loading_cases(quick: bool = False) -> list[dict[str, object]]:
    """Fields of the cases; `is_equal` says that both sides gave the same numbers."""
    n_trials, turns = (4, 10) if quick else (12, 60)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = _recording(n_trials, rng)
        clips = TrialClips(open_recording(save(recording, folder / "mouse.zarr")), signals=SIGNALS)
        maps = _memory_maps(recording, folder)
        trials, starts = rng.integers(n_trials, size=turns), rng.integers(TRIAL - SAMPLE + 1, size=turns)

        def ours(key: int) -> Clip:
            return clips.read(int(trials[key]), int(starts[key]), SAMPLE)

        def ours_standardised(key: int) -> Clip:
            clip = ours(key)
            video = clip.video.astype(np.float32)
            video -= GREY
            video *= 1 / GREY_SD
            return clip._replace(video=video)

        def from_maps(key: int) -> Clip:
            return _from_maps(maps, int(trials[key]), int(starts[key]))

        words = "the same slices of numpy memory maps"
        cases = [_case("sample-loading", ours, from_maps, turns, words) | {"asked_ms": ASKED_MS}]
        for dtype, suffix in ((np.float64, ""), (np.float32, "-float32")):
            files = _write_files(recording, folder / f"files{suffix}", dtype)

            def from_files(key: int, files: Files = files) -> Clip:
                return _from_files(files, int(trials[key]), int(starts[key]))

            words = "whole trials from npy files, standardised, then cut"
            cases.append(_case(f"sample-loading-folder{suffix}", ours_standardised, from_files, turns, words))
        return cases


def _case(
    name: str, ours: Callable[[int], Clip], peer: Callable[[int], Clip], turns: int, words: str
) -> dict[str, object]:
    is_equal = all(
        np.allclose(mine, other, rtol=1e-4, atol=1e-5)
        for key in range(turns)
        for mine, other in zip(ours(key)[:3], peer(key)[:3], strict=True)
    )
    return {
        "case": name,
        **alternate(ours, peer, range(turns)),
        "unit": "ms",
        "is_equal": is_equal,
        "peer_name": f"numpy {np.__version__}: {words}",
    }


# --- the same trials, three ways -----------------------------------------------------------------


def _recording(n_trials: int, rng: np.random.Generator) -> Recording:
    n_time = n_trials * TRIAL
    time_s = (np.arange(n_time) + 0.5) / RATE_HZ
    start_s = np.arange(n_trials) * TRIAL / RATE_HZ
    trials = {
        "stimulus": [f"clip {k}" for k in range(n_trials)],
        "repeat": 0,
        "tier": "train",
        "start_s": start_s,
        "stop_s": start_s + TRIAL / RATE_HZ,
    }
    videos = rng.integers(0, 256, (n_trials, TRIAL, HEIGHT, WIDTH), dtype=np.uint8)
    return Recording(
        responses=LazyArray(rng.gamma(0.5, 2.0, (n_time, NEURONS)).astype(np.float32)),
        time_s=time_s,
        bin_s=1 / RATE_HZ,
        neurons=Neurons(pd.DataFrame(index=range(NEURONS))),
        trials=Trials(pd.DataFrame(trials)),
        signals={name: Signal(rng.normal(size=n_time).astype(np.float32), time_s) for name in SIGNALS},
        stimuli={f"clip {k}": Stimulus(np.arange(TRIAL), RATE_HZ, video) for k, video in enumerate(videos)},
    )


def _memory_maps(recording: Recording, folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Video, responses and signals of all trials, time first."""
    clips = recording.stimuli.values()
    arrays = {
        "video": np.concatenate([clip.frames for clip in clips if clip.frames is not None]),
        "responses": recording.responses[:],
        "signals": np.column_stack([recording.signals[name].values for name in SIGNALS]),
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    video, responses, signals = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in arrays)
    return video, responses, signals


def _from_maps(maps: tuple[np.ndarray, np.ndarray, np.ndarray], trial: int, start: int) -> Clip:
    rows = slice(trial * TRIAL + start, trial * TRIAL + start + SAMPLE)
    video, responses, signals = (np.array(one[rows]) for one in maps)
    return Clip(video, responses, signals, np.empty(0))


@dataclass(frozen=True)
class Files:
    """A folder in the layout, with the statistics of each modality at hand, as the loader keeps them."""

    path: Path
    mean: dict[str, np.ndarray]
    sd: dict[str, np.ndarray]


def _write_files(recording: Recording, folder: Path, dtype: type) -> Files:
    """data/MODALITY/TRIAL.npy, time last and padded with NaN."""
    mean, sd = {}, {}
    for trial, clip in enumerate(recording.stimuli.values()):
        rows = slice(trial * TRIAL, (trial + 1) * TRIAL)
        assert clip.frames is not None
        signals = np.stack([recording.signals[name].values[rows] for name in SIGNALS])
        modalities = {
            "videos": np.moveaxis(clip.frames[:], 0, -1),
            "responses": recording.responses[rows].T,
            "behavior": signals[:2],
            "pupil_center": signals[2:],
        }
        for name, values in modalities.items():
            padded = np.full((*values.shape[:-1], PADDED), np.nan, dtype)
            padded[..., :TRIAL] = values
            path = folder / name / f"{trial}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, padded)
            is_video = name == "videos"
            mean[name] = np.full(padded.shape, GREY if is_video else 0.0, dtype)
            sd[name] = np.full(padded.shape, GREY_SD if is_video else 1.0, dtype)
    return Files(folder, mean, sd)


def _from_files(files: Files, trial: int, start: int) -> Clip:
    loaded = {name: np.load(files.path / name / f"{trial}.npy") for name in files.mean}
    known = [~np.isnan(values).any(axis=tuple(range(values.ndim - 1))) for values in loaded.values()]
    length = min(int(values.sum()) for values in known)
    rows = slice(start, start + SAMPLE)
    cut = {}
    for name, values in loaded.items():
        standard = (values[..., :length] - files.mean[name][..., :length]) / files.sd[name][..., :length]
        cut[name] = np.ascontiguousarray(np.moveaxis(standard, -1, 0)[rows], np.float32)
    signals = np.concatenate([cut["behavior"], cut["pupil_center"]], axis=1)
    return Clip(cut["videos"], cut["responses"], signals, np.empty(0))
