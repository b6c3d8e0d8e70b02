"""Figure 3: more or fewer latents, and more or fewer neurons given; a quarter of the neurons is scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.conditioning import TrialState
from twofold.metrics import SingleTrialCorrelation
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.sampling import TrialClips
from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import MAIN, ZIG, dimension_name, matched_name
from twofold.studies.latent_factors.fitting import model_of
from twofold.studies.latent_factors.prepared import TEST
from twofold.studies.latent_factors.row_maker import by_mouse
from twofold.studies.latent_factors.scoring import Scored, quarter
from twofold.studies.result import Row

BY_DIMENSION, BY_SHARE = "figure-3-dimension", "figure-3-given"
MATCHED = "trained with as many given"


def score_given(recordings: Sequence[Recording], tensors: Arrays, shares: Sequence[float]) -> Arrays:
    """Correlation of a quarter of the neurons, given more or fewer of the others.

    Returns
    -------
    Arrays
        "m/SHARE" (neuron of the quarter,); who is given with a smaller share is given with a larger one, too.
    """
    model, found = model_of(tensors), Arrays()
    assert isinstance(model, LatentVideoModel)
    for number, recording in enumerate(recordings):
        scored = Scored(model, number, TrialClips(recording, TEST))
        for share in shares:
            found[f"{number}/{share}"] = _given(scored, share)
    return found


def _given(scored: Scored, share: float) -> np.ndarray:
    model, n = scored.model, scored.n_neurons
    assert isinstance(model, LatentVideoModel)
    targets = quarter(n)
    order = np.random.default_rng(1).permutation(np.flatnonzero(~targets))
    given = np.isin(np.arange(n), order[: max(1, round(share * n))])
    numbers = np.flatnonzero(targets)
    score = SingleTrialCorrelation(frames_skipped=scored.skipped)
    for clip in scored.clips.whole():
        mean = TrialState.of(model, scored.number, clip, given).distribution(numbers).mean
        score.update(clip.responses[scored.lost :, numbers], mean.numpy(), first_frame=scored.lost)
    return np.nan_to_num(score.result().per_neuron)


def step_name(fit: str) -> str:
    """The step that scores a fit with more or fewer neurons given."""
    return f"neurons given, {fit}"


def models_on_curve(found: Findings) -> dict[str, str]:
    """Label to fit, of the models that are scored at every share."""
    options = found.options
    further = [k for k in (options.low_dimension, options.high_dimension) if k is not None]
    return {f"K={options.dimension}": MAIN} | {f"K={k}": dimension_name(k) for k in further}


def rows(found: Findings) -> list[Row]:
    """Both curves."""
    return [*_by_dimension(found), *_by_share(found)]


def _by_dimension(found: Findings) -> list[Row]:
    note = f"at most {found.options.sweep_epochs} epochs from the video model; half given, a quarter scored"
    make, made = found.rows_of(BY_DIMENSION, note=note), list[Row]()
    for k in found.options.dimensions:
        name = dimension_name(k)
        made += make(f"K={k}", "correlation_conditioned", found.of_quarter(name, "conditioned"))
        made += make(f"K={k}", "correlation", found.of_quarter(name, "correlation"))
    made += make(ZIG, "correlation", found.of_quarter(ZIG, "correlation"))
    return made


def _by_share(found: Findings) -> list[Row]:
    make, made = found.rows_of(BY_SHARE, note="a quarter of the neurons scored"), list[Row]()
    options, n = found.options, len(found.mice)
    for label, fit in models_on_curve(found).items():
        scores = found.results[step_name(fit)]
        for share in options.given_shares:
            made += make(
                f"{label}, {share:.0%} given", "correlation_conditioned", by_mouse(scores, f"{share}", n)
            )
    for share in options.matched_shares:
        matched = found.results[step_name(matched_name(share))]
        values = by_mouse(matched, f"{share}", n)
        made += make(f"{MATCHED}, {share:.0%} given", "correlation_conditioned", values)
        usual = by_mouse(found.results[step_name(MAIN)], f"{share}", n)
        name = f"{MATCHED} - K={options.dimension}, {share:.0%} given"
        made += make.difference(name, "correlation_conditioned", values, usual)
    made += make(ZIG, "correlation", found.of_quarter(ZIG, "correlation"))
    return made


def arrays(found: Findings) -> Arrays:
    """What both panels draw."""
    options, n = found.options, len(found.mice)
    names = [dimension_name(k) for k in options.dimensions]
    video_only = found.curve([ZIG], "correlation")[:, 0]
    models = models_on_curve(found)
    curves = np.full((len(models) + 1, n, len(options.given_shares)), np.nan)
    for row, fit in enumerate(models.values()):
        curves[row] = _curve(found.results[step_name(fit)], options.given_shares, n)
    for share in options.matched_shares:
        column = options.given_shares.index(share)
        curves[-1, :, column] = _curve(found.results[step_name(matched_name(share))], [share], n)[:, 0]
    return {
        f"{BY_DIMENSION}/dimension": np.array(options.dimensions),
        f"{BY_DIMENSION}/conditioned": found.curve(names, "conditioned"),
        f"{BY_DIMENSION}/prior": found.curve(names, "correlation"),
        f"{BY_DIMENSION}/video_only": np.repeat(video_only[:, None], len(names), axis=1),
        f"{BY_SHARE}/share": np.array(options.given_shares),
        f"{BY_SHARE}/conditioned": curves,
        f"{BY_SHARE}/models": np.array([*models, MATCHED]),
        f"{BY_SHARE}/video_only": video_only,
    }


def _curve(scores: Arrays, shares: Sequence[float], n_mice: int) -> np.ndarray:
    return np.array([[scores[f"{m}/{share}"].mean() for share in shares] for m in range(n_mice)])
