"""Three habits that flatter, beside the honest way: how much each adds where the truth is nothing.

Simulated mice of the size `tiny` whose state is slow, follows no video, and has nothing to do with pupil and
running, which are slow, too. `behaviour`: canonical correlation on shuffled single frames, against whole
videos left out. `contrast`: R2 of the state from contrast at many receptive fields without a penalty, on
shuffled clips of few videos, against whole videos left out. `selection`: the best of several trainings,
chosen and scored on the same half of the repeats, against scored on the other half; both ways around, so that
neither half counts for more.

    python -m benchmarks.leaks [--seeds 10] [--trainings 8] [--quick]
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import ttest_rel

from benchmarks import report
from benchmarks._worlds_models import latent_model
from benchmarks._worlds_verdicts import LATENT_EPOCHS, Subject
from twofold.encoding.latent import LatentVideoModel
from twofold.recordings import Recording
from twofold.studies.latent_factors.parts.table_4 import table_4
from twofold.studies.latent_factors.parts.table_12 import table_12

WORLD, SIGNALS = "slow_behaviour", ("pupil_dilation", "running_speed")
CHOSEN_ON = "oracle"
SURROGATES = 20  # the numbers are compared with each other, not with chance
QUICK_SEEDS, QUICK_TRAININGS = 2, 3


def main() -> None:
    """Print a line per habit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trainings", type=int, default=8, help="to choose from")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    n, trainings = (QUICK_SEEDS, QUICK_TRAININGS) if options.quick else (options.seeds, options.trainings)
    pairs: dict[str, list[tuple[float, float]]] = {"behaviour": [], "contrast": [], "selection": []}
    for seed in range(n):
        subject = Subject(WORLD, seed)
        pairs["behaviour"].append(of_behaviour(subject))
        pairs["contrast"].append(of_contrast(subject))
        pairs["selection"].append(of_selection(subject, trainings))
    for case, both in pairs.items():
        leaky, honest = np.array(both).T
        report(
            "leaks",
            case=case,
            leaky=round(float(leaky.mean()), 4),
            honest=round(float(honest.mean()), 4),
            difference_sem=round(float((leaky - honest).std(ddof=1) / np.sqrt(n)), 4),
            p=float(f"{ttest_rel(leaky, honest, alternative='greater').pvalue:.2g}"),
            leaky_above=int((leaky > honest).sum()),
            mice=n,
        )


def of_behaviour(subject: Subject) -> tuple[float, float]:
    """Canonical correlation, leaky and honest, mean of the signals."""
    found = table_12(
        [subject.known_mouse], subject.model, seed=subject.seed, signals=SIGNALS, n_surrogates=SURROGATES
    )
    leaky, honest = (
        float(np.mean([found[f"table-12/0/{name}/{way}/interval"][0] for name in SIGNALS]))
        for way in ("leaky", "honest")
    )
    return leaky, honest


def of_contrast(subject: Subject) -> tuple[float, float]:
    """R2 without a penalty, on shuffled clips and on left-out videos."""
    found = table_4([subject.known_mouse], subject.model, seed=subject.seed, n_surrogates=SURROGATES)
    leaky, honest = (float(found[f"table-4/0/{way}/interval"][0]) for way in ("paper", "no-penalty"))
    return leaky, honest


def of_selection(subject: Subject, trainings: int) -> tuple[float, float]:
    """Correlation of the best training where it was chosen, and on the other repeats of the same videos."""
    models = [
        latent_model(subject.video, subject.known_mouse, 1000 * subject.seed + k, LATENT_EPOCHS)
        for k in range(trainings)
    ]
    part = subject.known_mouse.tier(CHOSEN_ON)
    repeat = part.trials.column("repeat")
    halves = [
        np.array(
            [_conditioned(model, part.select_trials(np.flatnonzero(repeat % 2 == half))) for model in models]
        )
        for half in (0, 1)
    ]
    leaky = [half.max() for half in halves]
    honest = [other[half.argmax()] for half, other in zip(halves, halves[::-1], strict=True)]
    return float(np.mean(leaky)), float(np.mean(honest))


def _conditioned(model: LatentVideoModel, part: Recording) -> float:
    """Single-trial correlation of half of the neurons given the others, mean over neurons."""
    n = len(part.neurons)
    given = np.random.default_rng(0).permutation(n) < n // 2
    found = model.predict(part, given=given, neurons=~given).concatenate()
    one, other = (x - x.mean(axis=0) for x in (found.mean, found.observed))
    norms = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
    return float(
        np.divide((one * other).sum(axis=0), norms, out=np.zeros(n - n // 2), where=norms > 0).mean()
    )


if __name__ == "__main__":
    main()
