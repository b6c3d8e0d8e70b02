"""A mouse that sees many short videos, in SENSORIUM's shape, with known truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from twofold.recordings import LazyArray, Neurons, Recording, Stimulus, Trials
from twofold.shapes import Frames
from twofold.simulate.sensorium.gabor_drive import shifted
from twofold.simulate.sensorium.observation import (
    FRAME_HZ,
    Microscope,
    drift,
    eye_path,
    gain,
    neuropil_mixing,
)
from twofold.simulate.sensorium.options import Sensorium
from twofold.simulate.sensorium.plan import PlannedClip, picture_ids, planned_clips, planned_trials
from twofold.simulate.sensorium.population import Population
from twofold.simulate.sensorium.session import Session
from twofold.simulate.sensorium.video_classes import video
from twofold.simulate.sensorium.worlds import draw_latents, draw_signals, memory_of

Progress = Callable[[int, int, str], None]


def simulate_sensorium(
    options: Sensorium | None = None,
    mouse: int = 1,
    random_state: int | np.random.Generator = 0,
    progress: Progress | None = None,
) -> Recording:
    """Draw one mouse of which everything is known.

    Neuron n answers at frame t by the zero-inflated gamma law with q = sigmoid(a_q + w_q.z) and
    theta = ELU(a_theta + w_theta.z) + 1, where a_q and a_theta are weighted Gabor channels of the last 7
    frames at its receptive field, and z(t) is the state. Receptive fields and w are maps of the cortex.
    Videos, neurons, state and chance have random streams of their own.

    Parameters
    ----------
    options
        Size, strengths, world; the size `small` by default.
    mouse
        Which mouse, from 1: others have other neurons and weights, but see the same videos.
    random_state
        Seed or generator; the same seed gives the same bits.
    progress
        Called with (done, total, what) after each clip and each trial.

    Returns
    -------
    Recording
        Responses at 30 Hz; signals pupil_dilation, running_speed, pupil_x and pupil_y; tiers train, oracle,
        live_test_main, final_test_main, live_test_bonus and final_test_bonus; trials with `clip` and
        `video_class`; neurons with `unit` and position. `truth`: drive_q and drive_theta (clip * frame,
        neuron), latents (time, latent), w_q and w_theta (neuron, latent), kappa, response_scale and
        receptive_field_px (neuron,) and (neuron, 2); of length 1 rho, latent_memory, clip_frames and
        is_matched, whether responses follow the law above with latents that know nothing of the video.
        `SensoriumTruth.of` puts them together.

    References
    ----------
    arXiv 2410.16136 (the law of the responses); Turishcheva et al. 2023 (sizes, tiers, marginals).

    Examples
    --------
    >>> simulate_sensorium(Sensorium.preset("tiny", train_clips=4, test_videos=2, repeats=2))
    Recording 'mouse-1': 2400 time points of 0.0333333 s x 150 neurons, 24 trials, 14 stimuli, 4 signals
    """
    options = options or Sensorium()
    of_videos, *of_mice = np.random.default_rng(random_state).spawn(1 + mouse)
    streams = of_mice[-1].spawn(8)
    planned = planned_clips(options)
    tell = _Ticker(progress, len(planned) + sum(clip.repeats for clip in planned))
    clips = _clips(options, planned, of_videos if options.shared_videos else streams[0], tell)
    neurons = Population.random(options, clips, streams[1])
    trials = planned_trials(planned, options.clip_frames, streams[2])
    state = _State.random(options, clips, trials["clip"].to_numpy(), streams[3])
    session = _session(options, neurons, clips, trials, state, streams[4])
    session = session.calibrated(
        np.flatnonzero(trials["tier"] == "train"), neurons.zeros, neurons.mean, streams[5]
    )
    responses = session.responses(neurons.scale, streams[6], tell)
    time_s = (np.arange(len(responses)) + 0.5) / FRAME_HZ
    latents = state.latents.reshape(len(time_s), -1)
    return Recording(
        responses=LazyArray(responses),
        time_s=time_s,
        bin_s=1 / FRAME_HZ,
        neurons=Neurons(neurons.table),
        trials=Trials(trials),
        signals=draw_signals(options, latents, state.eye_px, time_s, streams[7]),
        stimuli=_stimuli(planned, clips),
        truth=_truth(options, neurons, latents),
        name=f"mouse-{mouse}",
        history=(f"simulated: {options!r}",),
    )


class _Ticker:
    """Counts parts done; call it with what was done."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, name: str) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total, name)


