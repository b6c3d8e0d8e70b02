"""What to conclude of the latents themselves: behaviour, stimulus, cortex, calibration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from twofold.studies.latent_factors.fits import MAIN
from twofold.studies.result import Row

FAMILY_P = 0.05
SMALLEST = 0.02  # R2 that is worth a word


def what_latents_are(rows: Sequence[Row]) -> Iterator[str]:
    """Sentences on the main model, those that its rows allow."""
    yield from _behaviour(rows)
    yield from _stimulus(rows)
    yield from _repeats(rows)
    yield from _cortex(rows)
    yield from _calibration(rows)


def beyond_chance(row: Row, n_tests: int = 1) -> bool:
    """Whether a value lies above its chance, by all tests of its note, corrected for as many rows.

    Examples
    --------
    >>> row = Row(table="table-12", row="z -> pupil", metric="canonical_correlation", split="test",
    ...           value=0.6, chance=0.0, note="p = 0.005 (circular shifts); p = 0.01 (swaps of clips)")
    >>> beyond_chance(row), beyond_chance(row, n_tests=10)
    (True, False)
    """
    p = [float(found) for found in re.findall(r"p = ([0-9.e-]+)", row.note)]
    above = row.value is not None and row.value > (row.chance or 0.0)
    return above and bool(p) and max(p) <= FAMILY_P / n_tests


def _of(rows: Sequence[Row], table: str, what: str, metric: str) -> Row | None:
    named = (row for row in rows if (row.table, row.row, row.metric) == (table, f"{MAIN}{what}", metric))
    return next((row for row in named if row.value is not None), None)


def _behaviour(rows: Sequence[Row]) -> Iterator[str]:
    plain = re.compile(rf"{re.escape(MAIN)} -> [^,·]+")
    tested = [row for row in rows if row.table == "table-12" and plain.fullmatch(row.row)]
    told = {row.row.partition(" -> ")[2]: row for row in tested if beyond_chance(row, len(tested))}
    if told:
        values = ", ".join(f"{signal} ({row.value:.2f})" for signal, row in told.items())
        yield f"Latents correlate with {values} on videos left out, beyond shifts and swaps (table-12)."
    elif tested:
        yield "Latents tell none of the recorded signals beyond shifts and swaps (table-12)."


def _stimulus(rows: Sequence[Row]) -> Iterator[str]:
    row = _of(rows, "table-4", " <- all three", "r2")
    if row is None or row.value is None:
        return
    if beyond_chance(row) and row.value > SMALLEST:
        yield (
            f"WARNING: contrast, luminance and motion energy tell an R2 of {row.value:.3f} of the latents: "
            "part of what they carry is the video (table-4)."
        )
    else:
        yield "Contrast, luminance and motion energy of the video do not tell the latents (table-4)."


def _repeats(rows: Sequence[Row]) -> Iterator[str]:
    of = [_of(rows, "table-4", f", {what}", "correlation") for what in ("same repeat", "mixed repeats")]
    video = _of(rows, "table-4", ", video only", "correlation")
    same, mixed = of
    if same is not None and mixed is not None and video is not None:
        yield (
            f"With latents of another repeat of the same video the correlation is {mixed.value:.3f} instead "
            f"of {same.value:.3f}, and {video.value:.3f} without any: what falls to the last or below "
            "belongs to the moment, not to the video (table-4)."
        )


def _cortex(rows: Sequence[Row]) -> Iterator[str]:
    near = _of(rows, "figure-6", ", weights told by position", "position_r2")
    apart = _of(rows, "figure-6", ", weights told by position, neurons apart", "position_r2")
    if near is None or apart is None:
        return
    if beyond_chance(apart) and (apart.value or 0.0) > SMALLEST:
        yield (
            f"Weights are maps of the cortex: position tells an R2 of {apart.value:.3f} of them, from "
            "neurons further away than neuropil reaches (figure-6)."
        )
    else:
        yield "Position in the cortex does not tell the weights of neurons that stand apart (figure-6)."


def _calibration(rows: Sequence[Row]) -> Iterator[str]:
    row = _of(rows, "calibration", ", given half of the neurons", "coverage_90")
    if row is not None and row.value is not None:
        yield f"Given half of the neurons, 90 % intervals hold {row.value:.1%} of the others (calibration)."
