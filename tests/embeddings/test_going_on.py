"""`partial_fit` goes on, `fit` starts again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from twofold.embeddings import ContrastiveEmbedding
from twofold.errors import OptionError
from twofold.training import adamw


def weights(embedding):
    return torch.cat([p.detach().flatten() for p in embedding.encoder_.parameters()])


def test_partial_fit_first_is_fit(small, animal):
    first = small().partial_fit(animal.responses, animal.frame, trials=animal.repeat)
    second = small().fit(animal.responses, animal.frame, trials=animal.repeat)
    assert torch.equal(weights(first), weights(second))


def test_going_on_without_steps_changes_nothing(small, animal):
    embedding = small().fit(animal.responses, animal.frame, trials=animal.repeat)
    before = weights(embedding)
    embedding.set_params(max_steps=0).partial_fit(animal.responses, animal.frame, trials=animal.repeat)
    assert torch.equal(weights(embedding), before)
    assert len(embedding.history_["loss"]) == 20


def test_going_on_uses_the_moments_of_the_steps_before(small, animal):
    # With equal gradients throughout, as here in a full batch in time, the steps of one long fit are found.
    options = {"batch_size": None, "dropout": 0.0}
    long = small(max_steps=30, **options).fit(animal.responses)
    short = small(max_steps=10, **options).fit(animal.responses)
    for _ in range(2):
        short.partial_fit(animal.responses)
    torch.testing.assert_close(weights(short), weights(long), rtol=0, atol=1e-6)
    np.testing.assert_allclose(short.history_["loss"], long.history_["loss"], atol=1e-5)


def test_each_call_draws_anew_and_repeatably(small, animal):
    def run():
        embedding = small(dropout=0.2)
        for _ in range(3):
            embedding.partial_fit(animal.responses, animal.frame, trials=animal.repeat)
        return embedding

    first, second = run(), run()
    np.testing.assert_array_equal(first.history_["loss"], second.history_["loss"])
    assert len(np.unique(first.history_["loss"])) == 60


def test_going_on_lowers_the_loss_further(small, animal):
    embedding = small(max_steps=60).fit(animal.responses, animal.frame, trials=animal.repeat)
    before = embedding.history_["loss"][-10:].mean()
    embedding.partial_fit(animal.responses, animal.frame, trials=animal.repeat)
    assert embedding.history_["loss"].shape == (120,)
    assert embedding.history_["loss"][-10:].mean() < before


def test_new_samples_may_come_with_other_labels(small, animal):
    embedding = small().fit(animal.responses, animal.frame, trials=animal.repeat)
    embedding.partial_fit(animal.responses, animal.position, trials=animal.repeat)
    assert embedding.label_kind_ == "continuous"


def test_another_model_is_refused_with_what_it_was(small, animal):
    embedding = small().fit(animal.responses, animal.frame)
    embedding.set_params(hidden=8, window=3, reconstruction=1.0)
    with pytest.raises(
        OptionError, match=r"window=1, hidden=16, reconstruction=0.0; to change that, call fit"
    ):
        embedding.partial_fit(animal.responses, animal.frame)


def test_validation_steps_are_counted_through(small, animal):
    embedding = small(validation=0.3).fit(animal.responses, animal.frame, trials=animal.repeat)
    embedding.partial_fit(animal.responses, animal.frame, trials=animal.repeat)
    assert embedding.history_["validation_step"].tolist() == list(range(2, 41, 2))


def test_fit_trains_one_model_only(small, animal):
    stepped = []
    hook = register_optimizer_step_post_hook(lambda optimizer, *_: stepped.append(id(optimizer)))
    try:
        small(validation=0.3).fit(animal.responses, animal.frame, trials=animal.repeat)
    finally:
        hook.remove()
    assert len(stepped) == 20
    assert len(set(stepped)) == 1


def test_several_recordings_go_on(small, animals):
    X, y, trials = (
        [one.responses for one in animals],
        [one.frame for one in animals],
        [one.repeat for one in animals],
    )
    embedding = small().fit(X, y, trials=trials).partial_fit(X, y, trials=trials)
    assert embedding.history_["loss"].shape == (40,)
    with pytest.raises(ValueError, match="1 recordings; fitted were 3"):
        embedding.partial_fit(X[0], y[0], trials=trials[0])


def test_moments_belong_to_the_parameters_of_adamw_in_its_order(small, animal):
    embedding = small(learn_temperature=True).fit(animal.responses, animal.frame)
    optimizer = adamw(embedding._fitted.model, 1e-3, 0.0)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    shapes = [tuple(embedding._fitted.moments[k]["exp_avg"].shape) for k in range(len(parameters))]
    assert shapes == [tuple(p.shape) for p in parameters]


def test_an_embedding_knows_nothing_of_another(animal):
    first, second = (ContrastiveEmbedding(2, max_steps=2, device="cpu", random_state=0) for _ in range(2))
    first.fit(animal.responses, animal.frame)
    assert not hasattr(second, "_fitted")
