"""Several models under the same experiments: how far they agree, and what is written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from twofold.errors import DataError, OptionError
from twofold.in_silico import AscentOptions, ProbeOptions, Subject, probe
from twofold.in_silico.cost import seconds_at_most
from twofold.in_silico.reproducibility import agreement, between_kinds, shown_to_others
from twofold.in_silico.writing import write

from .cells import SCREEN, Filter, cosine, linear, simple

FEW = ProbeOptions(
    directions=4,
    cycles_per_pixel=(0.06, 0.12),
    temporal_hz=(2.0, 4.0),
    contrasts=(0.5, 1.0),
    rows=2,
    columns=2,
    sizes=(0.1, 0.2),
    gabor_orientations=2,
    seconds=0.2,
    videos=2,
    videos_at_once=32,
)
SHORT = AscentOptions(steps=15, starts=2)
CELLS = (
    Filter(),
    Filter(direction_deg=180.0, temporal_hz=2.0),
    Filter(direction_deg=270.0, cycles_per_pixel=0.06),
)


def subjects():
    """Two that hardly differ, and one whose cells look elsewhere."""
    near = [replace(own, column=own.column + 0.3) for own in CELLS]
    far = [replace(own, direction_deg=own.direction_deg + 90) for own in CELLS]
    kinds = ("one", "video", CELLS), ("two", "video", near), ("three", "latent-video", far)
    return [Subject(name, kind, simple(*cells)) for name, kind, cells in kinds]


@pytest.fixture(scope="module")
def probed():
    return probe(subjects(), SCREEN, FEW, SHORT)


def test_agreement_is_correlation_or_cosine_and_chance_that_of_other_neurons():
    values = np.random.default_rng(0).normal(size=(3, 4, 7))
    found = agreement(values, centred=True)
    plain = agreement(values, centred=False)
    for a in range(3):
        for b in range(3):
            r = np.corrcoef(values[a], values[b])[:4, 4:]
            np.testing.assert_allclose(found.each[a, b], np.diag(r))
            assert found.chance[a, b] == pytest.approx(r[~np.eye(4, dtype=bool)].mean())
            np.testing.assert_allclose(
                plain.each[a, b], [cosine(*v) for v in zip(values[a], values[b], strict=True)]
            )


def test_a_neuron_that_says_nothing_in_one_model_agrees_with_none():
    values = np.random.default_rng(0).normal(size=(2, 3, 5))
    values[1, 2] = 0
    found = agreement(values, centred=False)
    assert np.isnan(found.each[0, 1]).tolist() == [False, False, True]
    assert np.isfinite(found.chance).all()


def test_shares_of_linear_cells_are_cosines_of_their_filters():
    one = Filter(), Filter(direction_deg=150.0)
    other = replace(one[0], phase_deg=40.0), replace(one[1], row=5.0)
    weights = np.stack([[own.weights().numpy() for own in cells] for cells in (one, other)])
    videos = (SCREEN.grey + SCREEN.sd * 0.5 * weights).astype(np.float32)
    models = [linear(Filter(row=1.0), *cells) for cells in (one, other)]
    found = shown_to_others(models, SCREEN, np.array([1, 2]), videos, videos_at_once=1)
    for a in range(2):
        for b in range(2):
            expected = [cosine(weights[a, n], weights[b, n]) for n in range(2)]
            np.testing.assert_allclose(found[a, b], expected, atol=1e-5)


def test_pairs_are_counted_once_within_a_kind_and_fully_between_two():
    each = np.zeros((5, 5, 2))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        each[a, b] = each[b, a] = 0.9
    each[3, 4] = each[4, 3] = 0.5
    kinds = ["video"] * 3 + ["latent-video"] * 2
    rows = between_kinds("cosine", each, kinds, np.full((5, 5), 0.1)).set_index(["kind", "with_kind"])
    assert rows["n_pairs"].to_dict() == {
        ("video", "video"): 3, ("video", "latent-video"): 6, ("latent-video", "latent-video"): 1
    }  # fmt: skip
    assert rows.loc[("video", "video"), "value"] == pytest.approx(0.9)
    assert rows.loc[("video", "latent-video"), "value"] == 0
    assert rows["chance"].tolist() == pytest.approx([0.1] * 3)
    with pytest.raises(DataError, match="2 kinds for 5 models"):
        between_kinds("cosine", each, ["video", "video"])


def test_models_that_hardly_differ_agree_and_others_do_not(probed):
    rows = probed.agreed.set_index(["measure", "kind", "with_kind"])["value"]
    for measure in ("correlation_gratings", "correlation_gabors", "cosine_videos", "share_of_own_video"):
        assert rows[measure, "video", "video"] > 0.8, measure
        assert rows[measure, "video", "latent-video"] < rows[measure, "video", "video"] - 0.2, measure


def test_tables_have_a_row_per_model_and_neuron_and_per_kind(probed):
    assert probed.tuning[["model", "neuron"]].apply(tuple, axis=1).tolist() == [
        (name, n) for name in ("one", "two", "three") for n in range(3)
    ]
    seeds = probed.over_seeds.set_index(["kind", "measure", "neuron"])
    assert seeds.loc[("video", "preferred_direction_deg", 1), "n_models"] == 2
    assert np.isfinite(seeds.loc[("video", "preferred_direction_deg", 1), "low"])
    assert np.isnan(seeds.loc[("latent-video", "preferred_direction_deg", 1), "low"])


def test_videos_are_sought_for_the_neurons_that_gratings_drive_most(probed):
    above = np.zeros(3)
    for own in probed.tuned:
        above += own.table["response_best"] - own.table["response_grey"]
    assert probed.neurons.tolist() == sorted(np.argsort(-above)[:2].tolist())
    assert probed.sought[0].exciting.video.shape == (2, 9, 14, 18)


def test_what_is_written_can_be_read_back(probed, tmp_path):
    names = [path.name for path in write(probed, tmp_path)]
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "tuning.csv"), probed.tuning, check_dtype=False)
    assert len(pd.read_csv(tmp_path / "reproducibility.csv")) == len(probed.agreed)
    with np.load(tmp_path / "tuning_curves.npz") as curves:
        assert curves["gratings"].shape == (3, 4, 2, 2, 3)
        assert curves["gratings/temporal_hz"].tolist() == [2.0, 4.0]
        assert curves["model"].tolist() == ["one", "two", "three"]
    with np.load(tmp_path / "most_exciting.npz") as videos:
        np.testing.assert_array_equal(videos["video"][1], probed.sought[1].exciting.video)
        assert videos["receptive_field"].shape == videos["video"].shape


def test_one_model_alone_and_no_videos_are_written_too(tmp_path):
    alone = probe(subjects()[:1], SCREEN, FEW, SHORT, neurons=np.array([], dtype=int))
    assert {path.name for path in write(alone, tmp_path)} == {
        "tuning.csv", "tuning_over_seeds.csv", "tuning_curves.npz"
    }  # fmt: skip


def test_equal_seeds_give_equal_numbers():
    first, again = (probe(subjects()[:2], SCREEN, FEW, SHORT, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.agreed, again.agreed, check_exact=True)
    np.testing.assert_array_equal(first.sought[0].exciting.video, again.sought[0].exciting.video)


def test_an_estimate_counts_every_video():
    respond = subjects()[0].respond
    few = seconds_at_most(respond, SCREEN, FEW, SHORT, n_videos=0)
    assert 0 < few < seconds_at_most(respond, SCREEN, FEW, AscentOptions(steps=10_000), n_videos=50)


def test_models_that_do_not_belong_together_are_refused():
    one, two, _ = subjects()
    with pytest.raises(OptionError, match="each with a name of its own"):
        probe([one, one], SCREEN, FEW, SHORT)
    with pytest.raises(OptionError, match="at least one"):
        probe([], SCREEN, FEW, SHORT)
    with pytest.raises(DataError, match="one has 3, two has 1"):
        probe([one, replace(two, respond=simple(Filter()))], SCREEN, FEW, SHORT)
    with pytest.raises(OptionError, match=r"neurons \[0, 7\]: there are 0 to 2"):
        probe([one], SCREEN, FEW, SHORT, neurons=np.array([0, 7]))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"directions": 6}, "multiple of 4"),
        ({"contrasts": (0.5, 0.2)}, "increasing"),
        ({"contrasts": (0.5, 1.2)}, "shares up to 1"),
        ({"rate_hz": 12.0}, "below 6 Hz"),
        ({"cycles_per_pixel": (0.1, 0.7)}, "at most 0.5"),
        ({"direction": 8}, "did you mean 'directions'"),
    ],
)
def test_options_that_cannot_work_are_refused(changes, words):
    with pytest.raises(OptionError, match=words):
        ProbeOptions(**changes)


def test_models_may_answer_without_a_gradient_where_no_video_is_sought():
    frozen = torch.no_grad()(simple(*CELLS))
    found = probe([Subject("frozen", "video", frozen)], SCREEN, FEW, neurons=np.array([], dtype=int))
    assert len(found.tuning) == 3
