"""Spaces are written as they are read, refused when wrong, and every default name is an option."""

from __future__ import annotations

import json

import pytest

from twofold.encoding.video_options import PRESETS
from twofold.errors import DataError, OptionError
from twofold.runs.search.embedding_trials import embedding_options
from twofold.runs.search.encoding_trials import encoding_options
from twofold.runs.search.space import Range, read_space, space_as_json, space_from_json
from twofold.runs.search.spaces import default_space

MODELS = ("contrastive", "guided-vae", "video", "latent-video")


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("model", MODELS)
def test_every_default_space_is_of_options_and_survives_json(model, preset):
    space = default_space(model, preset)
    known = (embedding_options if model in ("contrastive", "guided-vae") else encoding_options)(model)
    assert set(space) <= set(known)
    assert space_from_json(json.loads(json.dumps(space_as_json(space)))) == space


@pytest.mark.parametrize("model", ["video", "latent-video"])
def test_the_learning_rate_of_video_models_is_searched_as_in_paper_b(model):
    assert default_space(model)["learning_rate"] == Range(low=9e-4, high=9e-3, log=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], 'a space is {"option"'),
        ({}, 'a space is {"option"'),
        ({"beta": 3}, 'beta: give {"low": 1, "high": 9}'),
        ({"beta": {"low": 2, "high": 1}}, "beta: Range: low=2.0, high=1.0: give two finite numbers"),
        ({"beta": {"low": -1, "high": 1, "log": True}}, "a logarithmic range begins above 0"),
        ({"hidden": {"low": 1.5, "high": 3, "integer": True}}, "give whole numbers"),
        ({"hidden": {"among": ["1"]}}, "hidden: Choice: among"),
        ({"hidden": {"lo": 1, "high": 2}}, "unknown option 'lo', did you mean 'low'?"),
    ],
)
def test_a_wrong_space_is_refused_with_the_option_and_the_file(tmp_path, content, words):
    path = tmp_path / "space.json"
    path.write_text(json.dumps(content))
    with pytest.raises(OptionError, match=r"space\.json") as refused:
        read_space(path)
    assert words in str(refused.value)


def test_a_file_that_is_no_json_is_refused(tmp_path):
    (tmp_path / "space.json").write_text("{beta")
    for path in (tmp_path / "space.json", tmp_path / "nothing.json"):
        with pytest.raises(DataError, match="cannot be read as JSON"):
            read_space(path)
