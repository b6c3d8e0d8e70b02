"""Alignment: one division of the repeats into training, target and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from twofold.analyses.alignment import Alignment, cross_repeat, same_trial, score
from twofold.analyses.controls import random_code
from twofold.decoders import GroupedRidge
from twofold.metrics import noise_ceiling
from twofold.recordings.preprocess import FittedPreprocessing, fit_to_responses
from twofold.recordings.splits import Split, frame_blocks
from twofold.studies.alignment_options import AlignmentOptions
from twofold.studies.methods import (
    Choice,
    Method,
    aligned,
    as_text,
    choose,
    embeddings,
    knn,
    predict_frames,
)
from twofold.studies.presentations import Presentations, Rows
from twofold.studies.truth import CONDITIONAL, DRIVE, Known

RANDOM_CODE = "control: random code of the decoded frame"
LEAKY_CODE = "control: random code (leaky: frames seen by the decoder)"
CODE_DIMENSION = 128  # enough for a look-up table, were the frames seen
LEAKY_CONTRASTIVE = "contrastive (leaky: frames seen by the decoder)"


def align_fold(
    data: Presentations,
    options: AlignmentOptions,
    train: np.ndarray,
    target: np.ndarray,
    test: np.ndarray,
    scored: np.ndarray,
    known: Known | None = None,
) -> dict[str, np.ndarray]:
    """All alignment numbers of one division of the repeats into training, target and test.

    Parameters
    ----------
    data
        The recording.
    options
        Options of the study.
    train, target, test
        Repeats that encoders and decoders are fitted to, whose mean is the target of the stimulus-locked
        part, and whose latents are scored. No repeat is in two of them.
    scored
        (neuron,) units that are kept in every fold.
    known
        The law of a simulation, for the ceilings.

    Returns
    -------
    dict
        `<metric>/<row>` of shape (3,): variance-weighted, mean over neurons, against the training mean;
        NaN where there is none.
    """
    fold = Fold.of(data, options, train, target, test, scored)
    frames = frame_blocks(data.clip, options.frame_folds, gap=1)
    out: dict[str, np.ndarray] = {"n_units": np.array(fold.keep.sum()), **_ceilings(fold)}
    if known is not None:
        out |= _known_ceilings(known, fold, options)
    decoder = (knn(options),)
    for method in (*embeddings(options), *aligned(options)):
        choice, own = choose(method, decoder, fold.rows, inner_folds=options.inner_folds, seed=options.seed)[
            "knn"
        ]
        encode = method.fit(choice, fold.rows, options.seed)
        latents = encode(fold.rows), encode(fold.new)
        out[f"chosen/{method.name}"] = as_text(choice)
        out[f"r2_same_trial/{method.name}"] = _values(
            same_trial(
                latents[0],
                fold.rows.responses,
                latents[1],
                fold.new.responses,
                groups=fold.rows.repeat,
                decoder=GroupedRidge(),
                keep=fold.keep,
            )
        )
        out[f"r2_cross_repeat/{method.name}"] = _values(fold.cross_repeat(*latents, frames))
        out[f"r2_cosmoothing/{method.name}"] = _cosmoothing(method, choice, fold, options)
        if method.name == "contrastive":
            seen = fold.cross_repeat(*latents, frames, frames_seen=True)
            out[f"r2_cross_repeat/{LEAKY_CONTRASTIVE}"] = _values(seen)
        if method.name == "raw":
            decoded = predict_frames(decoder[0], own, latents[0], fold.rows.frame, latents[1])
            code = random_code(data.n_frames, CODE_DIMENSION, np.random.default_rng(options.seed))
            codes = code[fold.rows.frame], code[decoded]
            out[f"r2_cross_repeat/{RANDOM_CODE}"] = _values(fold.cross_repeat(*codes, frames))
            out[f"r2_cross_repeat/{LEAKY_CODE}"] = _values(
                fold.cross_repeat(*codes, frames, frames_seen=True)
            )
    return out


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows of one division, preprocessed by statistics of its training repeats.

    Parameters
    ----------
    rows, new
        Training and test rows.
    targets
        (repeat, frame, unit) responses of the target repeats.
    keep
        (unit,) which units are scored.
    fitted
        The preprocessing.
    test
        The test repeats.
    """

    rows: Rows
    new: Rows
    targets: np.ndarray
    keep: np.ndarray
    fitted: FittedPreprocessing
    test: np.ndarray

    @classmethod
    def of(
        cls,
        data: Presentations,
        options: AlignmentOptions,
        train: np.ndarray,
        target: np.ndarray,
        test: np.ndarray,
        scored: np.ndarray,
    ) -> Fold:
        """Prepare one division of the repeats."""
        before = data.rows(train)
        fitted = fit_to_responses(
            before.responses, before.repeat, options.preprocessing, "the training repeats"
        )

        def prepared(repeats: np.ndarray) -> Rows:
            part = data.rows(repeats)
            return replace(part, responses=fitted.transform(part.responses[:, fitted.kept]))

        rows = prepared(train)
        reliability = noise_ceiling(
            rows.responses.reshape(len(train), data.n_frames, -1), random_state=options.seed
        ).reliability
        keep = scored[fitted.kept] & (np.nan_to_num(reliability, nan=-1.0) > options.reliability)
        targets = prepared(target).responses.reshape(len(target), data.n_frames, -1)
        return cls(rows, prepared(test), targets, keep, fitted, test)

    @property
    def n_frames(self) -> int:
        """Frames per repeat."""
        return self.targets.shape[1]

    def cross_repeat(
        self,
        latents_train: np.ndarray,
        latents_test: np.ndarray,
        frames: Sequence[Split],
        frames_seen: bool = False,
    ) -> Alignment:
        """(b) from latents (time, dimension) of the training and the test rows."""

        def by_repeat(array: np.ndarray) -> np.ndarray:
            return array.reshape(-1, self.n_frames, array.shape[-1])

        return cross_repeat(
            by_repeat(latents_train),
            by_repeat(self.rows.responses),
            by_repeat(latents_test),
            self.targets.mean(axis=0),
            decoder=GroupedRidge(),
            frames=frames,
            keep=self.keep,
            frames_seen=frames_seen,
        )


