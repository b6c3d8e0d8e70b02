"""Competitors are scored as anybody would score them, on the neurons and trials of the study's own models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twofold.encoding import LatentOptions
from twofold.encoding.bounds import between_bounds
from twofold.encoding.competitors import ConstantModel, FlowFactors, ResidualRegression, Ridge
from twofold.encoding.latent.masks import given_in_validation
from twofold.errors import OptionError
from twofold.recordings import Trials
from twofold.studies.latent_factors.competing import compete
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.oracle import normalised, score_oracle
from twofold.studies.latent_factors.parts import competitors
from twofold.studies.latent_factors.plan import plan_study
from twofold.studies.latent_factors.prepared import TEST
from twofold.studies.latent_factors.presets import RIVALS
from twofold.studies.latent_factors.rivals import rivals_of
from twofold.studies.latent_factors.worth import worth
from twofold.studies.result import Row

LOST, GIVEN = 18, "correlation_conditioned"


@pytest.fixture(scope="module")
def given(mice):
    return given_in_validation(len(mice[0].neurons), LatentOptions())


@pytest.fixture(scope="module")
def ridge(mice):
    """Scores of ridge regression on neurons alone."""
    return compete(mice, "residual-regression", {"rule": {"kind": "ridge"}}, TEST, LOST)


@pytest.fixture(scope="module")
def predicted(mice, given):
    """The same model, as a user has it."""
    base = ConstantModel.for_recordings(mice, frames_lost=LOST)
    model = ResidualRegression(base, rule=Ridge()).fit(mice)
    return model.predict(mice[0].tier(TEST), given=given)


def predicted_alone(mice):
    base = ConstantModel.for_recordings(mice, frames_lost=LOST)
    return ResidualRegression(base, rule=Ridge()).fit(mice).predict(mice[0].tier(TEST))


def test_correlations_and_bits_are_those_of_predict(ridge, predicted, given):
    late = [slice(30 - LOST, None)] * len(predicted.mean)
    mean = np.concatenate([part[rows] for part, rows in zip(predicted.mean, late, strict=True)])
    observed = np.concatenate([part[rows] for part, rows in zip(predicted.observed, late, strict=True)])
    by_hand = [np.corrcoef(mean[:, k], observed[:, k])[0, 1] for k in range(mean.shape[1])]
    np.testing.assert_allclose(ridge["0/conditioned"][~given], np.nan_to_num(by_hand), atol=1e-6)
    assert np.isnan(ridge["0/conditioned"][given]).all()
    bits = predicted.concatenate().log_likelihood("conditioned")
    np.testing.assert_allclose(ridge["0/bits_conditioned"][:, ~given].mean(0), bits.mean(0), atol=1e-5)
    assert ridge["0/correlation"].any() == 0
    assert "0/bits_joint" not in ridge
    assert ridge["0/seconds"] > 0


def test_shares_of_the_oracle_are_those_of_between_bounds(mice, ridge, predicted):
    found = score_oracle(mice, TEST, LOST)
    bounds = found["0/oracle"], found["0/null"]
    everyone = predicted_alone(mice)
    one, other = normalised(ridge["0/bits"], *bounds), between_bounds(everyone, mice[0]).pooled
    assert one == pytest.approx(other, abs=2e-3)  # priors are fitted with videos in another order
    # priors of half of the neurons are fitted by another path
    expected = between_bounds(predicted, mice[0], kind="conditioned").pooled
    assert normalised(ridge["0/bits_conditioned"], *bounds) == pytest.approx(expected, abs=0.02)


def test_the_joint_law_of_factors_is_that_of_predict(mice):
    settings = {"dimension": 2, "steps": 5}
    found = compete(mice, "flow-factors", settings, TEST, LOST)
    model = FlowFactors(ConstantModel.for_recordings(mice, frames_lost=LOST), **settings).fit(mice)
    joint = model.predict(mice[1].tier(TEST)).concatenate().log_likelihood("joint")
    assert found["1/bits_joint"].mean() == pytest.approx(joint.mean() / len(mice[1].neurons), abs=1e-6)
    assert found["0/parameters"] == pytest.approx(3 + 8)


def test_without_repeats_there_is_no_oracle_and_the_row_says_why(mice):
    table = mice[0].trials.table
    first = ~table.duplicated(["tier", "stimulus"]).to_numpy()
    found = score_oracle([mice[0].select_trials(first)], TEST, LOST)
    assert "at least 2 videos" in str(found["0/missing"]) or "not enough" in str(found["0/missing"])


def test_videos_that_ended_early_once_do_not_count(mice):
    table = mice[0].trials.table.copy()
    at = int(np.flatnonzero(table["tier"] == TEST)[0])
    name = table.loc[at, "stimulus"]
    table.loc[at, "stop_s"] -= 5 * mice[0].bin_s
    odd = replace(mice[0], trials=Trials(table))
    found = score_oracle([odd], TEST, LOST)
    names = np.unique(table.loc[table["tier"] == TEST, "stimulus"])
    assert np.isnan(found["0/oracle"][names == name]).all()
    assert np.isfinite(found["0/oracle"][names != name]).all()


def test_what_a_preset_leaves_out_is_a_row_that_says_so(studied, mice, few_epochs):
    options = few_epochs.model_copy(update={"rivals": RIVALS[:1]})
    plan = plan_study(mice, options)
    assert [rival.name for rival in rivals_of(options)] == list(RIVALS[:1])
    kept = [step.name for step in plan.steps if step.name.startswith("competitor")]
    assert kept == [competitors.step_name(RIVALS[0])]
    with pytest.raises(OptionError, match="did you mean 'video \\+ GPFA'"):
        LatentFactorsOptions(rivals=("video + GPF",))
    with pytest.raises(OptionError, match="did you mean 'gain'"):
        LatentFactorsOptions(richer=("gian",))


def row(name: str, value: float, metric: str = GIVEN, high: float | None = None) -> Row:
    table = "competitors-differences" if " - " in name else "competitors"
    return Row(table=table, row=name, metric=metric, split="test", value=value, low=value - 1, high=high)


def rows_of(gaps: dict[str, tuple[float, float, float]]) -> list[Row]:
    """Of each model how much it tells, the upper end of what it has above "best", and its seconds."""
    found = [row("best", 0.5), row("best", 100.0, "seconds_in_all"), row("video zig", 0.1)]
    for name, (value, high, seconds) in gaps.items():
        found += [row(name, value), row(name, seconds, "seconds_in_all")]
        found.append(row(f"{name} - best", value - 0.5, high=high))
    return found


def test_the_cheapest_within_error_is_named():
    first, second = worth(
        rows_of({"near": (0.48, 0.01, 3.21), "far": (0.3, -0.1, 1.0), "slow": (0.49, 0.1, 50.0)})
    )
    assert first == (
        "Of 4 ways to tell half of the neurons from the others, best tells most, 0.500, where video zig "
        "tells 0.100 (competitors)."
    )
    assert second == (
        "Within its error the cheapest is near, 0.480, fitted in 3.2 s for each mouse instead of 100 s "
        "(competitors)."
    )


def test_that_nothing_cheaper_is_as_good_is_said():
    *_, last = worth(rows_of({"far": (0.3, -0.1, 1.0)}))
    assert last == "None that is cheaper comes within the error of best, in 100 s (competitors)."
    assert not list(worth([row("best", 0.5)]))
