"""How a message lists many places without becoming long."""

from __future__ import annotations

from collections.abc import Iterable


def first_few(places: Iterable[object], most: int = 5) -> str:
    """The first places, and how many more there are.

    Examples
    --------
    >>> first_few([3, 7])
    '3, 7'
    >>> first_few(range(12), most=3)
    '0, 1, 2 and 9 more'
    """
    texts = [str(place) for place in places]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
