"""One division of the repeats into training, target and test, on which alignment is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.analyses.alignment import Alignment, Regressor, cross_repeat, same_trial
from twofold.decoders import GroupedRidge
from twofold.metrics import noise_ceiling
from twofold.recordings.preprocess import FittedPreprocessing, Preprocessing
from twofold.recordings.splits import Split
from twofold.studies.neural_alignment.prepared import Prepared, scaled
from twofold.studies.neural_alignment.presentations import Presentations, Rows


@dataclass(frozen=True)
class AlignmentSettings:
    """How alignment is scored: parts of unseen frames, halves of the units, least reliability, seed."""

    frame_folds: int
    halves: int
    reliability: float
    inner_folds: int
    seed: int
    refit: bool = True


@dataclass(frozen=True, eq=False)
class Roles:
    """Training, target and test repeats of one division; no repeat is in two of them."""

    train: np.ndarray
    target: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows of one division, preprocessed by statistics of its training repeats.

    Parameters
    ----------
    rows, new
        Training and test rows.
    targets
        (repeat, frame, unit) responses of the target repeats.
    keep
        (unit,) which units are scored.
    fitted
        The preprocessing.
    test
        The test repeats.
    """

    rows: Rows
    new: Rows
    targets: np.ndarray
    keep: np.ndarray
    fitted: FittedPreprocessing
    test: np.ndarray

    @classmethod
    def of(
        cls,
        data: Presentations,
        preprocessing: Preprocessing,
        settings: AlignmentSettings,
        roles: Roles,
        scored: np.ndarray,
    ) -> Fold:
        """Prepare one division of the repeats."""
        part = Prepared.of(data, roles.train, roles.test, preprocessing)
        reliability = noise_ceiling(
            part.rows.responses.reshape(len(roles.train), data.n_frames, -1), random_state=settings.seed
        ).reliability
        reliable = np.nan_to_num(reliability, nan=-1.0) > settings.reliability
        targets = scaled(data.rows(roles.target), part.fitted).responses
        return cls(
            part.rows,
            part.new,
            targets.reshape(len(roles.target), data.n_frames, -1),
            scored[part.fitted.kept] & reliable,
            part.fitted,
            roles.test,
        )

    @property
    def n_frames(self) -> int:
        """Frames per repeat."""
        return self.targets.shape[1]

    def same_trial(
        self, latents_train: np.ndarray, latents_test: np.ndarray, decoder: Regressor
    ) -> Alignment:
        """(a) from latents (time, dimension) of the training and the test rows."""
        return same_trial(
            latents_train,
            self.rows.responses,
            latents_test,
            self.new.responses,
            groups=self.rows.repeat,
            decoder=decoder,
            keep=self.keep,
        )

    def true_rate(self, latents_train: np.ndarray, latents_test: np.ndarray, roots: np.ndarray) -> Alignment:
        """(d) the same decoder against the expected (repeat, frame, unit) responses, free of noise."""
        kept = self.fitted.kept
        expected = (roots[..., kept].reshape(-1, len(kept)) - self.fitted.mean) / self.fitted.scale
        return same_trial(
            latents_train,
            self.rows.responses,
            latents_test,
            expected,
            groups=self.rows.repeat,
            decoder=GroupedRidge(),
            keep=self.keep,
        )

    def cross_repeat(
        self,
        latents_train: np.ndarray,
        latents_test: np.ndarray,
        frames: Sequence[Split],
        frames_seen: bool = False,
    ) -> Alignment:
        """(b) from latents (time, dimension) of the training and the test rows."""

        def by_repeat(array: np.ndarray) -> np.ndarray:
            return array.reshape(-1, self.n_frames, array.shape[-1])

        return cross_repeat(
            by_repeat(latents_train),
            by_repeat(self.rows.responses),
            by_repeat(latents_test),
            self.targets.mean(axis=0),
            decoder=GroupedRidge(),
            frames=frames,
            keep=self.keep,
            frames_seen=frames_seen,
        )

    def halves(self, settings: AlignmentSettings) -> list[tuple[np.ndarray, np.ndarray]]:
        """(given, hidden) units, the same for every row."""
        rng = np.random.default_rng([settings.seed, 1])
        n_units = self.rows.responses.shape[1]
        orders = [rng.permutation(n_units) for _ in range(settings.halves)]
        return [(np.sort(order[: n_units // 2]), np.sort(order[n_units // 2 :])) for order in orders]

    def ceiling(self) -> dict[str, np.ndarray]:
        """The highest R2 that any function of the stimulus can reach for the mean of the target repeats."""
        if not self.keep.any():
            return {}
        found = noise_ceiling(self.rows.responses.reshape(-1, self.n_frames, self.rows.responses.shape[-1]))
        n = len(self.targets)
        pooled, mean = found.variance_weighted(n, self.keep), np.nanmean(found.of_mean(n)[self.keep])
        return {"ceiling/r2_cross_repeat": np.array([pooled, mean, np.nan])}
