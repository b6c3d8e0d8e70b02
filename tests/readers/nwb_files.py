"""NWB files written by pynwb: the Allen Institute's layout for Neuropixels, and a two-photon session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from hdmf.common import DynamicTable, VectorData
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.epoch import TimeIntervals
from pynwb.ophys import DfOverF, ImageSegmentation, OpticalChannel, RoiResponseSeries

REGIONS = ("VISp", "LGd")


def empty() -> NWBFile:
    """A file with nothing in it."""
    return NWBFile(
        session_description="a session", identifier="id", session_start_time=datetime(2020, 1, 1, tzinfo=UTC)
    )


def write(content: NWBFile, path: Path) -> Path:
    with NWBHDF5IO(str(path), mode="w") as io:
        io.write(content)
    return path


def frame_starts(n_repeats: int, n_frames: int, frame_s: float, pause_after: int, jitter_s: float = 0.0):
    """(repeat, frame + 1) when each frame began; a long pause comes after some repeats: two blocks."""
    rng = np.random.default_rng(1)
    steps = frame_s + jitter_s * rng.uniform(-1, 1, n_repeats * n_frames)
    edges = 10.0 + np.append(0, np.cumsum(steps))
    rows = np.arange(n_repeats)[:, None] * n_frames + np.arange(n_frames + 1)
    return edges[rows] + np.where(np.arange(n_repeats)[:, None] >= pause_after, 1000.0, 0.0)


def add_presentations(
    content: NWBFile,
    edges: np.ndarray,
    name: str = "natural_movie_one_presentations",
    **columns: Sequence[Any],
) -> None:
    """One row per frame, with `frame`, `stimulus_block` and `stimulus_name`, as the Allen Institute has."""
    n_repeats, n_frames = edges.shape[0], edges.shape[1] - 1
    block = np.where(np.append(0, np.diff(edges[:, 0])) > 100, 1, 0).cumsum()
    given = {
        "start_time": edges[:, :-1].ravel(),
        "stop_time": edges[:, 1:].ravel(),
        "frame": np.tile(np.arange(n_frames, dtype=float), n_repeats),
        "stimulus_block": np.repeat(3.0 + 2 * block, n_frames),
        "stimulus_name": [name.removesuffix("_presentations")] * (n_repeats * n_frames),
        **columns,
    }
    made = [VectorData(name=key, description=key, data=values) for key, values in given.items()]
    content.add_time_intervals(TimeIntervals(name=name, description="frames", columns=made))


def add_units(content: NWBFile, trains: Sequence[np.ndarray], **quality: Sequence[float]) -> None:
    """Units 950, 951, ... on electrodes 850, 851, ..., which lie in VISp and LGd by turns."""
    device = content.create_device(name="probeA")
    group = content.create_electrode_group(
        name="probeA", description="a probe", location="visual", device=device
    )
    for i in range(4):
        content.add_electrode(x=100.0 * i, y=200.0, z=300.0, location=REGIONS[i % 2], group=group, id=850 + i)
    n = len(trains)
    given = {
        "isi_violations": [0.1] * n,
        "amplitude_cutoff": [0.01] * n,
        "presence_ratio": [0.99] * n,
        "snr": np.linspace(1, 4, n).tolist(),
        "peak_channel_id": [850 + i % 4 for i in range(n)],
        **quality,
    }
    given = {name: values for name, values in given.items() if values is not None}
    for name in given:
        content.add_unit_column(name=name, description=name)
    for i, spikes in enumerate(trains):
        content.add_unit(spike_times=spikes, id=950 + i, **{name: one[i] for name, one in given.items()})


def add_state(content: NWBFile, stop_s: float) -> np.ndarray:
    """Running speed at 60 Hz, and fits to the pupil at 30 Hz; returns the speed."""
    time_s = np.arange(0, stop_s, 1 / 60)
    speed = np.sin(time_s)
    running = content.create_processing_module(name="running", description="running")
    running.add(TimeSeries(name="running_speed", data=speed, unit="cm/s", timestamps=time_s))
    eye = content.create_processing_module(name="eye_tracking", description="eye")
    columns = {"timestamps": time_s[::2], "width": 2 + np.cos(time_s[::2])}
    made = [VectorData(name=key, description=key, data=values) for key, values in columns.items()]
    eye.add(DynamicTable(name="pupil_ellipse_fits", description="fits", columns=made))
    return speed


def add_two_photon(
    content: NWBFile, data: np.ndarray, rate_hz: float, name: str = "RoiResponseSeries", **more: Any
) -> None:
    """Fluorescence (time, roi) of regions whose mask is one pixel: roi i at x = i, y = i + 1."""
    device = content.create_device(name="microscope")
    channel = OpticalChannel(name="green", description="green", emission_lambda=500.0)
    plane = content.create_imaging_plane(
        name="plane", optical_channel=channel, description="a plane", device=device, excitation_lambda=900.0,
        indicator="GCaMP6f", location="VISp", grid_spacing=[1.5, 2.0], grid_spacing_unit="micrometers",
        origin_coords=[0.0, 0.0, 175.0], origin_coords_unit="micrometers",
    )  # fmt: skip
    segmentation = ImageSegmentation()
    rois = segmentation.create_plane_segmentation(name="rois", description="rois", imaging_plane=plane)
    for i in range(data.shape[1]):
        mask = np.zeros((data.shape[1], data.shape[1] + 1))
        mask[i, i + 1] = 1
        rois.add_roi(image_mask=mask)
    module = content.create_processing_module(name="ophys", description="two-photon")
    module.add(segmentation)
    region = rois.create_roi_table_region(description="all", region=list(range(data.shape[1])))
    dff = DfOverF()
    module.add(dff)
    dff.add_roi_response_series(
        RoiResponseSeries(name=name, data=data, rois=region, unit="n.a.", rate=rate_hz, **more)
    )


def poisson_trains(edges: np.ndarray, counts: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """Spike times that give counts (repeat, frame, unit) in the frames of (repeat, frame + 1) edges."""
    rng = np.random.default_rng(seed)
    start, width = edges[:, :-1].ravel(), np.diff(edges).ravel()
    trains = []
    for unit in counts.reshape(-1, counts.shape[-1]).T:
        which = np.repeat(np.arange(len(start)), unit)
        trains.append(np.sort(start[which] + rng.uniform(0.01, 0.99, len(which)) * width[which]))
    return trains