def _cosmoothing(method: Method, choice: Choice, fold: Fold, options: AlignmentOptions) -> np.ndarray:
    """R2 of units that the encoder did not see, mean over random halves."""
    values = []
    for given, hidden in _halves(fold, options):
        seen = [replace(part, responses=part.responses[:, given]) for part in (fold.rows, fold.new)]
        encode = method.fit(choice, seen[0], options.seed)
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


def _halves(fold: Fold, options: AlignmentOptions) -> list[tuple[np.ndarray, np.ndarray]]:
    """(given, hidden) units, the same for every row."""
    rng = np.random.default_rng([options.seed, 1])
    n_units = fold.rows.responses.shape[1]
    orders = [rng.permutation(n_units) for _ in range(options.halves)]
    return [(np.sort(order[: n_units // 2]), np.sort(order[n_units // 2 :])) for order in orders]


def _known_ceilings(known: Known, fold: Fold, options: AlignmentOptions) -> dict[str, np.ndarray]:
    """What the truth of a simulation predicts, scored like any latents."""
    kept, n_test = fold.fitted.kept, len(fold.test)

    def scaled(expected: np.ndarray, units: np.ndarray) -> np.ndarray:
        return (expected - fold.fitted.mean[units]) / fold.fitted.scale[units]

    everything = np.arange(len(kept))
    locked = scaled(known.stimulus_locked(fold.test)[..., kept], everything).reshape(-1, len(kept))
    targets = np.tile(fold.targets.mean(axis=0), (n_test, 1))
    values = []
    for given, hidden in _halves(fold, options):
        expected = scaled(known.given(fold.test, kept[given], kept[hidden]), hidden)
        values.append(_values(score(fold.new.responses[:, hidden], expected, fold.keep[hidden])))
    return {
        f"r2_cross_repeat/{DRIVE}": _values(score(targets, locked, fold.keep)),
        f"r2_cosmoothing/{CONDITIONAL}": np.mean(values, axis=0),
    }


def _ceilings(fold: Fold) -> dict[str, np.ndarray]:
    """The highest R2 that any function of the stimulus can reach for the mean of the target repeats."""
    if not fold.keep.any():
        return {}
    responses = fold.rows.responses.reshape(-1, fold.n_frames, fold.rows.responses.shape[-1])
    found = noise_ceiling(responses)

    n = len(fold.targets)
    pooled, mean = found.variance_weighted(n, fold.keep), np.nanmean(found.of_mean(n)[fold.keep])
    return {"ceiling/r2_cross_repeat": np.array([pooled, mean, np.nan])}


def _values(found: Alignment) -> np.ndarray:
    values = (found.variance_weighted, found.mean_over_neurons, found.against_train_mean)
    return np.array([np.nan if value is None else value for value in values])
