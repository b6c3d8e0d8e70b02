"""The models of the table of competitors, by name: another one is another line of a dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from twofold.encoding.competitors import (
    GPFA,
    Factors,
    FlowFactors,
    PopulationGain,
    ReducedRank,
    ResidualRegression,
    Ridge,
)
from twofold.encoding.competitors.competitor import Competitor

FROZEN: dict[str, Any] = {"train_video": False}


class Latent(NamedTuple):
    """A model with a state: its options, and the video model that it starts from."""

    settings: Mapping[str, Any]
    video: str = "video"


class Rival(NamedTuple):
    """A competitor: its class, its options, and whether it starts from the video model."""

    kind: type[Competitor]
    settings: Mapping[str, Any]
    on_video: bool = True


# Changes of the options of the video model.
VIDEOS: dict[str, dict[str, Any]] = {"video": {}, "video, flow likelihood": {"likelihood": "flow"}}

# Changes of the options of the state. With a frozen video, only the state is trained.
LATENTS: dict[str, Latent] = {
    "latent": Latent({}),
    "latent, video frozen": Latent(FROZEN),
    "latent, 3 dimensions": Latent({**FROZEN, "dimension": 3}),
    "latent, weights by position": Latent({**FROZEN, "latent_map": "position"}),
    "latent, spread predicted": Latent({**FROZEN, "spread": "predicted"}),
    "latent, AR(1) prior": Latent({**FROZEN, "prior": "ar1"}),
    "latent, flow prior": Latent({**FROZEN, "prior_shape": "flow", "n_samples": 5}),
    "latent, gain": Latent({**FROZEN, "latent_gain": True}),
    "latent, flow likelihood": Latent(FROZEN, video="video, flow likelihood"),
}

RIVALS: dict[str, Rival] = {
    "neurons only: ridge": Rival(ResidualRegression, {"rule": Ridge()}, on_video=False),
    "neurons only: reduced rank": Rival(ResidualRegression, {"rule": ReducedRank()}, on_video=False),
    "neurons only: factors with lags": Rival(
        ResidualRegression, {"rule": Factors(), "lags": (-1, 0, 1)}, on_video=False
    ),
    "video + ridge": Rival(ResidualRegression, {"rule": Ridge()}),
    "video + reduced rank": Rival(ResidualRegression, {"rule": ReducedRank()}),
    "video + reduced rank with lags": Rival(ResidualRegression, {"rule": ReducedRank(), "lags": (-1, 0, 1)}),
    "video + factors": Rival(ResidualRegression, {"rule": Factors()}),
    "video + population gain": Rival(PopulationGain, {}),
    "video + FlowFactors": Rival(FlowFactors, {}),
    "video + GPFA": Rival(GPFA, {}),
}

BOUNDS = ("truth", "Bayesian oracle")
MODELS = (*VIDEOS, *LATENTS, *RIVALS, *BOUNDS)
