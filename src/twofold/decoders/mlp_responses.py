"""Responses from latents by a small network that stops training on rows that were left out."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, no_type_check

import numpy as np
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from twofold.decoders.mlp_options import ResponseMLPOptions
from twofold.errors import DataError
from twofold.metrics.responses import r2
from twofold.nn import Dense
from twofold.training import RandomState, choose_device, fit, seeded, seeds_from

STRETCHES = 10  # of consecutive rows, where no groups are given


class ResponseMLP(RegressorMixin, BaseEstimator):
    """The paper's decoder: layers with LeakyReLU between them, and mean squared error.

    Inputs are standardised, and targets brought to mean 0 and a common scale, by statistics of the rows that
    are trained on. Rows of the same repeat, frame or minute resemble each other: whole groups of them are
    left out to see when training should stop.

    Parameters
    ----------
    hidden
        Widths of the hidden layers; two of them make the three layers of paper A.
    epochs, batch_size
        Passes over all rows, at most, and rows per step.
    learning_rate, weight_decay
        Of AdamW.
    dropout
        Share of hidden units that are dropped.
    validation
        Share of the groups to leave out; 0 trains all epochs on all rows.
    patience
        After so many epochs without a new highest R2 on what was left out, training stops; the weights are
        those of the highest.
    device
        "auto", "cpu", "cuda" or "cuda:1".
    random_state
        Seed or generator; equal seeds give equal bits on the same machine.

    Attributes
    ----------
    history_ : dict of str to ndarray
        (epoch,) `r2_train` and, of what was left out, `r2_validation`, weighted by variance.
    n_epochs_ : int
        Epochs behind the weights that are used.

    Raises
    ------
    OptionError
        If options cannot work, all problems at once.
    DataError
        If there is not one group per row.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> decoder = ResponseMLP(hidden=(16, 16), learning_rate=0.01, random_state=0)
    >>> decoder.fit(X, np.abs(X), groups=np.arange(200) // 20).score(X, np.abs(X)) > 0.8
    True
    """

    @no_type_check  # scikit-learn's rule: keywords are kept as they come, and judged in `fit`
    def __init__(
        self,
        *,
        hidden: Sequence[int] = (256, 256),
        epochs: int = 100,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.1,
        dropout: float = 0.0,
        validation: float = 0.2,
        patience: int = 10,
        device: str = "auto",
        random_state: RandomState = 0,
    ) -> None:
        self.hidden = hidden
        self.epochs, self.batch_size = epochs, batch_size
        self.learning_rate, self.weight_decay, self.dropout = learning_rate, weight_decay, dropout
        self.validation, self.patience = validation, patience
        self.device, self.random_state = device, random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> ResponseMLP:
        """Train from scratch.

        Parameters
        ----------
        X
            (time, input).
        y
            (time, target), or (time,).
        groups
            (time,) rows that are left out together; None makes ten stretches of consecutive rows.
        """
        X, y = validate_data(
            self, X, y, multi_output=True, y_numeric=True, dtype=np.float64, ensure_min_samples=2
        )
        options = ResponseMLPOptions(**self.get_params())
        Y = y.reshape(len(y), -1).astype(np.float64)
        self._one_target = y.ndim == 1
        of_network, of_order, of_split = seeds_from(options.random_state, 3)
        left_out = _left_out(len(X), groups, options.validation, np.random.default_rng(of_split))
        device = choose_device(options.device)
        with seeded(of_network, device):
            network = _Regression(X.shape[1], Y.shape[1], options)
            network.start(X[~left_out], Y[~left_out])
            network.to(device)
            watch = _Watch(network, X, Y, left_out, options.patience)
            rows = torch.from_numpy(np.flatnonzero(~left_out))
            n_batches = math.ceil(len(rows) / options.batch_size)
            fit(
                network,
                _batches(watch.X, watch.Y, rows, n_batches, of_order),
                steps=options.epochs * n_batches,
                learning_rate=options.learning_rate,
                weight_decay=options.weight_decay,
                device=device,
                on_block=watch,
                block=n_batches,
            )
        self.n_epochs_ = watch.give_back_the_best()
        self.history_ = {name: np.array(values) for name, values in watch.measured.items()}
        self._network = network.cpu().double()
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Targets of new inputs (time, input), in the shape of the fitted y."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        predicted = self._network.predict(torch.tensor(X))
        return predicted[:, 0] if self._one_target else predicted

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class _Regression(nn.Module):
    """A network between standardised inputs and targets of a common scale."""

    shift: Tensor
    scale: Tensor
    level: Tensor
    unit: Tensor

    def __init__(self, n_in: int, n_out: int, options: ResponseMLPOptions) -> None:
        super().__init__()
        self.network = Dense((n_in, *options.hidden, n_out), dropout=options.dropout)
        for name, size in (("shift", n_in), ("scale", n_in), ("level", n_out), ("unit", 1)):
            self.register_buffer(name, torch.ones(size))

    def start(self, X: np.ndarray, Y: np.ndarray) -> None:
        """Measure the rows that are trained on."""
        varies = np.ptp(X, axis=0) > 0  # rounding can give a constant a deviation
        unit = np.sqrt(Y.var(axis=0).mean())
        self.shift.copy_(torch.from_numpy(X.mean(axis=0)))
        self.scale.copy_(torch.from_numpy(np.where(varies, X.std(axis=0), 1.0)))
        self.level.copy_(torch.from_numpy(Y.mean(axis=0)))
        self.unit.fill_(unit if unit > 0 else 1.0)

    def loss(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean squared error, in units of the targets' mean variance."""
        x, y = batch
        told = self.network((x - self.shift) / self.scale)
        return (told - (y - self.level) / self.unit).square().mean(), {}

    @torch.no_grad()
    def predict(self, x: Tensor) -> np.ndarray:
        """Targets in their own unit."""
        told = self.network((x - self.shift) / self.scale)
        return (told * self.unit + self.level).cpu().numpy()


class _Watch:
    """R2 after each epoch; stops where it no longer rises on what was left out."""

    def __init__(
        self, network: _Regression, X: np.ndarray, Y: np.ndarray, left_out: np.ndarray, patience: int
    ) -> None:
        self.network, self.patience, self.true = network, patience, Y
        device = network.level.device
        self.X, self.Y = (torch.tensor(part, dtype=torch.float32, device=device) for part in (X, Y))
        self.parts = {"r2_train": ~left_out, "r2_validation": left_out}
        self.measured: dict[str, list[float]] = {name: [] for name, part in self.parts.items() if part.any()}
        self.best: tuple[float, int, dict[str, Any]] = (-math.inf, 0, {})

    def __call__(self, step: int, means: Mapping[str, float]) -> bool:
        self.network.eval()
        predicted = self.network.predict(self.X)
        self.network.train()
        for name, values in self.measured.items():
            part = self.parts[name]
            values.append(float(r2(self.true[part], predicted[part])))
        epoch = len(self.measured["r2_train"])
        if "r2_validation" not in self.measured:
            return False
        if self.measured["r2_validation"][-1] > self.best[0]:
            self.best = (
                self.measured["r2_validation"][-1],
                epoch,
                copy.deepcopy(self.network.state_dict()),
            )
        return epoch - self.best[1] >= self.patience

    def give_back_the_best(self) -> int:
        """Set the weights to those of the highest R2; returns after how many epochs that was."""
        if not self.best[2]:
            return len(self.measured["r2_train"])
        self.network.load_state_dict(self.best[2])
        return self.best[1]


def _batches(
    X: Tensor, Y: Tensor, rows: Tensor, n_batches: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    while True:
        for some in rows[torch.randperm(len(rows), generator=generator)].tensor_split(n_batches):
            yield X[some.to(X.device)], Y[some.to(Y.device)]


def _left_out(n_rows: int, groups: Any, share: float, rng: np.random.Generator) -> np.ndarray:
    """(time,) which rows are not trained on: whole groups, at least one and not all."""
    if groups is not None and np.shape(groups) != (n_rows,):
        raise DataError(f"groups of shape {np.shape(groups)} for {n_rows} rows; give one group per row")
    if not share:
        return np.zeros(n_rows, dtype=bool)
    stretch = np.arange(n_rows) * STRETCHES // n_rows
    group = np.unique(stretch if groups is None else groups, return_inverse=True)[1]
    n_groups = int(group.max()) + 1
    if n_groups < 2:
        raise DataError("groups: leaving some out needs at least 2, and there is 1; give validation=0")
    chosen = rng.permutation(n_groups)[: min(max(round(share * n_groups), 1), n_groups - 1)]
    return np.isin(group, chosen)
