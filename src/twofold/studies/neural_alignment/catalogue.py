"""Which embeddings the study compares, and what is read from each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twofold.studies.neural_alignment.methods import frame_decoders as read
from twofold.studies.neural_alignment.methods.contrastive import aligned, contrastive, feature_contrastive
from twofold.studies.neural_alignment.methods.method import Method
from twofold.studies.neural_alignment.methods.response_decoders import ResponseDecoders
from twofold.studies.neural_alignment.methods.simple import (
    counts,
    counts_window,
    factor_analysis,
    own_latents,
    pca,
    pca_of,
    pca_of_variance,
    raw,
    raw_window,
    raw_window_mean,
)
from twofold.studies.neural_alignment.methods.vae import pi_vae, vaes
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.decoding import Comparison

PAPER_C = 0.4


def at_size(options: AlignmentOptions, data: Presentations) -> AlignmentOptions:
    """Options as they are used for this recording.

    A small one has the paper's contrastive embedding on single samples, like all its other rows, and for as
    few steps as ours; a large one fits what is trained once per split. That embedding follows the movie from
    frame to frame, so it is left out where the label is something else.
    """
    if data.label_name != "frame":
        return options.model_copy(update={"feature_steps": 0})
    if is_split_once(options, data):
        return options
    steps = min(options.feature_steps, options.steps)
    return options.model_copy(update={"feature_window": 1, "feature_steps": steps})


def is_split_once(options: AlignmentOptions, data: Presentations) -> bool:
    """Whether what is trained is scored on the paper's one split."""
    return data.is_large if options.heavy == "auto" else options.heavy == "one_split"


def embeddings(options: AlignmentOptions) -> tuple[Method, ...]:
    """The embeddings that every table compares."""
    return raw(), pca(options), contrastive(options, trained=False), contrastive(options)


def compared(
    options: AlignmentOptions, data: Presentations, latents: Mapping[str, np.ndarray]
) -> tuple[Comparison, ...]:
    """All rows of the table frame-decoding: cheap ones, ours, the paper's, and a user's own."""
    return (
        *_simple(options, data),
        *_contrastive(options),
        *_vaes(options),
        *_linear(options),
        *_own(options, latents),
    )


def _simple(options: AlignmentOptions, data: Presentations) -> list[Comparison]:
    counted = data.responses.min() >= 0
    knn, logistic = read.knn(options), read.logistic(options)
    trained = read.logistic(options, scores_train=True)
    untrained = contrastive(options, trained=False)
    found = [
        Comparison(raw(), (read.template(), knn, read.ridge(options))),
        Comparison(raw(), (trained,), heavy=True),
        *([Comparison(counts(), (read.naive_bayes(),))] if counted else []),
        Comparison(pca(options), (knn,)),
        Comparison(pca(options), (logistic,), heavy=True),
        Comparison(pca_of_variance(), (read.logistic(options, PAPER_C, scores_train=True),), heavy=True),
        Comparison(untrained, (knn,)),
    ]
    window = options.feature_window
    if options.feature_steps and window > 1:
        found += [
            Comparison(raw_window(window), (read.template(),), by_block=False),
            Comparison(raw_window(window), (knn,), heavy=True, by_block=False),
            *([Comparison(counts_window(window), (read.naive_bayes(),), by_block=False)] if counted else []),
            Comparison(raw_window_mean(window), (read.ridge(options),), by_block=False),
            Comparison(raw_window_mean(window), (logistic,), heavy=True, by_block=False),
            Comparison(feature_contrastive(options, trained=False), (knn,), heavy=True, by_block=False),
        ]
    return found


def _contrastive(options: AlignmentOptions) -> list[Comparison]:
    both = (read.knn(options), read.logistic(options))
    paper = options.feature_steps > 0
    told = response_decoders(options)
    ours = Comparison(
        contrastive(options), both, heavy=True, responses=None if paper else told, shown=True, controlled=True
    )
    found = [ours, *(Comparison(method, both, heavy=True) for method in aligned(options))]
    if paper:
        method = feature_contrastive(options)
        found.append(Comparison(method, both, heavy=True, by_block=False, responses=told, shown=True))
    return found


def _vaes(options: AlignmentOptions) -> list[Comparison]:
    both = (read.knn(options), read.logistic(options))
    methods = list(vaes(options))
    if options.pi_vae_epochs:
        methods += [pi_vae(options, told=False), pi_vae(options, told=True)]
    shown = {method.name for method in methods[:1]}
    return [
        Comparison(
            method,
            both[:1] if "leaky" in method.name else both,
            heavy=True,
            by_block=False,
            shown=method.name in shown or "features" in method.name,
        )
        for method in methods
    ]


def _own(options: AlignmentOptions, latents: Mapping[str, np.ndarray]) -> list[Comparison]:
    both = (read.knn(options), read.logistic(options))
    return [Comparison(own_latents(name, values), both, shown=True) for name, values in latents.items()]


def _linear(options: AlignmentOptions) -> list[Comparison]:
    """The linear embeddings from which responses are told, beside the contrastive one; on one split."""
    dimension, told = options.response_dimension, response_decoders(options)
    methods = (pca_of(dimension), factor_analysis(dimension), pca_of_variance())
    return [
        Comparison(method, (read.knn(options),), heavy=True, by_block=False, one_split=True, responses=told)
        for method in methods
    ]


def response_decoders(options: AlignmentOptions) -> ResponseDecoders:
    """How responses are told from latents."""
    return ResponseDecoders(options.response_epochs, options.response_hidden, options.response_units)