def _clips(
    options: Sensorium, planned: list[PlannedClip], rng: np.random.Generator, tell: _Ticker
) -> list[Frames]:
    clips = []
    for clip in planned:
        clips.append(video(clip.kind, options.clip_frames, options.height, options.width, rng))
        tell("videos")
    return clips


def _stimuli(planned: list[PlannedClip], clips: list[Frames]) -> dict[str, Stimulus]:
    return {
        clip.name: Stimulus(picture_ids(frames, number * len(frames)), FRAME_HZ, frames)
        for number, (clip, frames) in enumerate(zip(planned, clips, strict=True))
    }


class _State(NamedTuple):
    latents: np.ndarray
    eye_px: np.ndarray

    @classmethod
    def random(
        cls, options: Sensorium, clips: list[Frames], clip_of_trial: np.ndarray, rng: np.random.Generator
    ) -> _State:
        """(trial, frame, latent) latents, and (trial * frame, 2) where the eye looks."""
        of_latents, of_eye = rng.spawn(2)
        n_frames = len(clip_of_trial) * options.clip_frames
        return cls(
            latents=draw_latents(options, clips, clip_of_trial, of_latents),
            eye_px=eye_path(n_frames, options.height, of_eye),
        )


def _session(
    options: Sensorium,
    neurons: Population,
    clips: list[Frames],
    trials: pd.DataFrame,
    state: _State,
    rng: np.random.Generator,
) -> Session:
    """The session with the mismatches that were asked for."""
    has, clip_of_trial, n_frames = options.mismatches, trials["clip"].to_numpy(), options.clip_frames
    of_gain, of_drift = rng.spawn(2)
    position_um = Neurons(neurons.table).position_um
    mixes = "neuropil" in has or options.world == "neuropil_only"

    def as_the_eye_moves(trial: int) -> np.ndarray:
        path = state.eye_px[trial * n_frames : (trial + 1) * n_frames]
        return neurons.drive_of(shifted(clips[clip_of_trial[trial]], path))

    return Session(
        law=neurons.law,
        drive=neurons.drive,
        clip_of_trial=clip_of_trial,
        latents=state.latents,
        microscope=Microscope(
            scans="acquisition" in has,
            mixing=neuropil_mixing(position_um) if mixes and position_um is not None else None,
        ),
        lognormal="lognormal_amplitudes" in has,
        factor=gain(len(trials) * n_frames, of_gain) if "gain" in has else None,
        drift=drift(len(trials), options.n_neurons, of_drift) if "drift" in has else None,
        drive_at=as_the_eye_moves if "eye_movements" in has else None,
    )


def _truth(options: Sensorium, neurons: Population, latents: np.ndarray) -> dict[str, np.ndarray]:
    locked = options.world in ("latents_by_contrast", "state_locked_to_video")
    is_matched = not (options.mismatches or locked or options.world == "neuropil_only")
    constants = {
        "rho": options.rho,
        "latent_memory": memory_of(options),
        "clip_frames": options.clip_frames,
        "is_matched": is_matched,
    }
    return {
        "drive_q": neurons.drive[0],
        "drive_theta": neurons.drive[1],
        "latents": latents,
        "w_q": neurons.law.w_q,
        "w_theta": neurons.law.w_theta,
        "kappa": neurons.law.kappa,
        "response_scale": neurons.scale,
        "receptive_field_px": neurons.position_px,
        **{name: np.array([value]) for name, value in constants.items()},
    }
