"""What variational autoencoders share as estimators: they read data, are saved, and are read back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from twofold.embeddings.labels import Labels, read_labels
from twofold.embeddings.recorded import Recorded, as_tensor, read_trials
from twofold.embeddings.saving import save_classes
from twofold.embeddings.vae import saving
from twofold.embeddings.vae.saving import SavedVAE
from twofold.errors import DataError
from twofold.options import Options
from twofold.training import choose_device

SomeVAE = TypeVar("SomeVAE", bound="VAEEstimator")
ELEMENTS_AT_ONCE = 2**24  # responses in the windows that are encoded together: 64 MiB


@dataclass(eq=False)
class VAEFit:
    """A trained model.

    Parameters
    ----------
    model
        On its device.
    options
        It was trained with.
    n_neurons, n_told
        Neurons; features or classes of its labels.
    history
        What was measured while it was trained.
    """

    model: Any
    options: Any
    n_neurons: int
    n_told: int
    history: dict[str, np.ndarray]


class VAEEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, ABC):
    """A variational autoencoder as a scikit-learn transformer; abstract, for it has no options."""

    _format: ClassVar[str]
    _fitted: VAEFit
    classes_: np.ndarray | None

    @classmethod
    @abstractmethod
    def _options_of(cls, **params: Any) -> Options:
        """Options, checked."""

    @classmethod
    @abstractmethod
    def _untrained(cls, options: Any, n_neurons: int, n_told: int) -> nn.Module:
        """A model of these sizes."""

    def save(self, path: Path | str) -> None:
        """Write weights, options and history to one safetensors file; opening it runs no code.

        Parameters
        ----------
        path
            Such as "embedding.safetensors"; a file that is there is replaced once the new one is whole. A
            `random_state` that is a generator is not kept.

        Raises
        ------
        DataError
            If the file cannot be written, or classes are neither numbers nor strings.
        """
        check_is_fitted(self)
        fitted, names = self._fitted, getattr(self, "feature_names_in_", None)
        saved = SavedVAE(
            format=self._format,
            params=self.get_params(),
            options=fitted.options.model_dump(exclude={"random_state"}),
            n_neurons=fitted.n_neurons,
            n_told=fitted.n_told,
            feature_names=None if names is None else names.tolist(),
            classes=save_classes(self.classes_),
        )
        saving.write(path, fitted.model, fitted.history, saved)

    @classmethod
    def load(cls: type[SomeVAE], path: Path | str, *, device: str = "auto") -> SomeVAE:
        """An embedding that `save` wrote, wherever that was; reading it runs no code.

        Parameters
        ----------
        path
            The file.
        device
            Where it goes, and its option `device` from now on.

        Raises
        ------
        DataError
            If the file is missing, damaged, of another version, or no such embedding.
        OptionError
            If there is no such device.
        """
        chosen = choose_device(device)
        saved, classes, weights, history = saving.read(path, cls._format)
        if saved.params.keys() != cls().get_params().keys():
            raise DataError(f"{path} cannot be read: its options are not those of {cls.__name__}")
        try:
            options = cls._options_of(**saved.options, random_state=None)
            with torch.device("meta"):
                model = cls._untrained(options, saved.n_neurons, saved.n_told)
            saving.with_weights(model, weights, chosen)
        except (ValueError, TypeError, RuntimeError) as error:
            raise DataError(f"{path} cannot be read: {error}") from None
        params = {name: tuple(one) if isinstance(one, list) else one for name, one in saved.params.items()}
        embedding = cls(**{**params, "device": device})
        if saved.feature_names is not None:
            embedding.feature_names_in_ = np.array(saved.feature_names, dtype=object)
        return embedding._adopt(VAEFit(model, options, saved.n_neurons, saved.n_told, history), classes)

    @property
    def _n_features_out(self) -> int:
        return int(self._fitted.options.dimension)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _adopt(self: SomeVAE, fitted: VAEFit, classes: np.ndarray | None) -> SomeVAE:
        """Show what was fitted under the names of scikit-learn."""
        self._fitted = fitted
        self.history_, self.classes_, self.n_features_in_ = fitted.history, classes, fitted.n_neurons
        return self

    def _read(self, X: Any, labels: Any, trials: Any, options: Any) -> Recorded:
        """New data, checked, on the device to train on; `labels` None where there are none."""
        checked = validate_data(self, X, dtype=np.float32, ensure_all_finite=False, ensure_min_samples=2)
        device = choose_device(options.device)
        responses = as_tensor(checked).to(device)
        _refuse_negative(responses, options.likelihood)
        trial = read_trials(trials, len(responses), device)
        return Recorded(responses, trial, read_labels(labels, len(responses)))

    def _rows(self, X: Any, trials: Any) -> tuple[Tensor, Tensor]:
        """Responses and trial numbers of the neurons fitted, on the processor."""
        check_is_fitted(self)
        checked = validate_data(self, X, reset=False, dtype=np.float32, ensure_all_finite=False)
        responses = as_tensor(checked)
        return responses, read_trials(trials, len(responses), responses.device)

    def _labels(self, y: Any, n_samples: int) -> Labels:
        """Labels of new data, classes numbered as they were fitted.

        Raises
        ------
        DataError
            If a class was not fitted.
        """
        labels = read_labels(y, n_samples)
        if labels.classes is None or labels.values is None or self.classes_ is None:
            return labels
        unknown = np.setdiff1d(labels.values, self.classes_)
        if len(unknown):
            raise DataError(f"y: class {unknown[0]} was not among those fitted")
        return Labels(
            labels.continuous, np.searchsorted(self.classes_, labels.values)[labels.classes], self.classes_
        )


def _refuse_negative(responses: Tensor, likelihood: str) -> None:
    if likelihood not in ("poisson", "zig"):
        return
    for start in range(0, len(responses), 2**16):
        bad = responses[start : start + 2**16] < 0
        if bad.any():
            row, neuron = torch.nonzero(bad)[0].tolist()
            raise DataError(
                f"X: Negative values in data, the first at row {start + row}, neuron {neuron}, and "
                f"likelihood={likelihood!r} starts at 0; give counts that are not standardised, or "
                "likelihood='gaussian'"
            )
