"""What an embedding that is fitted can do, however it was: encode, score, be saved; and how it reads data."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from twofold.embeddings import saving
from twofold.embeddings.contrastive_fit import ContrastiveFit
from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.encoders import encode, encoders_of
from twofold.embeddings.labels import LabelKind
from twofold.embeddings.recorded import (
    Recorded,
    are_several,
    as_tensor,
    read_recorded,
    read_trials,
)
from twofold.errors import DataError
from twofold.metrics.goodness_of_fit import infonce_bits
from twofold.shapes import Latents
from twofold.training import choose_device

SomeEmbedding = TypeVar("SomeEmbedding", bound="FittedEmbedding")


class FittedEmbedding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """The part of `ContrastiveEmbedding` that does not train; abstract, for it has no options."""

    _fitted: ContrastiveFit

    def transform(self, X: Any, *, trials: Any = None, session: int | None = None) -> Latents:
        """Encode responses: one row of latents per row of responses.

        Parameters
        ----------
        X
            (time, neuron) responses, scaled as in `fit`.
        trials
            (time,) trial of each row. At the border of a trial its edge sample is repeated, so that windows
            never cross it. None is a single trial.
        session
            Number of the recording whose neurons these are, where several were fitted.

        Returns
        -------
        ndarray
            (time, dimension) float32: of unit length for cosine similarity without reconstruction (each
            stretch of a hybrid, where they do not overlap).
        """
        check_is_fitted(self)
        number, model = self._session(session), self._fitted.model
        responses = as_tensor(self._check(X, number))
        trial = read_trials(trials, len(responses), responses.device)
        latents = encode(encoders_of(model)[number], responses, trial, self._fitted.options.causal)
        placed = latents if model.decoder is not None else model.objective.place(latents, model.similarity)
        return placed.cpu().numpy()

    def fit_transform(self, X: Any, y: Any = None, *, trials: Any = None) -> Latents:
        """Fit to one recording, then encode it."""
        if are_several(X):
            raise DataError("X: several recordings; call fit, then transform(X[k], session=k) for each")
        return self.fit(X, y, trials=trials).transform(X, trials=trials)

    def score(self, X: Any, y: Any = None, *, trials: Any = None) -> float:
        """Goodness of fit to other samples, in bits above chance: (log B - InfoNCE) log2 e.

        Of a hybrid, the bits of both losses add up. The draws are the same in each call. Bits grow with the
        batch size and depend on the temperature: compare fits that share both.

        Parameters
        ----------
        X, y, trials
            As for `fit`, but samples that were not fitted.
        """
        check_is_fitted(self)
        recorded, _ = self._read(X, y, trials, reset=False)
        loss, n_negatives = self._fitted.held_out_loss(recorded)
        n_terms = self._fitted.model.objective.n_terms
        return n_terms * float(infonce_bits(loss / n_terms, n_negatives))

    def save(self, path: Path | str) -> None:
        """Write weights, options, history and the optimizer's state to one safetensors file.

        Parameters
        ----------
        path
            Such as "embedding.safetensors"; a file that is there is replaced once the new one is whole.
            A `random_state` that is a generator is not kept.

        Raises
        ------
        DataError
            If the file cannot be written, or classes are neither numbers nor strings.
        """
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", None)
        saving.write(
            path,
            self._fitted,
            params=self.get_params(),
            feature_names=None if names is None else names.tolist(),
            label_kind=self.label_kind_,
            classes=saving.save_classes(self.classes_),
        )

    @classmethod
    def load(cls: type[SomeEmbedding], path: Path | str, *, device: str = "auto") -> SomeEmbedding:
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
            If the file is missing, damaged, of another version, or no embedding.
        """
        saved, classes, fitted = saving.read(path, device)
        if saved.params.keys() != cls().get_params().keys():
            raise DataError(f"{path} cannot be read: its options are not those of {cls.__name__}")
        embedding = cls(**{**saved.params, "device": device})
        if saved.feature_names is not None:
            embedding.feature_names_in_ = np.array(saved.feature_names, dtype=object)
        return embedding._adopt(fitted, saved.label_kind, classes)

    @property
    def _n_features_out(self) -> int:
        return self._fitted.options.dimension

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _read(self, X: Any, y: Any, trials: Any, *, reset: bool) -> tuple[list[Recorded], ContrastiveOptions]:
        """Data and options, checked; `reset` where they are new, rather than of the recordings fitted."""
        options = ContrastiveOptions(**self.get_params())
        several = are_several(X)
        if reset:
            check = self._check_new_of_several if several else self._check_new
        elif several != (len(self._fitted.n_neurons) > 1) or (
            several and len(X) != len(self._fitted.n_neurons)
        ):
            raise DataError(
                f"X: {len(X) if several else 1} recordings; fitted were {len(self._fitted.n_neurons)}"
            )
        else:
            check = self._check
        recorded = read_recorded(X, y, trials, check, choose_device(options.device))
        options.refuse_for(recorded[0].labels.kind, len(recorded))
        return recorded, options

    def _adopt(
        self: SomeEmbedding, fitted: ContrastiveFit, kind: LabelKind, classes: np.ndarray | None
    ) -> SomeEmbedding:
        """Show what was fitted under the names of scikit-learn."""
        model, n_neurons = fitted.model, fitted.n_neurons
        self._fitted = fitted
        self.encoder_, self.decoder_, self.history_ = model.encoder, model.decoder, fitted.history
        self.chance_loss_ = model.objective.n_terms * math.log(fitted.n_negatives)
        self.label_kind_, self.classes_ = kind, classes
        self.n_features_in_ = n_neurons[0] if len(n_neurons) == 1 else n_neurons
        return self

    def _session(self, session: int | None) -> int:
        n = len(self._fitted.n_neurons)
        if session is None and n > 1:
            raise DataError(f"session: {n} recordings were fitted; say whose neurons these are, 0 to {n - 1}")
        if session is not None and session not in range(n):
            raise DataError(f"session={session!r}: there are recordings 0 to {n - 1}")
        return session or 0

    def _check(self, X: Any, session: int) -> np.ndarray:
        """Responses of a recording that was fitted."""
        if len(self._fitted.n_neurons) == 1:
            return validate_data(self, X, reset=False, dtype=np.float32, ensure_all_finite=False)
        checked = check_array(X, dtype=np.float32, ensure_all_finite=False)
        if checked.shape[1] != self._fitted.n_neurons[session]:
            raise DataError(
                f"X has {checked.shape[1]} neurons, recording {session} had {self._fitted.n_neurons[session]}"
            )
        return checked

    def _check_new(self, X: Any, session: int) -> np.ndarray:
        return validate_data(self, X, dtype=np.float32, ensure_all_finite=False, ensure_min_samples=2)

    def _check_new_of_several(self, X: Any, session: int) -> np.ndarray:
        self.__dict__.pop("feature_names_in_", None)
        return check_array(X, dtype=np.float32, ensure_all_finite=False, ensure_min_samples=2)
