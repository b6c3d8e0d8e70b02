"""The curve over lambda holds the numbers of the rows, and the aligned embedding is what its name says."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.embeddings import ContrastiveEmbedding
from twofold.studies.neural_alignment.methods.contrastive import aligned
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.presentations import Rows
from twofold.studies.neural_alignment.tables.trade_off import trade_off
from twofold.studies.result import Row


def rows_of(name: str, exact: float, r2: float | None) -> list[Row]:
    common = {"row": f"{name} + knn", "metric": "exact_accuracy", "table": "frame-decoding"}
    none = {} if r2 is not None else {"note": "no unit is reliable"}
    return [
        Row(**common, split="leave_one_block_out", value=0.0),
        Row(**common, split="leave_one_repeat_out", value=exact),
        Row(table="alignment", row=name, metric="r2_cross_repeat", split="test", value=r2, **none),
    ]


def test_the_curve_starts_at_the_plain_embedding_and_takes_left_out_repeats():
    rows = [
        *rows_of("contrastive aligned lambda=10", 0.3, None),
        *rows_of("contrastive", 0.5, 0.1),
        *rows_of("contrastive aligned lambda=0.1", 0.4, 0.2),
    ]
    curve = trade_off(rows, AlignmentOptions(reconstruction=(0.1, 10.0)))
    np.testing.assert_array_equal(curve["trade_off/lambda"], [0.0, 0.1, 10.0])
    np.testing.assert_array_equal(curve["trade_off/exact_accuracy"], [0.5, 0.4, 0.3])
    np.testing.assert_array_equal(curve["trade_off/r2_cross_repeat"], [0.1, 0.2, np.nan])


@pytest.mark.parametrize("values", [(), (10.0,)])
def test_one_lambda_is_no_curve(values):
    assert trade_off(rows_of("contrastive", 0.5, 0.1), AlignmentOptions(reconstruction=values)) == {}


def test_presets_have_aligned_rows_and_none_can_be_asked_for():
    for preset, values in {"demo": (10,), "quick": (1, 10), "paper": (0.1, 1, 10)}.items():
        names = [method.name for method in aligned(AlignmentOptions.preset(preset))]
        assert names == [f"contrastive aligned lambda={value:g}" for value in values]
    assert aligned(AlignmentOptions(reconstruction=())) == ()


def test_an_aligned_embedding_learns_from_another_repeat_and_keeps_the_length_of_its_latents(few_steps):
    rng = np.random.default_rng(0)
    frame, repeat = np.tile(np.arange(12), 3), np.repeat(np.arange(3), 12)
    responses = rng.normal(size=(12, 6))[frame] + 0.3 * rng.normal(size=(36, 6))
    rows = Rows(responses.astype(np.float32), frame, repeat, repeat)
    (method,) = aligned(few_steps)
    choice = method.candidates[0]
    expected = ContrastiveEmbedding(
        few_steps.dimension, hidden=few_steps.hidden, **choice, batch_size=few_steps.batch_size,
        max_steps=few_steps.steps, learning_rate=few_steps.learning_rate, weight_decay=few_steps.weight_decay,
        reconstruction=10.0, reconstruction_target="other_repeat", precision="auto", device="cpu",
        random_state=5,
    ).fit_transform(rows.responses, frame, trials=repeat)  # fmt: skip
    latents = method.encoder(choice, rows, 5)(rows)
    np.testing.assert_array_equal(latents, expected)
    assert np.ptp(np.linalg.norm(latents, axis=1)) > 0.01
