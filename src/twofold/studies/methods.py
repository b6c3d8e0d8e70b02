"""Ways to embed responses, ways to read the frame from them, and how their options are chosen."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from twofold.decoders import TemplateDecoder
from twofold.embeddings import ContrastiveEmbedding
from twofold.recordings.splits import leave_one_out
from twofold.studies.alignment_options import AlignmentOptions
from twofold.studies.presentations import Rows

Encoder = Callable[[Rows], np.ndarray]
Choice = Mapping[str, Any]
ALIGNED = "contrastive aligned lambda"


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
    """

    name: str
    candidates: tuple[Choice, ...]
    fit: Callable[[Choice, Rows, int], Encoder]


@dataclass(frozen=True)
class FrameDecoder:
    """One way to read the frame from latents: a scikit-learn classifier and its candidates."""

    name: str
    estimator: Any
    candidates: tuple[Choice, ...] = ({},)


def raw() -> Method:
    """The responses themselves."""
    return Method("raw", ({},), lambda choice, rows, seed: lambda new: new.responses)


def pca(options: AlignmentOptions) -> Method:
    """Principal components of the training repeats."""

    def fit(choice: Choice, rows: Rows, seed: int) -> Encoder:
        n = min(choice["components"], *rows.responses.shape)
        fitted = PCA(n, random_state=seed).fit(rows.responses)
        return lambda new: fitted.transform(new.responses)

    return Method("pca", _grid(components=options.pca_components), fit)


def contrastive(options: AlignmentOptions, *, trained: bool = True, reconstruction: float = 0.0) -> Method:
    """The contrastive embedding guided by frame id; its encoder before any training; or the aligned one.

    The aligned one also predicts the responses to the same frame in another repeat, from its latents before
    their length is normalised, with the weight `reconstruction`; these latents are what it gives.
    """

    def fit(choice: Choice, rows: Rows, seed: int) -> Encoder:
        embedding = ContrastiveEmbedding(
            options.dimension,
            hidden=options.hidden,
            temperature=choice["temperature"],
            dropout=choice["dropout"],
            batch_size=options.batch_size,
            max_steps=options.steps if trained else 0,
            learning_rate=options.learning_rate,
            weight_decay=options.weight_decay,
            reconstruction=reconstruction,
            device="cpu",
            random_state=seed,
        ).fit(rows.responses, rows.frame, trials=rows.trial)
        return lambda new: embedding.transform(new.responses, trials=new.trial)

    grid = _grid(temperature=options.temperature, dropout=options.dropout)
    if not trained:
        return Method("untrained", grid[:1], fit)
    return Method(aligned_name(reconstruction) if reconstruction else "contrastive", grid, fit)


def aligned_name(reconstruction: float) -> str:
    """How rows call the contrastive embedding that also reconstructs.

    Examples
    --------
    >>> aligned_name(10.0)
    'contrastive aligned lambda=10'
    """
    return f"{ALIGNED}={reconstruction:g}"


def embeddings(options: AlignmentOptions) -> tuple[Method, ...]:
    """The embeddings that every table compares."""
    return raw(), pca(options), contrastive(options, trained=False), contrastive(options)


def aligned(options: AlignmentOptions) -> tuple[Method, ...]:
    """The embeddings that also reconstruct, for decoding and alignment."""
    return tuple(contrastive(options, reconstruction=weight) for weight in options.reconstruction)


def knn(options: AlignmentOptions) -> FrameDecoder:
    """Nearest neighbours by cosine."""
    grid = _grid(n_neighbors=options.neighbours)
    return FrameDecoder("knn", KNeighborsClassifier(metric="cosine", algorithm="brute"), grid)


def template() -> FrameDecoder:
    """Best-correlated mean response of the training repeats."""
    return FrameDecoder("template", TemplateDecoder())


def logistic(options: AlignmentOptions) -> FrameDecoder:
    """Multinomial logistic regression on standardised latents."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, tol=1e-3))
    return FrameDecoder("logistic", model, _grid(logisticregression__C=options.logistic_c))


def decoders_of(method: Method, options: AlignmentOptions) -> tuple[FrameDecoder, ...]:
    """The frame decoders that are read from an embedding."""
    if method.name == "raw":
        return template(), knn(options), logistic(options)
    if method.name == "untrained":
        return (knn(options),)
    return knn(options), logistic(options)


def choose(
    method: Method, decoders: Sequence[FrameDecoder], rows: Rows, *, inner_folds: int, seed: int
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

    Returns
    -------
    dict
        Per decoder, the embedding's options and its own. The highest mean exact accuracy wins, then the
        lowest mean error in frames, then the first.
    """
    hits: dict[tuple[str, int, int], list[tuple[float, float]]] = {}
    several = len(method.candidates) > 1 or any(len(decoder.candidates) > 1 for decoder in decoders)
    for split in leave_one_out(rows.repeat, inner_folds) if several else []:
        train, validation = _take(rows, split.train), _take(rows, split.test)
        for i, options in enumerate(method.candidates):
            encode = method.fit(options, train, seed)
            latents_train, latents_validation = encode(train), encode(validation)
            for decoder in decoders:
                for j, own in enumerate(decoder.candidates):
                    model = _fit(decoder, own, latents_train, train.frame)
                    error = np.abs(model.predict(latents_validation) - validation.frame)
                    hits.setdefault((decoder.name, i, j), []).append(((error == 0).mean(), -error.mean()))
    chosen = {}
    for decoder in decoders:
        grid = list(product(range(len(method.candidates)), range(len(decoder.candidates))))
        means = [tuple(np.mean(hits.get((decoder.name, i, j), [(0.0, 0.0)]), axis=0)) for i, j in grid]
        i, j = grid[max(range(len(grid)), key=lambda k: (means[k], -k))]
        chosen[decoder.name] = (method.candidates[i], decoder.candidates[j])
    return chosen


def predict_frames(
    decoder: FrameDecoder, options: Choice, latents: np.ndarray, frame: np.ndarray, new: np.ndarray
) -> np.ndarray:
    """Decoded frame of new latents, after fitting to `latents` (time, dimension) and `frame` (time,)."""
    return np.asarray(_fit(decoder, options, latents, frame).predict(new))


def as_text(choice: Choice) -> np.ndarray:
    """A choice as an array that a file can hold without pickling."""
    plain = {name.rpartition("__")[2]: value for name, value in choice.items()}
    return np.array(json.dumps(plain))


def _fit(decoder: FrameDecoder, options: Choice, latents: np.ndarray, frame: np.ndarray) -> Any:
    estimator = clone(decoder.estimator)
    if "n_neighbors" in options:
        options = {**options, "n_neighbors": min(options["n_neighbors"], len(latents))}
    with warnings.catch_warnings():  # a frame is a class, and one repeat shows each class once
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        return estimator.set_params(**options).fit(latents, frame)


def _take(rows: Rows, index: np.ndarray) -> Rows:
    return Rows(rows.responses[index], rows.frame[index], rows.repeat[index], rows.trial[index])


def _grid(**values: Sequence[Any]) -> tuple[Choice, ...]:
    return tuple(dict(zip(values, combination, strict=True)) for combination in product(*values.values()))
