"""Defects that were measured in, or reported of, the reference implementation: each is absent here.

Numbers in names are those of the ten points, and words those of the list of what users hit, of the study of
it that this package began with.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from twofold.embeddings import ContrastiveEmbedding
from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.draws import choose_sampler
from twofold.embeddings.labels import read_labels
from twofold.embeddings.recorded import Recorded

N_REPEATS, N_FRAMES = 9, 12
FRAME, REPEAT = np.tile(np.arange(N_FRAMES), N_REPEATS), np.repeat(np.arange(N_REPEATS), N_FRAMES)


def draws(y, trials=REPEAT, batch_size=40_000, seed=0, **changes):
    options = ContrastiveOptions(**ContrastiveEmbedding(2, batch_size=batch_size, **changes).get_params())
    recorded = Recorded(torch.zeros(len(trials), 1), torch.as_tensor(trials), read_labels(y, len(trials)))
    return choose_sampler([recorded], options, torch.Generator().manual_seed(seed)).draw()


def of_dimension(n):
    return np.random.default_rng(0).normal(size=(N_FRAMES, n))[FRAME]


@pytest.mark.parametrize(
    ("y", "options"),
    [
        (FRAME, {}),
        (of_dimension(1), {}),
        (of_dimension(32), {}),
        (of_dimension(768), {}),
        (of_dimension(2), {"conditional": "normal", "jitter": 0.5}),
        ((of_dimension(2), FRAME % 2), {}),
    ],
    ids=["discrete", "1-d", "32-d", "768-d", "jitter", "both"],
)
def test_1_positives_of_tied_labels_come_uniformly_from_all_repeats(y, options):
    _, positive, *_ = draws(y, positives="any", **options)
    assert chisquare(np.bincount(REPEAT[positive], minlength=N_REPEATS)).pvalue > 1e-3
    reference, positive, *_ = draws(y, **options)
    assert (REPEAT[reference] != REPEAT[positive]).all()
    assert chisquare(np.bincount(REPEAT[positive], minlength=N_REPEATS)).pvalue > 1e-3


def responses(n_neurons=6):
    return np.random.default_rng(1).normal(size=(len(FRAME), n_neurons)).astype(np.float32)


def small(**changes):
    options = {"hidden": 8, "batch_size": 16, "max_steps": 5, "device": "cpu", "random_state": 0}
    return ContrastiveEmbedding(2, **options | changes)


@pytest.mark.parametrize("y", [None, FRAME, of_dimension(2), (of_dimension(2), FRAME % 2)], ids=lambda y: "y")
@pytest.mark.parametrize(
    "options", [{}, {"dropout": 0.2}, {"mask_neurons": 0.2}, {"validation": 0.3}], ids=str
)
def test_2_a_seed_repeats_every_mode_whatever_the_global_generators_are(y, options):
    results = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        np.random.seed(global_seed)  # noqa: NPY002
        results.append(small(**options).fit_transform(responses(), y, trials=REPEAT))
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    "values", [[0, 10], [-3, 10**12], ["a", "b"], [True, False], np.array([3, 255], np.uint8)]
)
def test_3_draws_do_not_depend_on_gaps_between_class_values(values):
    values = np.asarray(values)
    reference, positive, negative, _ = draws(values[FRAME % 2], positives="any")
    plain = draws(FRAME % 2, positives="any")
    assert torch.equal(reference, plain.reference)
    assert torch.equal(positive, plain.positive)
    for rows in (reference, positive, negative):
        assert chisquare(np.bincount(rows, minlength=len(FRAME))).pvalue > 1e-3


def test_5_a_saved_file_holds_tensors_and_json_only(tmp_path):
    small().fit(responses(), FRAME).save(tmp_path / "embedding")
    content = (tmp_path / "embedding").read_bytes()
    header = int.from_bytes(content[:8], "little")
    assert content[8:9] == b"{" and header < len(content)
    assert b"PK" not in content[:4] and b"\x80\x04" not in content[:10]


@pytest.mark.parametrize(
    "options", [{}, {"conditional": "normal", "jitter": 1e-3}, {"time_offset": 3}], ids=str
)
def test_10_no_positive_follows_a_jump_between_trials(options):
    # Labels rise by 1 per sample and jump by 1000 between trials.
    label = (np.arange(len(FRAME)) + 1000 * REPEAT).astype(float)
    reference, positive, *_ = draws(label, **options)
    k = options.get("time_offset", 1) if "jitter" not in options else 0
    inside = FRAME[reference] < N_FRAMES - k
    np.testing.assert_array_equal((positive - reference)[inside], k)


def test_10_positives_in_time_stay_in_their_trial():
    reference, positive, *_ = draws(None, time_offset=3)
    assert (REPEAT[reference] == REPEAT[positive]).all()
    hybrid = draws(FRAME, time_offset=3, time_dimensions=1)
    in_time = hybrid.positive.chunk(2)[1]
    assert torch.equal(in_time, hybrid.reference + 3)
    assert (REPEAT[hybrid.reference] == REPEAT[in_time]).all()


def test_fit_after_partial_fit_starts_again():
    once = small().fit(responses(), FRAME)
    again = small().partial_fit(responses(), FRAME).partial_fit(responses(), FRAME).fit(responses(), FRAME)
    np.testing.assert_array_equal(again.transform(responses()), once.transform(responses()))
    assert again.history_["loss"].shape == (5,)


def test_partial_fit_after_load_goes_on(tmp_path):
    embedding = small().fit(responses(), FRAME)
    embedding.save(tmp_path / "embedding")
    loaded = ContrastiveEmbedding.load(tmp_path / "embedding", device="cpu").partial_fit(responses(), FRAME)
    assert loaded.history_["loss"].shape == (10,)
    expected = embedding.partial_fit(responses(), FRAME).transform(responses())
    np.testing.assert_array_equal(loaded.transform(responses()), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int64, bool, str, object])
def test_labels_of_every_type_are_classes(dtype):
    y = FRAME.astype(dtype)
    fitted = small().fit(responses(), y)
    assert fitted.label_kind_ == "discrete"
    np.testing.assert_array_equal(fitted.classes_, np.unique(y))


def test_no_labels_mean_time():
    assert small().fit(responses(), y=None).label_kind_ == "time"


def test_width_is_what_was_asked_for_with_either_similarity():
    sizes = [
        sum(p.numel() for p in small(similarity=name, hidden=12).fit(responses()).encoder_.parameters())
        for name in ("cosine", "euclidean")
    ]
    assert sizes[0] == sizes[1] == 6 * 12 + 12 + 12 * 12 + 12 + 12 * 2 + 2


def test_layers_share_no_weights_across_depth():
    encoder = small(window=10).fit(responses()).encoder_
    assert len({p.data_ptr() for p in encoder.parameters()}) == len(list(encoder.parameters()))


def test_a_hybrid_has_a_history_and_a_goodness_of_fit():
    fitted = small(time_dimensions=1).fit(responses(), FRAME, trials=REPEAT)
    assert {"behaviour", "time"} <= fitted.history_.keys()
    assert np.isfinite(fitted.score(responses(), FRAME, trials=REPEAT))


def test_the_constructor_checks_nothing_and_refers_to_nothing_but_its_arguments():
    embedding = ContrastiveEmbedding(-1, similarity="nonsense")
    assert vars(embedding).keys() == embedding.get_params().keys()
