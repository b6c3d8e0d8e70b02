"""What the page needs to turn embeddings and to show the frame under the pointer."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, field

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.colors import to_hex
from PIL import Image

from twofold.reporting.figures.data import FRAME_COLOURS
from twofold.reporting.figures.maps import PREFIX
from twofold.reporting.figures.picture import label_of
from twofold.studies.result import Result

MOST_EMBEDDINGS, MOST_POINTS, MOST_PICTURES = 8, 6000, 240
PICTURE_WIDTH, ACROSS, QUALITY = 96, 16, 60
STEPS = 2**15 - 1  # of a coordinate
SHADES = 64


@dataclass(frozen=True)
class Viewer:
    """Embeddings to turn: what is said of them, and their points as JSON."""

    names: tuple[str, ...]
    what: str
    n_points: int
    first: int
    last: int
    held_out: bool
    has_pictures: bool
    json: Markup = field(repr=False)


def embedding_viewer(result: Result) -> Viewer | None:
    """Points of every embedding in three dimensions, small; None where a result has none that fit.

    Coordinates are 16-bit numbers, and the pictures one JPEG of small ones, so that a page with 6 embeddings
    of 6000 points stays below a megabyte.
    """
    frame = result.arrays.get("embedding/frame")
    if frame is None or frame.ndim != 1 or not len(frame):
        return None
    found = {
        key.removeprefix(PREFIX): values
        for key, values in result.arrays.items()
        if key.startswith(PREFIX) and values.shape == (len(frame), 3) and np.isfinite(values).all()
    }
    trained_first = sorted(found, key=lambda name: not name.startswith("contrastive"))
    names = tuple(trained_first[:MOST_EMBEDDINGS])
    if not names:
        return None
    shown = np.linspace(0, len(frame) - 1, min(len(frame), MOST_POINTS)).round().astype(int)
    frame = frame[shown].astype(int)
    pictures = result.arrays.get("frames/pictures")
    if pictures is not None and (pictures.ndim != 3 or len(pictures) <= frame.max() or frame.min() < 0):
        pictures = None
    fitted = result.arrays.get("embedding/fitted")
    content: dict[str, object] = {
        "what": label_of(result),
        "shades": [to_hex(shade) for shade in mpl.colormaps[FRAME_COLOURS](np.linspace(0, 1, SHADES))],
        "frame": frame.tolist(),
        "points": {name: _packed(found[name][shown]) for name in names},
        "pictures": None if pictures is None else _sheet(pictures),
    }
    for name, values in (("repeat", result.arrays.get("embedding/repeat")), ("fitted", fitted)):
        if values is not None and values.shape == (len(result.arrays["embedding/frame"]),):
            content[name] = values[shown].astype(int).tolist()
    return Viewer(
        names,
        label_of(result),
        len(shown),
        int(frame.min()),
        int(frame.max()),
        "fitted" in content and fitted is not None and not fitted.all(),
        pictures is not None,
        Markup(json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")),
    )


def _packed(latents: np.ndarray) -> str:
    """(point, 3) coordinates around their middle, the farthest at 1, as 16-bit numbers in base64."""
    centred = latents - latents.mean(axis=0)
    reach = float(np.linalg.norm(centred, axis=1).max()) or 1.0
    return base64.b64encode((centred / reach * STEPS).astype("<i2").tobytes()).decode("ascii")


def _sheet(pictures: np.ndarray) -> dict[str, object]:
    """Small pictures of evenly chosen frames, side by side on one sheet."""
    every = -(-len(pictures) // MOST_PICTURES)
    height = max(1, round(PICTURE_WIDTH * pictures.shape[1] / pictures.shape[2]))
    chosen = pictures[::every]
    sheet = Image.new("L", (PICTURE_WIDTH * ACROSS, height * -(-len(chosen) // ACROSS)))
    for k, picture in enumerate(chosen):
        small = Image.fromarray(picture.astype(np.uint8)).resize((PICTURE_WIDTH, height))
        sheet.paste(small, (PICTURE_WIDTH * (k % ACROSS), height * (k // ACROSS)))
    file = io.BytesIO()
    sheet.save(file, format="jpeg", quality=QUALITY)
    source = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
    return {"src": source, "width": PICTURE_WIDTH, "height": height, "across": ACROSS, "every": every}
