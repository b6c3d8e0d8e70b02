"""What a search may choose from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from twofold.errors import DataError, OptionError
from twofold.options import Options


class Range(Options):
    """Numbers between two, both included.

    Parameters
    ----------
    low, high
        The two.
    log
        Whether factors count, and not differences.
    integer
        Whether only whole numbers are meant.

    Raises
    ------
    OptionError
        If there is no number between the two.

    Examples
    --------
    >>> Range(low=0.0, high=1.0, log=True)
    Traceback (most recent call last):
    ...
    twofold.errors.OptionError: Range: low=0.0: a logarithmic range begins above 0
    """

    low: float
    high: float
    log: bool = False
    integer: bool = False

    @model_validator(mode="after")
    def _are_in_order(self) -> Range:
        if not self.low < self.high < float("inf"):
            raise ValueError(f"low={self.low}, high={self.high}: give two finite numbers, the smaller first")
        if self.log and self.low <= 0:
            raise ValueError(f"low={self.low}: a logarithmic range begins above 0")
        if self.integer and not (self.low.is_integer() and self.high.is_integer()):
            raise ValueError(f"low={self.low}, high={self.high}: give whole numbers")
        return self

    @property
    def first(self) -> str:
        """The smallest."""
        return str(int(self.low)) if self.integer else repr(self.low)

    def suggested(self, trial: Any, name: str) -> str:
        """The text of what an Optuna trial tries."""
        if self.integer:
            return str(trial.suggest_int(name, int(self.low), int(self.high), log=self.log))
        return repr(float(trial.suggest_float(name, self.low, self.high, log=self.log)))


class Choice(Options):
    """One of several, each as one would type it behind --set.

    Examples
    --------
    >>> Choice(among=("4,8,8", "8,16,16")).among[1]
    '8,16,16'
    """

    among: tuple[str, ...] = Field(min_length=2)

    @property
    def first(self) -> str:
        """The first of them."""
        return self.among[0]

    def suggested(self, trial: Any, name: str) -> str:
        """The text of what an Optuna trial tries."""
        return str(trial.suggest_categorical(name, self.among))


Space = Mapping[str, Range | Choice]


def suggested(space: Space, trial: Any) -> dict[str, str]:
    """Option to text, for a trial."""
    return {name: kind.suggested(trial, name) for name, kind in space.items()}


def space_as_json(space: Space) -> dict[str, Any]:
    """What `space_from_json` reads."""
    return {name: kind.model_dump(mode="json", exclude_defaults=True) for name, kind in space.items()}


def space_from_json(content: Any) -> Space:
    """A space from what a JSON file holds.

    Raises
    ------
    OptionError
        If an entry is neither a range nor a choice.

    Examples
    --------
    >>> space_from_json({"beta": {"low": 0.1, "high": 5, "log": True}})
    {'beta': Range(low=0.1, high=5.0, log=True, integer=False)}
    """
    if not isinstance(content, Mapping) or not content:
        raise OptionError('a space is {"option": {"low": 1, "high": 9}} or {"option": {"among": ["a", "b"]}}')
    found: dict[str, Range | Choice] = {}
    for name, entry in content.items():
        if not isinstance(entry, Mapping):
            raise OptionError(f'{name}: give {{"low": 1, "high": 9}} or {{"among": ["a", "b"]}}')
        try:
            found[name] = Choice(**entry) if "among" in entry else Range(**entry)
        except OptionError as error:
            raise OptionError(f"{name}: {error}") from None
    return found


def read_space(path: Path) -> Space:
    """A space from a file.

    Raises
    ------
    DataError
        If the file cannot be read.
    OptionError
        If it holds no space.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}") from None
    try:
        return space_from_json(content)
    except OptionError as error:
        raise OptionError(f"{path}: {error}") from None
