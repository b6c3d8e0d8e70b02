"""One session drawn trial by trial: video and state to events, events to responses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from twofold.shapes import PerNeuron
from twofold.simulate.sensorium.observation import Microscope
from twofold.simulate.sensorium.zig_law import ZigLaw

CALIBRATED_ON = 20


@dataclass(frozen=True, eq=False)
class Session:
    """All that decides the responses of a mouse but chance.

    Parameters
    ----------
    law
        Responses given drive and latents.
    drive
        (2, clip * frame, neuron) a_q and a_theta when the eye stands still.
    clip_of_trial
        (trial,) number of the clip shown.
    latents
        (trial, frame, latent).
    microscope
        How responses are seen.
    lognormal
        Whether amplitudes are log-normal.
    factor
        (trial * frame, 1) of theta, or None.
    drift
        (trial, neuron) factor of theta, or None.
    drive_at
        (trial) -> (2, frame, neuron) drive when the eye moves, or None.
    """

    law: ZigLaw
    drive: np.ndarray
    clip_of_trial: np.ndarray
    latents: np.ndarray
    microscope: Microscope
    lognormal: bool = False
    factor: np.ndarray | None = None
    drift: np.ndarray | None = None
    drive_at: Callable[[int], np.ndarray] | None = None

    def events(self, trial: int, rng: np.random.Generator) -> np.ndarray:
        """(frame, neuron) events of one trial, before they are seen."""
        n_frames = self.latents.shape[1]
        if self.drive_at is None:
            start = self.clip_of_trial[trial] * n_frames
            a_q, a_theta = self.drive[:, start : start + n_frames]
        else:
            a_q, a_theta = self.drive_at(trial)
        q, theta = self.law.parameters(a_q, a_theta, self.latents[trial])
        if self.factor is not None:
            theta = theta * self.factor[trial * n_frames : (trial + 1) * n_frames]
        if self.drift is not None:
            theta = theta * self.drift[trial]
        return self.law.draw(q, theta, rng, self.lognormal)

    def calibrated(
        self, train: np.ndarray, zeros: PerNeuron, mean: PerNeuron, rng: np.random.Generator
    ) -> Session:
        """With a microscope that keeps silence and means on training trials of all the session."""
        if self.microscope.is_transparent:
            return self
        spread = np.linspace(0, len(train) - 1, min(CALIBRATED_ON, len(train))).astype(int)
        some = [self.events(int(trial), rng) for trial in train[spread]]
        return replace(self, microscope=self.microscope.calibrated(some, zeros, mean, rng))

    def responses(
        self, scale: PerNeuron, rng: np.random.Generator, tell: Callable[[str], None]
    ) -> np.ndarray:
        """(trial * frame, neuron) float32 responses times a scale per neuron."""
        n_trials, n_frames, _ = self.latents.shape
        out = np.empty((n_trials * n_frames, len(scale)), dtype=np.float32)
        for trial in range(n_trials):
            seen = self.microscope.see(self.events(trial, rng), rng)
            out[trial * n_frames : (trial + 1) * n_frames] = seen * scale.astype(np.float32)
            tell("responses")
        return out
