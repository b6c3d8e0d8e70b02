"""Responses and frames that stay in the files of a SENSORIUM folder until they are indexed."""

from __future__ import annotations

from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.readers.sensorium.files import ArrayTree
from twofold.readers.sensorium.folder import file_of
from twofold.recordings import LazyArray

ROUNDING = 1e-6  # deconvolution leaves zeros at a few -1e-7; real responses are of the order of 1


class TrialResponses:
    """Responses (time, neuron) of all trials, one after the other, read a trial at a time.

    Parameters
    ----------
    tree
        The files.
    numbers
        (trial,) number of each file.
    n_frames
        (trial,) how many frames of each file are read.
    n_neurons
        How many neurons each file has.
    divisor
        (neuron,) or (frame of the clip, neuron), what the responses are divided by, or None.
    """

    def __init__(
        self,
        tree: ArrayTree,
        numbers: np.ndarray,
        n_frames: np.ndarray,
        n_neurons: int,
        divisor: np.ndarray | None = None,
    ) -> None:
        self._tree = tree
        self._numbers = numbers
        self._first_row = np.concatenate([[0], np.cumsum(n_frames)])
        self._divisor = None if divisor is None else divisor.astype(np.float32)
        self._latest: tuple[int, np.ndarray] | None = None
        self.shape = (int(self._first_row[-1]), n_neurons)
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: Any) -> np.ndarray:
        if not isinstance(key, slice) or key.step not in (None, 1):
            return LazyArray(self)[key]
        start, stop, _ = key.indices(self.shape[0])
        out = np.empty((max(0, stop - start), self.shape[1]), self.dtype)
        trial = int(np.searchsorted(self._first_row, start, side="right")) - 1
        while out.size and self._first_row[trial] < stop:
            first, last = self._first_row[trial : trial + 2]
            low, high = max(start, first), min(stop, last)
            out[low - start : high - start] = self.trial(trial)[low - first : high - first]
            trial += 1
        return out

    def trial(self, trial: int) -> np.ndarray:
        """(frame, neuron) all responses of one trial.

        Raises
        ------
        DataError
            If the file is damaged, or a response is NaN or infinite inside the clip.
        """
        latest = self._latest  # reading on where the last reading ended finds the trial at hand
        if latest is None or latest[0] != trial:
            latest = self._latest = (trial, self._read(trial))
        return latest[1]

    def _read(self, trial: int) -> np.ndarray:
        name = file_of("responses", int(self._numbers[trial]))
        n = int(self._first_row[trial + 1] - self._first_row[trial])
        values = np.array(self._tree.array(name)[:, :n].T, dtype=np.float32, order="C")
        if not np.isfinite(values).all():
            frame, neuron = np.argwhere(~np.isfinite(values))[0]
            raise DataError(
                f"{self._tree.path.name}: {name} is {values[frame, neuron]:g} inside the clip, at neuron "
                f"{neuron}, frame {frame} of {n}; NaN can only stand after its end: get the file again, or "
                "give the trial the tier 'none'"
            )
        values[(values < 0) & (values > -ROUNDING)] = 0
        if self._divisor is not None:
            values /= self._divisor[:n] if self._divisor.ndim == 2 else self._divisor
        return values


class VideoFrames:
    """Frames (frame, height, width) of one video, which stay in their file until they are indexed.

    Parameters
    ----------
    tree
        The files.
    number
        Number of a file that shows the video.
    shape
        (frame, height, width).
    dtype
        uint8, or float32 where the grey values are no whole numbers.
    """

    def __init__(self, tree: ArrayTree, number: int, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        self._tree = tree
        self._number = number
        self.shape = shape
        self.dtype = dtype

    def __getitem__(self, key: Any) -> np.ndarray:
        video = self._tree.array(file_of("videos", self._number))
        frames = np.moveaxis(video[..., : self.shape[0]], -1, 0)
        return np.ascontiguousarray(frames[key], dtype=self.dtype)
