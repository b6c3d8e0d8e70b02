"""State: which signals of the animal the latents tell, and its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twofold.analyses.state import SignalScore, score_signals, within_repeats
from twofold.decoders import GroupedRidge
from twofold.metrics import mean_and_sem
from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.methods.method import FrameDecoder, Method, choose
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.result import Row

MOST_MISSING = 0.2
SURROGATES_PER_TEST = 20
PARTS = ("folds", "circular_shifts", "trial_swaps", "predicted")  # of a SignalScore


def state_of_method(
    data: Presentations,
    method: Method,
    decoder: FrameDecoder,
    preprocessing: Preprocessing,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    surrogates: int,
    inner_folds: int,
    seed: int,
    refit: bool,
    stretch: int = 1,
) -> dict[str, np.ndarray]:
    """Score every signal from the latents of one embedding, over groups of consecutive repeats.

    Parameters
    ----------
    data
        The recording.
    method, decoder
        The embedding, and the decoder of frames that its options are chosen for.
    preprocessing
        What is done to the responses.
    folds
        Training and test repeats.
    surrogates
        Circular shifts and trial swaps of every signal.
    inner_folds, seed, refit
        How options are chosen; without `refit` the first candidate is taken.
    stretch
        Frames that are averaged, of latents and signals; signals are slower than frames.

    Returns
    -------
    dict
        Per signal and per its part within repeats: R2 per fold and of every surrogate, and what is
        predicted, (repeat, stretch).
    """
    latents = []
    for train, test in folds:
        part = Prepared.of(data, train, test, preprocessing, method)
        choice = method.candidates[0]
        if refit:
            choice = choose(method, (decoder,), part.rows, inner_folds=inner_folds, seed=seed)[decoder.name][
                0
            ]
        encode = method.encoder(choice, part.rows, seed)
        n = data.n_frames
        fitted_on, scored_on = (_coarse_rows(encode(rows), n, stretch) for rows in (part.rows, part.new))
        latents.append((fitted_on, scored_on))
    whole = {name: fill_missing(signal) for name, signal in data.signals.items()}
    filled = {name: coarse(signal, stretch) for name, signal in whole.items() if signal is not None}
    kinds = {f"r2_signal/{name}": signal for name, signal in filled.items()}
    kinds |= {f"r2_signal_within_repeats/{name}": within_repeats(signal) for name, signal in filled.items()}
    if not kinds:
        return {}
    scores = score_signals(
        latents,
        folds,
        list(kinds.values()),
        decoder=GroupedRidge(per_target=True),
        n_surrogates=surrogates,
        random_state=np.random.default_rng([seed, 2]),
    )
    return {
        f"{kind}/{part}": getattr(score, part)
        for kind, score in zip(kinds, scores, strict=True)
        for part in PARTS
    }


def coarse(values: np.ndarray, stretch: int) -> np.ndarray:
    """(repeat, stretch, ...) means of so many frames in a row, without what is left at the end of a repeat.

    Examples
    --------
    >>> coarse(np.array([[1.0, 3.0, 5.0, 7.0, 9.0]]), 2)
    array([[2., 6.]])
    """
    n = values.shape[1] // stretch
    cut = values[:, : n * stretch].reshape(len(values), n, stretch, *values.shape[2:])
    return np.asarray(cut.mean(axis=2))


def _coarse_rows(latents: np.ndarray, n_frames: int, stretch: int) -> np.ndarray:
    """The same of rows, (repeat * frame, dimension) to (repeat * stretch, dimension)."""
    by_repeat = coarse(latents.reshape(-1, n_frames, latents.shape[1]), stretch)
    return by_repeat.reshape(-1, latents.shape[1])


def enough_surrogates(asked: int, n_signals: int, n_methods: int) -> int:
    """So many that the smallest p survives a correction for all tests of the table.

    Examples
    --------
    >>> enough_surrogates(99, 2, 4), enough_surrogates(999, 2, 4)
    (160, 999)
    """
    return max(asked, SURROGATES_PER_TEST * n_signals * n_methods)


def fill_missing(signal: np.ndarray) -> np.ndarray | None:
    """The signal, gaps interpolated in time; None where over a fifth is missing or nothing varies."""
    flat = signal.reshape(-1)
    there = np.isfinite(flat)
    if 1 - there.mean() > MOST_MISSING or np.ptp(flat[there]) == 0:
        return None
    time = np.arange(len(flat))
    return np.interp(time, time[there], flat[there]).reshape(signal.shape)


def state_rows(
    by_method: Mapping[str, Mapping[str, np.ndarray]], data: Presentations, options: AlignmentOptions
) -> list[Row]:
    """Rows of the table state: R2 of each signal, the null's mean as chance, and both p values."""
    rows = []
    for method, found in by_method.items():
        for signal in data.signals:
            for kind in ("r2_signal", "r2_signal_within_repeats"):
                name = f"{method} -> {signal}"
                if not len(found.get(f"{kind}/{signal}/folds", ())):
                    note = "the signal is constant where it is scored, or more than a fifth of it is missing"
                    rows.append(
                        Row(table="state", row=name, metric=kind, split="test", value=None, note=note)
                    )
                    continue
                score = SignalScore(*(found[f"{kind}/{signal}/{part}"] for part in PARTS))
                rows.append(_row(name, kind, score, options))
    return rows


def traces(by_method: Mapping[str, Mapping[str, np.ndarray]], data: Presentations) -> dict[str, np.ndarray]:
    """For the figure: each signal within repeats, and what the embedding that tells it best says."""
    found: dict[str, np.ndarray] = {}
    for signal in data.signals:
        key = f"r2_signal_within_repeats/{signal}"
        folds = {method: parts.get(f"{key}/folds", np.empty(0)) for method, parts in by_method.items()}
        scores = {method: of_fold.mean() for method, of_fold in folds.items() if len(of_fold)}
        filled = fill_missing(data.signals[signal])
        if scores and filled is not None:
            best = max(scores, key=lambda method: scores[method])
            predicted = by_method[best][f"{key}/predicted"]
            observed = coarse(filled, data.n_frames // predicted.shape[1])
            found[f"state/{signal}/observed"] = within_repeats(observed).reshape(-1)
            found[f"state/{signal}/predicted"] = predicted.reshape(-1)
    return found


def _row(name: str, kind: str, score: SignalScore, options: AlignmentOptions) -> Row:
    interval = mean_and_sem(score.folds)
    shifts, swaps = score.p(score.circular_shifts), score.p(score.trial_swaps)
    null = score.circular_shifts[np.isfinite(score.circular_shifts)]
    return Row(
        table="state",
        row=name,
        metric=kind,
        split="test",
        value=interval.value,
        low=interval.low,
        high=interval.high,
        interval_kind="sem",
        over="groups of consecutive repeats",
        n=interval.n,
        chance=float(null.mean()) if len(null) else None,
        fitted_on="the other groups of repeats",
        scored_on="the left-out group",
        window=1,
        seed=options.seed,
        note=f"p = {shifts:.3g} (circular shifts), p = {swaps:.3g} (swaps of whole repeats)",
    )
