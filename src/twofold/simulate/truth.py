"""The known law of a simulation, as the ceilings need it: spikes per frame, state, mice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording

NEEDED = ("drive", "drift", "loadings", "mouse", "frame_hz", "bins_per_frame")


@dataclass(frozen=True, eq=False)
class Truth:
    """Counts per frame are Poisson of mean drive drift exp(s.w - |w|^2 / 2), with s ~ N(0, I).

    Parameters
    ----------
    drive
        (frame, unit) expected spikes in a frame.
    drift
        (repeat, unit) factors.
    loadings
        (latent, unit) w; a unit's latents are those of its mouse, the others are 0.
    mouse
        (unit,) number of each unit's mouse.
    frame_ids
        (frame,) ids, which identical frames share.
    bins_per_frame
        The frame response is sqrt(count / bins_per_frame), the root of the bins' mean count.

    Examples
    --------
    >>> from twofold.simulate import MovieRepeats, simulate_movie_repeats
    >>> recording = simulate_movie_repeats(MovieRepeats.small(n_units=6, n_frames=30))
    >>> Truth.of(recording).drive.shape
    (30, 6)
    """

    drive: np.ndarray
    drift: np.ndarray
    loadings: np.ndarray
    mouse: np.ndarray
    frame_ids: np.ndarray
    bins_per_frame: int

    @classmethod
    def of(cls, recording: Recording) -> Truth:
        """The law of the units that the recording still has; its column `unit` says which.

        Raises
        ------
        DataError
            If the recording has no truth, or if its counts are not Poisson given rate and state.
        """
        truth = recording.truth
        missing = [name for name in NEEDED if name not in truth]
        if missing:
            raise DataError(
                f"recording {recording.name!r} carries no truth about {', '.join(missing)}; ceilings need a "
                "recording made by `twofold simulate movie-repeats`"
            )
        for name, law in {
            "dispersion": "negative-binomial counts",
            "refractory_s": "refractoriness",
            "adaptation": "adaptation",
        }.items():
            if name in truth and truth[name][0] > 0:
                raise DataError(f"ceilings are known for Poisson counts only; this simulation has {law}")
        unit = recording.neurons.column("unit")
        clip = next(iter(recording.stimuli.values()))
        return cls(
            drive=truth["drive"][:, unit] / truth["frame_hz"][0],
            drift=truth["drift"][:, unit],
            loadings=truth["loadings"][:, unit],
            mouse=truth["mouse"][unit],
            frame_ids=clip.frame_ids,
            bins_per_frame=int(truth["bins_per_frame"][0]),
        )

    def select(self, units: np.ndarray) -> Truth:
        """The law of some units: a boolean mask or integer indices."""
        return replace(
            self,
            drive=self.drive[:, units],
            drift=self.drift[:, units],
            loadings=self.loadings[:, units],
            mouse=self.mouse[units],
        )

    def latents_of(self, mouse: int) -> np.ndarray:
        """(latent,) indices of the latents that some unit of a mouse sees; none where there is no state."""
        return np.flatnonzero(self.loadings[:, self.mouse == mouse].any(axis=1))

    @property
    def typical(self) -> np.ndarray:
        """(frame, unit) expected spikes at s = 0 without drift: drive exp(-|w|^2 / 2)."""
        return self.drive * np.exp(-(self.loadings**2).sum(axis=0) / 2)


def frame_counts(recording: Recording) -> np.ndarray:
    """(sample, unit) spikes per frame shown, of the recording as it was simulated, trial after trial.

    Raises
    ------
    DataError
        If the recording was binned or averaged since; its counts are then no longer known.

    Examples
    --------
    >>> from twofold.simulate import MovieRepeats, simulate_movie_repeats
    >>> frame_counts(simulate_movie_repeats(MovieRepeats.small(n_units=6, n_frames=30))).shape
    (300, 6)
    """
    if "bins_per_frame" not in recording.truth:
        raise DataError(f"recording {recording.name!r} is not a simulation of `movie-repeats`")
    bins, hz = int(recording.truth["bins_per_frame"][0]), float(recording.truth["frame_hz"][0])
    if not np.isclose(recording.bin_s * bins * hz, 1):
        raise DataError(
            f"bins of {recording.bin_s:g} s are not those that were simulated ({1 / (bins * hz):g} s); count "
            "frames before binning the recording"
        )
    counts = np.asarray(recording.responses[:])
    return counts.reshape(-1, bins, counts.shape[1]).sum(axis=1, dtype=np.int64)
