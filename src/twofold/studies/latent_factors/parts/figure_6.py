"""Figures 6 and 11: whether weights on the state are maps of the cortex, and what else could draw them.

Maps are the singular vectors of the weights in slabs of depth. Numbers that need no axes: Moran's I and R2 of
all weights together, once more among neurons that lie 45 um apart, since neuropil makes neighbours alike; R2
told by where neurons look instead, and by the cortex beyond that; and the length on which weights vary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from twofold.analyses.topography import singular_maps, thin_neurons, told_by_position, variogram
from twofold.encoding import LatentVideoModel
from twofold.encoding.checks import population_of
from twofold.errors import DataError
from twofold.metrics.intervals import Interval
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.cortex import NEIGHBOURS, Cortex, alike, cortex_of, told
from twofold.studies.latent_factors.parts.held_out import HeldOut, model_name
from twofold.studies.latent_factors.parts.known_weights import weights_told
from twofold.studies.latent_factors.parts.mixed_maps import kept_by_mixed_repeats
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.latent_factors.parts.receptive_fields import centres_px
from twofold.studies.result import Row

MAPS, MORE = "figure-6", "figure-11"
FEW, MANY = 3, 9
MOST_DEALT = 200
PERMUTED = ("weights of other neurons of the slab",)
METRICS = {
    "morans_i": "weights, all axes",
    "position_r2": "weights told by position",
}
APART = ", neurons apart"


def figure_6(
    recordings: Sequence[Recording],
    model: LatentVideoModel,
    *,
    seed: int,
    n_permutations: int = 999,
    at_least_um: float = 45.0,
    standardise: bool = False,
) -> Arrays:
    """Maps of the weights on the state, and whether they are maps at all.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order.
    seed
        Of permutations, thinning and drawn pairs.
    n_permutations
        Neurons change places in their slab so many times.
    at_least_um
        Distance between neurons that are kept when they are thinned.
    standardise
        Whether each neuron's weights get mean 0 and deviation 1 over latents before maps are drawn, as in the
        paper; it depends on the axes of the state.
    """

    def measure(m: int, recording: Recording) -> Arrays:
        cortex = cortex_of(recording)
        n = population_of(model, recording)
        by_parameter = model.latent_weights(n)
        weights = np.concatenate(list(by_parameter.values()), axis=1).astype(float)
        if not np.ptp(weights, axis=0).any():
            raise DataError(f"{recording.name!r}: all its neurons have the same weights on the state")
        found = _maps(list(by_parameter.values()), cortex, standardise, n_permutations, seed)
        found |= _all_axes(weights, cortex, n_permutations, seed, "")
        apart = thin_neurons(cortex.position, at_least_um=at_least_um, random_state=seed)
        found |= _all_axes(weights[apart], cortex.of(apart), n_permutations, seed, "-apart")
        found |= _retinotopy(weights, cortex, centres_px(model, n), n_permutations, seed)
        found |= _scale(weights, cortex, seed) | _against_stimulus(recording, model, n_permutations, seed)
        return found | weights_told(recording, by_parameter, f"{MAPS}/truth", n_permutations, seed)

    found = of_each_mouse(MAPS, recordings, measure)
    return found | {f"{MAPS}/model": np.array(model_name(model))}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of figures 6 and 11."""
    name = str(found[f"{MAPS}/model"])
    common: dict[str, Any] = {"nulls": PERMUTED, "over": "slabs of depth", "fitted_on": "train"}
    lines = [
        Told(MAPS if k < FEW else MORE, f"{name}, map {k + 1}", "morans_i", f"{MAPS}/map-{k + 1}", **common)
        for k in range(MANY)
        if k < FEW or any(f"/map-{k + 1}/" in key for key in found)
    ]
    for metric, what in METRICS.items():
        lines.append(Told(MAPS, f"{name}, {what}", metric, f"{MAPS}/{metric}", **common))
        lines.append(Told(MAPS, f"{name}, {what}{APART}", metric, f"{MAPS}/{metric}-apart", **common))
    lines += [
        Told(MAPS, f"{name}, weights told by retinotopy", "position_r2", f"{MAPS}/retinotopy", **common),
        Told(
            MAPS,
            f"{name}, weights told by position beyond retinotopy",
            "position_r2",
            f"{MAPS}/beyond",
            **common,
        ),
        Told(
            MAPS,
            f"{name}, share of the map that mixed repeats keep",
            "share",
            f"{MAPS}/mixed",
            ("repeats dealt out anew",),
            over="videos",
            without="no held-out video was shown twice",
            note="0 for a map of the state, 1 for one of what follows the video",
        ),
        Told(
            MORE,
            f"{name}, length of the maps",
            "length_um",
            f"{MAPS}/length",
            without="nothing is a map, or it is wider than the distances seen",
            note="where the correlation of weights has fallen to 1 / e",
        ),
        Told(MORE, f"{name}, share of weights that is a map", "share", f"{MAPS}/share", without="no length"),
    ]
    if any(key.endswith("/truth/interval") for key in found):
        lines.append(
            Told(
                MAPS,
                f"{name}, true weights told by learned ones",
                "r2",
                f"{MAPS}/truth",
                ("true weights of other neurons",),
                over="halves of the neurons",
                fitted_on="the other half of the neurons",
            )
        )
    return all_rows(lines, found, mice, MAPS)


