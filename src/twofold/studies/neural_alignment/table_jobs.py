"""The jobs of all other tables: alignment, state, regression, grids, seeds, saturation, tuning, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twofold.metrics.consistency import FEWEST_ROWS
from twofold.recordings.splits import Split
from twofold.runs.jobs import Job
from twofold.studies.neural_alignment import catalogue
from twofold.studies.neural_alignment.job_maker import JobMaker
from twofold.studies.neural_alignment.methods import frame_decoders as read
from twofold.studies.neural_alignment.methods.contrastive import contrastive
from twofold.studies.neural_alignment.methods.method import FrameDecoder, Method
from twofold.studies.neural_alignment.methods.simple import raw
from twofold.studies.neural_alignment.methods.vae import main_vaes, vae
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.pictures import tsne_picture
from twofold.studies.neural_alignment.splitting import consecutive, divisions, kept_everywhere
from twofold.studies.neural_alignment.tables.alignment import align_method, known_alignment
from twofold.studies.neural_alignment.tables.alignment_fold import AlignmentSettings
from twofold.studies.neural_alignment.tables.pc_grid import grid_of_components
from twofold.studies.neural_alignment.tables.regression import regress_fold
from twofold.studies.neural_alignment.tables.saturation import points, saturation_point
from twofold.studies.neural_alignment.tables.seeds import fit_seeds
from twofold.studies.neural_alignment.tables.state import enough_surrogates, state_of_method
from twofold.studies.neural_alignment.tables.tuning import tune_response_network, tune_vae
from twofold.studies.neural_alignment.truth import Known

STEP_S = 1.0  # of a large recording, signals, which are slow, are told in such steps
FEWEST_STEPS = 10  # of a repeat
SEARCHES = ("vae", "response network")


def alignment_jobs(
    make: JobMaker, options: AlignmentOptions, methods: Sequence[Method], known: Known | None
) -> list[list[Job]]:
    """Per division of the repeats, a job for each embedding and one for the ceilings."""
    data, once = make.data, catalogue.is_split_once(options, make.data)
    roles = divisions(data.n_repeats, options.alignment_folds)
    scored = kept_everywhere(data, options.preprocessing, [one.train for one in roles])
    settings = AlignmentSettings(
        frame_folds=options.frame_folds,
        halves=1 if once else options.halves,
        reliability=options.reliability,
        inner_folds=options.inner_folds,
        seed=options.seed,
        refit=not once,
    )
    chosen = roles[: options.large_divisions] if once else roles
    found = []
    for i, division in enumerate(chosen):
        common: dict[str, Any] = {"settings": settings, "roles": division, "scored": scored}
        common["preprocessing"] = options.preprocessing
        jobs = [
            make(
                f"alignment, division {i + 1}: {method.name}",
                align_method,
                method=method,
                decoder=read.knn(options),
                network=options.response_hidden if options.alignment_network else None,
                known=known,
                **common,
            )
            for method in methods
        ]
        if known is not None:
            jobs.append(
                make(f"alignment, division {i + 1}: ceilings", known_alignment, known=known, **common)
            )
        found.append(jobs)
    return found


def aligned_methods(options: AlignmentOptions, latents: Mapping[str, np.ndarray]) -> tuple[Method, ...]:
    """The embeddings whose alignment is scored: all that see all units, of autoencoders one of each guide."""
    return (
        *catalogue.embeddings(options),
        *catalogue.aligned(options),
        catalogue.factor_analysis(options.dimension),
        *main_vaes(options),
        *(catalogue.own_latents(name, values) for name, values in latents.items()),
    )


def state_jobs(
    make: JobMaker, options: AlignmentOptions, latents: Mapping[str, np.ndarray]
) -> tuple[tuple[str, ...], list[Job]]:
    """Names of the embeddings, and a job for each, where the recording has signals."""
    data, once = make.data, catalogue.is_split_once(options, make.data)
    own = tuple(catalogue.own_latents(name, values) for name, values in latents.items())
    methods = (*catalogue.embeddings(options), *own) if data.signals else ()
    folds = consecutive(data.n_repeats, 3 if once else options.alignment_folds)
    longest = max(1, data.n_frames // FEWEST_STEPS)
    stretch = min(max(1, round(STEP_S / data.frame_s)), longest) if once else 1
    jobs = [
        make(
            f"state, {method.name}",
            state_of_method,
            sees="signals",
            method=method,
            decoder=read.knn(options),
            preprocessing=options.preprocessing,
            folds=folds,
            surrogates=enough_surrogates(options.surrogates, len(data.signals), len(methods)),
            inner_folds=options.inner_folds,
            seed=options.seed,
            refit=not once,
            stretch=stretch,
        )
        for method in methods
    ]
    return tuple(method.name for method in methods), jobs


def regression_jobs(make: JobMaker, options: AlignmentOptions, splits: Sequence[Split]) -> list[Job]:
    """A job per left-out repeat."""
    return [
        make(
            f"regression, {split.held_out[0]}",
            regress_fold,
            preprocessing=options.preprocessing,
            train=split.train,
            test=split.test,
            alpha=options.lasso_alpha,
            seed=options.seed,
        )
        for split in splits
    ]


def grid_decoder(options: AlignmentOptions) -> FrameDecoder:
    """The regression that the grid over components is read with."""
    return read.logistic(options, catalogue.PAPER_C)


def single_jobs(make: JobMaker, options: AlignmentOptions) -> dict[str, list[Job]]:
    """Grid over components, searches and t-SNE: one job each, where they are asked for."""
    data, training = make.data, np.arange(make.data.n_repeats - 1)
    common: dict[str, Any] = {"preprocessing": options.preprocessing, "seed": options.seed}
    found: dict[str, list[Job]] = {"pc-grid": [], "tuning": [], "tsne": []}
    if options.pc_grid:
        found["pc-grid"].append(
            make(
                "grid over components",
                grid_of_components,
                decoder=grid_decoder(options),
                repeats=training,
                components=options.pc_grid,
                **common,
            )
        )
    if options.tuning_trials and data.n_repeats > 4:
        sizes = vae(options, "none", options.vae_betas[0] if options.vae_betas else 0.05).depends
        tuned: dict[str, Any] = {"repeats": training, "trials": options.tuning_trials, **common}
        found["tuning"] = [
            make("tuning, vae", tune_vae, settings={**sizes, "epochs": options.tuning_epochs}, **tuned),
            make(
                "tuning, response network",
                tune_response_network,
                method=contrastive(options),
                epochs=options.tuning_epochs,
                **tuned,
            ),
        ]
    if options.tsne:
        found["tsne"].append(make("t-SNE", tsne_picture, points=options.tsne, **common))
    return found


def seeds_jobs(make: JobMaker, options: AlignmentOptions, split: Split) -> tuple[tuple[str, ...], list[Job]]:
    """Names of the embeddings, and a job for each; none where labels are too few to leave some out."""
    if options.seeds < 2 or make.data.n_frames < FEWEST_ROWS:
        return (), []
    methods = [contrastive(options, trained=False), contrastive(options)]
    methods += main_vaes(options)[:1]
    train, test = split.train, split.test
    jobs = [
        make(
            f"seeds, {method.name}",
            fit_seeds,
            method=method,
            preprocessing=options.preprocessing,
            train=train,
            test=test,
            n_seeds=options.seeds,
            seed=options.seed,
        )
        for method in methods
    ]
    return tuple(method.name for method in methods), jobs


def saturation_jobs(
    make: JobMaker, options: AlignmentOptions
) -> tuple[tuple[np.ndarray, list[Job]], tuple[np.ndarray, list[Job]]]:
    """Numbers of units and of training repeats, each with a job per number."""
    none = np.array([], dtype=int)
    if not options.saturation_points:
        return (none, []), (none, [])
    data, n = make.data, options.saturation_points
    units = points(data.responses.shape[-1], n, smallest=4)
    repeats = points(data.n_repeats - 1, n, smallest=2)
    ours = (contrastive(options), read.knn(options))
    pairs = [(raw(), read.template()), *([] if catalogue.is_split_once(options, data) else [ours])]
    last = np.array([data.n_repeats - 1])

    def job(what: str, n_units: int, n_repeats: int) -> Job:
        return make(
            f"saturation, {what}",
            saturation_point,
            pairs=pairs,
            preprocessing=options.preprocessing,
            train=np.arange(data.n_repeats - 1)[-n_repeats:],
            test=last,
            n_units=n_units,
            draws=options.saturation_draws,
            seed=options.seed,
        )

    every_unit, every_repeat = int(units[-1]), int(repeats[-1])
    by_units = [job(f"{k} units", int(k), every_repeat) for k in units]
    by_repeats = [job(f"{k} repeats", every_unit, int(k)) for k in repeats]
    return (units, by_units), (repeats, by_repeats)
