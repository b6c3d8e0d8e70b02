"""Whether a latent video model knows how well it knows the state: coverage of 90 % intervals.

Of the true state, given 5 to 75 % of the neurons, after the best linear map from the learned state: with the
encoder's posterior, with Laplace's for the learned weights, and for a reader who knows the true law. Of the
responses of the neurons that were not given. A model per objective; `hidden` is the share of neurons that
training hides. At one half, masked_scale="given" changes nothing, so other models see 5 to 75 %.

    python -m benchmarks.latent_calibration --runs FOLDER [--seeds 0] [--objectives masked full]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm
from sklearn.linear_model import LinearRegression

from benchmarks import report
from benchmarks._latent_runs import Case, Scored, arguments, cases, read_lines
from twofold.encoding.latent import LatentVideoModel
from twofold.encoding.latent.inferring import InferredLatents
from twofold.encoding.latent.masks import drawn

LEVEL, BAND, SHARES = 0.9, (0.85, 0.95), (0.05, 0.25, 0.5, 0.75)
FITTED_ON, SCORED_ON, TRIALS, RESPONSE_TRIALS = "oracle", "live_test_main", 30, 4
VARIED: dict[str, Any] = {"masked_share": 0.25, "most_masked": 0.95}


class Objective(NamedTuple):
    """Options of a model, and how it is drawn."""

    settings: dict[str, Any]
    label: str
    colour: str


OBJECTIVES = {
    "masked": Objective({}, "masked, half hidden (default)", "#0072B2"),
    "varied-masked": Objective(VARIED, "masked, 25-95 % hidden", "#56B4E9"),
    "varied-scaled": Objective(
        {**VARIED, "masked_scale": "given"}, 'masked_scale="given", 25-95 %', "#009E73"
    ),
    "varied-full": Objective({**VARIED, "objective": "full"}, "full, 25-95 %", "#D55E00"),
    "varied-given": Objective({**VARIED, "objective": "given"}, "given, 25-95 %", "#CC79A7"),
}
READER = Objective({}, "reader who knows the law (Laplace)", "#1f2933")


def main() -> None:
    """Print a line per model, posterior and share given; draw them."""
    parser = arguments(__doc__, ("matched",))
    parser.add_argument("--objectives", choices=OBJECTIVES, nargs="+", default=list(OBJECTIVES))
    options = parser.parse_args()
    lines = read_lines(options.lines) if options.lines else []
    for case in () if options.lines else cases(options):
        for fields in measured(case, options.objectives):
            line = {"size": case.size, "world": case.world, "seed": case.seed, "tier": SCORED_ON, **fields}
            report("latent-calibration", **line)
            lines.append(line)
    if options.figure:
        draw(lines, options.figure)


def measured(case: Case, objectives: Sequence[str]) -> Iterator[dict[str, Any]]:
    """All objectives on one mouse, and the reader."""
    mouse, is_first = case.mouse(), True
    for name in objectives:
        model = case.latent(mouse, name, **OBJECTIVES[name].settings)
        scored = Scored.of(mouse, SCORED_ON, model, TRIALS)
        if is_first:
            yield from of_reader(scored, case.seed)
        is_first = False
        options = model.latent_options
        about = {
            "objective": name,
            "hidden": [options.masked_share, options.most_masked or options.masked_share],
            "spread": round(float(model.encoder.log_sd.detach().exp().mean()), 3),
        }
        own = Scored.of(mouse, FITTED_ON, model, TRIALS)
        for fields in (*of_state(model, own, scored, case.seed), *of_responses(model, scored, case.seed)):
            yield {**fields, **about}


def of_reader(scored: Scored, seed: int) -> Iterator[dict[str, Any]]:
    """The state, by a reader who knows the true law."""
    for share in SHARES:
        found = scored.truth.posterior(scored.responses, given_neurons(scored, share, seed))
        mean, covariance = found.mean[scored.rows], found.covariance[scored.rows]
        yield {"case": "state", "objective": "truth", "posterior": "laplace", "given": share} | state_covered(
            scored.truth.latents[scored.rows], mean, covariance
        )


def of_state(
    model: LatentVideoModel, fitted_on: Scored, scored: Scored, seed: int
) -> Iterator[dict[str, Any]]:
    """The state, by the model."""
    for posterior in ("encoder", "laplace"):
        linear = best_map(model, fitted_on, posterior, seed)
        yield {"case": "map", "posterior": posterior, "prior_sd": linear.prior_sd.round(3).tolist()}
        for share in SHARES:
            given = given_neurons(scored, share, seed)
            found = model.infer(scored.part, given=given, posterior=posterior).concatenate()
            mean, covariance = linear(found)
            yield {"case": "state", "posterior": posterior, "given": share} | state_covered(
                scored.truth.latents[scored.rows], mean, covariance
            )


class StateMap(NamedTuple):
    """A linear map from the learned state to the true one."""

    directions: np.ndarray
    regression: LinearRegression

    @property
    def to_true(self) -> np.ndarray:
        """(learned, true) slopes."""
        return self.directions @ self.regression.coef_.T

    @property
    def prior_sd(self) -> np.ndarray:
        """What the learned prior says of each true latent, whose standard deviation is 1."""
        return np.linalg.norm(self.to_true, axis=0).astype(float)

    def __call__(self, found: InferredLatents) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of the true state."""
        covariance = np.einsum("ka,tkl,lb->tab", self.to_true, found.covariance, self.to_true)
        return self.regression.predict(found.mean @ self.directions), covariance


