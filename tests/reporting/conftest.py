"""A result like those of `neural-alignment`, made of nothing but a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twofold.reporting import report
from twofold.studies.result import Result, Row

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FRAMES, REPEATS, UNITS, CHANCE = 120, 20, 64, 1 / 120

# exact accuracy; alignment belongs to the embedding
DECODING = {
    "raw + template": 0.897,
    "raw + naive bayes": 0.912,
    "raw + knn": 0.71,
    "raw + logistic": 0.972,
    "pca + knn": 0.573,
    "pca + logistic": 0.641,
    "untrained + knn": 0.35,
    "contrastive + knn": 0.965,
    "contrastive + logistic": 0.958,
    "vae guided by frame features, beta=0.008 + knn": 0.83,
    "contrastive (leaky: fitted on all repeats) + knn": 0.998,
    "control: labels shuffled in every repeat (a) + knn": 0.009,
    "control: labels shuffled for the encoder (b) + knn": 0.21,
}
ALIGNMENT = {
    "raw": (0.31, 0.272, 0.181),
    "pca": (0.29, 0.262, 0.166),
    "untrained": (0.21, 0.151, 0.098),
    "contrastive": (0.24, 0.268, 0.172),
    "vae guided by frame features, beta=0.008": (0.44, 0.225, 0.139),
    "control: random code of the decoded frame": (None, -0.031, None),
    "ceiling: true drive": (None, 0.418, 0.262),
}
PREDICTED = (
    "raw + logistic",
    "pca + knn",
    "untrained + knn",
    "contrastive + knn",
    "vae guided by frame features, beta=0.008 + knn",
    "contrastive (leaky: fitted on all repeats) + knn",
    "control: labels shuffled in every repeat (a) + knn",
)


def decoding_rows() -> list[Row]:
    rows = []
    for name, accuracy in DECODING.items():
        control = name.startswith("control")
        for split, share in (("leave_one_repeat_out", 1.0), ("leave_one_block_out", 0.85)):
            common = {
                "table": "controls" if control else "frame-decoding",
                "row": name,
                "split": split,
                "interval_kind": "permutation_99" if control else "sem",
                "over": "permutations" if control else "repeats",
                "n": 200 if control else REPEATS,
                "n_units": UNITS,
                "leaky": "leaky" in name,
                "window": 1,
                "seed": 0,
                "fitted_on": "all repeats" if "leaky" in name else "repeats but one",
                "scored_on": "the left-out repeat",
                "note": "fitted on what it is scored on; not a result" if "leaky" in name else "",
            }
            value, error = accuracy * share, 0.004 + 0.03 * accuracy * (1 - accuracy)
            paper = {"contrastive + knn": 0.6, "raw + logistic": 0.58}.get(name)
            exact = {"low": max(value - error, 0.0), "high": value + error, "chance": CHANCE, "paper": paper}
            rows.append(Row(metric="exact_accuracy", value=value, ceiling=0.985, **exact, **common))
            near = value + 0.6 * (1 - value)
            rows.append(Row(metric="within_1s_accuracy", value=near, chance=0.058, **common))
            off = 40 * (1 - near) ** 1.5
            rows.append(
                Row(metric="mae_frames", value=off, low=0.9 * off, high=1.1 * off, chance=40.0, **common)
            )
            rows.append(Row(metric="median_error_frames", value=round(off / 3), chance=35.0, **common))
    return rows


def alignment_rows() -> list[Row]:
    rows = []
    for name, values in ALIGNMENT.items():
        for metric, value in zip(("r2_same_trial", "r2_cross_repeat", "r2_cosmoothing"), values, strict=True):
            for suffix, share in (("", 1.0), ("_mean_over_neurons", 0.8)):
                rows.append(
                    Row(
                        table="ceilings" if name.startswith("ceiling") else "alignment",
                        row=name,
                        metric=metric + suffix,
                        split="leave_one_repeat_out",
                        value=None if value is None else value * share,
                        low=None if value is None else value * share - 0.012,
                        high=None if value is None else value * share + 0.012,
                        interval_kind="sem",
                        over="repeats",
                        n=REPEATS,
                        n_units=UNITS,
                        ceiling=0.4 if metric == "r2_cross_repeat" else None,
                        fitted_on="repeats but one, half of the frames",
                        scored_on="the left-out repeat, the other frames",
                        window=1,
                        seed=0,
                        note="the latents are no code of one trial" if value is None else "",
                    )
                )
    return rows


def state_rows() -> list[Row]:
    values = {"running_speed": 0.34, "pupil_width": 0.12}
    return [
        Row(
            table="state",
            row=f"{embedding} -> {signal}",
            metric="r2_signal",
            split="leave_one_block_out",
            value=value * share,
            low=value * share - 0.03,
            high=value * share + 0.02,
            interval_kind="bootstrap_95",
            over="blocks",
            n=4,
            n_units=UNITS,
            chance=0.02,
            fitted_on="other blocks",
            scored_on="the left-out block",
            note=f"p = {0.01 / share:.3f} against 200 circular shifts",
        )
        for embedding, share in (("raw", 1.0), ("pca", 0.9), ("contrastive", 0.5))
        for signal, value in values.items()
    ]


def arrays() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    phase = 2 * np.pi * np.arange(FRAMES) / FRAMES
    tuning = np.exp(2.5 * np.cos(phase[:, None] - np.linspace(0, 2 * np.pi, UNITS)[None]) - 1.5)
    path = np.stack([3 * np.cos(phase), 2.2 * np.sin(2 * phase), 1.5 * np.sin(phase + 1)], axis=1)
    true = np.arange(FRAMES)
    found: dict[str, np.ndarray] = {
        "raster/responses": draw.poisson(tuning + 0.15).astype(np.float32),
        "raster/bin_s": np.array(0.25),
        "pca/embedding": np.concatenate([path + 0.35 * draw.normal(size=path.shape) for _ in range(REPEATS)]),
        "pca/frame": np.tile(true, REPEATS),
        "pca/repeat": np.repeat(np.arange(REPEATS), FRAMES),
        "explained_variance/cumulative": 1 - np.exp(-np.arange(1, UNITS + 1) / 12),
        "decoded/true": true,
        "frames/pictures": pictures(draw),
    }
    for name in PREDICTED:
        wrong = draw.random(FRAMES) > DECODING[name]
        near = np.clip(true + draw.integers(-9, 10, FRAMES), 0, FRAMES - 1)
        far = draw.integers(0, FRAMES, FRAMES)
        found[f"decoded/predicted/{name}"] = np.where(
            wrong, np.where(draw.random(FRAMES) < 0.6 * DECODING[name] + 0.1, near, far), true
        )
    slow = np.cumsum(draw.normal(size=(2, 600)), axis=1)
    for name, signal in zip(("running_speed", "pupil_width"), slow, strict=True):
        found[f"state/{name}/observed"] = signal
        found[f"state/{name}/predicted"] = 0.8 * signal + draw.normal(size=600)
    return found


def pictures(draw: np.random.Generator) -> np.ndarray:
    """Clouds that drift, with a cut every quarter of the clip: (frame, 36, 64) uint8."""
    shaped = np.hypot(np.fft.fftfreq(36)[:, None], np.fft.fftfreq(256)[None])
    shaped[0, 0] = 1.0
    scenes = [np.fft.ifft2(np.fft.fft2(draw.normal(size=(36, 256))) / shaped**1.3).real for _ in range(4)]
    frames = [np.roll(scenes[i * 4 // FRAMES], 3 * i, axis=1)[:, :64] for i in range(FRAMES)]
    stack = np.stack([(frame - frame.min()) / np.ptp(frame) for frame in frames])
    return (255 * stack).astype(np.uint8)


@pytest.fixture(scope="session")
def result() -> Result:
    return Result(
        study="neural-alignment",
        recording={"name": "session 42", "units": UNITS, "repeats": REPEATS, "frames": FRAMES, "bin_s": 0.25},
        options={"preset": "quick", "contrastive": {"dimension": 16, "temperature": 0.3}, "depths": (1, 2)},
        versions={"twofold": "0.1.0", "torch": "2.13.0", "numpy": "2.3.4"},
        seconds=123.45678,
        rows=[*decoding_rows(), *alignment_rows(), *state_rows()],
        arrays=arrays(),
    )


@dataclass(frozen=True)
class Written:
    """A report on disk: the folder, the page and its text."""

    folder: Path
    page: Path
    text: str


@pytest.fixture(scope="session")
def written(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("result")
    result.save(folder)
    path = report(folder)
    return Written(folder, path, path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any) -> Callable[..., tuple[Any, list[str], list[str]]]:
    """Open a page offline at a width: the page, what it complained of, and what it asked for."""

    def open_page(path: Path, width: int, **settings: Any) -> tuple[Any, list[str], list[str]]:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        context.set_offline(True)
        page = context.new_page()
        complaints: list[str] = []
        requests: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        return page, complaints, requests

    return open_page
