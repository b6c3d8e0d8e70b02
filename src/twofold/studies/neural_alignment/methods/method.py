"""Ways to embed responses, ways to read the frame from them, and how their options are chosen."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from sklearn.base import clone

from twofold.recordings.splits import leave_one_out
from twofold.studies.neural_alignment.presentations import Rows

Encoder = Callable[[Rows], np.ndarray]
Choice = Mapping[str, Any]


@dataclass(frozen=True)
class Method:
    """One way to embed responses: candidates for its options, and how to fit one of them.

    Parameters
    ----------
    name
        How rows call it.
    candidates
        Options to choose among.
    fit
        (options, training rows, seed) to a function from rows to latents (time, dimension).
    depends
        All else that it depends on, such as sizes; `fit` gets it with the chosen options. What is not named
        here or among the candidates, a method does not see, so that a change of it repeats no work.
    top_variance
        Share of the variance of the units that it is fitted to, where not that of the study.
    sees
        What it is fitted to besides responses and frames: "features", or "latents" that a user brought.
    window
        Samples that a latent depends on.
    note
        What its rows say.
    """

    name: str
    candidates: tuple[Choice, ...]
    fit: Callable[[Choice, Rows, int], Encoder]
    depends: Choice = field(default_factory=dict)
    top_variance: float | None = None
    sees: tuple[str, ...] = ()
    window: int = 1
    note: str = ""

    def encoder(self, choice: Choice, rows: Rows, seed: int) -> Encoder:
        """Fit one of the candidates to the training rows."""
        return self.fit({**self.depends, **choice}, rows, seed)

    @property
    def key(self) -> dict[str, Any]:
        """What the result of fitting depends on, as plain JSON, besides the data."""
        plain = [dict(choice) for choice in self.candidates]
        return {"name": self.name, "candidates": plain, **self.depends, "top_variance": self.top_variance}


@dataclass(frozen=True)
class FrameDecoder:
    """One way to read the frame from latents: a scikit-learn classifier and its candidates."""

    name: str
    estimator: Any
    candidates: tuple[Choice, ...] = ({},)
    scores_train: bool = False

    @property
    def key(self) -> dict[str, Any]:
        """What its result depends on, as plain JSON."""
        return {"name": self.name, "candidates": [dict(choice) for choice in self.candidates]}


def choose(
    method: Method,
    decoders: Sequence[FrameDecoder],
    rows: Rows,
    *,
    inner_folds: int,
    seed: int,
    encode: Encoder | None = None,
) -> dict[str, tuple[Choice, Choice]]:
    """Options of the embedding and of each decoder, by leaving training repeats out in turn.

    Parameters
    ----------
    method, decoders
        What to choose for.
    rows
        Training repeats only; the parts that are scored here are not fitted here.
    inner_folds
        How many of the repeats are left out in turn.
    seed
        Seed of the fits.
    encode
        The embedding's first candidate, fitted to all rows: then it is taken as it is, and only the decoders
        choose. Fits that take long are spared; the choice favours decoders that trust the embedding.

    Returns
    -------
    dict
        Per decoder, the embedding's options and its own. The highest mean exact accuracy wins, then the
        lowest mean error in frames, then the first.
    """
    hits: dict[tuple[str, int, int], list[tuple[float, float]]] = {}
    candidates = method.candidates if encode is None else method.candidates[:1]
    several = len(candidates) > 1 or any(len(decoder.candidates) > 1 for decoder in decoders)
    for split in leave_one_out(rows.repeat, inner_folds) if several else []:
        train, validation = rows.take(split.train), rows.take(split.test)
        for i, options in enumerate(candidates):
            encoder = encode or method.encoder(options, train, seed)
            latents_train, latents_validation = encoder(train), encoder(validation)
            for decoder in decoders:
                for j, own in enumerate(decoder.candidates):
                    model = fit_decoder(decoder, own, latents_train, train.frame)
                    error = np.abs(model.predict(latents_validation) - validation.frame)
                    hits.setdefault((decoder.name, i, j), []).append(((error == 0).mean(), -error.mean()))
    chosen = {}
    for decoder in decoders:
        grid = list(product(range(len(candidates)), range(len(decoder.candidates))))
        means = [tuple(np.mean(hits.get((decoder.name, i, j), [(0.0, 0.0)]), axis=0)) for i, j in grid]
        i, j = grid[max(range(len(grid)), key=lambda k: (means[k], -k))]
        chosen[decoder.name] = (candidates[i], decoder.candidates[j])
    return chosen


def predict_frames(
    decoder: FrameDecoder, options: Choice, latents: np.ndarray, frame: np.ndarray, new: np.ndarray
) -> np.ndarray:
    """Decoded frame of new latents, after fitting to `latents` (time, dimension) and `frame` (time,)."""
    return np.asarray(fit_decoder(decoder, options, latents, frame).predict(new))


def fit_decoder(decoder: FrameDecoder, options: Choice, latents: np.ndarray, frame: np.ndarray) -> Any:
    """A fresh copy of the decoder, fitted to `latents` (time, dimension) and `frame` (time,)."""
    estimator = clone(decoder.estimator)
    if "n_neighbors" in options:
        options = {**options, "n_neighbors": min(options["n_neighbors"], len(latents))}
    with warnings.catch_warnings():  # a frame is a class, and one repeat shows each class once
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        warnings.filterwarnings("ignore", "lbfgs failed to converge")
        return estimator.set_params(**options).fit(latents, frame)


def as_text(choice: Choice) -> np.ndarray:
    """A choice as an array that a file can hold without pickling."""
    plain = {name.rpartition("__")[2]: value for name, value in choice.items()}
    return np.array(json.dumps(plain))


def grid_of(**values: Sequence[Any]) -> tuple[Choice, ...]:
    """Every combination of values by name, the last name varying fastest."""
    return tuple(dict(zip(values, combination, strict=True)) for combination in product(*values.values()))