def best_map(model: LatentVideoModel, on: Scored, posterior: str, seed: int) -> StateMap:
    """Least squares on other trials, with most neurons given, from directions that move any neuron.

    In the others the state keeps its prior, and says nothing of the true one.
    """
    weights = model.latent_weights()
    _, length, directions = np.linalg.svd(np.concatenate([weights["q"], weights["theta"]]))
    used = directions[: len(length)][length > 0.05 * length[0]].T
    given = given_neurons(on, SHARES[-1], seed)
    found = model.infer(on.part, given=given, posterior=posterior).concatenate()
    return StateMap(used, LinearRegression().fit(found.mean @ used, on.truth.latents[on.rows]))


def state_covered(true: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> dict[str, Any]:
    """Shares of time points at which the interval of each latent holds the true one."""
    error = (true - mean) / np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    covered = (np.abs(error) < norm.ppf((1 + LEVEL) / 2)).mean(axis=0)
    return {
        "coverage": round(float(covered.mean()), 4),
        "each": covered.round(3).tolist(),
        "error_in_sd": round(float(np.sqrt((error**2).mean())), 3),
        "r2": round(float(1 - ((true - mean) ** 2).sum() / ((true - true.mean(axis=0)) ** 2).sum()), 3),
        "n": f"{len(true)} frames x {true.shape[1]} latents",
    }


def of_responses(model: LatentVideoModel, scored: Scored, seed: int) -> Iterator[dict[str, Any]]:
    """The responses of all neurons that are not given."""
    few = scored.part.select_trials(np.arange(min(RESPONSE_TRIALS, len(scored.part.trials))))
    for share in SHARES:
        found = model.predict(few, given=given_neurons(scored, share, seed)).concatenate()
        low, high = found.interval(LEVEL)
        covered = (found.observed >= low) & (found.observed <= high)
        yield {
            "case": "responses",
            "posterior": "encoder",
            "given": share,
            "coverage": round(float(covered.mean()), 4),
            "lowest_neuron": round(float(covered.mean(axis=0).min()), 3),
            "n": covered.size,
        }


def given_neurons(scored: Scored, share: float, seed: int) -> np.ndarray:
    """True for the neurons given, the same for all models."""
    return drawn(len(scored.part.neurons), share, np.random.default_rng([seed, round(100 * share)]))


def draw(lines: Sequence[dict[str, Any]], path: Path) -> None:
    """Coverage against the share of neurons given: the state, in two ways, and responses."""
    figure = Figure(figsize=(11.5, 4.4), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    titles = {
        ("state", "encoder"): "True state, encoder",
        ("state", "laplace"): "True state, Laplace with learned weights",
        ("responses", "encoder"): "Responses of the other neurons",
    }
    for axes, ((case, posterior), title) in zip(panels, titles.items(), strict=True):
        axes.axhspan(*BAND, color="#d5dae0", alpha=0.6, lw=0, label="target")
        axes.axhline(LEVEL, color="#7b8794", lw=1)
        for name, one in OBJECTIVES.items():
            _draw_one(axes, [i for i in lines if (i["case"], i["posterior"]) == (case, posterior)], name, one)
        if case == "state":
            _draw_one(axes, [i for i in lines if i["case"] == case], "truth", READER)
        axes.set(title=title, xlabel="neurons given, %", xticks=[100 * share for share in SHARES])
    panels[0].set_ylabel("share covered by 90 % intervals")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def _draw_one(axes: Axes, lines: Sequence[dict[str, Any]], name: str, how: Objective) -> None:
    """A line through the means over seeds, and a dot for each seed."""
    own = [line for line in lines if line.get("objective") == name]
    if not own:
        return
    at = {share: [line["coverage"] for line in own if line["given"] == share] for share in SHARES}
    x = [100 * share for share in SHARES]
    style = "--" if name == "truth" else "-"
    axes.plot(x, [np.mean(at[share]) for share in SHARES], style, color=how.colour, label=how.label)
    for share, values in at.items():
        axes.plot([100 * share] * len(values), values, "o", ms=4, color=how.colour)


if __name__ == "__main__":
    main()
