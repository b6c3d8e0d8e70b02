"""Do latents still carry what the neurons did? Three numbers that mean different things.

Source: paper A, section 3.5, made precise: the same trial (a), the stimulus-locked part on unseen
frames (b), and neurons that the encoder did not see (c).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from twofold.errors import DataError
from twofold.metrics.responses import r2
from twofold.recordings.splits import Split
from twofold.shapes import NeuronMask, Num

INNER_FRAMES = 5


@runtime_checkable
class Regressor(Protocol):
    """A regressor with several outputs that chooses its options by leaving out groups of rows."""

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Regressor:
        """Fit latents to responses."""
        ...

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Responses from latents."""
        ...


@dataclass(frozen=True)
class Alignment:
    """R2 of responses from latents, in both conventions, with the number of scored neurons.

    `against_train_mean` is variance-weighted too, but its yardstick is the mean of the frames that the
    decoder was fitted to, where there is one: a predictor of that mean has exactly 0.
    """

    variance_weighted: float | None
    mean_over_neurons: float | None
    n_neurons: int
    against_train_mean: float | None = None


def same_trial(
    latents_train: Num[np.ndarray, "train dimension"],
    responses_train: Num[np.ndarray, "train neuron"],
    latents_test: Num[np.ndarray, "test dimension"],
    responses_test: Num[np.ndarray, "test neuron"],
    *,
    groups: Num[np.ndarray, " train"],
    decoder: Regressor,
    keep: NeuronMask,
) -> Alignment:
    """(a) Responses of held-out repeats from their own latents: copying the noise wins.

    With other neurons than the encoder saw as responses, this is co-smoothing (c).

    Parameters
    ----------
    latents_train, latents_test
        (train, dimension) and (test, dimension).
    responses_train, responses_test
        (train, neuron) and (test, neuron).
    groups
        (train,) the repeat of each training row.
    decoder
        Fitted here, on the training part.
    keep
        (neuron,) which neurons are scored.
    """
    predicted = decoder.fit(latents_train, responses_train, groups).predict(latents_test)
    return score(responses_test, predicted, keep)


def cross_repeat(
    latents_train: Num[np.ndarray, "train_repeat frame dimension"],
    responses_train: Num[np.ndarray, "train_repeat frame neuron"],
    latents_test: Num[np.ndarray, "test_repeat frame dimension"],
    targets: Num[np.ndarray, "frame neuron"],
    *,
    decoder: Regressor,
    frames: Sequence[Split],
    keep: NeuronMask,
    frames_seen: bool = False,
) -> Alignment:
    """(b) The stimulus-locked responses to frames that the decoder never saw.

    The decoder maps the latents of a training repeat to the mean of the *other* training repeats,
    on part of the frames; it is scored on the remaining frames of the test repeats against `targets`,
    the mean of repeats that were used in no fit.

    Parameters
    ----------
    latents_train, responses_train
        (repeat, frame, ...) of the training repeats.
    latents_test
        (repeat, frame, dimension) of the test repeats.
    targets
        (frame, neuron) mean responses of repeats used in no fit.
    decoder
        Fitted here, once per part of the frames.
    frames
        Parts of the frames; the test parts together cover all frames.
    keep
        (neuron,) which neurons are scored.
    frames_seen
        A leaky control: let the decoder see all frames, which makes it a look-up table.

    Raises
    ------
    DataError
        If there are fewer than 2 training repeats, or the test parts leave out a frame.
    """
    n_repeats = len(responses_train)
    if n_repeats < 2:
        raise DataError("targets from other repeats need at least 2 training repeats")
    untested = np.setdiff1d(np.arange(len(targets)), np.concatenate([part.test for part in frames]))
    if len(untested):
        raise DataError(f"no part of the frames tests frame {untested[0]}; together they must test every one")
    others = (responses_train.sum(axis=0) - responses_train) / (n_repeats - 1)
    predicted = np.empty((len(latents_test), *targets.shape))
    level = np.empty(predicted.shape)
    for part in frames:
        seen = np.arange(len(targets)) if frames_seen else part.train
        # The penalty, too, is chosen on frames that were left out; a look-up table needs none of that.
        stretch = np.tile(np.arange(len(seen)) * INNER_FRAMES // len(seen), n_repeats)
        groups = np.repeat(np.arange(n_repeats), len(seen)) if frames_seen else stretch
        decoder.fit(_rows(latents_train[:, seen]), _rows(others[:, seen]), groups)
        level[:, part.test] = others[:, seen].mean(axis=(0, 1))
        predicted[:, part.test] = decoder.predict(_rows(latents_test[:, part.test])).reshape(
            len(latents_test), len(part.test), -1
        )
    observed = np.broadcast_to(targets, predicted.shape)
    return score(_rows(observed), _rows(predicted), keep, train_mean=_rows(level))


def score(
    observed: Num[np.ndarray, "time neuron"],
    predicted: Num[np.ndarray, "time neuron"],
    keep: NeuronMask,
    train_mean: Num[np.ndarray, "time neuron"] | None = None,
) -> Alignment:
    """R2 of predicted responses over the neurons to keep, in both conventions.

    Neurons that are constant in the test part have no R2 and are left out.
    """
    keep = keep & (np.ptp(observed, axis=0) > 0)
    if not keep.any():
        return Alignment(None, None, 0)
    observed, predicted = observed[:, keep], predicted[:, keep]
    against = None
    if train_mean is not None:
        against = 1 - float(
            ((observed - predicted) ** 2).sum() / ((observed - train_mean[:, keep]) ** 2).sum()
        )
    return Alignment(
        variance_weighted=float(r2(observed, predicted, average="variance_weighted")),
        mean_over_neurons=float(r2(observed, predicted, average="mean_over_neurons")),
        n_neurons=int(keep.sum()),
        against_train_mean=against,
    )


def _rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, array.shape[-1])
