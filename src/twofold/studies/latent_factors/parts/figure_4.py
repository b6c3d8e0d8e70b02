"""Figure 4: likelihood against the number of latents, right and as the released code scores it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import log

import numpy as np
import torch

from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.conditioning import TrialState
from twofold.likelihoods.monte_carlo import log_marginal_monte_carlo
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.sampling import TrialClips
from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import dimension_name
from twofold.studies.latent_factors.fitting import model_of
from twofold.studies.latent_factors.prepared import TEST
from twofold.studies.latent_factors.row_maker import by_mouse
from twofold.studies.result import Row

TABLE, SAMPLES = "figure-4", 50
RELEASED = "scored as the released code does, which is no likelihood: it pays for a larger state"


def score_as_released(recordings: Sequence[Recording], tensors: Arrays, n_trials: int, seed: int) -> Arrays:
    """Bits of some trials, (trial, neuron): right, "m/right", and as the released code does, "m/released"."""
    model, found = model_of(tensors), Arrays()
    assert isinstance(model, LatentVideoModel)
    for number, recording in enumerate(recordings):
        right, released = [], []
        for clip in islice(TrialClips(recording, TEST).whole(), n_trials):
            state = TrialState.of(model, number, clip, None)
            y = torch.from_numpy(clip.responses[model.frames_lost :])
            draw = torch.Generator().manual_seed(seed)
            nats = log_marginal_monte_carlo(
                state.likelihood,
                state.raw,
                state.weights,
                torch.zeros(len(state.raw), state.weights.shape[2]),
                torch.ones(()),
                y,
                SAMPLES,
                draw,
                as_released=True,
            )
            released.append(nats.double().mean(0).numpy() / log(2))
            right.append(state.distribution().log_prob(y).double().mean(0).numpy() / log(2))
        found |= {f"{number}/right": np.stack(right), f"{number}/released": np.stack(released)}
    return found


def step_name(dimension: int) -> str:
    """The step that scores the model with so many latents."""
    return f"released score, K={dimension}"


def rows(found: Findings) -> list[Row]:
    """Bits, length of the weights and predictive variance against the number of latents."""
    make, made, n = found.rows_of(TABLE), list[Row](), len(found.mice)
    for k in found.options.dimensions:
        scores, few = found.scores(dimension_name(k)), found.results[step_name(k)]
        row = f"K={k}"
        made += make(row, "bits", by_mouse(scores, "bits", n))
        made += make(row, "bits_conditioned", by_mouse(scores, "bits_conditioned", n))
        made += make(row, "bits_released", by_mouse(few, "released", n), note=RELEASED)
        made += make(row, "bits_same_trials", by_mouse(few, "right", n), note="right, of the same trials")
        norm = [np.array([[np.sqrt((scores[f"{m}/norm"] ** 2).mean())]]) for m in range(n)]
        made += make(row, "weight_norm", norm)
        made += make(row, "predictive_variance", [scores[f"{m}/variance"].reshape(1, 1) for m in range(n)])
    return made


def arrays(found: Findings) -> Arrays:
    """What the figure draws, (mouse, dimension)."""
    dimensions, mice = found.options.dimensions, range(len(found.mice))
    scores = [found.scores(dimension_name(k)) for k in dimensions]
    few = [found.results[step_name(k)] for k in dimensions]
    norms = [[float(np.sqrt((one[f"{m}/norm"] ** 2).mean())) for one in scores] for m in mice]
    return {
        f"{TABLE}/dimension": np.array(dimensions),
        f"{TABLE}/bits": np.array([[one[f"{m}/bits"].mean() for one in scores] for m in mice]),
        f"{TABLE}/weight_norm": np.array(norms),
        f"{TABLE}/predictive_variance": np.array(
            [[float(one[f"{m}/variance"]) for one in scores] for m in mice]
        ),
        f"{TABLE}/bits_released": np.array([[one[f"{m}/released"].mean() for one in few] for m in mice]),
        f"{TABLE}/bits_same_trials": np.array([[one[f"{m}/right"].mean() for one in few] for m in mice]),
    }
