"""Sizes, strengths and worlds of the simulation in SENSORIUM's shape."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from twofold.errors import OptionError, did_you_mean
from twofold.options import Options
from twofold.simulate.sensorium.video_classes import VideoClass

World = Literal[
    "default",
    "no_latents",
    "latents_by_contrast",
    "unseen_drive",
    "neuropil_only",
    "slow_behaviour",
    "weights_without_position",
    "state_locked_to_video",
]
Mismatch = Literal[
    "acquisition",
    "eye_movements",
    "lognormal_amplitudes",
    "gain",
    "complex_cells",
    "neuropil",
    "drift",
]
MISMATCHES: tuple[Mismatch, ...] = get_args(Mismatch)
STATELESS = ("no_latents", "unseen_drive", "neuropil_only")
SIZES: dict[str, dict[str, int]] = {
    "tiny": {"n_neurons": 150, "height": 18, "width": 32, "train_clips": 40, "clip_frames": 100}
    | {"test_videos": 4, "repeats": 6, "latents": 3},
    "small": {"n_neurons": 300, "height": 18, "width": 32, "train_clips": 150, "clip_frames": 100}
    | {"test_videos": 6, "repeats": 10, "latents": 3},
    "lite": {"n_neurons": 800, "height": 36, "width": 64, "train_clips": 200, "clip_frames": 150}
    | {"test_videos": 6, "repeats": 10, "latents": 4},
    "full": {"n_neurons": 8000, "height": 36, "width": 64, "train_clips": 350, "clip_frames": 300}
    | {"test_videos": 6, "repeats": 10, "latents": 4},
}


class Sensorium(Options):
    """Options of the simulation; the defaults are the size `small`.

    Parameters
    ----------
    n_neurons, height, width
        Neurons of one mouse, and pixels of the video.
    train_clips, clip_frames
        Clips that are shown once, and frames of every clip, at 30 Hz.
    test_videos, repeats
        Videos of every other tier, and how often each is shown.
    live_bonus, final_bonus
        Classes of the videos of the two tiers out of the training distribution.
    drive_sd
        Standard deviation over the training frames of what the video adds to u and v.
    latents, latent_sd, latent_memory
        Latents; standard deviation of w.z; correlation of a latent from one frame to the next, 0 = white.
    weight_noise
        Share of the variance of w that does not depend on the position; a fourth latent has no map.
    retinotopy_scatter_px
        Standard deviation of the receptive fields around the retinotopic map.
    kappa, zeros
        Ranges of the gamma shape and of the share of silent frames, uniform over neurons.
    rho
        Border of silence.
    behaviour_noise
        Share of the variance of pupil and running that does not come from latents 1 and 2.
    responses
        "standardised", or "raw" as on disk: times a standard deviation for each neuron.
    shared_videos
        Whether all mice of one seed see the same videos.
    world
        "default", or a world in which one analysis must fail: no_latents; latents_by_contrast, driven by
        contrast and motion energy; unseen_drive, retinotopic and too late for a core of 18 frames, and no
        state; neuropil_only, dense neurons that mix with their neighbours within 30 um, and no state;
        slow_behaviour, unrelated to slow latents; weights_without_position; state_locked_to_video, the
        same in every repeat.
    mismatch
        What the model does not know: acquisition (8 Hz, calcium kernel, resampled), eye_movements,
        lognormal_amplitudes, gain, complex_cells (with normalisation), neuropil, drift; "all" is all.
    statistics
        Path of an npz file with `cell_motor_coordinates`, `response_mean` and `response_std` of real
        neurons; built-in numbers by default.

    Raises
    ------
    OptionError
        If a value cannot work; all problems are told at once.

    Examples
    --------
    >>> Sensorium.preset("tiny", world="no_latents").n_neurons
    150
    >>> Sensorium(mismatch=("gian",))
    Traceback (most recent call last):
    ...
    twofold.errors.OptionError: Sensorium: mismatch: unknown 'gian', did you mean 'gain'?
    """

    n_neurons: Annotated[int, Field(ge=12)] = 300
    height: Annotated[int, Field(ge=12)] = 18
    width: Annotated[int, Field(ge=12)] = 32
    train_clips: PositiveInt = 150
    clip_frames: Annotated[int, Field(ge=20)] = 100
    test_videos: PositiveInt = 6
    repeats: PositiveInt = 10
    live_bonus: VideoClass = "pink_noise"
    final_bonus: tuple[VideoClass, ...] = ("gabor", "dots")
    drive_sd: NonNegativeFloat = 0.8
    latents: Annotated[int, Field(ge=2, le=16)] = 3
    latent_sd: Annotated[float, Field(ge=0, le=2)] = 0.7
    latent_memory: Annotated[float, Field(ge=0, lt=1)] = 0.0
    weight_noise: Annotated[float, Field(ge=0, le=1)] = 0.2
    retinotopy_scatter_px: NonNegativeFloat = 0.0
    kappa: tuple[float, float] = (0.4, 0.6)
    zeros: tuple[float, float] = (0.55, 0.65)
    rho: Annotated[float, Field(gt=0, le=0.1)] = 0.005
    behaviour_noise: Annotated[float, Field(ge=0, le=1)] = 0.3
    responses: Literal["standardised", "raw"] = "standardised"
    shared_videos: bool = True
    world: World = "default"
    mismatch: tuple[str, ...] = ()
    statistics: str | None = None

    @classmethod
    def preset(cls, size: str, **changes: Any) -> Sensorium:
        """Options of a size: tiny, small, lite or full.

        Raises
        ------
        OptionError
            If there is no such size.
        """
        if size not in SIZES:
            raise OptionError(f"size {size!r}: {did_you_mean(size, SIZES)}")
        return cls(**{**SIZES[size], **changes})

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """The mismatches by name, also where "all" was said."""
        return tuple(name for name in MISMATCHES if name in self.mismatch or "all" in self.mismatch)

    @property
    def has_state(self) -> bool:
        """Whether the latents reach the neurons."""
        return self.latent_sd > 0 and self.world not in STATELESS

    @model_validator(mode="after")
    def _fit_together(self) -> Sensorium:
        known = (*MISMATCHES, "all")
        broken = [
            f"mismatch: unknown {n!r}, {did_you_mean(n, known)}" for n in self.mismatch if n not in known
        ]
        for name, (low, high) in {"kappa": self.kappa, "zeros": self.zeros}.items():
            if not 0 < low <= high:
                broken.append(f"{name}={(low, high)}: give the lowest and then the highest, above 0")
        if self.zeros[1] >= 1:
            broken.append(f"zeros={self.zeros}: a share of silent frames is below 1")
        if len(self.final_bonus) > self.test_videos or not self.final_bonus:
            broken.append(f"final_bonus={self.final_bonus}: give 1 to test_videos={self.test_videos} classes")
        if broken:
            raise ValueError("; ".join(broken))
        return self
