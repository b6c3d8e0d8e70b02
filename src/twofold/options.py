"""The base of all options: frozen, typed, and refused together when wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from twofold.errors import OptionError, did_you_mean

SomeOptions = TypeVar("SomeOptions", bound="Options")


class Options(BaseModel):
    """Frozen options; wherever they come from, all problems are told in one `OptionError`.

    Examples
    --------
    >>> class Fit(Options):
    ...     steps: int = 10
    >>> Fit(stesp=3)
    Traceback (most recent call last):
    ...
    twofold.errors.OptionError: Fit: unknown option 'stesp', did you mean 'steps'?
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise OptionError(self._explain(error)) from None

    @classmethod
    def model_validate(cls: type[SomeOptions], obj: Any, **how: Any) -> SomeOptions:
        """Options from a dict, refused as by the constructor."""
        try:
            return super().model_validate(obj, **how)
        except ValidationError as error:
            raise OptionError(cls._explain(error)) from None

    @classmethod
    def model_validate_json(
        cls: type[SomeOptions], json_data: str | bytes | bytearray, **how: Any
    ) -> SomeOptions:
        """Options from JSON text, refused as by the constructor."""
        try:
            return super().model_validate_json(json_data, **how)
        except ValidationError as error:
            raise OptionError(cls._explain(error)) from None

    @classmethod
    def from_strings(
        cls: type[SomeOptions], pairs: Mapping[str, str], base: SomeOptions | None = None
    ) -> SomeOptions:
        """Options from `key=value` texts, as they come from the command line.

        Parameters
        ----------
        pairs
            Option name to its text; lists are comma-separated, `none` is None.
        base
            Options to start from.

        Raises
        ------
        OptionError
            If a name is unknown or a value cannot be read.
        """
        values = base.model_dump() if base is not None else {}
        for name, text in pairs.items():
            is_list = (
                "tuple[" in str(cls.model_fields[name].annotation) if name in cls.model_fields else False
            )
            parsed: Any = None if text.lower() == "none" else text
            if is_list and parsed is not None:
                parsed = tuple(part for part in text.split(",") if part)
            values[name] = parsed
        return cls(**values)

    @classmethod
    def _explain(cls, error: ValidationError) -> str:
        problems = []
        for item in error.errors():
            name = ".".join(str(part) for part in item["loc"])
            message = item["msg"].removeprefix("Value error, ")
            if item["type"] == "extra_forbidden":
                problems.append(f"unknown option {name!r}, {did_you_mean(name, cls.model_fields)}")
            elif item["type"] == "missing":
                problems.append(f"option {name!r} is missing")
            elif not name:  # a rule between options; its words name them
                problems.append(message.removeprefix(f"{cls.__name__}: "))
            else:
                problems.append(f"{name}={item['input']!r}: {message[0].lower()}{message[1:]}")
        return f"{cls.__name__}: " + "; ".join(problems)
