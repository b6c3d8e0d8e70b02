from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from twofold.embeddings import ContrastiveEmbedding
from twofold.errors import DataError, OptionError
from twofold.training.tensor_files import digest


@pytest.fixture
def path(tmp_path):
    return tmp_path / "embedding.safetensors"


@pytest.fixture
def saved(small, animal, path):
    small(reconstruction=1.0).fit(animal.responses, animal.frame, trials=animal.repeat).save(path)
    return path


def contents(path):
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(file.metadata()["twofold"])  # noqa: SIM118


def rewrite(path, tensors, about):
    """With a checksum that fits, as someone with bad intent would."""
    about = {"sha256": digest(tensors, about)} | about
    save_file(tensors, path, metadata={"twofold": json.dumps(about)})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"window": 10, "causal": True, "dropout": 0.1},
        {"window": 8, "stride": 4},
        {"similarity": "euclidean", "learn_temperature": True, "temperature": np.float32(0.5)},
        {"time_dimensions": 1, "validation": 0.3, "patience": 3, "hidden": np.int64(8)},
        {"reconstruction": 0.5, "weight_decay": 0.1, "schedule": "cosine"},
        {"batch_size": None},
    ],
    ids=str,
)
def test_what_is_loaded_encodes_scores_and_goes_on_as_what_was_saved(small, animal, path, options):
    embedding = small(**options).fit(animal.responses, animal.frame, trials=animal.repeat)
    embedding.save(path)
    loaded = ContrastiveEmbedding.load(path, device="cpu")
    assert loaded.get_params() == embedding.get_params()
    for _ in range(2):
        np.testing.assert_array_equal(
            loaded.transform(animal.responses, trials=animal.repeat),
            embedding.transform(animal.responses, trials=animal.repeat),
        )
        data = {"X": animal.responses, "y": animal.frame, "trials": animal.repeat}
        assert loaded.score(**data) == embedding.score(**data)
        assert loaded.chance_loss_ == embedding.chance_loss_
        for name, values in embedding.history_.items():
            np.testing.assert_array_equal(loaded.history_[name], values)
        embedding.partial_fit(**data), loaded.partial_fit(**data)


@pytest.mark.parametrize("shared", [False, True])
def test_several_recordings_and_adapted_ones_come_back(small, animals, make_animal, path, shared):
    X, y = [one.responses for one in animals], [one.frame for one in animals]
    embedding = small(shared=shared).fit(X, y)
    embedding.save(path)
    loaded = ContrastiveEmbedding.load(path)
    assert (loaded.encoder_.encoders[0].rest is loaded.encoder_.encoders[1].rest) == shared
    assert loaded.n_features_in_ == [20, 25, 30]
    for number, one in enumerate(X):
        np.testing.assert_array_equal(
            loaded.transform(one, session=number), embedding.transform(one, session=number)
        )
    new = make_animal(n_neurons=7, seed=5)
    adapted, again = (source.adapt(new.responses, new.frame, session=2) for source in (embedding, loaded))
    np.testing.assert_array_equal(adapted.transform(new.responses), again.transform(new.responses))
    adapted.save(path)
    loaded = ContrastiveEmbedding.load(path)
    rest = [p.clone() for p in loaded.encoder_.rest.parameters()]
    loaded.partial_fit(new.responses, new.frame)
    assert all(torch.equal(p, q) for p, q in zip(rest, loaded.encoder_.rest.parameters(), strict=True))


@pytest.mark.parametrize(
    "classes",
    [
        np.array([10, -3, 7]), np.array([0, 255, 3], np.uint8), np.array([2**62, 0, -(2**62)]),
        np.array([True, False, True]), np.array(["left", "ünder", ""]), np.array([b"a", b"\xff", b"c"]),
        np.array(["left", "right", "up"], object),
    ],
    ids=lambda classes: classes.dtype.str,
)  # fmt: skip
def test_classes_come_back_with_their_type(small, animal, path, classes):
    small().fit(animal.responses, classes[animal.frame % 3]).save(path)
    loaded = ContrastiveEmbedding.load(path)
    np.testing.assert_array_equal(loaded.classes_, np.unique(classes))
    assert loaded.classes_.dtype == classes.dtype


def test_names_of_neurons_come_back(small, animal, path):
    table = pd.DataFrame(animal.responses, columns=[f"unit{k}" for k in range(20)])
    small().fit(table, animal.frame).save(path)
    loaded = ContrastiveEmbedding.load(path)
    with pytest.raises(ValueError, match="feature names"):
        loaded.transform(table[table.columns[::-1]])


def test_a_generator_is_not_saved_and_loading_draws_nothing(small, animal, path):
    small(random_state=np.random.default_rng(0)).fit(animal.responses).save(path)
    state = torch.get_rng_state()
    assert ContrastiveEmbedding.load(path).random_state is None
    assert torch.equal(torch.get_rng_state(), state)


