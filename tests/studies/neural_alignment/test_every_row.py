"""Every line of the specification's table, and every addition to it, has its row in a study with all rows."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.study import neural_alignment
from twofold.studies.result import Result

OUT, TEST = "leave_one_repeat_out", "test"
FD, CONTROLS, REGRESSION, GRID = "frame-decoding", "controls", "frame-regression", "pc-grid"
GUIDANCE, RESPONSES, ALIGNMENT = "guidance", "responses-from-latents", "alignment"
EXACT, MAE, R2, CROSS, CO = (
    "exact_accuracy",
    "mae_frames",
    "r2_same_trial",
    "r2_cross_repeat",
    "r2_cosmoothing",
)
UNITS = ("all units", "units of 95 % of the variance", "units of 90 % of the variance")
EMBEDDINGS = ("raw", "pca", "untrained", "contrastive", "vae beta=0.05", "factor analysis 8")

SPEC = {
    "lasso on all units and on 3 components": [
        (REGRESSION, f"{name} + lasso alpha=0.08", metric, OUT)
        for name in ("raw", "pca 3")
        for metric in ("r2", "mae_frames", "rmse_frames")
    ],
    "logistic regression on all units, train and test": [
        (FD, "raw + logistic", metric, split) for metric in (EXACT, MAE) for split in ("train", TEST)
    ],
    "grid over the number of components with the 7 / 2 split": [
        (GRID, f"pca {n} + logistic C=0.4", metric, split)
        for n in (2, 8)
        for metric in (EXACT, MAE)
        for split in ("train", "validation")
    ],
    "components of 90 % of the variance, C 0.4": [
        (FD, "pca 90 % of variance + logistic C=0.4", EXACT, split) for split in ("train", TEST)
    ],
    "plain autoencoder, three sets of units, two betas": [
        (GUIDANCE, f"vae beta={beta}{units}", R2, split)
        for beta in ("0.05", "0.008")
        for units in ("", " units=95%", " units=90%")
        for split in ("train", "validation", TEST)
    ],
    "autoencoder with image features": [
        (GUIDANCE, f"vae features beta={beta}{units}", metric, "validation")
        for beta in ("0.05", "0.008")
        for units in ("", " units=95%")
        for metric in (R2, "guide_r2")
    ],
    "autoencoder with all image features": [
        (GUIDANCE, "vae all features beta=0.05 units=95%", "guide_r2", "validation")
    ],
    "autoencoder with frame id, with and without dropout": [
        (GUIDANCE, f"vae frame{dropout} beta={beta}{units}", metric, "validation")
        for dropout in ("", " dropout")
        for beta in ("0.05", "0.008")
        for units in ("", " units=95%")
        for metric in (R2, "guide_accuracy")
    ],
    "recurrent autoencoder, plain and with features": [
        (GUIDANCE, f"vae recurrent{guide} beta=0.05 units=95%", R2, "validation")
        for guide in ("", " features")
    ],
    "tuning": [
        ("tuning", f"{search}, {which}", R2, "validation")
        for search in ("vae", "response network")
        for which in ("trial 01", "trial 02", "best of 2 trials")
    ],
    "decoding from every autoencoder": [
        (FD, f"{name} + {decoder}", metric, TEST)
        for name in (
            *("vae beta=0.05", "vae beta=0.008 units=90%", "vae features beta=0.008", "vae frame beta=0.05"),
            *("vae frame dropout beta=0.008 units=95%", "vae recurrent beta=0.05 units=95%", "pi-vae"),
        )
        for decoder in ("knn", "logistic")
        for metric in (EXACT, MAE)
    ],
    "contrastive with the paper's settings": [
        (FD, f"contrastive features window=10 + {decoder}", metric, TEST)
        for decoder in ("knn", "logistic")
        for metric in (EXACT, MAE)
    ],
    "responses from latents": [
        (RESPONSES, f"{name} + {decoder} -> {units}", R2, split)
        for name in (
            *("contrastive features window=10", "pca 8", "factor analysis 8", "pca 90 % of variance"),
        )
        for decoder in ("mlp", "ridge")
        for units in UNITS
        for split in ("validation", TEST)
    ],
    # --- what the paper lacks
    "cheap rows": [
        (FD, f"{name} + {decoder}", EXACT, OUT)
        for name, decoder in (
            *(("raw", "template"), ("raw", "naive bayes"), ("raw", "knn"), ("raw", "ridge")),
            *(("pca", "knn"), ("untrained", "knn")),
        )
    ],
    "raw rows on the window that the embedding sees": [
        *((FD, f"raw window=10 + {decoder}", EXACT, OUT) for decoder in ("template", "naive bayes")),
        (FD, "raw window=10 + knn", EXACT, TEST),
        (FD, "raw window=10 mean + ridge", EXACT, OUT),
        (FD, "raw window=10 mean + logistic", EXACT, TEST),
        (FD, "untrained features window=10 + knn", EXACT, TEST),
    ],
    "metrics side by side": [
        (FD, "raw + template", metric, OUT)
        for metric in (EXACT, "within_1s_accuracy", MAE, "median_error_frames")
        if metric != "within_1s_accuracy"
    ],
    "decoded against true pictures": [
        ("picture-similarity", name, metric, TEST)
        for name in ("contrastive + knn", "control: the neighbouring frame")
        for metric in ("ssim", "feature_cosine")
    ],
    "leak control": [
        (CONTROLS, f"{name} (leaky: fitted on all repeats) + knn", EXACT, TEST)
        for name in ("contrastive", "contrastive features window=10")
    ],
    "shuffle controls": [
        (CONTROLS, name, metric, TEST)
        for name in (
            "control (a) labels shuffled: contrastive + knn",
            "control (b) encoder's labels shuffled: contrastive + knn",
            "control (c) responses shuffled: contrastive + knn",
            "control (c) responses shuffled: raw + template",
        )
        for metric in (EXACT, "exact_accuracy_pooled")
    ],
    "labels at test": [(CONTROLS, "pi-vae (leaky: told the labels it is asked for) + knn", EXACT, TEST)],
    "alignment, four numbers": [
        (ALIGNMENT, name, f"{metric}{suffix}", TEST)
        for name in EMBEDDINGS
        for metric in (R2, "r2_same_trial_mlp", CROSS, CO, "r2_true_rate")
        for suffix in ("", "_mean_over_neurons")
    ],
    "alignment over its ceiling, and its controls": [
        (ALIGNMENT, "contrastive", "r2_cross_repeat_of_ceiling", TEST),
        (ALIGNMENT, "control: random code of the decoded frame", CROSS, TEST),
        (ALIGNMENT, "contrastive (leaky: frames seen by the decoder)", CROSS, TEST),
    ],
    "noise ceiling, also from far pairs": [
        ("noise-ceiling", name, "ceiling_r2_single_trial", "train")
        for name in ("all pairs of repeats", "pairs of repeats at least 3 apart")
    ],
    "state": [
        ("state", f"{name} -> running_speed", metric, TEST)
        for name in ("raw", "contrastive")
        for metric in ("r2_signal", "r2_signal_within_repeats")
    ],
    "saturation": [
        ("saturation", f"raw + template, {n}", EXACT, TEST)
        for n in ("4 units", "48 units", "2 repeats", "5 repeats")
    ],
    "seeds": [
        ("seeds", name, "shared_subspace", TEST) for name in ("untrained", "contrastive", "vae beta=0.05")
    ],
    "aligned contrastive": [
        key
        for weight in ("0.1", "1", "10")
        for key in (
            (FD, f"contrastive aligned lambda={weight} + knn", EXACT, TEST),
            (ALIGNMENT, f"contrastive aligned lambda={weight}", CROSS, TEST),
        )
    ],
    "ceilings": [
        (FD, "ceiling: Bayes decoder that knows the drive and the law of the state", EXACT, TEST),
        (ALIGNMENT, "ceiling: true drive averaged over the state", CROSS, TEST),
        (ALIGNMENT, "ceiling: true mean given the other units", CO, TEST),
    ],
    "a user's own latents": [
        (FD, "mine + knn", EXACT, OUT),
        (ALIGNMENT, "mine", CROSS, TEST),
        ("state", "mine -> running_speed", "r2_signal", TEST),
    ],
}
ARRAYS = (
    *("raster/responses", "pca/embedding", "tsne/embedding", "explained_variance/cumulative"),
    *("decoded/true", "frames/pictures", "merging/accuracy/contrastive + knn", "pc_grid/components"),
    *("regression/predicted/raw + lasso alpha=0.08", "epochs/vae features beta=0.05/guide_validation"),
    *("steps/contrastive features window=10/loss", "embedding/latents/contrastive", "embedding/fitted"),
    *("seeds/latents/contrastive", "seeds/score/contrastive", "seeds/chance/contrastive"),
    *("saturation/by_units/raw + template", "saturation/by_repeats/raw + template", "tuning/vae/value"),
    *("knn_grid/exact_accuracy/contrastive", "trade_off/lambda", "reconstructed/observed"),
    *("state/running_speed/observed", "response_epochs/pca 8 + mlp -> all units/r2_validation"),
)


@pytest.fixture(scope="module")
def everything() -> AlignmentOptions:
    """All rows, and as little as possible of each, on the paper's split."""
    small = {"dimension": 8, "hidden": 16, "steps": 10, "batch_size": 32, "temperature": (0.3,)}
    small |= {"feature_steps": 10, "feature_dimension": 8, "reconstruction": (0.1, 1.0, 10.0)}
    vaes = {"vae_betas": (0.05, 0.008), "vae_units": (1.0, 0.95, 0.9), "vae_dimension": 8, "vae_epochs": 2}
    vaes |= {"vae_hidden": (8, 8, 8), "vae_decoder_hidden": (8, 8), "recurrent_epochs": 1, "pi_vae_epochs": 1}
    responses = {"response_epochs": 2, "response_dimension": 8, "response_hidden": (8, 8)}
    few = {"max_folds": 2, "inner_folds": 1, "alignment_folds": 3, "frame_folds": 2, "halves": 1}
    few |= {"surrogates": 19, "neighbours": (1, 5), "logistic_c": (0.1,), "logistic_steps": 10}
    return AlignmentOptions(
        heavy="one_split",
        reliability=0.2,
        pca_components=(8,),
        pc_grid=(2, 8),
        vae_guides=AlignmentOptions.preset("paper").vae_guides,
        seeds=2,
        saturation_points=2,
        saturation_draws=1,
        tuning_trials=2,
        tuning_epochs=1,
        alignment_network=True,
        tsne=40,
        **small,
        **vaes,
        **responses,
        **few,
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("everything") / "out"


@pytest.fixture(scope="module")
def result(movie, everything, out) -> Result:
    mine = np.random.default_rng(0).normal(size=(len(movie.time_s), 3))
    return neural_alignment(movie, options=everything, latents={"mine": mine}, out=out, n_jobs=1)


@pytest.mark.parametrize("line", SPEC)
def test_every_line_of_the_specification_has_its_rows(result, line):
    keys = {row.key for row in result.rows}
    assert not [key for key in SPEC[line] if key not in keys]


def test_every_row_has_a_number_or_says_why_not(result):
    without = [row for row in result.rows if row.value is None]
    assert {row.table for row in without} <= {"state", ALIGNMENT, GUIDANCE}
    assert all(row.note for row in without)


@pytest.mark.parametrize("name", ARRAYS)
def test_every_figure_has_its_arrays(result, name):
    assert name in result.arrays
    assert np.isfinite(result.arrays[name]).any()


def test_arrays_fit_each_other(result):
    arrays = result.arrays
    for name in (name for name in arrays if name.startswith("embedding/latents/")):
        assert arrays[name].shape == (len(arrays["embedding/frame"]), 3)
    for name in (name for name in arrays if name.startswith("decoded/predicted/")):
        assert arrays[name].shape == arrays["decoded/true"].shape
    for name in (name for name in arrays if name.startswith("epochs/") and name.endswith("kl_per_dimension")):
        assert arrays[name].shape == (len(arrays[name.replace("kl_per_dimension", "r2_train")]), 8)


def test_all_trials_of_the_searches_are_a_table_too(result, out):
    with (out / "tuning.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [(line["search"], line["trial"]) for line in lines] == [
        (search, trial) for search in ("vae", "response network") for trial in ("1", "2")
    ]
    found = result.find("tuning", "vae, trial 01", R2)
    assert float(lines[0]["r2_validation"]) == pytest.approx(found.value, rel=1e-4)


def test_the_paper_has_its_numbers_beside_ours_and_none_for_the_ambiguous_row(result):
    paper = {row.key: row.paper for row in result.rows if row.paper is not None}
    assert paper[FD, "contrastive features window=10 + knn", EXACT, TEST] == 0.60
    assert paper[FD, "vae features beta=0.008 + knn", MAE, TEST] == 16
    assert paper[RESPONSES, f"contrastive features window=10 + mlp -> {UNITS[0]}", R2, "validation"] == 0.06
    assert 0.025 not in paper.values()
    assert 58 not in paper.values()


def test_every_row_on_one_split_says_so(result):
    for row in result.tables()[FD]:
        if row.split == TEST and row.value is not None and not row.row.startswith("ceiling"):
            assert row.scored_on == "the last repeat"
            assert row.over == "stretches of frames of the one repeat"
