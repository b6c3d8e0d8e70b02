from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LinearRegression

from twofold.errors import DataError


def lists(animals, guide):
    return (
        [one.responses for one in animals],
        [guide(one) for one in animals],
        [one.repeat for one in animals],
    )


GUIDES = {
    "time": lambda one: None,
    "discrete": lambda one: one.frame,
    "strings": lambda one: np.array([f"frame {k}" for k in one.frame]),
    "continuous": lambda one: one.position,
    "both": lambda one: (one.position, one.frame // 10),
}


def fitted(small, animals, guide, **changes):
    X, y, trials = lists(animals, GUIDES[guide])
    return small(**changes).fit(X, y, trials=trials)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("guide", GUIDES)
def test_every_kind_of_labels_fits_several_recordings(small, animals, guide, shared):
    embedding = fitted(small, animals, guide, shared=shared)
    for number, one in enumerate(animals):
        assert embedding.transform(one.responses, session=number).shape == (len(one.frame), 3)
    assert embedding.n_features_in_ == [20, 25, 30]
    assert np.isfinite(embedding.history_["loss"]).all()


@pytest.mark.parametrize(
    "options",
    [
        {"conditional": "normal", "jitter": 0.2},
        {"time_dimensions": 1},
        {"batch_size": None, "max_steps": 3},
        {"window": 5, "mask_neurons": 0.1},
        {"window": 5, "causal": True},
        {"validation": 0.3, "patience": 2},
        {"similarity": "euclidean", "learn_temperature": True},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_mode_fits_several_recordings_repeatably(small, animals, options):
    first, second = (fitted(small, animals, "continuous", **options) for _ in range(2))
    for number, one in enumerate(animals):
        np.testing.assert_array_equal(
            first.transform(one.responses, session=number), second.transform(one.responses, session=number)
        )


@pytest.mark.parametrize("shared", [False, True])
def test_a_decoder_of_one_animal_reads_another_one(small, make_animal, shared):
    animals = [make_animal(n_neurons=40, seed=k) for k in range(2)]
    X, y, trials = lists(animals, GUIDES["continuous"])

    def r2(max_steps):
        scores = []
        for seed in range(3):
            embedding = small(
                shared=shared, max_steps=max_steps, hidden=32, batch_size=64, random_state=seed
            ).fit(X, y, trials=trials)
            first, second = (embedding.transform(one, session=k) for k, one in enumerate(X))
            scores.append(LinearRegression().fit(first, y[0]).score(second, y[1]))
        return np.median(scores)

    assert r2(max_steps=150) > 0.6
    assert r2(max_steps=0) < 0.3


def test_shared_encoders_differ_in_their_first_layer_only(small, animals):
    own, shared = (fitted(small, animals, "discrete", shared=shared).encoder_ for shared in (False, True))
    assert own.encoders[0].rest is not own.encoders[1].rest
    assert shared.encoders[0].rest is shared.encoders[1].rest
    assert len({id(encoder.first) for encoder in shared.encoders}) == 3


def test_chance_does_not_grow_with_the_number_of_recordings(small, animals):
    assert fitted(small, animals, "discrete").chance_loss_ == pytest.approx(np.log(32))


def test_windows_stop_at_the_trials_of_each_recording(small, animals):
    embedding = fitted(small, animals, "time", window=5)
    one = animals[1]
    changed = one.responses.copy()
    changed[one.repeat == 2] += 5
    before, after = (
        embedding.transform(some, trials=one.repeat, session=1) for some in (one.responses, changed)
    )
    np.testing.assert_allclose(before[one.repeat != 2], after[one.repeat != 2], atol=1e-6)


def test_fit_transform_says_what_to_call_instead(small, animals):
    X, y, trials = lists(animals, GUIDES["discrete"])
    with pytest.raises(DataError, match=r"call fit, then transform\(X\[k\], session=k\)"):
        small().fit_transform(X, y, trials=trials)


def test_pandas_come_out_of_several_recordings_too(small, animals):
    X, y, trials = lists(animals, GUIDES["discrete"])
    embedding = small().set_output(transform="pandas").fit([pd.DataFrame(one) for one in X], y, trials=trials)
    assert embedding.transform(X[1], session=1).shape == (len(X[1]), 3)


def test_score_of_other_repeats_of_all_recordings(small, animals):
    train, test = ([one.take(keep) for one in animals] for keep in (range(4), range(4, 8)))
    X, y, trials = lists(test, GUIDES["discrete"])
    trained, untrained = (
        fitted(small, train, "discrete", max_steps=max_steps, batch_size=64).score(X, y, trials=trials)
        for max_steps in (150, 0)
    )
    assert trained > untrained + 0.2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y, t: (X[:1], y[:1], t[:1]), "a list of one recording; give the array itself"),
        (lambda X, y, t: (X, y[:2], t), "y: 2 of them; with 3 recordings, give a list of 3"),
        (lambda X, y, t: (X, y, t[0]), "trials: ndarray; with 3 recordings"),
        (lambda X, y, t: (X, [y[0], y[1], y[2][:-1]], t), "recording 2: y: shape"),
        (lambda X, y, t: (X, [y[0], y[1] + 0.5, y[2]], t), "recording 1 has labels of kind continuous"),
        (
            lambda X, y, t: (X, [y[0], y[1].astype(str), y[2]], t),
            "of classes strings, recording 0 of classes",
        ),
        (lambda X, y, t: ([X[0], X[1] * np.nan, X[2]], y, t), "recording 1: X: NaN or infinity at row 0"),
    ],
)
def test_lists_that_do_not_fit_are_refused(small, animals, change, message):
    X, y, trials = change(*lists(animals, GUIDES["discrete"]))
    with pytest.raises(DataError, match=message):
        small().fit(X, y, trials=trials)


