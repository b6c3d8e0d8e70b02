"""Competitors of the latent model: which the study fits, and what each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.presets import RIVALS

LAGS = (-1, 0, 1)


@dataclass(frozen=True)
class Rival:
    """One competitor.

    Parameters
    ----------
    name
        In the rows.
    kind
        As `Competitor.kind`.
    settings
        Of its options, as plain JSON.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]

    @property
    def on_video(self) -> bool:
        """Whether it starts from the video model, and not from neurons alone."""
        return self.name.startswith("video")


def rivals_of(options: LatentFactorsOptions) -> tuple[Rival, ...]:
    """Those that a preset has time for, in the order of `RIVALS`.

    Examples
    --------
    >>> [rival.kind for rival in rivals_of(LatentFactorsOptions.preset("paper"))][:2]
    ['residual-regression', 'residual-regression']
    """
    regression, few = "residual-regression", {"dimension": options.rival_dimension}
    every = (
        Rival(RIVALS[0], regression, {"rule": {"kind": "ridge"}}),
        Rival(RIVALS[1], regression, {"rule": {"kind": "reduced_rank"}}),
        Rival(RIVALS[2], regression, {"rule": {"kind": "factors"}, "lags": list(LAGS)}),
        Rival(RIVALS[3], regression, {"rule": {"kind": "reduced_rank"}}),
        Rival(RIVALS[4], "population-gain", {}),
        Rival(RIVALS[5], "flow-factors", {**few, "steps": options.flow_steps}),
        Rival(RIVALS[6], "gpfa", {**few, "steps": options.gpfa_steps}),
    )
    return tuple(rival for rival in every if rival.name in options.rivals)
