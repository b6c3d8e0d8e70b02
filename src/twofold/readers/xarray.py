"""Recordings as labelled arrays of xarray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twofold.recordings import LazyArray, Recording

if TYPE_CHECKING:
    import xarray


def to_xarray(recording: Recording) -> xarray.Dataset:
    """A recording as a dataset with the dimensions time and neuron; responses are read when they are used.

    Variables: `responses` (time, neuron), and each signal (time) at the times of the responses. Coordinates:
    `time` in seconds; `trial` (-1 between trials), `frame` (-1 where none was shown) and, as text or numbers,
    the columns of the trial table, where every row lies in a trial; the columns of the neuron table.

    Parameters
    ----------
    recording
        Any.

    Examples
    --------
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=9), random_state=0)
    >>> data = to_xarray(movie.in_trials())
    >>> data.responses.dims, data.responses.where(data.repeat == 1, drop=True).sizes["neuron"]
    (('time', 'neuron'), 9)
    """
    import xarray
    from xarray.core.indexing import LazilyIndexedArray

    times = ("time",)
    coordinates: dict[str, Any] = {
        "time": (times, recording.time_s, {"units": "s", "long_name": "centre of the bin"}),
        "trial": (times, recording.trial_of_row),
        "frame": (times, recording.frame_of_row),
    }
    if (recording.trial_of_row >= 0).all():
        for name in recording.trials.table.columns:
            coordinates.setdefault(str(name), (times, recording.per_row(name)))
    for column, values in recording.neurons.table.items():
        label = str(column) if str(column) not in coordinates else f"neuron_{column}"
        coordinates[label] = (("neuron",), values.to_numpy())
    responses = xarray.Variable(("time", "neuron"), LazilyIndexedArray(_rows(recording.responses)))
    signals = {
        (name if name not in coordinates and name != "responses" else f"signal_{name}"): (
            times,
            recording.signal(name),
            {"units": signal.unit},
        )
        for name, signal in recording.signals.items()
    }
    about = {"name": recording.name, "bin_s": recording.bin_s, "history": list(recording.history)}
    return xarray.Dataset({"responses": responses, **signals}, coordinates, about)


def _rows(responses: LazyArray) -> Any:
    """The responses as an array that xarray indexes lazily."""
    from xarray.backends import BackendArray
    from xarray.core.indexing import IndexingSupport, explicit_indexing_adapter

    class Rows(BackendArray):
        shape, dtype = responses.shape, responses.dtype

        def __getitem__(self, key: Any) -> Any:
            return explicit_indexing_adapter(key, self.shape, IndexingSupport.OUTER, _read)

    def _read(key: tuple[Any, ...]) -> np.ndarray:
        rows, columns = key
        return responses[rows, columns]

    return Rows()
