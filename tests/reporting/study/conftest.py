"""A whole study of a small clip: every table and every array, made of nothing but a generator."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from twofold.reporting.figures import LeftOut, Picture, draw_all
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Scoreboard
from twofold.studies.result import Result, Row

Arrays = dict[str, np.ndarray]
VAES = ("vae beta=0.05", "vae features beta=0.008", "vae frame beta=0.05 units=95%")
POINTS = 360


def study_arrays(frames: int, units: int, repeats: int, names: Sequence[str], seed: int = 1) -> Arrays:
    """What `studies/pictures.py` lists besides the arrays of every study; `names` are decoding rows."""
    draw = np.random.default_rng(seed)
    return {
        **_layouts(draw, frames),
        **_grids(draw),
        **_curves(draw),
        **_decoded(draw, frames, repeats, names),
        **_rebuilt(draw, frames),
        **_seeds(draw, frames),
        **_tuning(draw),
    }


def _path(frame: np.ndarray, frames: int, turns: int = 1) -> np.ndarray:
    phase = 2 * np.pi * frame / frames
    return np.stack([np.cos(turns * phase), np.sin(2 * turns * phase), np.sin(phase + 1)], axis=1)


def _layouts(draw: np.random.Generator, frames: int) -> Arrays:
    frame, repeat = np.tile(np.arange(0, frames, 4), POINTS * 4 // frames), np.arange(POINTS) * 4 // frames
    noise = {"raw": 0.6, "contrastive": 0.1, "vae features beta=0.008": 0.3}
    latents = {
        f"embedding/latents/{name}": _path(frame, frames, 1 + k) + size * draw.normal(size=(len(frame), 3))
        for k, (name, size) in enumerate(noise.items())
    }
    return {
        "tsne/embedding": 20 * _path(frame, frames)[:, :2] + draw.normal(size=(len(frame), 2)),
        "tsne/frame": frame,
        "tsne/repeat": repeat,
        "embedding/frame": frame,
        "embedding/repeat": repeat,
        "embedding/fitted": repeat != repeat.max(),
        **latents,
    }


def _grids(draw: np.random.Generator) -> Arrays:
    components, neighbours = np.array([2, 4, 8, 16, 32, 64]), np.array([1, 2, 3, 5, 9, 25, 49])
    rise = 1 - np.exp(-components / 12)
    return {
        "pc_grid/components": components,
        "pc_grid/train/exact_accuracy": rise**0.4,
        "pc_grid/train/mae_frames": 30 * (1 - rise**0.4),
        "pc_grid/validation/exact_accuracy": 0.6 * rise,
        "pc_grid/validation/mae_frames": 34 * (1 - 0.8 * rise),
        "knn_grid/neighbours": neighbours,
        "knn_grid/exact_accuracy/contrastive": 0.95 - 0.004 * neighbours,
        "knn_grid/mae_frames/contrastive": 0.5 + 0.05 * neighbours,
        "knn_grid/exact_accuracy/pca": 0.5 + 0.02 * np.log(neighbours),
        "knn_grid/mae_frames/pca": 12 - np.log(neighbours),
        "saturation/n_units": np.array([8, 16, 32, 64]),
        "saturation/n_repeats": np.array([3, 6, 12, 19]),
        **{
            f"saturation/{axis}/{name}": np.linspace(low, high, 4)[:, None] + 0.02 * draw.normal(size=(4, 3))
            for axis in ("by_units", "by_repeats")
            for name, low, high in (("raw + template", 0.4, 0.9), ("contrastive + knn", 0.6, 0.96))
        },
    }


def _curves(draw: np.random.Generator) -> Arrays:
    epoch, step = np.arange(1, 61), np.arange(1, 1001)
    found: Arrays = {}
    for k, name in enumerate(VAES):
        top = 0.3 + 0.08 * k
        found |= {
            f"epochs/{name}/r2_train": top * 1.4 * (1 - np.exp(-epoch / 8)),
            f"epochs/{name}/r2_validation": top * (1 - np.exp(-epoch / 6)) - 0.003 * (k + 1) * epoch,
            f"epochs/{name}/active": np.round(16 - 8 * np.exp(-epoch / 20) - 3 * k),
            f"epochs/{name}/kl_per_dimension": np.outer(
                1 - np.exp(-epoch / 9), np.geomspace(3 + k, 0.01, 16)
            ),
        }
        if k:
            found |= {
                f"epochs/{name}/guide_train": 1 - np.exp(-epoch / 12),
                f"epochs/{name}/guide_validation": 0.5 * (1 - np.exp(-epoch / 10)),
            }
    for name, ends in (("contrastive", 2.4), ("contrastive aligned lambda=10", 3.1)):
        found |= {
            f"steps/{name}/loss": ends + 3 * np.exp(-step / 150) + 0.1 * draw.normal(size=len(step)),
            f"steps/{name}/temperature": 0.3 + 0.7 * np.exp(-step / 300),
            f"steps/{name}/step": step,
            f"steps/{name}/chance_loss": np.array(np.log(256)),
            f"steps/{name}/validation": ends + 0.6 + 3 * np.exp(-np.linspace(0, 6, 8)),
            f"steps/{name}/validation_step": np.linspace(1, 1000, 8),
        }
    for name in ("contrastive + mlp -> all units", "pca dimension=16 + mlp -> all units"):
        found |= {
            f"response_epochs/{name}/r2_train": 0.2 * (1 - np.exp(-epoch / 8)),
            f"response_epochs/{name}/r2_validation": 0.1 * (1 - np.exp(-epoch / 5)) - 0.001 * epoch,
        }
    return found


def _decoded(draw: np.random.Generator, frames: int, repeats: int, names: Sequence[str]) -> Arrays:
    true = np.arange(frames)
    threshold = np.linspace(1.0, 0.6, 6)
    found: Arrays = {
        "regression/predicted/lasso": 0.7 * true + 0.15 * frames + 4 * draw.normal(size=frames),
        "regression/predicted/pca dimension=3 + lasso": 0.2 * true + 0.4 * frames + draw.normal(size=frames),
        "merging/threshold": threshold,
        "merging/n_classes": np.linspace(frames, frames // 5, 6).round().astype(int),
        "merging/chance": 1 / np.linspace(frames, frames // 5, 6),
    }
    for k, name in enumerate(names):
        off = np.where(
            draw.random((repeats, frames)) < 0.1 + 0.1 * k, draw.integers(-8, 9, (repeats, frames)), 0
        )
        found[f"decoded/every_repeat/{name}"] = np.clip(true + off, 0, frames - 1)
        found[f"merging/accuracy/{name}"] = (0.85 - 0.1 * k) + 0.1 * np.linspace(0, 1, 6)
    return found


def _rebuilt(draw: np.random.Generator, frames: int) -> Arrays:
    signal = draw.normal(size=(frames, 6)).cumsum(axis=0)
    return {
        "reconstructed/observed": signal + draw.normal(size=signal.shape),
        "reconstructed/predicted/contrastive + mlp -> all units": signal,
        "reconstructed/predicted/pca dimension=16 + ridge -> all units": 0.5 * signal,
    }


def _seeds(draw: np.random.Generator, frames: int) -> Arrays:
    path = _path(np.arange(frames), frames)
    found: Arrays = {}
    for name, noise in (("contrastive", 0.05), ("vae features beta=0.008", 0.3)):
        found |= {
            f"seeds/score/{name}": 1 - noise + 0.1 * draw.random((3, 3)) - 0.1,
            f"seeds/chance/{name}": np.full((3, 3), 0.05),
            f"seeds/chance_high/{name}": np.full((3, 3), 0.1),
            f"seeds/latents/{name}": path[None] + noise * draw.normal(size=(3, *path.shape)),
        }
    return found


def _tuning(draw: np.random.Generator) -> Arrays:
    value = 0.3 - 0.1 * draw.random(12)
    options = [json.dumps({"beta": 10 ** -draw.uniform(1, 3), "depth": 3}) for _ in value]
    return {"tuning/vae features/value": value, "tuning/vae features/options": np.array(options)}


def other_rows() -> list[Row]:
    """Regression, guidance, responses from latents, and similarity of pictures."""
    common: dict[str, Any] = {"n_units": 64, "seed": 0, "window": 1}
    rows = [
        Row(table="frame-regression", row=name, metric=metric, split="test", value=share * value, **common)
        for name, share in (("lasso", 1.0), ("pca dimension=3 + lasso", 0.6))
        for metric, value in (("r2", 0.8), ("mae_frames", 12.0), ("rmse_frames", 15.0))
    ]
    for k, name in enumerate(VAES):
        guide = "guide_accuracy" if "frame" in name else "guide_r2"
        for metric, value, paper in (("r2_same_trial_peak", 0.3, 0.32), (guide, 0.5, 0.59))[: 1 + (k > 0)]:
            given = {"value": value, "paper": paper, "split": "validation", **common}
            rows.append(Row(table="guidance", row=name, metric=metric, **given))
    for name, value, paper in (("contrastive", 0.09, 0.019), ("pca dimension=16", 0.21, None)):
        for decoder in ("mlp", "ridge"):
            row = f"{name} + {decoder} -> all units"
            given = {"metric": "r2_same_trial", "split": "test", "value": value, "paper": paper}
            rows.append(Row(table="responses-from-latents", row=row, **given, **common))
    for name, value in (("raw + template", 0.7), ("contrastive + knn", 0.9)):
        for metric, chance in (("ssim", 0.2), ("feature_cosine", 0.3)):
            given = {"metric": metric, "split": "leave_one_repeat_out", "value": value, "chance": chance}
            rows.append(Row(table="picture-similarity", row=name, **given, **common))
    return rows


@dataclass(frozen=True)
class Study:
    """A result and all its figures."""

    result: Result
    scoreboard: Scoreboard
    palette: Palette
    drawn: tuple[Picture | LeftOut, ...]

    @property
    def pictures(self) -> dict[str, Picture]:
        return {figure.name: figure for figure in self.drawn if isinstance(figure, Picture)}


@pytest.fixture(scope="session")
def study(result: Result) -> Study:
    true = result.arrays["decoded/true"]
    names = [key.removeprefix("decoded/predicted/") for key in result.arrays if key.startswith("decoded/pr")]
    lambdas = {"trade_off/lambda": [0, 1, 10], "trade_off/exact_accuracy": [0.9, 0.8, 0.7]}
    whole = Result(
        result.study,
        {**result.recording, "label": "frame"},
        result.options,
        result.versions,
        result.seconds,
        [*result.rows, *other_rows()],
        {
            **result.arrays,
            **study_arrays(len(true), 64, 20, names[:3]),
            **{key: np.array(values) for key, values in lambdas.items()},
            "trade_off/r2_cross_repeat": np.array([0.1, 0.2, 0.25]),
        },
        ("The frame is read best by raw + logistic.",),
    )
    board, palette = Scoreboard.of(whole), Palette.of(whole.rows)
    return Study(whole, board, palette, tuple(draw_all(whole, board, palette)))
