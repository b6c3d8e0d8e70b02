"""Table 3: neurons that training did not see, with weights on the state that follow from their position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.conditioning import TrialState
from twofold.metrics import SingleTrialCorrelation
from twofold.nn import WeightsFromPosition
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.sampling import TrialClips
from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import UNSEEN, ZIG
from twofold.studies.latent_factors.fitting import model_of, unseen
from twofold.studies.latent_factors.prepared import TEST
from twofold.studies.latent_factors.row_maker import by_mouse
from twofold.studies.latent_factors.scoring import Scored
from twofold.studies.result import Row

TABLE = "table-3"
BASE, EXTRAPOLATED = f"latent zig position, {UNSEEN}", "latent zig position, extrapolated"
WHOLE, OTHER = "latent zig position, trained on all neurons", "extrapolated, weights of a random other neuron"
OF_WHOLE, OF_EXTRAPOLATED = "unseen neurons, trained on all", "unseen neurons, extrapolated"
NO_POSITIONS = "the position of some neuron is not known"
LEAST_GAIN = 0.005  # of the model of all neurons, below which a share of it says nothing


def score_unseen(recordings: Sequence[Recording], tensors: Arrays, share: float, seed: int) -> Arrays:
    """Correlation of the neurons that training did not see, given half of the others.

    Returns
    -------
    Arrays
        For mouse m "m/conditioned", "m/correlation" from the video alone, and "m/other", given as many but
        with the weights of another such neuron; each (neuron unseen,).
    """
    model, found = model_of(tensors), Arrays()
    assert isinstance(model, LatentVideoModel)
    for number, recording in enumerate(recordings):
        hidden = unseen(len(recording.neurons), share, seed)
        scored = Scored(model, number, TrialClips(recording, TEST))
        found |= {f"{number}/{name}": r for name, r in _of_mouse(model, scored, hidden, seed).items()}
    return found


def _of_mouse(model: LatentVideoModel, scored: Scored, hidden: np.ndarray, seed: int) -> Arrays:
    seen, targets = np.flatnonzero(~hidden), np.flatnonzero(hidden)
    rng = np.random.default_rng(seed)
    given = np.isin(np.arange(len(hidden)), rng.permutation(seen)[: len(seen) // 2])
    scores = {
        name: SingleTrialCorrelation(frames_skipped=scored.skipped)
        for name in ("conditioned", "correlation", "other")
    }
    with_others = _with_weights_of_others(model, scored.number, targets, rng)
    for clip in scored.clips.whole():
        state = TrialState.of(model, scored.number, clip, given)
        other = TrialState(state.likelihood, state.raw, with_others, state.prior, state.posterior)
        means = {
            "conditioned": state.distribution(targets).mean,
            "correlation": state.distribution(targets, conditioned=False).mean,
            "other": other.distribution(targets).mean,
        }
        for name, mean in means.items():
            observed = clip.responses[scored.lost :, targets]
            scores[name].update(observed, mean.numpy(), first_frame=scored.lost)
    return {name: np.nan_to_num(score.result().per_neuron) for name, score in scores.items()}


@torch.no_grad()
def _with_weights_of_others(
    model: LatentVideoModel, number: int, targets: np.ndarray, rng: np.random.Generator
) -> torch.Tensor:
    """Weights on the state, those of the targets going round in a random circle."""
    own = model.latent_population(number)
    assert isinstance(own.map, WeightsFromPosition)
    weights = own.weights().cpu().clone()
    circle = rng.permutation(targets)
    weights[circle] = weights[np.roll(circle, 1)]
    return weights


def rows(found: Findings) -> list[Row]:
    """Trained on all neurons, extrapolated, and the control; how much of the gain is kept."""
    make = found.rows_of(TABLE)
    if not found.has(OF_EXTRAPOLATED):
        names = (WHOLE, EXTRAPOLATED, OTHER)
        return [make.absent(name, "correlation_conditioned", NO_POSITIONS) for name in names]
    n, options = len(found.mice), found.options
    scores = {WHOLE: found.results[OF_WHOLE], EXTRAPOLATED: found.results[OF_EXTRAPOLATED]}
    values = {name: by_mouse(one, "conditioned", n) for name, one in scores.items()}
    values[OTHER] = by_mouse(scores[EXTRAPOLATED], "other", n)
    note = (
        f"{options.held_out_share:.0%} of the neurons unseen, half of the others given; pretrained, "
        "unlike the paper"
    )
    make = found.rows_of(TABLE, note=note)
    made = [row for name, each in values.items() for row in make(name, "correlation_conditioned", each)]
    for name, one in scores.items():
        made += make(name, "correlation", by_mouse(one, "correlation", n))
    made += make(ZIG, "correlation", _video_only(found))
    for name in (WHOLE, OTHER):
        pair = values[EXTRAPOLATED], values[name]
        made += make.difference(f"{EXTRAPOLATED} - {name}", "correlation_conditioned", *pair)
    gains = {name: _gain(one, n) for name, one in scores.items()}
    if gains[WHOLE] > LEAST_GAIN:
        kept = gains[EXTRAPOLATED] / gains[WHOLE]
        said = f"gains over the video alone: {gains[EXTRAPOLATED]:.4f} and {gains[WHOLE]:.4f}"
        made.append(make.number(EXTRAPOLATED, "gain_kept", kept, note=said))
    else:
        reason = f"the model of all neurons gains next to nothing ({gains[WHOLE]:.4f})"
        made.append(make.absent(EXTRAPOLATED, "gain_kept", reason))
    return made


def _gain(scores: Arrays, n_mice: int) -> float:
    gains = [(scores[f"{m}/conditioned"] - scores[f"{m}/correlation"]).mean() for m in range(n_mice)]
    return float(np.mean(gains))


def _video_only(found: Findings) -> list[np.ndarray]:
    scores, options = found.scores(ZIG), found.options
    each = [scores[f"{number}/correlation"] for number in range(len(found.mice))]
    return [r[unseen(len(r), options.held_out_share, options.seed)][None] for r in each]