def test_features_of_another_number_are_refused(small, animals):
    X, y, trials = lists(animals, GUIDES["continuous"])
    with pytest.raises(DataError, match="recording 1 has labels of features 1, recording 0 of features 2"):
        small().fit(X, [y[0], y[1][:, :1], y[2]], trials=trials)


def test_transform_asks_for_the_recording_and_refuses_others(small, animals):
    embedding = fitted(small, animals, "discrete")
    with pytest.raises(DataError, match="3 recordings were fitted; say whose neurons"):
        embedding.transform(animals[0].responses)
    with pytest.raises(DataError, match="there are recordings 0 to 2"):
        embedding.transform(animals[0].responses, session=3)
    with pytest.raises(DataError, match="X has 20 neurons, recording 1 had 25"):
        embedding.transform(animals[0].responses, session=1)


@pytest.mark.parametrize(("several", "shared"), [(False, False), (True, False), (True, True)])
def test_adapting_trains_the_input_layer_alone_and_leaves_the_first_embedding(
    small, animals, make_animal, several, shared
):
    new = make_animal(n_neurons=33, seed=9)
    source = (
        fitted(small, animals, "continuous", shared=shared)
        if several
        else small().fit(animals[1].responses, animals[1].position)
    )
    session = 1 if several else 0
    encoder = source.encoder_.encoders[1] if several else source.encoder_
    before = [p.clone() for p in source.encoder_.parameters()]
    adapted = source.adapt(new.responses, new.position, trials=new.repeat, session=session, max_steps=30)

    for p, q in zip(encoder.rest.parameters(), adapted.encoder_.rest.parameters(), strict=True):
        assert torch.equal(p, q)
    assert all(torch.equal(p, q) for p, q in zip(before, source.encoder_.parameters(), strict=True))
    assert len(adapted.history_["loss"]) == 30
    assert adapted.history_["loss"][-5:].mean() < adapted.history_["loss"][:5].mean()
    rest = [p.clone() for p in adapted.encoder_.rest.parameters()]
    first = adapted.encoder_.first.bias.clone()
    adapted.partial_fit(new.responses, new.position, trials=new.repeat)
    assert all(torch.equal(p, q) for p, q in zip(rest, adapted.encoder_.rest.parameters(), strict=True))
    assert not torch.equal(first, adapted.encoder_.first.bias)


def test_an_adapted_embedding_tells_of_position_where_an_untrained_one_does_not(small, make_animal):
    animals = [make_animal(n_neurons=40, seed=k) for k in range(2)]
    X, y, trials = lists(animals, GUIDES["continuous"])
    new = make_animal(n_neurons=33, n_repeats=12, seed=9)
    train, test = new.take(range(8)), new.take(range(8, 12))
    source = small(max_steps=100, hidden=32, batch_size=64, shared=True).fit(X, y, trials=trials)

    def r2(max_steps):
        scores = []
        for seed in range(3):
            adapted = source.set_params(random_state=seed).adapt(
                train.responses, train.position, trials=train.repeat, max_steps=max_steps
            )
            latents = adapted.transform(train.responses), adapted.transform(test.responses)
            regression = LinearRegression().fit(latents[0], train.position)
            scores.append(regression.score(latents[1], test.position))
        return np.median(scores)

    assert r2(100) > r2(0) + 0.3
