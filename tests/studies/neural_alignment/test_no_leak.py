"""Nothing is fitted on what it is scored on: what the test repeats hold changes no fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twofold.recordings.splits import frame_blocks
from twofold.runs.jobs import Job, run_jobs
from twofold.studies.neural_alignment.catalogue import compared, embeddings
from twofold.studies.neural_alignment.methods.frame_decoders import knn
from twofold.studies.neural_alignment.methods.method import choose
from twofold.studies.neural_alignment.presentations import Presentations, presentations
from twofold.studies.neural_alignment.tables.alignment import align_method
from twofold.studies.neural_alignment.tables.alignment_fold import AlignmentSettings, Fold, Roles
from twofold.studies.neural_alignment.tables.controls import LEAKY
from twofold.studies.neural_alignment.tables.decoding import decode_method

VAES = ("vae", "vae features", "vae frame")
TRAIN, PROBE, CHANGED = np.array([0, 1, 2, 3]), 4, 5


@pytest.fixture(scope="module")
def data(movie) -> Presentations:
    return presentations(movie)


def with_changed(data: Presentations, repeat: int) -> Presentations:
    """Other counts in one repeat: other in size, in order and in which units are silent."""
    rng = np.random.default_rng(1)
    responses = data.responses.copy()
    responses[repeat] = 20 * rng.permutation(responses[repeat]) + rng.poisson(2, responses[repeat].shape)
    responses[repeat][:, :7] = 0
    return replace(data, responses=responses)


def run(function, **arguments) -> dict[str, np.ndarray]:
    return run_jobs([Job("one", function, arguments, {})], n_jobs=1)[0]


@pytest.fixture(scope="module")
def decoded(data, few_steps) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Two repeats are left out: one is the probe, the other is as it was, or changed."""
    test = np.array([PROBE, CHANGED])
    settings = {"inner_folds": 1, "seed": 0, "refit": True, "controls": True, "told": False}
    settings |= {"train": TRAIN, "test": test, "preprocessing": few_steps.preprocessing}
    options = few_steps.model_copy(
        update={
            **{"vae_guides": ("none", "features", "frame"), "vae_epochs": 2, "vae_dimension": 4},
            **{"vae_hidden": (8, 8), "vae_decoder_hidden": (8,), "pi_vae_epochs": 1, "pi_vae_dimension": 2},
        }
    )
    found = []
    for part in (data, with_changed(data, CHANGED)):
        jobs = [
            run(decode_method, data=part, comparison=one, **settings) for one in compared(options, part, {})
        ]
        found.append({key: x for result in jobs for key, x in result.items()})
    return tuple(found)


def differing(decoded, rows: slice) -> set[str]:
    before, after = decoded
    assert before.keys() == after.keys()
    return {
        name
        for name in before
        if not np.array_equal(*(part[name][rows] if part[name].ndim else part[name] for part in decoded))
    }


def test_every_row_but_the_leaky_one_decodes_a_repeat_whatever_else_was_left_out(decoded, data):
    """The same frames for the probe, the same options, the same units: only the leaky encoder saw more."""
    assert differing(decoded, slice(0, data.n_frames)) == {f"predicted/{LEAKY}"}


def test_the_changed_repeat_itself_is_decoded_otherwise(decoded, data):
    """Or else nothing was changed."""
    found = differing(decoded, slice(data.n_frames, None))
    assert found == {name for name in decoded[0] if name.startswith("predicted/")}


def test_the_choices_of_every_row_are_recorded(decoded):
    assert {name.removeprefix("chosen/") for name in decoded[0] if name.startswith("chosen/")} == {
        *("raw + template", "raw + knn", "raw + logistic", "pca + knn", "pca + logistic"),
        *("untrained + knn", "contrastive + knn", "contrastive + logistic", "raw + ridge"),
        *("contrastive aligned lambda=10 + knn", "contrastive aligned lambda=10 + logistic"),
        *("raw + naive bayes", "pca 16 + knn", "pca 90 % of variance + knn", "factor analysis 16 + knn"),
        *("pca 90 % of variance + logistic C=0.4", "pi-vae + knn", "pi-vae + logistic"),
        "pi-vae (leaky: told the labels it is asked for) + knn",
        *(f"{vae} beta=0.008 + {reader}" for vae in VAES for reader in ("knn", "logistic")),
    }


