"""Options are refused together, in words, wherever they come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, field_validator, model_validator

from twofold.errors import OptionError
from twofold.options import Options


class Decoder(Options):
    neighbours: int = 3


class Fit(Options):
    steps: int = Field(default=10, ge=1)
    rates: tuple[float, ...] = (1.0,)
    repeats: tuple[int, ...] | None = None
    gap_s: float | None = None
    shuffle: bool = False
    name: str = "fit"
    decoder: Decoder = Decoder()

    @field_validator("name")
    @classmethod
    def _not_empty(cls, name: str) -> str:
        if not name:
            raise ValueError("give it a name")
        return name

    @model_validator(mode="after")
    def _gap_or_shuffle(self) -> Fit:
        if self.shuffle and self.gap_s:
            raise ValueError("a gap means nothing when rows are shuffled; set shuffle=false")
        return self


class Needed(Options):
    out: str


def refused(make, *arguments, **values) -> str:
    with pytest.raises(OptionError) as caught:
        make(*arguments, **values)
    return str(caught.value)


def test_an_unknown_option_is_told_with_the_closest_one():
    assert refused(Fit, stesp=3) == "Fit: unknown option 'stesp', did you mean 'steps'?"


def test_a_missing_option_is_named():
    assert refused(Needed) == "Needed: option 'out' is missing"


def test_all_problems_are_told_in_one_error():
    told = refused(Fit, stesp=3, steps=0, shuffle="perhaps", rates=(1.0, "fast"))
    problems = told.removeprefix("Fit: ").split("; ")
    assert sorted(problem.split(":")[0] for problem in problems) == [
        "rates.1='fast'",
        "shuffle='perhaps'",
        "steps=0",
        "unknown option 'stesp', did you mean 'steps'?",
    ]


def test_rules_speak_in_their_own_words():
    assert refused(Fit, name="") == "Fit: name='': give it a name"
    assert refused(Fit, shuffle=True, gap_s=1.0) == (
        "Fit: a gap means nothing when rows are shuffled; set shuffle=false"
    )


def test_a_nested_option_is_told_with_its_place_and_its_closest_name():
    assert refused(Fit, decoder={"neighbors": 1}).startswith("Fit: decoder=")
    assert "unknown option 'neighbors', did you mean 'neighbours'?" in refused(Fit, decoder={"neighbors": 1})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fit(steps="abc"),
        lambda: Fit.model_validate({"steps": "abc"}),
        lambda: Fit.model_validate_json('{"steps": "abc"}'),
        lambda: Fit.from_strings({"steps": "abc"}),
        lambda: Fit.from_strings({"steps": "abc"}, base=Fit(shuffle=True)),
    ],
    ids=["constructor", "dict", "json", "strings", "strings on a base"],
)
def test_every_way_in_refuses_in_the_same_words(make):
    assert refused(make) == (
        "Fit: steps='abc': input should be a valid integer, unable to parse string as an integer"
    )


def test_text_that_is_no_json_is_an_option_error():
    assert refused(Fit.model_validate_json, "{steps").startswith("Fit: ")


def test_options_cannot_be_changed():
    options = Fit()
    with pytest.raises(ValidationError, match="frozen"):
        options.steps = 3
    assert options.steps == 10


def test_texts_of_the_command_line_become_values():
    options = Fit.from_strings(
        {"steps": "3", "rates": "0.1,0.3", "repeats": "4", "gap_s": "1e-3", "shuffle": "false", "name": "a,b"}
    )
    assert options == Fit(steps=3, rates=(0.1, 0.3), repeats=(4,), gap_s=1e-3, name="a,b")


def test_none_unsets_only_what_may_be_unset():
    base = Fit(gap_s=2.0, repeats=(1, 2))
    assert Fit.from_strings({"gap_s": "none", "repeats": "None"}, base=base) == Fit()
    assert refused(Fit.from_strings, {"rates": "none", "steps": "none"}).count("=None: ") == 2


@pytest.mark.parametrize(("text", "value"), [("true", True), ("yes", True), ("1", True), ("off", False)])
def test_the_usual_words_for_true_and_false_are_read(text, value):
    assert Fit.from_strings({"shuffle": text}).shuffle is value


def test_a_base_keeps_what_is_not_given():
    base = Fit(steps=7, rates=(0.5,), decoder=Decoder(neighbours=9))
    changed = Fit.from_strings({"shuffle": "true"}, base=base)
    assert changed == Fit(steps=7, rates=(0.5,), decoder=Decoder(neighbours=9), shuffle=True)
    assert not base.shuffle


def test_several_wrong_texts_are_told_in_one_error():
    told = refused(Fit.from_strings, {"steps": "abc", "rates": "0.1,zz", "gap": "1"})
    assert "steps='abc'" in told
    assert "rates.1='zz'" in told
    assert "unknown option 'gap', did you mean 'gap_s'?" in told


fits = st.builds(
    Fit,
    steps=st.integers(1, 10**6),
    rates=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4).map(tuple),
    repeats=st.none() | st.lists(st.integers(), max_size=3).map(tuple),
    gap_s=st.none() | st.floats(0, 1e6),
)


@given(fits)
def test_options_survive_json_and_the_command_line(options):
    assert Fit.model_validate_json(options.model_dump_json()) == options
    texts = {
        "steps": str(options.steps),
        "rates": ",".join(map(repr, options.rates)),
        "repeats": "none" if options.repeats is None else ",".join(map(str, options.repeats)),
        "gap_s": "none" if options.gap_s is None else repr(options.gap_s),
    }
    assert Fit.from_strings(texts) == options
