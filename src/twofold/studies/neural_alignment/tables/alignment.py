"""Alignment: one embedding in one division of the repeats into training, target and test."""

from __future__ import annotations

import numpy as np

from twofold.analyses.alignment import Alignment, same_trial, score
from twofold.analyses.controls import random_code
from twofold.decoders import GroupedRidge
from twofold.decoders.mlp_responses import ResponseMLP
from twofold.recordings.preprocess import Preprocessing
from twofold.recordings.splits import frame_blocks
from twofold.studies.neural_alignment.methods.method import (
    Choice,
    FrameDecoder,
    Method,
    as_text,
    choose,
    predict_frames,
)
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.alignment_fold import AlignmentSettings, Fold, Roles
from twofold.studies.neural_alignment.truth import CONDITIONAL, DRIVE, Known

RANDOM_CODE = "control: random code of the decoded frame"
LEAKY_CODE = "control: random code (leaky: frames seen by the decoder)"
NETWORK_EPOCHS = 30
CODE_DIMENSION = 128  # enough for a look-up table, were the frames seen
LEAKY_CONTRASTIVE = "contrastive (leaky: frames seen by the decoder)"


def align_method(
    data: Presentations,
    method: Method,
    decoder: FrameDecoder,
    preprocessing: Preprocessing,
    settings: AlignmentSettings,
    roles: Roles,
    scored: np.ndarray,
    network: tuple[int, ...] | None = None,
    known: Known | None = None,
) -> dict[str, np.ndarray]:
    """All alignment numbers of one embedding, in one division of the repeats.

    Parameters
    ----------
    data
        The recording.
    method, decoder
        The embedding, and the decoder of frames that its options are chosen for.
    preprocessing, settings
        What is done to the responses, and how alignment is scored.
    roles
        Repeats that encoders and decoders are fitted to, whose mean is the target of the stimulus-locked
        part, and whose latents are scored.
    scored
        (neuron,) units that are kept in every fold.
    network
        Widths of a network that tells responses beside ridge, for the same trial; None for none.
    known
        The law of a simulation, for the R2 against the true rate.

    Returns
    -------
    dict
        `<metric>/<row>` of shape (3,): variance-weighted, mean over neurons, against the training mean;
        NaN where there is none.
    """
    fold = Fold.of(data, preprocessing, settings, roles, scored)
    frames = frame_blocks(data.clip, settings.frame_folds, gap=method.window)
    first = None if settings.refit else method.encoder(method.candidates[0], fold.rows, settings.seed)
    choice, own = choose(
        method, (decoder,), fold.rows, inner_folds=settings.inner_folds, seed=settings.seed, encode=first
    )[decoder.name]
    encode = first or method.encoder(choice, fold.rows, settings.seed)
    latents = encode(fold.rows), encode(fold.new)
    out: dict[str, np.ndarray] = {"n_units": np.array(fold.keep.sum()), **fold.ceiling()}
    out[f"chosen/{method.name}"] = as_text(choice)
    out[f"r2_same_trial/{method.name}"] = _values(fold.same_trial(*latents, GroupedRidge()))
    if network is not None:
        model = _NetworkByRepeat(network, settings.seed)
        out[f"r2_same_trial_mlp/{method.name}"] = _values(fold.same_trial(*latents, model))
    if known is not None:
        out[f"r2_true_rate/{method.name}"] = _values(fold.true_rate(*latents, known.roots(roles.test)))
    out[f"r2_cross_repeat/{method.name}"] = _values(fold.cross_repeat(*latents, frames))
    if not method.sees or not method.sees[0].startswith("latents"):
        out[f"r2_cosmoothing/{method.name}"] = _cosmoothing(method, choice, fold, settings)
    if method.name == "contrastive":
        seen = fold.cross_repeat(*latents, frames, frames_seen=True)
        out[f"r2_cross_repeat/{LEAKY_CONTRASTIVE}"] = _values(seen)
    if method.name == "raw":
        decoded = predict_frames(decoder, own, latents[0], fold.rows.frame, latents[1])
        code = random_code(data.n_frames, CODE_DIMENSION, np.random.default_rng(settings.seed))
        codes = code[fold.rows.frame], code[decoded]
        out[f"r2_cross_repeat/{RANDOM_CODE}"] = _values(fold.cross_repeat(*codes, frames))
        out[f"r2_cross_repeat/{LEAKY_CODE}"] = _values(fold.cross_repeat(*codes, frames, frames_seen=True))
    return out


def known_alignment(
    data: Presentations,
    known: Known,
    preprocessing: Preprocessing,
    settings: AlignmentSettings,
    roles: Roles,
    scored: np.ndarray,
) -> dict[str, np.ndarray]:
    """The ceilings of one division, from the law of a simulation."""
    fold = Fold.of(data, preprocessing, settings, roles, scored)
    return {"n_units": np.array(fold.keep.sum()), **_known_ceilings(known, fold, settings)}


class _NetworkByRepeat:
    """The paper's network as a regressor that stops on whole repeats left out."""

    def __init__(self, hidden: tuple[int, ...], seed: int) -> None:
        self.model = ResponseMLP(hidden=hidden, epochs=NETWORK_EPOCHS, device="cpu", random_state=seed)

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> _NetworkByRepeat:
        self.model.fit(X, y, groups)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.model.predict(X)


def _cosmoothing(method: Method, choice: Choice, fold: Fold, settings: AlignmentSettings) -> np.ndarray:
    """R2 of units that the encoder did not see, mean over random halves."""
    values = []
    for given, hidden in fold.halves(settings):
        seen = [part.of_units(given) for part in (fold.rows, fold.new)]
        encode = method.encoder(choice, seen[0], settings.seed)
        values.append(
            _values(
                same_trial(
                    encode(seen[0]),
                    fold.rows.responses[:, hidden],
                    encode(seen[1]),
                    fold.new.responses[:, hidden],
                    groups=fold.rows.repeat,
                    decoder=GroupedRidge(),
                    keep=fold.keep[hidden],
                )
            )
        )
    return np.mean(values, axis=0)


def _known_ceilings(known: Known, fold: Fold, settings: AlignmentSettings) -> dict[str, np.ndarray]:
    """What the truth of a simulation predicts, scored like any latents."""
    kept, n_test = fold.fitted.kept, len(fold.test)

    def scaled(expected: np.ndarray, units: np.ndarray) -> np.ndarray:
        return (expected - fold.fitted.mean[units]) / fold.fitted.scale[units]

    everything = np.arange(len(kept))
    locked = scaled(known.stimulus_locked(fold.test)[..., kept], everything).reshape(-1, len(kept))
    targets = np.tile(fold.targets.mean(axis=0), (n_test, 1))
    values = []
    for given, hidden in fold.halves(settings):
        expected = scaled(known.given(fold.test, kept[given], kept[hidden]), hidden)
        values.append(_values(score(fold.new.responses[:, hidden], expected, fold.keep[hidden])))
    return {
        f"r2_cross_repeat/{DRIVE}": _values(score(targets, locked, fold.keep)),
        f"r2_cosmoothing/{CONDITIONAL}": np.mean(values, axis=0),
    }


def _values(found: Alignment) -> np.ndarray:
    values = (found.variance_weighted, found.mean_over_neurons, found.against_train_mean)
    return np.array([np.nan if value is None else value for value in values])
