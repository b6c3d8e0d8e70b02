from __future__ import annotations

import pytest
import torch

from twofold.nn import GRUAlongTrials, RecurrentNetwork

LENGTHS = [5, 1, 8, 3]


@pytest.fixture
def rows():
    return torch.randn(sum(LENGTHS), 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("both_ways", [False, True])
def test_trials_together_are_as_each_by_itself(rows, both_ways):
    torch.manual_seed(0)
    along = GRUAlongTrials(4, 6, both_ways=both_ways)
    together = along(rows, torch.tensor(LENGTHS))
    alone = []
    for trial in rows.split(LENGTHS):
        states = [along.forwards(trial[None])[0][0]]
        if both_ways:
            states.append(along.backwards(trial.flip(0)[None])[0][0].flip(0))
        alone.append(torch.cat(states, dim=1))
    torch.testing.assert_close(together, torch.cat(alone))


def test_forwards_only_knows_nothing_of_what_follows(rows):
    torch.manual_seed(0)
    network = RecurrentNetwork((4, 5, 6, 3), at=2, both_ways=False)
    changed = rows.clone()
    changed[3:5] += 10  # the end of the first trial
    before, after = (network(some, torch.tensor(LENGTHS)) for some in (rows, changed))
    assert torch.equal(before[:3], after[:3])
    assert (before[3:5] != after[3:5]).any(1).all()
    torch.testing.assert_close(before[5:], after[5:])


def test_both_ways_it_knows_the_whole_trial(rows):
    torch.manual_seed(0)
    network = RecurrentNetwork((4, 6, 3), at=1, both_ways=True)
    changed = rows.clone()
    changed[4] += 10
    before, after = (network(some, torch.tensor(LENGTHS)) for some in (rows, changed))
    assert (before[:5] != after[:5]).any(1).all()
    torch.testing.assert_close(before[5:], after[5:])
