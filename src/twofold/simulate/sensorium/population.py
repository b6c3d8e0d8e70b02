"""The neurons of one simulated mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twofold.shapes import Frames, PerNeuron
from twofold.simulate.sensorium.cortex import neuron_table, random_weights
from twofold.simulate.sensorium.options import Sensorium
from twofold.simulate.sensorium.video_drive import ChannelDrive, LateDrive, VideoDrive, receptive_fields
from twofold.simulate.sensorium.zig_law import ZigLaw

CALIBRATION_FRAMES = 1000


@dataclass(frozen=True, eq=False)
class Population:
    """What the neurons of a mouse are, what drives them, and how they answer.

    Parameters
    ----------
    table
        One row per neuron: number and position.
    position_px
        (neuron, 2) row and column of each receptive field.
    law
        Responses given drive and latents.
    zeros, mean
        (neuron,) share of silent frames and mean response that the biases give.
    scale
        (neuron,) what responses are multiplied by.
    drive
        (2, clip * frame, neuron) a_q and a_theta of all clips.
    drive_of
        The same, (2, frame, neuron), for any frames.
    """

    table: pd.DataFrame
    position_px: np.ndarray
    law: ZigLaw
    zeros: PerNeuron
    mean: PerNeuron
    scale: PerNeuron
    drive: np.ndarray
    drive_of: Callable[[Frames], np.ndarray]

    @classmethod
    def random(cls, options: Sensorium, clips: list[Frames], rng: np.random.Generator) -> Population:
        """Positions, receptive fields, weights; then biases that give each neuron its marginals."""
        n = options.n_neurons
        measured = neuron_table(n, rng, options.statistics, dense=options.world == "neuropil_only")
        x_y = _in_field(measured[["x_um", "y_um"]].to_numpy())
        position_px = receptive_fields(options, x_y, rng)
        maps = options.world != "weights_without_position"
        sd = options.latent_sd if options.has_state else 0.0
        w_q, w_theta = random_weights(x_y, options.latents, sd, options.weight_noise, rng, maps)
        law = ZigLaw(w_q, w_theta, rng.uniform(*options.kappa, n), options.rho)
        zeros = rng.uniform(*options.zeros, n)
        mean = (measured["raw_mean"] / measured["raw_sd"]).to_numpy()
        drive, drive_of = _drive(options, clips, position_px, rng)
        rows = np.linspace(0, options.train_clips * options.clip_frames - 1, CALIBRATION_FRAMES).astype(int)
        bias = np.stack(law.biases(drive[0, rows], drive[1, rows], zeros, mean, rng))[:, None]
        bias = bias.astype(np.float32)
        drive += bias
        return cls(
            table=measured.drop(columns=["raw_mean", "raw_sd"]).assign(unit=np.arange(n)),
            position_px=position_px,
            law=law,
            zeros=zeros,
            mean=mean,
            scale=measured["raw_sd"].to_numpy() if options.responses == "raw" else np.ones(n),
            drive=drive,
            drive_of=lambda frames: drive_of(frames) + bias,
        )


def _in_field(x_y_um: np.ndarray) -> np.ndarray:
    """(neuron, 2) from -1 to 1."""
    low, high = x_y_um.min(axis=0), x_y_um.max(axis=0)
    return 2 * (x_y_um - low) / np.maximum(high - low, 1e-9) - 1


def _drive(
    options: Sensorium, clips: list[Frames], position_px: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, Callable[[Frames], np.ndarray]]:
    """(2, clip * frame, neuron) drive of mean 0 in training, and what gives it for any frames."""
    n_train = options.train_clips
    channels = ChannelDrive.random(options, position_px, clips[:n_train], rng)
    seen, values = VideoDrive.standardised(channels, clips, n_train, options.drive_sd)
    if options.world != "unseen_drive":
        return values, seen
    late, late_values = VideoDrive.standardised(LateDrive(position_px), clips, n_train, options.latent_sd)
    values += late_values
    return values, lambda frames: seen(frames) + late(frames)
