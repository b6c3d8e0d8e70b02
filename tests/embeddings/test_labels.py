from __future__ import annotations

import numpy as np
import pytest

from twofold.embeddings.labels import read_labels
from twofold.errors import DataError


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (None, "time"),
        (np.array([0, 10, 10]), "discrete"),
        (np.array([0, 255, 3], dtype=np.uint8), "discrete"),
        (np.array([True, False, True]), "discrete"),
        (["left", "right", "left"], "discrete"),
        (np.array(["left", "right", "left"], dtype=object), "discrete"),
        (np.array([0.0, 1.0, 2.0], dtype=np.float32), "continuous"),
        (np.zeros((3, 4)), "continuous"),
        ((np.zeros((3, 4)), np.array([5, 5, 7])), "both"),
    ],
)
def test_the_kind_of_labels_is_read_from_their_type(y, kind):
    assert read_labels(y, 3).kind == kind


def test_classes_may_have_gaps_and_keep_their_values():
    labels = read_labels(np.array([10, -3, 10]), 3)
    assert labels.classes.tolist() == [1, 0, 1]
    assert labels.values.tolist() == [-3, 10]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(2), "X has 3 rows"),
        (np.array([0.0, np.nan, 1.0]), "NaN or infinity at row 1"),
        (np.zeros((3, 2), dtype=int), "give one integer, boolean or string per row"),
        (np.array([1, "a", None], dtype=object), "mixed types"),
        ((np.zeros(3), np.zeros(3)), r"pair is \(continuous, continuous\)"),
        ((np.zeros(3, dtype=int), np.zeros(3)), "floats first"),
        ((np.zeros(3),), "tuple of 1"),
        (np.zeros((3, 2, 2)), "give one integer"),
        (1.0, "one label per row"),
    ],
)
def test_other_labels_are_refused_with_what_to_give(y, message):
    with pytest.raises(DataError, match=message):
        read_labels(y, 3)