def test_what_was_saved_on_a_device_that_is_not_here_comes_back_where_asked(small, animal, path):
    embedding = small().fit(animal.responses)
    embedding.set_params(device="cuda:77").save(path)
    loaded = ContrastiveEmbedding.load(path, device="cpu")
    np.testing.assert_array_equal(loaded.transform(animal.responses), embedding.transform(animal.responses))
    assert loaded.device == "cpu"
    with pytest.raises(OptionError, match="use device='auto'"):
        ContrastiveEmbedding.load(path, device="cuda:77")


def test_saving_again_replaces_the_file_and_leaves_no_other(small, animal, saved):
    before = saved.read_bytes()
    small().fit(animal.responses).save(saved)
    assert saved.read_bytes() != before
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize("name", ["no folder/embedding", "a folder"])
def test_saving_where_nothing_can_be_written_is_one_error_and_leaves_nothing(small, animal, tmp_path, name):
    (tmp_path / "a folder").mkdir()
    with pytest.raises(DataError, match="could not write"):
        small().fit(animal.responses).save(tmp_path / name)
    assert [one.name for one in tmp_path.iterdir()] == ["a folder"]


def test_classes_that_json_cannot_hold_are_refused_before_anything_is_written(small, animal, saved):
    before = saved.read_bytes()
    dates = np.array([np.datetime64("2020-01-01") + k for k in range(20)]).astype(object)
    with pytest.raises(DataError, match="cannot be saved"):
        small().fit(animal.responses, dates[animal.frame]).save(saved)
    assert saved.read_bytes() == before


def test_every_cut_and_flipped_file_is_refused(saved):
    whole = saved.read_bytes()
    rng = np.random.default_rng(0)
    for length in [0, 1, 7, 8, 100, *rng.integers(9, len(whole), 20)]:
        saved.write_bytes(whole[:length])
        with pytest.raises(DataError, match="cannot be read"):
            ContrastiveEmbedding.load(saved)
    for position in rng.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << rng.integers(8)
        saved.write_bytes(damaged)
        with pytest.raises(DataError, match="cannot be read"):
            ContrastiveEmbedding.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"format": "something else"},
        {"n_neurons": [21]},
        {"n_neurons": [20, 20]},
        {"n_neurons": []},
        {"n_neurons": [10**12]},
        {"seeds": ["a", 1]},
        {"classes": {"dtype": "O8(lambda)", "values": []}},
        {"classes": {"dtype": "<i8", "values": ["x"]}},
        {"params": {}},
        {"params": {"dimension": 3, "__class__": 1}},
        {"surprise": 1},
        {"label_kind": "nonsense"},
        {"sha256": "0"},
        {"n_negatives": 0},
    ],
    ids=str,
)
def test_other_contents_are_refused(saved, change):
    tensors, about = contents(saved)
    del about["sha256"]
    rewrite(saved, tensors, about | change)
    with pytest.raises(DataError, match="cannot be read"):
        ContrastiveEmbedding.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden": 10**9},
        {"window": 10**9},
        {"dimension": 4},
        {"stride": 0},
        {"similarity": "dot"},
        {"extra": 1},
    ],
    ids=str,
)
def test_other_options_are_refused_before_anything_of_their_size_is_made(saved, change):
    tensors, about = contents(saved)
    del about["sha256"]
    rewrite(saved, tensors, about | {"options": about["options"] | change})
    with pytest.raises(DataError, match="cannot be read"):
        ContrastiveEmbedding.load(saved)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model/encoder.first.bias", torch.full((16,), torch.nan)),
        ("model/encoder.first.bias", torch.zeros(16, dtype=torch.float64)),
        ("model/encoder.first.bias", torch.zeros(3)),
        ("moments/0/exp_avg", torch.zeros(3)),
        ("moments/99/exp_avg", torch.zeros(3)),
        ("moments/x/exp_avg", torch.zeros(3)),
        ("model/encoder.more", torch.zeros(3)),
    ],
)
def test_tensors_that_do_not_fit_are_refused_though_their_checksum_does(saved, name, value):
    tensors, about = contents(saved)
    tensors[name] = value
    del about["sha256"]
    rewrite(saved, tensors, about)
    with pytest.raises(DataError, match="cannot be read"):
        ContrastiveEmbedding.load(saved)


def test_files_of_others_and_no_files_are_refused(tmp_path, path):
    class Evil:
        def __reduce__(self):
            return (path.write_text, ("this ran",))

    other = tmp_path / "other"
    other.write_bytes(pickle.dumps(Evil()))
    for bad in (other, tmp_path / "missing", tmp_path):
        with pytest.raises(DataError):
            ContrastiveEmbedding.load(bad)
    assert not path.exists()
    save_file({"a": torch.zeros(2)}, other)
    with pytest.raises(DataError, match="no embedding of this package"):
        ContrastiveEmbedding.load(other)
    save_file({"a": torch.zeros(2)}, other, metadata={"twofold": "[" * 100_000})
    with pytest.raises(DataError, match="cannot be read"):
        ContrastiveEmbedding.load(other)
