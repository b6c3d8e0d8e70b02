"""The state of one mouse: latents, and pupil and running that follow them, in every world of R12."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from twofold.recordings import Signal
from twofold.shapes import Frames
from twofold.simulate.sensorium.observation import FRAME_HZ
from twofold.simulate.sensorium.options import Sensorium
from twofold.simulate.world import ar1

SLOW_LATENT_MEMORY, SLOW_BEHAVIOUR_S, BEHAVIOUR_NOISE_S = 0.97, 8.0, 0.5
LOCKED_SHARE = 0.8
MIX = np.array([[0.8, 0.6], [-0.6, 0.8]])  # of latents 1 and 2, in pupil and running
PUPIL_PX, RUNNING_CM_S, CENTRE_PX = (50.0, 14.0), (1.0, 4.0), (120.0, 5.0)


def memory_of(options: Sensorium) -> float:
    """Correlation of a latent from one frame to the next."""
    if options.world == "slow_behaviour":
        return max(options.latent_memory, SLOW_LATENT_MEMORY)
    return options.latent_memory


def draw_latents(
    options: Sensorium, clips: list[Frames], clip_of_trial: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(trial, frame, latent) latents of mean 0 and variance 1; every trial starts afresh.

    z(t) = m z(t-1) + sqrt(1 - m^2) noise; with contrast, sqrt(0.8) of it is contrast and motion energy.
    """
    n_clips = len(clips) if options.world == "state_locked_to_video" else len(clip_of_trial)
    m = memory_of(options)
    noise = rng.standard_normal((n_clips, options.clip_frames, options.latents))
    noise[:, 1:] *= np.sqrt(1 - m**2)
    latents = lfilter([1.0], [1.0, -m], noise, axis=1)
    if options.world == "state_locked_to_video":
        return latents[clip_of_trial]
    if options.world == "latents_by_contrast":
        shown = _video_statistics(clips, options.latents)[clip_of_trial]
        return np.sqrt(LOCKED_SHARE) * shown + np.sqrt(1 - LOCKED_SHARE) * latents
    return latents


def draw_signals(
    options: Sensorium,
    latents: np.ndarray,
    eye_px: np.ndarray,
    time_s: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, Signal]:
    """Pupil, running and eye position, one sample per frame.

    Parameters
    ----------
    latents
        (time, latent).
    eye_px
        (time, 2) in pixels of the video.
    time_s
        (time,).
    rng
        Generator.
    """
    n = len(latents)
    if options.world == "slow_behaviour":
        pupil, running = ar1(n, np.full(2, SLOW_BEHAVIOUR_S * FRAME_HZ), rng).T
    else:
        noise = ar1(n, np.full(2, BEHAVIOUR_NOISE_S * FRAME_HZ), rng)
        share = options.behaviour_noise
        pupil, running = (np.sqrt(1 - share) * latents[:, :2] @ MIX.T + np.sqrt(share) * noise).T
    eye = eye_px / options.height * 20 * CENTRE_PX[1] + CENTRE_PX[0] + rng.standard_normal((n, 2))
    values = {
        "pupil_dilation": (PUPIL_PX[0] + PUPIL_PX[1] * pupil, "px"),
        "running_speed": (RUNNING_CM_S[1] * np.logaddexp(0, 1.5 * running + RUNNING_CM_S[0] - 1), "cm/s"),
        "pupil_x": (eye[:, 1], "px"),
        "pupil_y": (eye[:, 0], "px"),
    }
    # as precise as the files of the layout
    return {name: Signal(one.astype(np.float32), time_s, unit) for name, (one, unit) in values.items()}


def _video_statistics(clips: list[Frames], latents: int) -> np.ndarray:
    """(clip, frame, latent) contrast, motion energy and mixtures of them, standardised over all clips."""
    both = []
    for frames in clips:
        picture = frames.astype(np.float32)
        change = np.diff(picture, axis=0, prepend=picture[:1])
        motion = np.sqrt((change**2).mean(axis=(1, 2)))
        motion[0] = motion[1:2].mean()
        both.append(np.stack([np.log(picture.std(axis=(1, 2)) + 1), np.log(motion + 1)], axis=1))
    shown = np.stack(both)
    shown = (shown - shown.mean(axis=(0, 1))) / shown.std(axis=(0, 1))
    angle = np.linspace(0, np.pi, latents, endpoint=False)
    mixed = shown @ np.stack([np.cos(angle), np.sin(angle)])
    return mixed / mixed.std(axis=(0, 1))