# --- alignment -----------------------------------------------------------------------------------

ROLES = {"train": np.array([0, 1, 2]), "target": np.array([3]), "test": np.array([4, 5])}
SETTINGS = AlignmentSettings(frame_folds=3, halves=1, reliability=0.2, inner_folds=1, seed=0)


def fold_of(data: Presentations, options) -> Fold:
    every = np.ones(data.responses.shape[-1], dtype=bool)
    return Fold.of(data, options.preprocessing, SETTINGS, Roles(**ROLES), every)


@pytest.mark.parametrize("role", ["target", "test"])
def test_units_statistics_encoders_and_choices_come_from_the_training_repeats_alone(data, few_steps, role):
    before = fold_of(data, few_steps)
    after = fold_of(with_changed(data, ROLES[role][-1]), few_steps)
    for name in ("kept", "mean", "scale"):
        np.testing.assert_array_equal(getattr(before.fitted, name), getattr(after.fitted, name))
    np.testing.assert_array_equal(before.keep, after.keep)
    np.testing.assert_array_equal(before.rows.responses, after.rows.responses)
    for method in embeddings(few_steps):
        chosen, latents = [], []
        for fold in (before, after):
            found = choose(method, (knn(few_steps),), fold.rows, inner_folds=1, seed=0)
            chosen.append(found)
            latents.append(method.encoder(found["knn"][0], fold.rows, 0)(before.new))
        assert chosen[0] == chosen[1]
        np.testing.assert_array_equal(*latents)


@pytest.mark.parametrize("role", ["target", "test", "train"])
def test_only_what_is_scored_on_a_repeat_changes_with_it(data, few_steps, role):
    """Changed targets leave the same-trial numbers as they were, to the last bit; choices see neither."""
    everything = np.ones(data.responses.shape[-1], dtype=bool)
    common = {"decoder": knn(few_steps), "preprocessing": few_steps.preprocessing, "settings": SETTINGS}
    common |= {"roles": Roles(**ROLES), "scored": everything}
    before, after = (
        {
            key: x
            for method in embeddings(few_steps)
            for key, x in run(align_method, data=part, method=method, **common).items()
        }
        for part in (data, with_changed(data, ROLES[role][-1]))
    )
    changed = {
        name.partition("/")[0]
        for name in before
        if not np.array_equal(before[name], after[name], equal_nan=before[name].dtype.kind == "f")
    }
    of_test = {"r2_same_trial", "r2_cross_repeat", "r2_cosmoothing"}
    if role == "train":
        assert changed >= {*of_test, "ceiling", "n_units"}
    else:
        assert changed == (of_test if role == "test" else {"r2_cross_repeat"})


def test_frames_are_scored_by_decoders_that_did_not_see_them_nor_their_neighbours(data, few_steps):
    """The stimulus-locked score of one block of frames does not depend on the training targets in it."""
    fold = fold_of(data, few_steps)
    (first, *rest) = frame_blocks(data.clip, few_steps.frame_folds, gap=1)
    near = np.r_[first.test, first.test[-1] + 1]
    assert not set(near) & set(first.train)
    responses = fold.rows.responses.reshape(len(ROLES["train"]), data.n_frames, -1).copy()
    responses[:, near] = 99.0
    other = replace(fold, rows=replace(fold.rows, responses=responses.reshape(fold.rows.responses.shape)))
    scored = []
    for one in (fold, other):
        # latents of all frames are told, so that only the decoder's targets differ
        latents = fold.rows.responses, fold.new.responses
        found = one.cross_repeat(*latents, [replace(first, test=np.arange(data.n_frames))])
        scored.append(found.variance_weighted)
    assert scored[0] == scored[1]
    leaky = other.cross_repeat(fold.rows.responses, fold.new.responses, [first, *rest], frames_seen=True)
    assert leaky.variance_weighted < scored[0]
