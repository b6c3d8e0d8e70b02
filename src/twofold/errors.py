"""Errors that say what is wrong, where, and what to type instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TwofoldError(ValueError):
    """Base of every error that a user can mend; the command line prints it as one line."""


class OptionError(TwofoldError):
    """An option is unknown, missing, or has a value that cannot work."""


class DataError(TwofoldError):
    """A recording, an array or a file is not what it says it is."""


class NotAvailableError(TwofoldError, ImportError):
    """An optional dependency is missing."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say what a mistyped name may have meant, or else what there is.

    Examples
    --------
    >>> did_you_mean("respones", ["responses", "region"])
    "did you mean 'responses'?"
    >>> did_you_mean("x", ["responses", "region"])
    'known are: region, responses'
    """
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known are: {', '.join(known)}" if known else "there are none"
