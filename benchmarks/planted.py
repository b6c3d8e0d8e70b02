"""Whether the scoreboard orders five planted embeddings as the truth says, on twenty simulated recordings.

A copy of the responses, a pure stimulus code, a pure state code, a random code of the frame, and a mixture:
each is scored like any latents, in decoding, in both kinds of alignment and in state.

    python -m benchmarks.planted [--quick]
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from benchmarks import report
from twofold.analyses.alignment import cross_repeat, same_trial
from twofold.analyses.state import score_signals, within_repeats
from twofold.decoders import GroupedRidge
from twofold.metrics import frame_scores
from twofold.recordings.preprocess import Preprocessing
from twofold.recordings.splits import frame_blocks
from twofold.simulate import MovieRepeats, simulate_movie_repeats
from twofold.simulate.planted import planted_embeddings
from twofold.studies.neural_alignment.prepared import Prepared, scaled
from twofold.studies.neural_alignment.presentations import Presentations, presentations

TRAIN, TARGET, TEST = np.arange(4), np.array([4, 5]), np.array([6, 7])
GROUPS = tuple(np.array_split(np.arange(8), 4))


@dataclass(frozen=True)
class Scores:
    """What the scoreboard would say of one embedding."""

    exact: float
    same_trial: float
    cross_repeat: float
    state: float


def main() -> None:
    """Print a line per seed, and how many are in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 seeds instead of 20")
    seeds = range(3 if parser.parse_args().quick else 20)
    in_order = 0
    for seed in seeds:
        movie = simulate_movie_repeats(MovieRepeats.small(n_units=100, n_repeats=8), random_state=seed)
        data = presentations(movie)
        found = {
            name: scores(data, code.reshape(data.n_repeats, data.n_frames, -1))
            for name, code in planted_embeddings(movie, random_state=seed).items()
        }
        wrong = [rule for rule, holds in rules(found, chance=1 / data.n_frames).items() if not holds]
        in_order += not wrong
        numbers = {
            name: {metric: round(value, 3) for metric, value in asdict(one).items()}
            for name, one in found.items()
        }
        report("planted", f"seed-{seed}", **numbers, wrong=wrong)
    report("planted", "all", in_order=in_order, of=len(seeds))


def scores(data: Presentations, latents: np.ndarray) -> Scores:
    """Score (repeat, frame, dimension) latents."""
    part = Prepared.of(data, TRAIN, TEST, Preprocessing())
    every = scaled(data.rows(np.arange(data.n_repeats)), part.fitted).responses
    responses = every.reshape(data.n_repeats, data.n_frames, -1)
    keep = np.ones(responses.shape[-1], dtype=bool)

    def flat(array: np.ndarray, repeats: np.ndarray) -> np.ndarray:
        return array[repeats].reshape(-1, array.shape[-1])

    nearest = KNeighborsClassifier(1, metric="cosine").fit(flat(latents, TRAIN), part.rows.frame)
    told = nearest.predict(flat(latents, TEST))
    copied = same_trial(
        flat(latents, TRAIN),
        part.rows.responses,
        flat(latents, TEST),
        part.new.responses,
        groups=part.rows.repeat,
        decoder=GroupedRidge(),
        keep=keep,
    )
    locked = cross_repeat(
        latents[TRAIN],
        responses[TRAIN],
        latents[TEST],
        responses[TARGET].mean(axis=0),
        decoder=GroupedRidge(),
        frames=frame_blocks(data.clip, 4, gap=1),
        keep=keep,
    )
    return Scores(
        exact=frame_scores(part.new.frame, told, frame_seconds=data.frame_s).exact_accuracy,
        same_trial=copied.variance_weighted or 0.0,
        cross_repeat=locked.variance_weighted or 0.0,
        state=_state(data, latents),
    )


def _state(data: Presentations, latents: np.ndarray) -> float:
    folds = [(np.setdiff1d(np.arange(data.n_repeats), group), group) for group in GROUPS]
    rows = [tuple(latents[part].reshape(-1, latents.shape[-1]) for part in fold) for fold in folds]
    scores = score_signals(
        rows,
        folds,
        [within_repeats(signal) for signal in data.signals.values()],
        decoder=GroupedRidge(per_target=True),
        n_surrogates=1,
        random_state=np.random.default_rng(0),
    )
    return float(np.mean([score.value for score in scores]))


def rules(found: dict[str, Scores], chance: float) -> dict[str, bool]:
    """What must hold, by what it says."""
    copy, stimulus, state, random, mixture = (
        found[name] for name in ("copy", "stimulus", "state", "random", "mixture")
    )
    return {
        "a copy of the noise wins the same trial": copy.same_trial
        == max(one.same_trial for one in found.values()),
        "both codes of the frame decode": min(stimulus.exact, random.exact) > 0.99,
        "the stimulus code is the most aligned, alone or in the mixture": max(
            stimulus.cross_repeat, mixture.cross_repeat
        )
        == max(one.cross_repeat for one in found.values()),
        "the random code is not aligned": random.cross_repeat < 0,
        "copy lies between stimulus and random code": stimulus.cross_repeat
        > copy.cross_repeat
        > random.cross_repeat,
        "state alone is at chance": state.exact < 5 * chance,
        "the state is told by state and mixture": min(state.state, mixture.state) > copy.state,
        "codes of the frame do not tell the state": max(abs(stimulus.state), abs(random.state)) < 0.05,
        "the mixture has both parts": mixture.cross_repeat > copy.cross_repeat
        and mixture.exact > 0.5
        and mixture.same_trial > max(stimulus.same_trial, state.same_trial),
    }


if __name__ == "__main__":
    main()
