"""How a recording lies in a Zarr group.

    responses (time, neuron) · time (time)          what `xarray.open_zarr(path)` shows
    neurons/ · trials/                              one array per column of the table
    signals/NAME/values, time                       each with its own sampling
    stimuli/K/frame_ids, frames, features/NAME      one group per clip
    truth/NAME                                      of a simulation

Names that make no safe file name are kept in the attributes, as is everything that is not an array.
"""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import Any

import zarr
from zarr.abc.store import Store
from zarr.errors import ZarrUserWarning

from twofold.recordings.columns import Neurons, Trials
from twofold.recordings.lazy import LazyArray
from twofold.recordings.recording import Recording
from twofold.recordings.sealed import SealedStore, StoredArray
from twofold.recordings.signal import Signal
from twofold.recordings.stimulus import Stimulus
from twofold.recordings.tables import (
    StoredArrays,
    attributes,
    keys_for,
    member,
    read_array,
    read_table,
    subgroup,
    write_array,
    write_table,
)

FORMAT = "twofold recording"
FORMAT_VERSION = 1


# --- writing -------------------------------------------------------------------------------------


def write_recording(store: Store, recording: Recording) -> None:
    """Write all parts of a recording into an empty store.

    Raises
    ------
    DataError
        If a name or a column cannot be stored.
    """
    root = zarr.create_group(store, zarr_format=3, attributes=_about(recording))
    write_array(root, "responses", recording.responses, ("time", "neuron"))
    write_array(root, "time", recording.time_s, ("time",), long_name="centre of the bin", unit="s")
    write_table(root, "neurons", recording.neurons.table, "neuron")
    write_table(root, "trials", recording.trials.table, "trial")
    _write_signals(root, recording)
    _write_stimuli(root, recording)
    _write_truth(root, recording)
    with warnings.catch_warnings():  # all metadata also in the root, for speed: not in the Zarr 3 text yet
        warnings.simplefilter("ignore", ZarrUserWarning)
        zarr.consolidate_metadata(store)


def _about(recording: Recording) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "written_by": f"twofold {version('twofold')}",
        "name": recording.name,
        "bin_s": float(recording.bin_s),
        "history": list(recording.history),
    }


def _write_signals(root: zarr.Group, recording: Recording) -> None:
    keys = keys_for(recording.signals, "signal")
    signals = root.create_group("signals", attributes={"names": keys})
    for name, key in keys.items():
        signal = recording.signals[name]
        group = signals.create_group(key, attributes={"name": name, "unit": signal.unit})
        write_array(group, "values", signal.values, ("sample",), long_name=name, unit=signal.unit)
        write_array(group, "time", signal.time_s, ("sample",), unit="s")


def _write_stimuli(root: zarr.Group, recording: Recording) -> None:
    numbers = {name: str(k) for k, name in enumerate(keys_for(recording.stimuli, "stimulus"))}
    stimuli = root.create_group("stimuli", attributes={"names": numbers})
    for name, number in numbers.items():
        clip = recording.stimuli[name]
        keys = keys_for(clip.features, "feature")
        about = {"name": name, "rate_hz": float(clip.rate_hz), "features": keys}
        group = stimuli.create_group(number, attributes=about)
        write_array(group, "frame_ids", clip.frame_ids, ("frame",))
        if clip.frames is not None:
            axes = ("frame", "height", "width", "colour")
            write_array(group, "frames", clip.frames, axes[: len(clip.frames.shape)])
        features = group.create_group("features") if keys else group
        for feature, key in keys.items():
            write_array(features, key, clip.features[feature], ("frame", f"{key}_"), long_name=feature)


def _write_truth(root: zarr.Group, recording: Recording) -> None:
    keys = keys_for(recording.truth, "truth")
    truth = root.create_group("truth", attributes={"names": keys})
    for name, key in keys.items():
        values = recording.truth[name]
        axes = tuple(f"{key}_{axis}" for axis in range(values.ndim))
        write_array(truth, key, values, axes, long_name=name)


# --- reading -------------------------------------------------------------------------------------


def read_recording(store: SealedStore) -> Recording:
    """A recording over a store; responses, frames and truth are read when they are indexed."""
    root = zarr.open_group(store, mode="r", zarr_format=3, use_consolidated=True)
    about, truth = attributes(root), subgroup(root, "truth")
    return Recording(
        responses=LazyArray(StoredArray(member(root, "responses"), store)),
        time_s=read_array(member(root, "time")),
        bin_s=about["bin_s"],
        neurons=Neurons(read_table(subgroup(root, "neurons"))),
        trials=Trials(read_table(subgroup(root, "trials"))),
        signals=_read_signals(subgroup(root, "signals")),
        stimuli=_read_stimuli(subgroup(root, "stimuli"), store),
        truth=StoredArrays(truth, attributes(truth)["names"]),
        name=about["name"],
        history=tuple(about["history"]),
    )


def _read_signals(group: zarr.Group) -> dict[str, Signal]:
    signals = {}
    for name, key in attributes(group)["names"].items():
        part = subgroup(group, key)
        values, time_s = (read_array(member(part, which)) for which in ("values", "time"))
        signals[name] = Signal(values, time_s, unit=attributes(part)["unit"])
    return signals


def _read_stimuli(group: zarr.Group, store: SealedStore) -> dict[str, Stimulus]:
    stimuli = {}
    for name, number in attributes(group)["names"].items():
        clip = subgroup(group, number)
        about = attributes(clip)
        keys = about["features"]
        stimuli[name] = Stimulus(
            frame_ids=read_array(member(clip, "frame_ids")),
            rate_hz=about["rate_hz"],
            frames=StoredArray(member(clip, "frames"), store) if "frames" in clip else None,
            features=dict(StoredArrays(subgroup(clip, "features"), keys)) if keys else {},
        )
    return stimuli
