"""Which models the study is made of, and from which each starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from twofold.encoding import LatentOptions, VideoOptions
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.presets import RICHER

POISSON, ZIG, MAIN = "video poisson", "video zig", "latent zig free"
FLOW, FLOW_LIKELIHOOD = "video flow", "flow likelihood"
USUAL_WIDTH = 20
START_SD = 0.1  # of weights on the state, where the encoder does not begin with a first step
MAPS = ("free", "position", "shared")
UNSEEN = "some neurons unseen"
SCRATCH = f"{MAIN}, not pretrained"
SMOOTHERS: dict[str, Literal["gru", "cnn"]] = {f"{MAIN}, GRU smoother": "gru", f"{MAIN}, CNN smoother": "cnn"}
CNN_ENCODER, PAPER_ENCODER = f"{MAIN}, CNN encoder", f"{MAIN}, encoder of the paper"


@dataclass(frozen=True)
class Fit:
    """What one trained model is.

    Parameters
    ----------
    name
        Unique in the study.
    video
        Core, readout and likelihood.
    epochs, seed
        Of its training.
    latent
        What is added; None for a model of the video alone.
    start
        Name of the fit that it starts from; None to start untrained.
    unseen_share
        Of the neurons, which training does not see.
    """

    name: str
    video: VideoOptions
    epochs: int
    seed: int
    latent: LatentOptions | None = None
    start: str | None = None
    unseen_share: float = 0.0

    @property
    def work(self) -> int:
        """About how long its training takes, beside others."""
        if self.latent is None:
            return self.epochs
        return self.epochs * (4 if self.latent.integration == "monte_carlo" else 2)

    @property
    def key(self) -> dict[str, Any]:
        """All that its weights depend on, but what it starts from and the recordings."""
        return {
            "video": self.video.model_dump(mode="json"),
            "latent": None if self.latent is None else self.latent.model_dump(mode="json"),
            "epochs": self.epochs,
            "seed": self.seed,
            "unseen_share": self.unseen_share,
        }


def name_of(name: str, seed: int) -> str:
    """The name of a fit with another seed than the first.

    Examples
    --------
    >>> name_of("video zig", 0), name_of("video zig", 2)
    ('video zig', 'video zig, seed 2')
    """
    return name if seed == 0 else f"{name}, seed {seed}"


def map_name(latent_map: str) -> str:
    """The model of table 2 with such weights on the state."""
    return f"table 2: latent zig {latent_map}"


def dimension_name(dimension: int) -> str:
    """The model with so many latents on the curves."""
    return f"{MAIN}, K={dimension}"


def matched_name(share: float) -> str:
    """The model that was trained with as many neurons given as it is scored with."""
    return f"{MAIN}, trained with {share:.0%} given"


def samples_name(n_samples: int) -> str:
    """The model whose integrals were taken by samples in training."""
    return f"{MAIN}, trained with {n_samples} samples"


def richer_name(name: str) -> str:
    """The model with richer latents of that name."""
    return f"{MAIN}, {name}"


def sizes_of(dimension: int) -> dict[str, int]:
    """Sizes of an encoder of so many latents; above its usual width the paper takes a wider one.

    Examples
    --------
    >>> sizes_of(12), sizes_of(80)
    ({'dimension': 12}, {'dimension': 80, 'hidden': 250, 'width': 200})
    """
    wider = {"hidden": 250, "width": 200} if dimension > USUAL_WIDTH else {}
    return {"dimension": dimension, **wider}


def fits_of(options: LatentFactorsOptions, have_positions: bool) -> dict[str, Fit]:
    """All models of the study by name; those that need positions only where these are known."""
    zig = VideoOptions.preset(options.size, likelihood="zig")
    main = LatentOptions(dimension=options.dimension)
    found = [*_of_table_1(options, zig, main), *_of_curves(options, zig, main)]
    found += _of_maps(options, zig, main, have_positions)
    found += _of_ablations(options, zig, main)
    found += _of_richer(options, zig)
    return {fit.name: fit for fit in found}


def _of_table_1(options: LatentFactorsOptions, zig: VideoOptions, main: LatentOptions) -> list[Fit]:
    poisson, found = zig.model_copy(update={"likelihood": "poisson"}), []
    for number in range(options.seeds):
        seed, start = options.seed + number, name_of(ZIG, number)
        found += [
            Fit(name_of(POISSON, number), poisson, options.video_epochs, seed),
            Fit(start, zig, options.video_epochs, seed),
            Fit(name_of(MAIN, number), zig, options.latent_epochs, seed, main, start),
        ]
    return found


def _of_maps(
    options: LatentFactorsOptions, zig: VideoOptions, main: LatentOptions, have_positions: bool
) -> list[Fit]:
    """Tables 2 and 3: in the paper their readouts know no positions."""
    video = zig.model_copy(update={"positions": False}) if options.own_setups else zig
    first, found = f"{ZIG}, no positions" if options.own_setups else ZIG, []
    seed = options.seed
    if options.own_setups:
        found.append(Fit(first, video, options.video_epochs, seed))
    for latent_map in MAPS:
        if latent_map == "position" and not have_positions:
            continue
        own = main.model_copy(update={"latent_map": latent_map})
        epochs = options.position_epochs if latent_map == "position" else options.latent_epochs
        found.append(Fit(map_name(latent_map), video, epochs, seed, own, first))
    if have_positions:
        start, own = f"{ZIG}, {UNSEEN}", main.model_copy(update={"latent_map": "position"})
        fit = Fit(start, video, options.video_epochs, seed, unseen_share=options.held_out_share)
        found += [
            fit,
            replace(
                fit,
                name=f"latent zig position, {UNSEEN}",
                epochs=options.position_epochs,
                latent=own,
                start=start,
            ),
        ]
    return found


def _of_curves(options: LatentFactorsOptions, zig: VideoOptions, main: LatentOptions) -> list[Fit]:
    """Figures 3, 4 and 8."""

    def fit(name: str, latent: LatentOptions) -> Fit:
        return Fit(name, zig, options.sweep_epochs, options.seed, latent, ZIG)

    further = [k for k in (options.low_dimension, options.high_dimension) if k is not None]
    found = [
        fit(dimension_name(k), main.model_copy(update=sizes_of(k)))
        for k in sorted({*options.dimensions, options.dimension, *further})
    ]
    found += [
        fit(matched_name(share), main.model_copy(update={"masked_share": 1 - share}))
        for share in options.matched_shares
    ]
    for n in options.training_samples:
        sampled = {"integration": "monte_carlo", "n_samples": n}
        found.append(fit(samples_name(n), main.model_copy(update=sampled)))
    return found


def _of_ablations(options: LatentFactorsOptions, zig: VideoOptions, main: LatentOptions) -> list[Fit]:
    """Tables 8 and 10."""
    seed = options.seed
    found = [
        Fit(
            name,
            zig,
            options.sweep_epochs,
            seed,
            LatentOptions(
                dimension=options.dimension,
                smoother=kind,
                n_samples=options.smoother_samples,
                start_sd=START_SD,
            ),
            ZIG,
        )
        for name, kind in SMOOTHERS.items()
    ]
    cnn = main.model_copy(update={"encoder": "cnn"})
    paper = main.model_copy(
        update={"reads": "responses", "first_step": False, "mask": "time", "start_sd": START_SD}
    )
    return [
        *found,
        Fit(CNN_ENCODER, zig, options.sweep_epochs, seed, cnn, ZIG),
        Fit(PAPER_ENCODER, zig, options.sweep_epochs, seed, paper, ZIG),
        Fit(SCRATCH, zig, options.video_epochs + options.latent_epochs, seed, main),
    ]


def _of_richer(options: LatentFactorsOptions, zig: VideoOptions) -> list[Fit]:
    """Latents with a memory, a gain or another shape, and other responses."""
    found, flow = [], zig.model_copy(update={"likelihood": "flow"})
    if FLOW_LIKELIHOOD in options.richer:
        found.append(Fit(FLOW, flow, options.video_epochs, options.seed))
    for name in options.richer:
        drawn: dict[str, Any] = (
            {"n_samples": options.smoother_samples} if "prior_shape" in RICHER[name] else {}
        )
        video, start = (flow, FLOW) if name == FLOW_LIKELIHOOD else (zig, ZIG)
        latent = LatentOptions(dimension=options.dimension, **RICHER[name], **drawn)
        found.append(Fit(richer_name(name), video, options.sweep_epochs, options.seed, latent, start))
    return found
