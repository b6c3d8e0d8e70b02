"""Controls destroy what they say and leave the rest."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twofold.analyses.controls import permute_within, random_code


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 99))
def test_permuting_moves_every_row_within_its_group_only(groups, seed):
    groups = np.array(groups)
    order = permute_within(groups, np.random.default_rng(seed))
    assert sorted(order) == list(range(len(groups)))
    np.testing.assert_array_equal(groups[order], groups)


def test_every_repeat_is_permuted_in_its_own_way():
    n_repeats, n_frames = 8, 30
    order = permute_within(np.repeat(np.arange(n_repeats), n_frames), np.random.default_rng(0))
    frame_shown = order.reshape(n_repeats, n_frames) - np.arange(n_repeats)[:, None] * n_frames
    assert len({tuple(row) for row in frame_shown.tolist()}) == n_repeats
    agreement = np.mean([frame_shown[0] == other for other in frame_shown[1:]])
    assert agreement < 0.15  # 1/30 by chance


def test_groups_may_be_interleaved_and_of_any_kind():
    groups = np.array(["b", "a", "b", "a", "b"])
    orders = {tuple(permute_within(groups, np.random.default_rng(seed))) for seed in range(200)}
    assert len(orders) == 6 * 2  # all permutations of three rows times those of two


def test_the_same_seed_gives_the_same_order_and_code():
    groups = np.repeat([0, 1], 10)
    one, two, other = (permute_within(groups, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
    codes = [random_code(5, 3, np.random.default_rng(1)) for _ in range(2)]
    np.testing.assert_array_equal(*codes)
    assert codes[0].shape == (5, 3)


def test_a_random_code_tells_frames_apart_and_knows_no_neighbours():
    code = random_code(400, 64, np.random.default_rng(0))
    cosines = np.corrcoef(code)
    assert np.abs(cosines[~np.eye(400, dtype=bool)]).max() < 0.7
    assert abs(np.diag(cosines, 1).mean()) < 3 / np.sqrt(399 * 64)
