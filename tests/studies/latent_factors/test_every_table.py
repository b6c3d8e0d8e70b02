"""Every table and figure of the paper, and every addition to it, has its rows and arrays in one study."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.studies.latent_factors.presets import RICHER, RIVALS

COSTS = ("seconds", "seconds_in_all", "parameters_per_neuron")
SHARES = ("normalised_bits", "normalised_bits_conditioned")
R, GIVEN, BITS = "correlation", "correlation_conditioned", "bits"
FREE, SCRATCH = "latent zig free", "latent zig free, not pretrained"

ROWS = {
    "table 1: what three models tell from the video": [
        ("table-1", name, R) for name in ("video poisson", "video zig", FREE)
    ],
    "table 1: their likelihoods": [("table-1", name, BITS) for name in ("video poisson", "video zig", FREE)],
    "table 1: differences, mouse by mouse": [
        ("table-1", f"{FREE} - video zig{mouse}", R) for mouse in ("", " · mouse-1", " · mouse-2")
    ],
    "table 1: seeds apart from mice": [("table-1", "video zig · seeds", R)],
    "table 1: who knows the law": [("table-1", "truth", R), ("table-1", "truth", BITS)],
    "table 2: free, by position, shared": [
        ("table-2", f"latent zig {kind}", metric)
        for kind in ("free", "position", "shared")
        for metric in (BITS, GIVEN)
    ],
    "table 3: unseen neurons, and weights of others": [
        ("table-3", "latent zig position, trained on all neurons", GIVEN),
        ("table-3", "latent zig position, extrapolated", GIVEN),
        ("table-3", "extrapolated, weights of a random other neuron", GIVEN),
        ("table-3", "latent zig position, extrapolated", "gain_kept"),
    ],
    "table 4: contrast, luminance and motion energy": [
        ("table-4", f"{FREE} <- {what}", "r2") for what in ("contrast", "luminance", "motion energy")
    ],
    "table 4: mixed repeats": [
        ("table-4", f"{FREE}, {what}", R) for what in ("same repeat", "mixed repeats", "video only")
    ],
    "table 5: other videos, also with Poisson": [
        *(("table-5", name, R) for name in ("video poisson", "video zig", FREE)),
        ("table-5", FREE, GIVEN),
        *(("table-5", f"{FREE}, {kind}", GIVEN) for kind in ("pink_noise", "gabor", "dots")),
    ],
    "appendix J: without pretraining": [
        ("appendix-j", name, metric) for name in (SCRATCH, FREE) for metric in (R, GIVEN)
    ],
    "table 8: smoothers and encoders": [
        ("table-8", f"{FREE}{what}", metric)
        for what in ("", ", GRU smoother", ", CNN smoother", ", CNN encoder", ", encoder of the paper")
        for metric in (BITS, GIVEN)
    ],
    "richer latents: memory, spread, gain, shape, likelihood": [
        ("richer-latents", name, metric)
        for kind in RICHER
        for name in (f"{FREE}, {kind}", f"{FREE}, {kind} - {FREE}")
        for metric in (R, BITS, GIVEN, "bits_conditioned")
    ],
    "table 10: pretraining": [
        ("table-10", name, metric) for name in (FREE, SCRATCH) for metric in (R, BITS, GIVEN)
    ],
    "table 12: behaviour": [
        ("table-12", f"{FREE} -> {signal}", "canonical_correlation")
        for signal in ("pupil_dilation", "running_speed")
    ],
    "figure 3: latents": [("figure-3-dimension", f"K={k}", metric) for k in (1, 2) for metric in (R, GIVEN)],
    "figure 3: neurons given": [
        ("figure-3-given", name, GIVEN)
        for name in ("K=2, 10% given", "K=1, 50% given", "trained with as many given, 10% given")
    ],
    "figure 4: likelihood, also as released": [
        ("figure-4", f"K={k}", metric)
        for k in (1, 2)
        for metric in (BITS, "bits_released", "weight_norm", "predictive_variance")
    ],
    "figure 5: traces": [("figure-5", f"{FREE}, given half of the neurons", R)],
    "figure 6: maps": [("figure-6", f"{FREE}, map 1", "morans_i")],
    "figure 8: samples": [
        ("figure-8", "quadrature", BITS),
        ("figure-8", "10 samples", "error_bits"),
        ("figure-8", "trained with 1 samples", GIVEN),
        ("figure-8", "trained by quadrature", GIVEN),
    ],
    "figure 9: densities": [("figure-9", f"{FREE}, {k} latents", "bits_marginal") for k in (1, 2)],
    "calibration": [("calibration", f"{FREE}, given half of the neurons", "coverage_90")],
    "competitors: gain and cost of every one": [
        ("competitors", name, metric)
        for name in ("video zig", FREE, *RIVALS)
        for metric in (R, GIVEN, BITS, "bits_conditioned", "bits_joint", *COSTS, *SHARES)
    ],
    "competitors: every mouse": [("competitors", f"{RIVALS[-1]} · mouse-{m}", GIVEN) for m in (1, 2)],
    "competitors: bounds": [
        ("competitors", "Bayesian oracle", BITS),
        ("competitors", "constant responses", BITS),
        ("competitors", "truth", GIVEN),
    ],
    "selection: leaky and honest": [
        ("selection", "best of all, leaky: chosen and scored on oracle", GIVEN),
        ("selection", "best of all, scored on held-out trials", GIVEN),
    ],
}
TABLES = ("noise-correlations", "locked-share", "figure-11")
ARRAYS = {
    "mice": (2,),
    "figure-3-dimension/dimension": (2,),
    "figure-3-dimension/conditioned": (2, 2),
    "figure-3-dimension/video_only": (2, 2),
    "figure-3-given/share": (2,),
    "figure-3-given/conditioned": (3, 2, 2),
    "figure-3-given/models": (3,),
    "figure-3-given/video_only": (2,),
    "figure-4/dimension": (2,),
    "figure-4/bits": (2, 2),
    "figure-4/weight_norm": (2, 2),
    "figure-4/predictive_variance": (2, 2),
    "figure-4/bits_released": (2, 2),
    "figure-8/samples": (2,),
    "figure-8/bits": (2,),
    "figure-8/exact": (),
    "figure-8/seconds": (2,),
}
PICTURES = ("figure-5/0/frames", "figure-6/0/maps_q", "figure-9/y", "figure-10/", "mixed/", "calibration/")


@pytest.mark.parametrize("line", ROWS)
def test_every_line_of_the_paper_has_its_rows(line, studied):
    for table, row, metric in ROWS[line]:
        assert studied.result.find(table, row, metric) is not None, (table, row, metric)


@pytest.mark.parametrize("table", TABLES)
def test_every_further_table_has_rows(table, studied):
    assert studied.result.tables()[table]


@pytest.mark.parametrize("name", ARRAYS)
def test_every_curve_has_its_arrays(name, studied):
    assert studied.result.arrays[name].shape == ARRAYS[name]


@pytest.mark.parametrize("start", PICTURES)
def test_every_picture_has_its_arrays(start, studied):
    assert any(name.startswith(start) for name in studied.result.arrays)


def test_a_row_over_mice_lies_between_its_mice(studied):
    means = {(r.table, r.row, r.metric, r.split): r for r in studied.result.rows}
    checked = 0
    for (table, row, metric, split), mean in means.items():
        each = [means.get((table, f"{row} · mouse-{m}", metric, split)) for m in (1, 2)]
        if any(one is None or one.value is None for one in each):
            continue
        values = [one.value for one in each]
        assert min(values) - 1e-9 <= mean.value <= max(values) + 1e-9
        checked += 1
    assert checked > 100


def test_a_difference_is_that_of_its_rows(studied):
    found = {name: studied.result.find("table-10", name, GIVEN).value for name in (FREE, SCRATCH)}
    gap = studied.result.find("table-10", f"{SCRATCH} - {FREE}", GIVEN)
    assert gap.value == pytest.approx(found[SCRATCH] - found[FREE], abs=1e-9)
    assert "sign-flip p over 2 mice" in gap.note


def test_what_is_scored_was_not_trained_on(studied):
    for row in studied.result.rows:
        if row.fitted_on == "train":
            assert row.scored_on != "train"
        assert row.leaky == (row.scored_on == "oracle") or row.table not in ("table-1", "selection")


def test_paper_values_stand_beside_ours(studied):
    assert studied.result.find("table-1", "video zig", R).paper == 0.183
    assert studied.result.find("table-5", FREE, GIVEN).paper == 0.17
    assert studied.result.find("table-12", f"{FREE} -> pupil_dilation", "canonical_correlation").paper == 0.57


def test_conclusions_name_their_tables(studied):
    assert len(studied.result.conclusions) >= 8
    told = [sentence for sentence in studied.result.conclusions if not sentence.startswith("Note: ")]
    assert all("(" in sentence for sentence in told)


def test_a_longer_curve_is_told_in_order(studied):
    shares = studied.result.arrays["figure-3-given/share"]
    assert (np.diff(shares) > 0).all()
