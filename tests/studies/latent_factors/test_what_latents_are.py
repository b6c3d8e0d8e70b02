"""Sentences on the latents say what their rows say, and warn where the video may be behind them."""

from __future__ import annotations

from twofold.studies.latent_factors.fits import MAIN
from twofold.studies.latent_factors.what_latents_are import what_latents_are
from twofold.studies.result import Row


def row(table: str, what: str, metric: str, value: float, p: float = 0.005, chance: float = 0.0) -> Row:
    note = f"p = {p} (circular shifts); p = 0.005 (swaps of clips)"
    return Row(
        table=table, row=MAIN + what, metric=metric, split="test", value=value, chance=chance, note=note
    )


def said(*rows: Row) -> str:
    return "\n".join(what_latents_are(rows))


def signals(p: float) -> list[Row]:
    return [
        row("table-12", " -> pupil_dilation", "canonical_correlation", 0.7),
        row("table-12", " -> running_speed", "canonical_correlation", 0.6, p=p),
    ]


def test_signals_are_named_that_all_nulls_allow_after_correction():
    assert "pupil_dilation (0.70), running_speed (0.60)" in said(*signals(p=0.02))
    assert "running_speed" not in said(*signals(p=0.03))
    assert "none of the recorded signals" in said(signals(p=0.5)[1])


def test_features_that_tell_the_latents_are_a_warning():
    assert said(row("table-4", " <- all three", "r2", 0.1)).startswith("WARNING")
    for other in (
        row("table-4", " <- all three", "r2", 0.01),
        row("table-4", " <- all three", "r2", 0.1, p=0.2),
    ):
        assert "do not tell the latents" in said(other)


def test_maps_count_only_where_neurons_stand_apart():
    near = row("figure-6", ", weights told by position", "position_r2", 0.6)
    apart = ", weights told by position, neurons apart"
    assert "R2 of 0.500" in said(near, row("figure-6", apart, "position_r2", 0.5))
    assert "does not tell" in said(near, row("figure-6", apart, "position_r2", 0.5, p=0.4))


def test_mixed_repeats_stand_beside_same_and_none():
    values = {"same repeat": 0.3, "mixed repeats": 0.1, "video only": 0.2}
    text = said(*(row("table-4", f", {what}", "correlation", value) for what, value in values.items()))
    assert "is 0.100 instead of 0.300, and 0.200 without any" in text
