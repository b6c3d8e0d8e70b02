"""Options of the study neural-alignment, and its presets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from twofold.options import Options
from twofold.recordings.preprocess import Preprocessing

Preset = Literal["demo", "quick"]


class AlignmentOptions(Options):
    """Options of the study neural-alignment.

    Where several values are given, one is chosen inside the training repeats of every fold,
    by leaving out `inner_folds` of them in turn, and the choice is recorded.

    Parameters
    ----------
    max_folds
        Most repeats that are left out in turn for decoding, chosen evenly; None is all.
    inner_folds
        Training repeats left out in turn to choose among options.
    alignment_folds
        Parts of the repeats for alignment and state; each is the test part once.
    frame_folds
        Parts of the frames that response decoders do not see.
    halves
        Random halves of the units for co-smoothing.
    surrogates
        Circular shifts and trial swaps of every signal.
    reliability
        Units below this split-half reliability on the training repeats are not scored for alignment.
    drop_silent, top_variance, square_root, standardise
        Preprocessing, fitted on training repeats.
    neighbours, logistic_c, pca_components
        Candidates for the decoders and PCA.
    dimension, hidden, steps, batch_size, learning_rate, weight_decay
        The contrastive embedding.
    temperature, dropout
        Candidates for the contrastive embedding.
    reconstruction
        Weights lambda of the aligned contrastive embeddings, which also learn to predict another repeat; one
        row for each, none for ().
    seed
        Seed of everything that is drawn.

    Examples
    --------
    >>> AlignmentOptions.preset("demo").alignment_folds
    3
    """

    max_folds: int | None = Field(default=20, ge=2)
    inner_folds: int = Field(default=2, ge=1)
    alignment_folds: int = Field(default=5, ge=3)
    frame_folds: int = Field(default=5, ge=2)
    halves: int = Field(default=5, ge=1)
    surrogates: int = Field(default=999, ge=19)
    reliability: float = Field(default=0.5, ge=-1, lt=1)
    drop_silent: bool = True
    top_variance: float | None = Field(default=None, gt=0, le=1)
    square_root: bool = True
    standardise: bool = True
    neighbours: tuple[PositiveInt, ...] = Field(default=(1, 3, 9, 25), min_length=1)
    logistic_c: tuple[PositiveFloat, ...] = Field(default=(0.01, 0.1, 1.0), min_length=1)
    pca_components: tuple[PositiveInt, ...] = Field(default=(16, 64), min_length=1)
    dimension: int = Field(default=16, ge=1)
    hidden: int = Field(default=64, ge=1)
    steps: int = Field(default=400, ge=1)
    batch_size: int = Field(default=256, ge=2)
    learning_rate: float = Field(default=3e-3, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    temperature: tuple[PositiveFloat, ...] = Field(default=(0.1, 0.3), min_length=1)
    dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(default=(0.3,), min_length=1)
    reconstruction: tuple[PositiveFloat, ...] = (10.0,)
    seed: int = Field(default=0, ge=0, lt=2**32)

    @field_validator("reconstruction")
    @classmethod
    def _in_rising_order(cls, reconstruction: tuple[float, ...]) -> tuple[float, ...]:
        if list(reconstruction) != sorted(set(reconstruction)):
            raise ValueError("give each value once, the smallest first")
        return reconstruction

    @classmethod
    def preset(cls, name: Preset) -> AlignmentOptions:
        """Options by name: `demo` takes under a minute, `quick` some minutes."""
        if name == "quick":
            return cls()
        return cls(
            max_folds=5,
            inner_folds=1,
            alignment_folds=3,
            halves=2,
            surrogates=499,
            steps=200,
            temperature=(0.3,),
            neighbours=(1, 9),
            pca_components=(16,),
            logistic_c=(0.01, 0.1),
        )

    @property
    def preprocessing(self) -> Preprocessing:
        """What is done to the responses."""
        return Preprocessing(
            drop_silent=self.drop_silent,
            top_variance=self.top_variance,
            square_root=self.square_root,
            standardise=self.standardise,
        )
