"""Values that were not measured: declared, counted, and dropped by unit or by repeat."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import NamedTuple

import numpy as np

from twofold.errors import DataError
from twofold.recordings.wording import first_few


class Kept(NamedTuple):
    """What remains of the responses, and what was done."""

    responses: np.ndarray
    """(repeat, stimulus, time, neuron)"""
    repeats: np.ndarray
    """(repeat,) which of the file's repeats are kept."""
    neurons: np.ndarray
    """(neuron,) which of the file's neurons are kept."""
    history: tuple[str, ...]


@dataclass(frozen=True)
class Missing:
    """How missing values are marked, and what is dropped for them.

    Parameters
    ----------
    value
        The number that stands for "not measured", possibly NaN; None where every value was measured.
    drop_units
        Units with at least this share of missing values are dropped, before anything else.
    drop_repeats
        Whether repeats in which a kept unit misses a value are dropped.

    Examples
    --------
    >>> counts = np.array([[1, 2], [3, 255], [4, 5]], dtype=np.uint8).reshape(3, 1, 2, 1)
    >>> kept = Missing(value=255, drop_repeats=True).clean(counts)
    >>> kept.responses.ravel(), kept.repeats
    (array([1., 2., 4., 5.], dtype=float32), array([ True, False,  True]))
    """

    value: float | None = None
    drop_units: float | None = None
    drop_repeats: bool = False

    def problems(self) -> list[str]:
        """What cannot work, in words."""
        problems = []
        if self.value is None and (self.drop_units is not None or self.drop_repeats):
            flag = "--drop-repeats-missing" if self.drop_repeats else "--drop-units-missing"
            problems.append(f"{flag} needs --missing VALUE: the number that marks a missing value, or nan")
        if self.drop_units is not None and not 0 < self.drop_units <= 1:
            problems.append(f"--drop-units-missing {self.drop_units:g}: give a share above 0 and up to 1")
        return problems

    def clean(self, responses: np.ndarray) -> Kept:
        """Responses (repeat, stimulus, time, neuron) without missing values.

        Raises
        ------
        DataError
            If values are NaN or infinite without being declared missing, some remain missing, or nothing is
            left.
        """
        n_repeats, *_, n_neurons = responses.shape
        repeats, neurons = np.ones(n_repeats, dtype=bool), np.ones(n_neurons, dtype=bool)
        if self.value is None:
            _refuse_undeclared(responses, np.False_, declared=None)
            return Kept(responses, repeats, neurons, ())
        missing = np.isnan(responses) if np.isnan(self.value) else responses == self.value
        _refuse_undeclared(responses, missing, declared=self.value)
        history = [f"{missing.sum()} of {missing.size} values were missing ({self.value:g})"]
        if self.drop_units is not None:
            neurons = missing.mean(axis=(0, 1, 2)) < self.drop_units
            history.append(_told(neurons, "units", f"missing {self.drop_units:g} or more of their values"))
        if self.drop_repeats:
            repeats = ~missing[..., neurons].any(axis=(1, 2, 3))
            history.append(_told(repeats, "repeats", "in which a kept unit misses a value"))
        responses, missing = responses[repeats][..., neurons], missing[repeats][..., neurons]
        self._refuse_remaining(missing)
        return Kept(responses.astype(np.float32), repeats, neurons, tuple(history))

    def _refuse_remaining(self, missing: np.ndarray) -> None:
        if not missing.any():
            return
        share = missing.mean(axis=(0, 1, 2))
        units, repeats = np.flatnonzero(share), np.flatnonzero(missing.any(axis=(1, 2, 3)))
        below = 10.0 ** floor(log10(share[units].min()))
        raise DataError(
            f"{missing.sum()} values are missing still, in units {first_few(units)} and in repeats "
            f"{first_few(repeats)} (counted among those kept): "
            f"--drop-repeats-missing would drop {len(repeats)} of {len(missing)} repeats, "
            f"--drop-units-missing {below:g} would drop {len(units)} of {len(share)} units"
        )


def _told(keep: np.ndarray, what: str, why: str) -> str:
    dropped = np.flatnonzero(~keep)
    if keep.all():
        return f"dropped none of {len(keep)} {what}: none {why}"
    if not keep.any():
        raise DataError(
            f"all {len(keep)} {what} would be dropped, {why}; "
            + ("choose a larger --drop-units-missing" if what == "units" else "drop more units first")
        )
    return f"dropped {len(dropped)} of {len(keep)} {what}, {why}: {first_few(dropped)}"


def _refuse_undeclared(responses: np.ndarray, missing: np.ndarray | np.bool_, declared: float | None) -> None:
    if responses.dtype.kind != "f":
        return
    bad = ~(np.isfinite(responses) | missing)
    if not bad.any():
        return
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    repeat, stimulus, time, neuron = place
    found = responses[place]
    todo = f"type --missing {found:g}, with --drop-units-missing 0.02 or --drop-repeats-missing"
    if declared is not None:
        todo = f"only one value can be declared missing, now {declared:g}; write one value in the file"
    raise DataError(
        f"{bad.sum()} responses are NaN or infinite, the first ({found:g}) at unit {neuron}, "
        f"repeat {repeat}, stimulus {stimulus}, time {time}; {todo}"
    )
