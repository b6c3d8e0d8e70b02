"""Which share of the state's variance is locked to the video: what repeats have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twofold.analyses.chance import Chance
from twofold.analyses.locked_share import locked_share
from twofold.encoding import LatentVideoModel
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import (
    HeldOut,
    latent_axes,
    model_name,
    posterior_mean,
    repeated,
)
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.result import Row

TABLE = "locked-share"
AXES_TOLD = 3


def locked(
    recordings: Sequence[Recording], model: LatentVideoModel, *, seed: int, n_surrogates: int = 200
) -> Arrays:
    """Share of the variance of the state, read from all neurons, that repeats with held-out videos.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order.
    seed
        Of the surrogates.
    n_surrogates
        Repeats dealt out to videos anew so many times.
    """

    def measure(m: int, recording: Recording) -> Arrays:
        held, axes = HeldOut.of(model, recording), latent_axes(model)
        everyone = np.ones(held.n_neurons, dtype=bool)
        videos = [
            np.stack([posterior_mean(one.state) @ axes for one in held.known(everyone, trials)])
            for trials in repeated(held).values()
        ]
        frames = min(video.shape[1] for video in videos)
        share = locked_share(
            [video[:, :frames] for video in videos], n_surrogates=n_surrogates, random_state=seed
        )
        found = number(f"{TABLE}/total", share.value, share.chance)
        for k, value in enumerate(share.per_dimension[:AXES_TOLD]):
            found |= number(f"{TABLE}/axis-{k + 1}", value, Chance(share.chance_per_dimension[:, k]))
        found[f"{TABLE}/per_dimension"] = np.array([value.value for value in share.per_dimension])
        return found

    found = of_each_mouse(TABLE, recordings, measure)
    return found | {f"{TABLE}/model": np.array(model_name(model))}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of the table locked-share: in total, and of the axes that move neurons most."""
    name = str(found[f"{TABLE}/model"])
    measured = {key.split("/")[2] for key in found if key.endswith("/interval")}
    parts = {"total": "state"} | {f"axis-{k + 1}": f"state, axis {k + 1}" for k in range(AXES_TOLD)}
    told = [
        Told(
            TABLE,
            f"{name}, {what}",
            "locked_share",
            f"{TABLE}/{part}",
            ("repeats dealt out anew",),
            kind="confidence_95",
            over="videos",
        )
        for part, what in parts.items()
        if part in measured or part == "total"
    ]
    return all_rows(told, found, mice, TABLE)
