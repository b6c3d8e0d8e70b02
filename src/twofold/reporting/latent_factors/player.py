"""What the page needs to play a clip beside the responses to it: numbers as JSON, frames as one PNG."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image

from twofold.reporting.figures.picture import NothingToShow
from twofold.reporting.latent_factors.clips import TRACES, Clip, clips_of
from twofold.reporting.latent_factors.colours import CONDITIONED, OBSERVED, VIDEO_ONLY
from twofold.studies.result import Result

MOST_CLIPS, MOST_NEURONS, MOST_FRAMES = 5, 24, 320
WIDEST, ACROSS = 96, 16
STEPS = 2**16 - 1  # of a response


@dataclass(frozen=True)
class Player:
    """Clips to play: what is said of them, and their numbers as JSON."""

    mice: tuple[str, ...]
    n_neurons: int
    seconds: float
    n_frames: int
    colours: dict[str, str]
    json: Markup = field(repr=False)


def response_player(result: Result) -> Player | None:
    """The clips of a result, small; None where it has none that fit.

    A response is a 16-bit number on the scale of its neuron, and the frames of a clip are one sheet, which
    mice that saw the same clip share: five mice of 24 neurons and 300 frames stay below two megabytes.
    """
    try:
        clips = clips_of(result)[:MOST_CLIPS]
    except NothingToShow:
        return None
    sheets: list[dict[str, Any]] = []
    content = [_content(clip, sheets) for clip in clips]
    first = clips[0]
    text = json.dumps({"clips": content, "sheets": sheets}, separators=(",", ":"))
    colours = {"observed": OBSERVED, "video_only": VIDEO_ONLY, "conditioned": CONDITIONED}
    return Player(
        tuple(clip.mouse for clip in clips),
        min(len(first.neuron), MOST_NEURONS),
        float(first.seconds[-1] - first.seconds[0]),
        len(first.frames),
        colours,
        Markup(text.replace("<", "\\u003c")),
    )


def _content(clip: Clip, sheets: list[dict[str, Any]]) -> dict[str, Any]:
    """One clip; its sheet of frames is added to those of the others, unless it is there."""
    count = min(len(clip.neuron), MOST_NEURONS)
    top = np.maximum.reduce([getattr(clip, what)[:count].max(axis=1) for what in TRACES])
    top = np.where(top > 0, top, 1.0)
    every = -(-len(clip.frames) // MOST_FRAMES)
    sheet = _sheet(clip.frames[::every])
    if sheet not in sheets:
        sheets.append(sheet)
    return {
        "mouse": clip.mouse,
        "seconds": clip.seconds.round(4).tolist(),
        "frame": (clip.frame_of_time // every).tolist(),
        "neuron": clip.neuron[:count].tolist(),
        "top": top.round(5).tolist(),
        "agreement": [round(clip.agreement(k), 3) for k in range(count)],
        "sheet": sheets.index(sheet),
        **{what: _packed(getattr(clip, what)[:count] / top[:, None]) for what in TRACES},
    }


def _packed(shares: np.ndarray) -> str:
    """(neuron, time) shares from 0 to 1 as 16-bit numbers in base64."""
    steps = (np.clip(shares, 0, 1) * STEPS).round().astype("<u2")
    return base64.b64encode(steps.tobytes()).decode("ascii")


def _sheet(frames: np.ndarray) -> dict[str, Any]:
    """All frames side by side on one grey PNG."""
    width = min(frames.shape[2], WIDEST)
    height = max(1, round(width * frames.shape[1] / frames.shape[2]))
    sheet = Image.new("L", (width * ACROSS, height * -(-len(frames) // ACROSS)))
    for k, frame in enumerate(frames):
        small = Image.fromarray(frame).resize((width, height))
        sheet.paste(small, (width * (k % ACROSS), height * (k // ACROSS)))
    file = io.BytesIO()
    sheet.save(file, format="png", optimize=True)
    source = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
    return {"src": source, "width": width, "height": height, "across": ACROSS, "count": len(frames)}
