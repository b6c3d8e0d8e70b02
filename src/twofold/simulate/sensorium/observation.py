"""What a model does not know of how responses come about: state that it has no name for, and the microscope.

Each part is named by an option of `Sensorium.mismatch`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from scipy.sparse import csr_array, eye_array
from scipy.spatial import cKDTree

from twofold.shapes import PerNeuron
from twofold.simulate.world import ar1

FRAME_HZ, SCAN_HZ = 30.0, 8.0
CALCIUM_S, SCAN_NOISE = 0.5, 0.15
GAIN_SD, GAIN_S = 0.3, 1.0
DRIFT_SD = 0.3
EYE_SD_SHARE, EYE_S = 0.05, 1.5
NEUROPIL, NEUROPIL_UM, HALO_UM, NEIGHBOURS = 0.4, 15.0, 30.0, 10


def gain(n_frames: int, rng: np.random.Generator) -> np.ndarray:
    """(frame, 1) factor of mean 1 common to all neurons, slow."""
    slow = ar1(n_frames, np.array([GAIN_S * FRAME_HZ]), rng)
    return np.exp(GAIN_SD * slow - GAIN_SD**2 / 2)


def drift(n_trials: int, n_neurons: int, rng: np.random.Generator) -> np.ndarray:
    """(trial, neuron) factors that wander through the session and are 1 on average."""
    path = rng.standard_normal((n_trials, n_neurons)).cumsum(axis=0)
    path -= path.mean(axis=0)
    return np.exp(DRIFT_SD * path / np.maximum(path.std(axis=0), 1e-9))


def eye_path(n_frames: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """(frame, 2) position of the eye in pixels of the video, down and right."""
    return EYE_SD_SHARE * height * ar1(n_frames, np.full(2, EYE_S * FRAME_HZ), rng)


def two_photon(events: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(time, neuron) events of one trial as they come back from a scan at 8 Hz.

    The calcium c(t) = g c(t-1) + e(t) decays within 0.5 s. It is seen at 8 Hz with noise, deconvolved there
    by c(j) - g^3.75 c(j-1), and interpolated to 30 Hz.
    """
    n_frames = len(events)
    decay = np.exp(-1 / (CALCIUM_S * FRAME_HZ))
    calcium = lfilter([1.0], [1.0, -decay], events, axis=0)
    step = FRAME_HZ / SCAN_HZ
    frames = np.arange(0, n_frames + step, step)
    seen = calcium[np.minimum(np.rint(frames).astype(int), n_frames - 1)]
    seen += SCAN_NOISE * events.std(axis=0) * rng.standard_normal(seen.shape)
    found = np.diff(seen, axis=0, prepend=0) + (1 - decay**step) * np.concatenate([seen[:1] * 0, seen[:-1]])
    time = np.arange(n_frames)
    after = np.minimum((time / step).astype(int) + 1, len(frames) - 1)
    share = ((time - frames[after - 1]) / step)[:, None]
    return (1 - share) * found[after - 1] + share * found[after]


def neuropil_mixing(position_um: np.ndarray) -> csr_array:
    """(neuron, neuron) responses to responses with the neuropil of the neighbours, 0.4 of each.

    Neighbours weigh exp(-d^2 / (2 15^2)) within 30 um; a neuron without any takes its nearest one.

    Parameters
    ----------
    position_um
        (neuron, 3).
    """
    n = len(position_um)
    found = cKDTree(position_um).query(position_um, min(n, NEIGHBOURS + 1))
    distance, neighbour = (np.asarray(part)[:, 1:] for part in found)  # without the neuron itself
    weight = np.exp(-(distance**2 - distance[:, :1] ** 2) / (2 * NEUROPIL_UM**2))
    weight *= distance <= np.maximum(HALO_UM, distance[:, :1])
    weight /= weight.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(n), weight.shape[1])
    halo = csr_array(((NEUROPIL * weight).ravel(), (rows, neighbour.ravel())), shape=(n, n))
    return csr_array((1 - NEUROPIL) * eye_array(n) + halo).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Microscope:
    """How responses are seen: at 8 Hz, mixed with their neighbours, or as they are.

    Where they are changed, a threshold per neuron brings back its share of silent frames, and a scale its
    mean, as deconvolution does.

    Parameters
    ----------
    scans
        Whether they are seen at 8 Hz.
    mixing
        (neuron, neuron) of the neuropil, or None.
    threshold, scale
        (neuron,) or None before `calibrated`.
    """

    scans: bool
    mixing: csr_array | None
    threshold: PerNeuron | None = None
    scale: PerNeuron | None = None

    @property
    def is_transparent(self) -> bool:
        """Whether responses are seen as they are."""
        return not self.scans and self.mixing is None

    def calibrated(
        self, events: list[np.ndarray], zeros: PerNeuron, mean: PerNeuron, rng: np.random.Generator
    ) -> Microscope:
        """With the threshold and scale that give shares of silence and mean responses on some trials."""
        if self.is_transparent:
            return self
        seen = np.concatenate([self._optics(trial, rng) for trial in events])
        threshold = np.array([np.quantile(one, zero) for one, zero in zip(seen.T, zeros, strict=True)])
        above = np.maximum(seen - threshold, 0).mean(axis=0)
        return Microscope(self.scans, self.mixing, threshold, mean / np.maximum(above, 1e-9))

    def see(self, events: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(time, neuron) float32 responses of one trial."""
        if self.threshold is None or self.scale is None:
            return events
        seen = self.scale * np.maximum(self._optics(events, rng) - self.threshold, 0)
        return seen.astype(np.float32)

    def _optics(self, events: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen = events if self.mixing is None else events @ self.mixing.T
        return two_photon(seen, rng) if self.scans else seen
