from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from twofold.embeddings.infonce import Cosine, SquaredEuclidean, infonce
from twofold.embeddings.objective import HybridObjective


@pytest.mark.parametrize("similarity", [Cosine(), SquaredEuclidean()])
@pytest.mark.parametrize(("behaviour", "time"), [(2, 3), (3, 5)])
def test_the_loss_is_the_sum_of_two_infonces_on_latents_that_were_sliced_first(similarity, behaviour, time):
    generator = torch.Generator().manual_seed(0)
    x, y, z = (torch.randn(n, 5, generator=generator) for n in (4, 8, 6))
    objective = HybridObjective(behaviour, time, dimension=5)
    placed = (objective.place(part, similarity) for part in (x, y, z))
    parts = objective.parts(*placed, similarity, torch.tensor(2.0))

    def alone(columns, positive):
        sliced = (similarity.place(part[:, columns]) for part in (x, positive, z))
        return infonce(*sliced, similarity, torch.tensor(2.0)).loss

    expected = alone(slice(behaviour), y[:4]), alone(slice(5 - time, 5), y[4:])
    torch.testing.assert_close((parts["behaviour"], parts["time"]), expected)
    torch.testing.assert_close(parts["positive"] + parts["negative"], sum(expected))


def test_each_stretch_is_of_unit_length_and_overlapping_ones_together(small, animal):
    apart = small(time_dimensions=1, dimension=4).fit_transform(animal.responses, animal.frame)
    np.testing.assert_allclose(np.linalg.norm(apart[:, :3], axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.abs(apart[:, 3]), 1, atol=1e-5)
    together = small(time_dimensions=4, behaviour_dimensions=2, dimension=4).fit_transform(
        animal.responses, animal.frame
    )
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_history_has_both_losses_and_chance_is_twice_that_of_one(small, animal):
    fitted = small(time_dimensions=1).fit(animal.responses, animal.position, trials=animal.repeat)
    history = fitted.history_
    np.testing.assert_allclose(history["behaviour"] + history["time"], history["loss"], atol=1e-5)
    assert fitted.chance_loss_ == 2 * math.log(32)


def test_behaviour_and_time_dimensions_tell_of_behaviour_and_of_time(small, make_animal):
    # Frames are shown in an order of their own in each repeat, so time says nothing of the frame; a slow
    # drift of its own does.
    animal, rng = make_animal(n_repeats=12), np.random.default_rng(0)
    drift = np.concatenate([np.cumsum(rng.normal(size=20)) for _ in range(12)]).astype(np.float32)
    drift /= drift.std()
    order = np.concatenate([rng.permutation(20) + 20 * k for k in range(12)])
    responses = animal.responses[order] + drift[:, None] * rng.normal(size=20).astype(np.float32)
    position = animal.position[order]
    latents = small(
        dimension=5, time_dimensions=2, max_steps=300, hidden=32, temperature=0.5, batch_size=128
    ).fit_transform(responses, animal.frame[order], trials=animal.repeat)

    def r2(columns, target):
        design = np.column_stack([np.ones(len(latents)), latents[:, columns]])
        residual = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
        return 1 - residual.var(0).mean() / target.var(0).mean()

    behaviour, time = slice(3), slice(3, 5)
    assert r2(behaviour, position) > r2(time, position) + 0.2
    assert r2(time, drift) > r2(behaviour, drift) + 0.2
