"""What other neurons tell of a neuron: by how many are given, by latents, in another repeat, and by nobody.

Simulated mice, matched to the model and with 3 latents; trials that no training and no choice has seen.
Correlations are over time, mean over neurons. Beside each is that of a reader who knows the true law: the
posterior mean of the rate. Models that differ in their latents are trained for 12 epochs instead of 26.

    python -m benchmarks.latent_curves --runs FOLDER [--size small] [--seeds 0] [--figure FILE.png]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

import twofold as tw
from benchmarks import report
from benchmarks._latent_curves_figure import draw
from benchmarks._latent_fits import latent_of, longer_video
from benchmarks._latent_runs import LATENT_EPOCHS, Case, Scored, arguments, cases, correlation, read_lines
from twofold.encoding.latent import LatentVideoModel
from twofold.recordings import Recording

TIER = "final_test_main"
SHARES = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75)
DIMENSIONS, SHORT = (1, 2, 3, 4, 6, 12), 12
Rows = Iterator[dict[str, Any]]


def main() -> None:
    """Measure, print a line per case, and draw."""
    parser = arguments(__doc__, worlds=("matched",))
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=list(PARTS))
    options = parser.parse_args()
    rows = read_lines(options.lines) if options.lines else []
    for case in cases(options) if not options.lines else ():
        readers = Readers(case)
        for name in options.parts:
            for fields in PARTS[name](readers):
                row = {"size": case.size, "world": case.world, "seed": case.seed, "tier": TIER, **fields}
                report("latent_curves", **row)
                rows.append(row)
    if options.figure:
        draw(rows, options.figure)


@dataclass
class Readers:
    """One mouse, and its readers."""

    case: Case

    @cached_property
    def mouse(self) -> Recording:
        """All its trials."""
        return self.case.mouse()

    @cached_property
    def model(self) -> LatentVideoModel:
        """With 12 latents, fully trained."""
        return self.case.latent(self.mouse)

    @cached_property
    def video(self) -> tw.VideoModel:
        """What it began from."""
        return self.case.video(self.mouse)

    @cached_property
    def trials(self) -> Scored:
        """What is scored; half of the neurons are given."""
        return Scored.of(self.mouse, TIER, self.model)

    def by_share(self) -> Rows:
        """A quarter of the neurons from ever more of the others; who was given before stays given."""
        order = np.random.default_rng(self.case.seed).permutation(len(self.trials.given))
        targets = np.sort(order[len(order) * 3 // 4 :])
        video_only = self.of_video(self.video)[:, targets]
        for share in SHARES:
            given = np.isin(np.arange(len(order)), order[: round(share * len(order))])
            readers = {
                "encoder": self.of_model(given, targets),
                "laplace": self.of_model(given, targets, posterior="laplace"),
                "truth": self.of_truth(given, targets),
                "video_model": video_only,
            }
            yield {
                "case": "share",
                "given": share,
                "n_given": int(given.sum()),
                **self.scores(targets, readers),
            }

    def by_repeat(self) -> Rows:
        """Half of the neurons from the others in the same repeat, and in another one of the same video."""
        given, targets = self.trials.given, self.trials.targets
        nobody = np.zeros_like(given)
        known, truth = self.of_model(given, targets), self.of_truth(given, targets)
        readers = {
            "model": (known, self.of_video(self.video)[:, targets]),
            "model, against its prior": (known, self.of_model(nobody, targets)),
            "truth": (truth, self.of_truth(nobody, targets)),
        }
        for name, (conditioned, video_only) in readers.items():
            same, mixed = self.same_and_mixed(conditioned, targets)
            unknown, _ = self.same_and_mixed(video_only, targets)
            found = {"same": same, "mixed": mixed, "video_only": unknown}
            yield {
                "case": "repeats",
                "reader": name,
                **{key: round(float(values.mean()), 4) for key, values in found.items()},
                "mixed_minus_video_only_by_video": (mixed - unknown).round(4).tolist(),
                **self.sizes(targets),
            }

    def by_nobody(self) -> Rows:
        """All neurons from the video, the state integrated over its prior, beside models without a state."""
        everyone, nobody = np.arange(len(self.trials.given)), np.zeros_like(self.trials.given)
        readers = {
            "video_model": self.of_video(self.video),
            "video_model_longer": self.of_video(longer_video(self.case, self.mouse, LATENT_EPOCHS)),
            "prior": self.of_model(nobody, everyone),
            "truth": self.of_truth(nobody, everyone),
        }
        fields = {"dimension": self.model.latent_options.dimension, "epochs": LATENT_EPOCHS}
        yield {"case": "prior", **fields, **self.scores(everyone, readers)}

    def by_dimension(self) -> Rows:
        """Half of the neurons from the others, and all from nobody, with more or fewer latents."""
        given, targets = self.trials.given, self.trials.targets
        everyone, nobody = np.arange(len(given)), np.zeros_like(given)
        video, longer = self.of_video(self.video), self.of_video(longer_video(self.case, self.mouse, SHORT))
        known = {
            "truth": self.of_truth(given, targets),
            "truth_without": self.of_truth(nobody, targets),
            "video_model": longer[:, targets],
        }
        for dimension in DIMENSIONS:
            model = latent_of(self.case, self.mouse, SHORT, dimension=dimension)
            found = model.predict(self.trials.part, given=given).concatenate()
            prior = model.predict(self.trials.part).concatenate().mean
            unknown = {"prior": prior, "video_model": video, "video_model_longer": longer}
            about = {"dimension": dimension, "epochs": SHORT}
            yield {
                "case": "dimension",
                **about,
                "bits_conditioned": round(float(found.log_likelihood("conditioned").mean()), 4),
                **self.scores(targets, {"conditioned": found.mean, **known}),
            }
            yield {"case": "prior", **about, **self.scores(everyone, unknown)}

    def of_model(
        self, given: np.ndarray, targets: np.ndarray, posterior: str = "encoder"
    ) -> Float[np.ndarray, "time target"]:
        """Predicted by the model; `given` is a mask."""
        known = given if given.any() else None
        found = self.model.predict(self.trials.part, given=known, neurons=targets, posterior=posterior)
        return found.concatenate().mean

    def of_video(self, video: tw.VideoModel) -> Float[np.ndarray, "time neuron"]:
        """Predicted by a model of the video alone."""
        return video.predict(self.trials.part).concatenate().mean

    def of_truth(self, given: np.ndarray, targets: np.ndarray) -> Float[np.ndarray, "time target"]:
        """Predicted by who knows the law."""
        trials = self.trials
        if not given.any():
            return trials.truth.select(targets).video_only_rate()[trials.rows]
        return trials.truth.conditioned_rate(trials.responses, given, targets)[trials.rows]

    def same_and_mixed(self, predicted: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(video,) correlation with the repeat that was predicted, and with others of the same video."""
        rows, same, mixed = self.trials.rows, [], []
        clip, trial = self.trials.part.per_row("clip")[rows], self.trials.part.trial_of_row[rows]
        observed = self.trials.responses[rows][:, targets]
        for video in np.unique(clip):
            repeats = [trial == shown for shown in np.unique(trial[clip == video])]
            pairs = np.array(
                [[correlation(predicted[one], observed[other]) for other in repeats] for one in repeats]
            )
            same.append(np.diag(pairs).mean())
            mixed.append(pairs[~np.eye(len(pairs), dtype=bool)].mean())
        return np.array(same), np.array(mixed)

    def scores(self, targets: np.ndarray, readers: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Correlation of each prediction with what was recorded, and how much that was."""
        observed = self.trials.responses[self.trials.rows][:, targets]
        found = {name: round(correlation(rates, observed), 4) for name, rates in readers.items()}
        return {**found, **self.sizes(targets)}

    def sizes(self, targets: np.ndarray) -> dict[str, int]:
        """How much is scored."""
        part, rows = self.trials.part, self.trials.rows
        return {"n_neurons": len(targets), "n_frames": len(rows), "n_trials": len(part.trials)}


PARTS = {
    "share": Readers.by_share,
    "repeats": Readers.by_repeat,
    "prior": Readers.by_nobody,
    "dimension": Readers.by_dimension,
}

if __name__ == "__main__":
    main()
