"""Parts that look at one fitted model: which function looks at which model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twofold.encoding import LatentVideoModel
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.fits import MAIN, dimension_name
from twofold.studies.latent_factors.fitting import model_of
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.parts import (
    calibration,
    figure_5,
    figure_6,
    figure_9,
    locked,
    mixed,
    noise,
    table_4,
    table_12,
)
from twofold.studies.result import Row


@dataclass(frozen=True, eq=False)
class Part:
    """One table or figure that looks at one model.

    Parameters
    ----------
    name
        Of the step.
    function
        `(recordings, model, *, seed, **settings) -> Arrays`.
    rows
        `(found, mice) -> rows`.
    fits
        Names of the models; what they give is put together.
    settings
        Of the function.
    """

    name: str
    function: Callable[..., Arrays]
    rows: Callable[[Arrays, Sequence[str]], list[Row]]
    fits: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


def look_at(
    recordings: Sequence[Recording],
    tensors: Arrays,
    function: Callable[..., Arrays],
    seed: int,
    settings: Mapping[str, Any],
) -> Arrays:
    """What a part finds in a model."""
    model = model_of(tensors)
    assert isinstance(model, LatentVideoModel)
    return function(recordings, model, seed=seed, **settings)


def parts_of(options: LatentFactorsOptions) -> tuple[Part, ...]:
    """All such parts; most look at the main model, figure 9 at the fewest and the most latents."""
    least, most = (dimension_name(k) for k in (options.dimensions[0], options.dimensions[-1]))
    main, few = (MAIN,), min(options.surrogates, 199)
    surrogates = {"n_surrogates": few}
    return (
        Part("table-4", table_4.table_4, table_4.rows, main, {"n_surrogates": min(options.surrogates, 99)}),
        Part("table-12", table_12.table_12, table_12.rows, main, surrogates),
        Part("mixed repeats", mixed.mixed, mixed.rows, main, {"n_bootstrap": options.bootstrap}),
        Part("locked-share", locked.locked, locked.rows, main, surrogates),
        Part("figure-5", figure_5.figure_5, figure_5.rows, main),
        Part("figure-6", figure_6.figure_6, figure_6.rows, main, {"n_permutations": options.surrogates}),
        Part("figure-9", figure_9.figure_9, figure_9.rows, (least, most)),
        Part("calibration", calibration.calibration, calibration.rows, main),
        Part("noise-correlations", noise.noise, noise.rows, main),
    )
