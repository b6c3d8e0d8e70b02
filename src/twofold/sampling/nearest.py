"""The label nearest to another one plus a change, exactly."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int64
from scipy.spatial import KDTree
from torch import Tensor
from torch.nn import functional

from twofold.products import affine

FEATURES_OF_A_TREE = 4  # with more features, a tree has to look at most of its labels
LABELS_OF_A_TREE = 256
LABELS_AT_ONCE = 1024  # whose distances are held in memory: 16 MiB for 2048 queries
FAR = 1e3  # times the spread of the labels: how far a tree sets classes apart


class LabelSearch:
    """Which of the distinct labels u is nearest to q = y + d: argmin_u |q - u|^2, within y's class.

    Labels of few features are kept in a tree; of others, all distances are computed, some labels at a time,
    and the first of equally near ones is taken: equal to seven digits where there are many features.

    Parameters
    ----------
    labels
        (label, feature).
    classes
        (label,) class of each label; None where there are no classes.

    Examples
    --------
    >>> search = LabelSearch(torch.tensor([[0.0], [1.0], [5.0]], dtype=torch.float64))
    >>> own, change = torch.tensor([0, 2]), torch.tensor([[0.9], [-3.0]], dtype=torch.float64)
    >>> search.nearest(own, change)
    tensor([1, 1])
    >>> search.nearest(own, change, torch.tensor([[True, True, True], [True, False, True]]))
    tensor([1, 0])
    """

    def __init__(
        self, labels: Float64[Tensor, "label feature"], classes: Int64[Tensor, " label"] | None = None
    ) -> None:
        self._classes = classes
        # Centred, so that squares of labels far from zero do not swamp their differences.
        self._labels = labels - labels.mean(0)
        # |q - u|^2 / 2 = |q|^2 / 2 + (q, 1).(-u, |u|^2 / 2)
        costs = torch.cat([-self._labels, 0.5 * (self._labels**2).sum(1, keepdim=True)], dim=1)
        self._tree: KDTree | None = None
        few_features = 1 <= labels.shape[1] <= FEATURES_OF_A_TREE
        self._costs = costs if few_features else costs.float()
        if few_features and len(labels) >= LABELS_OF_A_TREE and labels.device.type == "cpu":
            self._apart = FAR * float((labels.amax(0) - labels.amin(0)).max())
            self._tree = KDTree(self._set_apart(self._labels, torch.arange(len(labels))))

    def nearest(
        self,
        own: Int64[Tensor, " batch"],
        change: Float64[Tensor, "batch feature"],
        allowed: Bool[Tensor, "batch label"] | None = None,
    ) -> Int64[Tensor, " batch"]:
        """Number of the label nearest to label `own` plus `change`, among those allowed and of its class."""
        query = self._labels[own] + change
        if self._tree is not None and allowed is None:
            return torch.from_numpy(self._tree.query(self._set_apart(query, own))[1])
        least, at = self._first_of(slice(0, LABELS_AT_ONCE), query, own, allowed)
        for start in range(LABELS_AT_ONCE, len(self._labels), LABELS_AT_ONCE):
            some = slice(start, start + LABELS_AT_ONCE)
            cost, label = self._first_of(some, query, own, allowed)
            at = torch.where(cost < least, label + start, at)
            least = torch.minimum(cost, least)
        return at

    def _first_of(
        self,
        some: slice,
        query: Float64[Tensor, "batch feature"],
        own: Int64[Tensor, " batch"],
        allowed: Bool[Tensor, "batch label"] | None,
    ) -> tuple[Float[Tensor, " batch"], Int64[Tensor, " batch"]]:
        """The least cost among some labels, and which of them has it."""
        cost = affine(functional.pad(query, (0, 1), value=1.0).to(self._costs.dtype), self._costs[some])
        if self._classes is not None:
            cost.masked_fill_(self._classes[own, None] != self._classes[some], torch.inf)
        if allowed is not None:
            cost.masked_fill_(~allowed[:, some], torch.inf)
        # Of the two, numpy's argmin is the one that uses the processor's vector units.
        at = torch.from_numpy(cost.numpy().argmin(1)) if cost.device.type == "cpu" else cost.argmin(1)
        return cost.gather(1, at[:, None]).squeeze(1), at

    def _set_apart(
        self, values: Float64[Tensor, "row feature"], label: Int64[Tensor, " row"]
    ) -> Float64[np.ndarray, "row column"]:
        """Values, with the class of their label as one more coordinate, far from other classes'."""
        if self._classes is None:
            return values.numpy()
        return torch.column_stack([values, self._apart * self._classes[label]]).numpy()
