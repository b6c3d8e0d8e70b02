"""What a colour stands for on this page: orange tells of the video alone, blue of other neurons too."""

from __future__ import annotations

from collections.abc import Iterable

from twofold.reporting.latent_factors.mice import is_difference, model_and_mouse
from twofold.reporting.names import kind_of
from twofold.reporting.palette import HUES, INK, MUTED, Palette
from twofold.studies.result import Row

OBSERVED, CONDITIONED, VIDEO_ONLY, RELEASED = INK, HUES[0], HUES[1], HUES[5]
MIXED, OTHER = HUES[2], HUES[3]
# The first that a name of a model contains.
WORDS = (
    ("poisson", "#b8a600"),
    ("released", RELEASED),
    ("other neuron", OTHER),
    ("mixed repeats", MIXED),
    ("video only", VIDEO_ONLY),
    ("not pretrained", HUES[4]),
    ("neurons only", MIXED),
    ("video +", OTHER),
    ("position", MIXED),
    ("shared", OTHER),
)


def colours_of(rows: Iterable[Row]) -> Palette:
    """Give every row of a result the colour of its model, all mice the same."""
    return Palette({row.row: colour_of(model_and_mouse(row.row)[0]) for row in rows})


def colour_of(model: str) -> str:
    """Colour of a model by its name.

    Examples
    --------
    >>> colour_of("video zig") == VIDEO_ONLY, colour_of("latent zig free") == CONDITIONED
    (True, True)
    """
    if is_difference(model) or kind_of(model) in ("control", "ceiling"):
        return MUTED
    found = next((colour for word, colour in WORDS if word in model), None)
    return found or (VIDEO_ONLY if model.startswith("video") else CONDITIONED)
