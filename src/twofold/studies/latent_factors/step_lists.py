"""Which steps score the models of a study, and look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twofold.encoding import VideoOptions
from twofold.sampling import TrialClips
from twofold.studies.latent_factors.competing import compete, score_joint
from twofold.studies.latent_factors.findings import score_name
from twofold.studies.latent_factors.fits import (
    MAIN,
    POISSON,
    SCRATCH,
    ZIG,
    Fit,
    dimension_name,
    map_name,
    matched_name,
    name_of,
)
from twofold.studies.latent_factors.oracle import ORACLE, score_oracle
from twofold.studies.latent_factors.parts import competitors, figure_3, figure_4, figure_8, table_3, table_5
from twofold.studies.latent_factors.parts.of_models import Part, look_at
from twofold.studies.latent_factors.parts.references import TRUTH
from twofold.studies.latent_factors.prepared import TEST, VALIDATION
from twofold.studies.latent_factors.rivals import rivals_of
from twofold.studies.latent_factors.scoring import FRAMES_SKIPPED, score_fit
from twofold.studies.latent_factors.step_maker import StepMaker
from twofold.studies.latent_factors.steps import Step
from twofold.studies.latent_factors.truth import is_known, score_truth

EXTRAPOLATED = "train readouts of unseen neurons"


def score_steps(make: StepMaker, fits: Mapping[str, Fit]) -> list[Step]:
    """Models on the held-out tier; those of table 1, and those of the curve over latents, also on oracle."""
    options, starts = make.options, {fit.start for fit in fits.values()}
    of_table_1 = [name_of(name, number) for name in (POISSON, ZIG, MAIN) for number in range(options.seeds)]
    on_curve = [dimension_name(k) for k in options.dimensions]
    elsewhere = {matched_name(share) for share in options.matched_shares}  # scored with as many given
    steps = [
        make(score_name(name), score_fit, {"tensors": name}, tier=TEST, with_bits=True)
        for name, fit in fits.items()
        if name in of_table_1 or not (fit.unseen_share or name in elsewhere or name in starts)
    ]
    steps += [
        make(score_name(name, VALIDATION), score_fit, {"tensors": name}, tier=VALIDATION, with_bits=False)
        for name in (*of_table_1, *on_curve)
    ]
    if is_known(make.prepared.recordings):
        lost = VideoOptions.preset(options.size).frames_lost
        shortest = min(int(TrialClips(one, TEST).n_frames.min()) for one in make.prepared.recordings)
        skipped = max(min(FRAMES_SKIPPED, shortest // 2), lost)
        steps.append(make(TRUTH, score_truth, tier=TEST, lost=lost, skipped=skipped))
    return steps


def curve_steps(make: StepMaker) -> list[Step]:
    """Figures 3, 4 and 8, and other videos."""
    options, steps = make.options, list[Step]()
    further = [k for k in (options.low_dimension, options.high_dimension) if k is not None]
    shares = {name: list(options.given_shares) for name in (MAIN, *map(dimension_name, further))}
    shares |= {matched_name(share): [share] for share in options.matched_shares}
    for name, given in shares.items():
        steps.append(make(figure_3.step_name(name), figure_3.score_given, {"tensors": name}, shares=given))
    few, seed = options.sample_trials, options.seed
    for k in options.dimensions:
        needs = {"tensors": dimension_name(k)}
        steps.append(make(figure_4.step_name(k), figure_4.score_as_released, needs, n_trials=few, seed=seed))
    samples, needs = list(options.samples), {"tensors": MAIN}
    steps.append(
        make(figure_8.STEP, figure_8.score_by_samples, needs, samples=samples, n_trials=few, seed=seed)
    )
    for name in (POISSON, ZIG, MAIN, SCRATCH):
        steps.append(make(table_5.step_name(name), table_5.score_other_videos, {"tensors": name}))
    return steps


def rival_steps(make: StepMaker) -> list[Step]:
    """Competitors, and what stands beside them alone."""
    lost = VideoOptions.preset(make.options.size).frames_lost
    steps = [
        make(
            competitors.step_name(rival.name),
            compete,
            {"tensors": ZIG} if rival.on_video else {},
            kind=rival.kind,
            settings=dict(rival.settings),
            tier=TEST,
            lost=lost,
        )
        for rival in rivals_of(make.options)
    ]
    return [
        *steps,
        make(competitors.JOINT, score_joint, {"tensors": MAIN}, tier=TEST),
        make(ORACLE, score_oracle, tier=TEST, lost=lost),
    ]


def unseen_steps(make: StepMaker, fits: Mapping[str, Fit]) -> list[Step]:
    """Table 3, where positions are known."""
    if table_3.BASE not in fits:
        return []
    share, seed = make.options.held_out_share, make.options.seed
    scored = {table_3.OF_WHOLE: map_name("position"), table_3.OF_EXTRAPOLATED: EXTRAPOLATED}
    return [
        make.extrapolating(EXTRAPOLATED, fits[table_3.BASE]),
        *(
            make(name, table_3.score_unseen, {"tensors": fit}, share=share, seed=seed)
            for name, fit in scored.items()
        ),
    ]


def look_steps(make: StepMaker, parts: Sequence[Part]) -> list[Step]:
    """Parts that look at fitted models."""
    return [
        make.looking(f"{part.name}, {fit}", look_at, fit, part.function, **part.settings)
        for part in parts
        for fit in part.fits
    ]
