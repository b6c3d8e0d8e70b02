"""Sizes and parts of a video model, and the presets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from twofold.errors import OptionError
from twofold.options import Options

LikelihoodName = Literal["zig", "flow", "poisson", "gaussian"]
Preset = Literal["tiny", "small", "paper"]
Sizes = Annotated[tuple[PositiveInt, ...], Field(min_length=1)]

# A bias need not be learned, and receptive fields that begin narrow are found within few epochs.
QUICK: dict[str, Any] = {"bias": True, "init_sigma": 0.3}
PRESETS: dict[Preset, dict[str, Any]] = {
    "tiny": {"channels": (4, 8, 8), "spatial": (7, 3, 3), "temporal": (7, 3, 3)} | QUICK,
    "small": {"channels": (8, 16, 16), "spatial": (7, 5, 3), "temporal": (11, 5, 5)} | QUICK,
    "paper": {},
}


class VideoOptions(Options):
    """What a video model is made of; the defaults are those of paper B.

    Parameters
    ----------
    likelihood
        "zig" (zero-inflated gamma), "flow" (zero-inflated, Gaussian behind learned maps), "poisson" or
        "gaussian".
    channels, spatial, temporal
        Of the core's layers: channels, pixels and frames of the kernels.
    smoothness
        Weight of the core's regulariser beside the mean loss per response.
    positions
        Whether a neuron's place in the video starts from its place in cortex, where that is known.
    bias
        Whether the readout has a bias, which starts at the likeliest constant response.
    init_sigma
        How far receptive fields are drawn around their centre at first, in halves of the map.
    draw
        While training, a receptive field is drawn anew for each "clip" or for each "frame".
    behaviour
        Signals that the core sees as further channels of the video.
    gain
        Signals that scale the drive of each neuron.
    pupil
        Signals x and y of the pupil's centre, which shift the receptive fields.

    Raises
    ------
    OptionError
        If a name is unknown or a value cannot work.

    Examples
    --------
    >>> small = VideoOptions.preset("small", likelihood="poisson")
    >>> small.frames_lost, small.map_shape(18, 32)
    (18, (6, 20))
    """

    likelihood: LikelihoodName = "zig"
    channels: Sizes = (32, 64, 128)
    spatial: Sizes = (11, 5, 5)
    temporal: Sizes = (11, 5, 5)
    smoothness: NonNegativeFloat = 1e-4
    positions: bool = True
    bias: bool = False
    init_sigma: PositiveFloat = 1.0
    draw: Literal["clip", "frame"] = "clip"
    behaviour: tuple[str, ...] = ()
    gain: tuple[str, ...] = ()
    pupil: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _belong_together(self) -> VideoOptions:
        lengths = {len(self.channels), len(self.spatial), len(self.temporal)}
        if len(lengths) > 1:
            raise ValueError(
                f"channels={self.channels}, spatial={self.spatial}, temporal={self.temporal}: "
                "give one number per layer in each"
            )
        if len(self.pupil) not in (0, 2):
            raise ValueError(f"pupil={self.pupil}: give the names of two signals, x and y, or none")
        return self

    @classmethod
    def preset(cls, name: Preset, **changes: Any) -> VideoOptions:
        """Options of a size: "tiny" and "small" suit frames of 18 x 32, "paper" of 36 x 64.

        Raises
        ------
        OptionError
            If there is no such preset.
        """
        if name not in PRESETS:
            raise OptionError(f"preset={name!r}: there are {', '.join(PRESETS)}")
        return cls(**{**PRESETS[name], **changes})

    @classmethod
    def largest(cls, height: int, width: int, n_frames: int, on_cpu: bool) -> Preset:
        """The largest preset whose core fits frames and clips; never "paper" on a processor.

        Examples
        --------
        >>> VideoOptions.largest(36, 64, n_frames=300, on_cpu=True)
        'small'
        """
        for name in ("paper", "small"):
            fits = cls.preset(name).fits(height, width, n_frames)
            if fits and not (name == "paper" and on_cpu):
                return name
        return "tiny"

    def fits(self, height: int, width: int, n_frames: int) -> bool:
        """Whether anything is left of such a clip behind the core."""
        return min(*self.map_shape(height, width), n_frames - self.frames_lost) > 0

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a clip for which there is no prediction."""
        return sum(self.temporal) - len(self.temporal)

    def map_shape(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of what the readout sees."""
        lost = sum(self.spatial) - len(self.spatial)
        return height - lost, width - lost

    @property
    def signals(self) -> tuple[str, ...]:
        """All signals that the model reads, each once."""
        return tuple(dict.fromkeys((*self.behaviour, *self.gain, *self.pupil)))
