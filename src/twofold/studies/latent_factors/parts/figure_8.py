"""Figure 8: how many samples of the state integrals need, in scoring and in training, against quadrature."""

from __future__ import annotations

import time
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
from twofold.studies.latent_factors.fits import dimension_name, samples_name
from twofold.studies.latent_factors.fitting import model_of
from twofold.studies.latent_factors.prepared import TEST
from twofold.studies.result import Row

TABLE, STEP = "figure-8", "samples against quadrature"


def score_by_samples(
    recordings: Sequence[Recording], tensors: Arrays, samples: Sequence[int], n_trials: int, seed: int
) -> Arrays:
    """Bits of the same trials by more and more samples, and by quadrature.

    Returns
    -------
    Arrays
        "bits" (n,) and "error" (n,), mean absolute error per response in bits, against "exact" (); "seconds"
        (n,) and "exact_seconds" ().
    """
    model = model_of(tensors)
    assert isinstance(model, LatentVideoModel)
    totals: list[list[tuple[float, float, float]]] = []
    exact: list[tuple[float, float]] = []
    for number, recording in enumerate(recordings):
        for clip in islice(TrialClips(recording, TEST).whole(), n_trials):
            state = TrialState.of(model, number, clip, None)
            y = torch.from_numpy(clip.responses[model.frames_lost :])
            began = time.perf_counter()
            right = state.distribution().log_prob(y).double() / log(2)
            exact.append((float(right.mean()), time.perf_counter() - began))
            totals.append([_sampled(state, y, right, n, seed) for n in samples])
    bits, error, seconds = np.array(totals).mean(0).T
    return {
        "bits": bits,
        "error": error,
        "seconds": seconds,
        "exact": np.array(np.mean([value for value, _ in exact])),
        "exact_seconds": np.array(np.mean([value for _, value in exact])),
    }


def _sampled(
    state: TrialState, y: torch.Tensor, right: torch.Tensor, n: int, seed: int
) -> tuple[float, float, float]:
    """Bits, mean absolute error in bits, and seconds."""
    began, draw = time.perf_counter(), torch.Generator().manual_seed(seed)
    nothing = torch.zeros(len(state.raw), state.weights.shape[2])
    nats = log_marginal_monte_carlo(
        state.likelihood, state.raw, state.weights, nothing, torch.ones(()), y, n, draw
    )
    found = nats.double() / log(2)
    seconds = time.perf_counter() - began
    return float(found.mean()), float((found - right).abs().mean()), seconds


def rows(found: Findings) -> list[Row]:
    """Scoring by samples, and models that were trained by samples."""
    options, scored = found.options, found.results[STEP]
    make = found.rows_of(TABLE)
    note = f"{options.sample_trials} trials of each recording"
    made = [make.number("quadrature", "bits", float(scored["exact"]), note=note)]
    for place, n in enumerate(options.samples):
        for metric, name in {"bits": "bits", "error_bits": "error"}.items():
            made.append(make.number(f"{n} samples", metric, float(scored[name][place]), note=note))
    trained = {f"trained with {n} samples": samples_name(n) for n in options.training_samples}
    trained["trained by quadrature"] = dimension_name(options.dimension)
    for row, fit in trained.items():
        note = f"at most {options.sweep_epochs} epochs from the video model"
        made += make(row, "bits", found.values(fit, "bits"), note=note)
        made += make(row, "correlation_conditioned", found.values(fit, "conditioned"), note=note)
    return made


def arrays(found: Findings) -> Arrays:
    """What the figure draws."""
    scored = found.results[STEP]
    return {f"{TABLE}/samples": np.array(found.options.samples)} | {
        f"{TABLE}/{name}": scored[name] for name in ("bits", "error", "exact", "seconds", "exact_seconds")
    }