def _maps(
    parameters: Sequence[np.ndarray], cortex: Cortex, standardise: bool, n_permutations: int, seed: int
) -> Arrays:
    """Singular maps of the first parameter, and of the last one with the same signs."""
    smallest = int(np.bincount(cortex.slab).min())
    n_maps = min(MANY, parameters[0].shape[1], smallest)
    first = singular_maps(parameters[0], cortex.slab, n_maps=n_maps, standardise=standardise)
    last = singular_maps(parameters[-1], cortex.slab, n_maps=n_maps, standardise=standardise, like=first.axes)
    found: Arrays = {}
    tested = []
    for k in range(n_maps):
        if not np.ptp(first.maps[:, k]):
            break
        value, chance = alike(first.maps[:, k], cortex, n_permutations, seed)
        tested.append((value.value, chance.p(value.value)))
        found |= number(f"{MAPS}/map-{k + 1}", value, chance)
    morans, p = np.array(tested).reshape(-1, 2).T
    for figure, most in ((MAPS, FEW), (MORE, MANY)):
        found |= {
            f"{figure}/position_um": cortex.lateral,
            f"{figure}/depth_um": cortex.position[:, 2],
            f"{figure}/maps_q": first.maps[:, :most],
            f"{figure}/maps_theta": last.maps[:, :most],
            f"{figure}/share": first.share[:, :most].mean(axis=0),
            f"{figure}/morans_i": morans[:most],
            f"{figure}/p": p[:most],
        }
    return found


def _all_axes(weights: np.ndarray, cortex: Cortex, n_permutations: int, seed: int, suffix: str) -> Arrays:
    if len(weights) <= NEIGHBOURS:
        return {}
    how = (cortex, n_permutations, seed)
    return {
        **number(f"{MAPS}/morans_i{suffix}", *alike(weights, *how)),
        **number(f"{MAPS}/position_r2{suffix}", *told(weights, cortex.lateral, *how)),
    }


def _retinotopy(
    weights: np.ndarray, cortex: Cortex, centres: np.ndarray, n_permutations: int, seed: int
) -> Arrays:
    """What receptive fields tell of weights, and position beyond them; by as many neighbours."""
    if not np.ptp(centres, axis=0).any():
        return {}
    how = (cortex, n_permutations, seed)
    left = weights - told_by_position(weights, centres, neighbours=NEIGHBOURS)
    return {
        **number(f"{MAPS}/retinotopy", *told(weights, centres, *how)),
        **number(f"{MAPS}/beyond", *told(left, cortex.lateral, *how)),
    }


def _scale(weights: np.ndarray, cortex: Cortex, seed: int) -> Arrays:
    """The variogram over the whole field, since maps may be wide, and its length."""
    field = float(np.ptp(cortex.lateral, axis=0).max())
    try:
        found = variogram(weights, cortex.lateral, plane=cortex.slab, max_um=field, random_state=seed)
    except DataError:  # too few pairs for a curve
        return {}
    alone = (None, None, len(weights))
    return {
        f"{MORE}/variogram_distance": found.distance_um,
        f"{MORE}/variogram_gamma": found.semivariance,
        **number(f"{MAPS}/length", Interval(found.length_um, *alone)),
        **number(f"{MAPS}/share", Interval(found.share, *alone)),
    }


def _against_stimulus(recording: Recording, model: LatentVideoModel, n_surrogates: int, seed: int) -> Arrays:
    """How much of the map of the state mixed repeats keep, where there are held-out repeats."""
    try:
        held = HeldOut.of(model, recording)
    except DataError:
        return {}
    name = f"{MAPS}/mixed"
    return kept_by_mixed_repeats(held, name, n_surrogates=min(n_surrogates, MOST_DEALT), seed=seed)
