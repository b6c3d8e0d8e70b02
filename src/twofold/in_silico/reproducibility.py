"""Whether models that differ in their seed, or in what they are made of, say the same of a neuron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
from jaxtyping import Float, Integer

from twofold.errors import DataError
from twofold.in_silico.presenting import responses_to
from twofold.in_silico.screen import Responding, Screen
from twofold.metrics import mean_and_sem


@dataclass(frozen=True, eq=False)
class Agreement:
    """Of each pair of models.

    Parameters
    ----------
    each
        (model, model, neuron) similarity; NaN where a neuron has none in one of them.
    chance
        (model, model) mean similarity of a neuron in one model with the other neurons in the other one.
    """

    each: Float[np.ndarray, "model model neuron"]
    chance: Float[np.ndarray, "model model"]


def agreement(values: Float[np.ndarray, "model neuron value"], *, centred: bool) -> Agreement:
    r"""Similarity of what models say of the same neurons.

    .. math::

        \rho_{ab}(i, j) = \frac{\langle v_{ai}, v_{bj} \rangle}{|v_{ai}| |v_{bj}|}, \quad
        \text{each}_{abi} = \rho_{ab}(i, i), \quad
        \text{chance}_{ab} = \frac{1}{N (N - 1)} \sum_{i \ne j} \rho_{ab}(i, j)

    Parameters
    ----------
    values
        Of each model and neuron: a tuning curve, a receptive field, or a video as deviation from grey.
    centred
        Whether each is first centred, which makes the cosine a correlation; for tuning curves.

    Examples
    --------
    >>> fields = np.array([[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [1.0, 1.0]]])
    >>> found = agreement(fields, centred=False)
    >>> found.each[0, 1].round(3), found.chance.round(3)
    (array([1.   , 0.707]), array([[0.   , 0.354],
           [0.354, 0.707]]))
    """
    off = values - values.mean(axis=2, keepdims=True) if centred else values
    length = np.linalg.norm(off, axis=2, keepdims=True)
    unit = np.where(length > 0, off / np.where(length > 0, length, 1), np.nan)
    each = np.einsum("aiv,biv->abi", unit, unit)
    n_models = len(values)
    chance = np.full((n_models, n_models), np.nan)
    for a in range(n_models):
        for b in range(n_models):
            known = np.isfinite(each[a, b])
            n = int(known.sum())
            if n > 1:
                all_pairs = unit[a, known].sum(axis=0) @ unit[b, known].sum(axis=0)
                chance[a, b] = (all_pairs - each[a, b, known].sum()) / (n * (n - 1))
    return Agreement(each, chance)


def shown_to_others(
    models: Sequence[Responding],
    screen: Screen,
    neurons: Integer[np.ndarray, " neuron"],
    videos: Float[np.ndarray, "model neuron frame height width"],
    *,
    videos_at_once: int = 16,
) -> Float[np.ndarray, "shown_to made_by neuron"]:
    r"""Response of each model to the videos that excite the neurons of each other most, in shares of its own.

    .. math:: (f_{ai}(x_{bi}) - f_{ai}(g)) / (f_{ai}(x_{ai}) - f_{ai}(g))

    with g the empty screen. Videos of equal effect may look different, for which this asks.

    Parameters
    ----------
    models
        Of the same neurons.
    screen
        Before them.
    neurons
        Their numbers in every model.
    videos
        Grey values; those with index b were made by model b.
    videos_at_once
        In one call.

    Returns
    -------
    np.ndarray
        NaN where a model's own video does not excite above grey.
    """
    n_frames = videos.shape[2]
    answers = n_frames - screen.frames_lost
    found = np.empty((len(models), len(videos), len(neurons)))
    grey = np.empty((len(models), len(neurons)))
    for a, respond in enumerate(models):
        grey[a] = responses_to(respond, screen, screen.blank(n_frames)[None])[0, -answers:, neurons].mean(
            axis=1
        )
        for b, own in enumerate(videos):
            for first in range(0, len(neurons), videos_at_once):
                some = slice(first, first + videos_at_once)
                to_all = responses_to(respond, screen, own[some].astype(np.float32))[:, -answers:].mean(
                    axis=1
                )
                found[a, b, some] = to_all[np.arange(len(to_all)), neurons[some]]
    above = found - grey[:, None]
    own_above = np.stack([above[a, a] for a in range(len(models))])[:, None]
    return above / np.where(own_above > 0, own_above, np.nan)


def between_kinds(
    measure: str,
    each: Float[np.ndarray, "model model neuron"],
    kinds: Sequence[str],
    chance: Float[np.ndarray, "model model"] | None = None,
) -> pd.DataFrame:
    """A row for each pair of kinds of models, "video" and "latent-video" say, and for each kind by itself.

    The value of a pair of models is the mean over neurons; `value`, `low` and `high` are mean and one
    standard error over pairs. Pairs share models, so that the error is too small where these are few.

    Parameters
    ----------
    measure
        Its name.
    each
        (model, model, neuron), such as `Agreement.each`; the diagonal is left out.
    kinds
        Of each model.
    chance
        (model, model), such as `Agreement.chance`.

    Raises
    ------
    DataError
        If there is not one kind per model.

    Examples
    --------
    >>> each = np.full((3, 3, 5), 0.5)
    >>> between_kinds("cosine", each, ["video", "video", "latent-video"])[["kind", "with_kind", "n_pairs"]]
               kind     with_kind  n_pairs
    0         video         video        1
    1         video  latent-video        2
    """
    if len(kinds) != len(each):
        raise DataError(f"{len(kinds)} kinds for {len(each)} models; give one each")
    rows = []
    for kind, other in combinations_with_replacement(dict.fromkeys(kinds), 2):
        pairs = [
            (a, b)
            for a in range(len(kinds))
            for b in range(len(kinds))
            if (kinds[a], kinds[b]) == (kind, other) and (a < b or kind != other)
        ]
        both = [np.stack([each[a, b], each[b, a]]) for a, b in pairs]
        values = [float(np.nanmean(one)) for one in both if np.isfinite(one).any()]
        if not values:
            continue
        interval = mean_and_sem(values)
        by_chance = [chance[a, b] for a, b in pairs] if chance is not None else [np.nan]
        rows.append(
            {
                "measure": measure,
                "kind": kind,
                "with_kind": other,
                "value": interval.value,
                "low": interval.low,
                "high": interval.high,
                "chance": float(np.mean(by_chance)),
                "n_pairs": len(values),
                "n_neurons": each.shape[2],
            }
        )
    return pd.DataFrame(rows)
