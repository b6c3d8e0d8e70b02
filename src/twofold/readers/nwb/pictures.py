"""The pictures that were shown, where an NWB file keeps them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from twofold.errors import DataError, did_you_mean
from twofold.readers.nwb.file import NwbFile, values_of
from twofold.recordings import Stimulus


def with_pictures(file: NwbFile, clip: Stimulus, shown: Any, name: str | None) -> Stimulus:
    """A clip with its frames, where they are at hand; a frame id is the place of its picture.

    Parameters
    ----------
    file
        The file.
    clip
        The clip.
    shown
        The series that was shown, or None for a table.
    name
        Name of a stimulus template; by default what the series itself refers to.

    Raises
    ------
    DataError
        If there is no such template, or it has too few pictures.
    """
    pictures = _template(file, name) if name is not None else _own(file, shown)
    if pictures is None:
        return clip
    if clip.frame_ids.max() >= len(pictures):
        raise DataError(
            f"frame {clip.frame_ids.max()} was shown, but there are {len(pictures)} pictures"
            + (f" in --frames {name}" if name else "")
        )
    if np.array_equal(clip.frame_ids, np.arange(len(pictures))):
        return replace(clip, frames=pictures)
    return replace(clip, frames=np.stack([pictures[int(frame)] for frame in clip.frame_ids]))


def _template(file: NwbFile, name: str) -> Any:
    templates = file.content.stimulus_template
    short = name.strip("/").removeprefix("stimulus/templates/")
    if short not in templates:
        raise DataError(f"--frames {name}: no such stimulus template; {did_you_mean(short, templates)}")
    return _pictures(file, templates[short])


def _own(file: NwbFile, shown: Any) -> Any:
    """What an index series points into, or the movie itself."""
    if shown is None or hasattr(shown, "colnames"):
        return None
    for field in ("indexed_images", "indexed_timeseries"):
        if getattr(shown, field, None) is not None:
            return _pictures(file, getattr(shown, field))
    return _pictures(file, shown) if hasattr(shown, "external_file") else None


def _pictures(file: NwbFile, part: Any) -> Any:
    """(frame, height, width): on disk where it is one array, in memory where pictures are kept one by one."""
    if not hasattr(part, "images"):
        is_film = len(getattr(part.data, "shape", ())) in (3, 4) and part.data.shape[0] > 0
        return file.lazily(part.data) if is_film else None
    order = part.order_of_images
    images = [order[i] for i in range(len(order.data))] if order is not None else []
    arrays = [values_of(image.data) for image in images]
    return np.stack(arrays) if arrays and len({array.shape for array in arrays}) == 1 else None
