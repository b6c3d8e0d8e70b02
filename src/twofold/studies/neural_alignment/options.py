"""Options of the study neural-alignment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from twofold.options import Options
from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.presets import PRESETS

Preset = Literal["demo", "quick", "paper"]
Guide = Literal[
    "none",
    "features",
    "all features",
    "frame",
    "frame dropout",
    "recurrent",
    "recurrent features",
    "gaussian",
]
Share = Annotated[float, Field(gt=0, le=1)]


class AlignmentOptions(Options):
    """Options of the study neural-alignment; the defaults are nearly those of preset `quick`.

    Where several values are given, one is chosen inside the training repeats of every fold,
    by leaving out `inner_folds` of them in turn, and the choice is recorded.

    Parameters
    ----------
    label, label_bins, label_repeats
        What is decoded: "frame", a column of the trial table such as a direction, or a signal such as a
        position; a signal is cut into so many bins, and the recording into so many stretches, its repeats.
    heavy
        What is trained is scored by "leave_one_out", as all else, or on the paper's "one_split", whose test
        part is the last repeat; "auto" takes the latter for recordings as large as the paper's.
    max_folds
        Most repeats that are left out in turn for decoding, chosen evenly; None is all.
    inner_folds
        Training repeats left out in turn to choose among options.
    alignment_folds, large_divisions
        Parts of the repeats for alignment and state; each is the test part once. Of a large recording, no
        more than `large_divisions` of them.
    frame_folds
        Parts of the frames that response decoders do not see.
    halves, alignment_network
        Random halves of the units for co-smoothing; whether the paper's network is a decoder beside ridge.
    surrogates
        Circular shifts and trial swaps of every signal.
    reliability
        Units below this split-half reliability on the training repeats are not scored for alignment.
    drop_silent, top_variance, square_root, standardise
        Preprocessing, fitted on training repeats.
    neighbours, logistic_c, logistic_steps, ridge_alpha, pca_components
        Candidates for the decoders and PCA; most steps of the logistic regression.
    lasso_alpha, pc_grid
        Of the regression of the frame number; numbers of components to try logistic regression on.
    dimension, hidden, steps, batch_size, learning_rate, weight_decay, temperature, dropout
        The contrastive embedding; candidates for the last two.
    reconstruction
        Weights lambda of the aligned contrastive embeddings, which also learn to predict another repeat; one
        row for each, none for ().
    feature_steps, feature_window, feature_dimension
        The contrastive embedding at the paper's settings, with positives by frame features; 0 steps for none.
    vae_guides, vae_betas, vae_units
        Variational autoencoders: how they are guided ("gaussian": not at all, and with the evidence lower
        bound as loss), and the shares of variance of the units they see.
    vae_dimension, vae_hidden, vae_decoder_hidden, vae_epochs, vae_most_steps, recurrent_epochs
        Their sizes; an epoch less where they would take more than `vae_most_steps` steps.
    pi_vae_epochs, pi_vae_dimension
        The autoencoder with a prior by label; 0 epochs for none.
    response_epochs, response_dimension, response_hidden, response_units
        The network that tells responses from latents, 0 epochs for ridge alone; dimension of the embeddings
        beside it; shares of variance of the units that are told.
    seeds
        Embeddings are fitted with so many seeds, to see whether they agree; 0 for no such table.
    saturation_points, saturation_draws
        Numbers of units and of repeats on the curves of accuracy, and draws of units for each; 0 for none.
    tuning_trials, tuning_epochs
        Trials of each search of sizes, by Optuna, and the epochs of each.
    region_draws
        With `by="region"`: draws of as many units of each region.
    tsne
        Points of the t-SNE picture; 0 for none.
    precision
        "fp32", "bf16" for products, or "auto": bf16 where the hardware multiplies it.
    seed
        Seed of everything that is drawn.

    Examples
    --------
    >>> AlignmentOptions.preset("demo").alignment_folds
    3
    """

    label: str = "frame"
    label_bins: int = Field(default=20, ge=2)
    label_repeats: int = Field(default=10, ge=4)
    heavy: Literal["auto", "leave_one_out", "one_split"] = "auto"
    max_folds: int | None = Field(default=20, ge=2)
    inner_folds: int = Field(default=2, ge=1)
    alignment_folds: int = Field(default=5, ge=3)
    large_divisions: int = Field(default=1, ge=1)
    frame_folds: int = Field(default=5, ge=2)
    halves: int = Field(default=5, ge=1)
    alignment_network: bool = False
    surrogates: int = Field(default=999, ge=19)
    reliability: float = Field(default=0.5, ge=-1, lt=1)
    drop_silent: bool = True
    top_variance: float | None = Field(default=None, gt=0, le=1)
    square_root: bool = True
    standardise: bool = True
    neighbours: tuple[PositiveInt, ...] = Field(default=(1, 3, 9, 25), min_length=1)
    logistic_c: tuple[PositiveFloat, ...] = Field(default=(0.01, 0.1, 1.0), min_length=1)
    logistic_steps: int = Field(default=1000, ge=1)
    ridge_alpha: tuple[PositiveFloat, ...] = Field(default=(100.0, 1000.0), min_length=1)
    pca_components: tuple[PositiveInt, ...] = Field(default=(16, 64), min_length=1)
    lasso_alpha: float = Field(default=0.08, gt=0)
    pc_grid: tuple[PositiveInt, ...] = (4, 16, 64)
    dimension: int = Field(default=16, ge=1)
    hidden: int = Field(default=64, ge=1)
    steps: int = Field(default=400, ge=1)
    batch_size: int = Field(default=256, ge=2)
    learning_rate: float = Field(default=3e-3, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    temperature: tuple[PositiveFloat, ...] = Field(default=(0.1, 0.3), min_length=1)
    dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(default=(0.3,), min_length=1)
    reconstruction: tuple[PositiveFloat, ...] = (10.0,)
    feature_steps: int = Field(default=0, ge=0)
    feature_window: int = Field(default=10, ge=1)
    feature_dimension: int = Field(default=128, ge=1)
    vae_guides: tuple[Guide, ...] = ("none", "features", "frame", "gaussian")
    vae_betas: tuple[PositiveFloat, ...] = (0.008,)
    vae_units: tuple[Share, ...] = Field(default=(1.0,), min_length=1)
    vae_dimension: int = Field(default=128, ge=1)
    vae_hidden: tuple[PositiveInt, ...] = Field(default=(256, 256, 128), min_length=2)
    vae_decoder_hidden: tuple[PositiveInt, ...] = Field(default=(256, 256), min_length=1)
    vae_epochs: int = Field(default=60, ge=1)
    vae_most_steps: int | None = Field(default=200, ge=1)
    recurrent_epochs: int = Field(default=20, ge=1)
    pi_vae_epochs: int = Field(default=20, ge=0)
    pi_vae_dimension: int = Field(default=16, ge=1)
    response_epochs: int = Field(default=20, ge=0)
    response_dimension: int = Field(default=128, ge=1)
    response_hidden: tuple[PositiveInt, ...] = Field(default=(256, 256), min_length=1)
    response_units: tuple[Share, ...] = Field(default=(1.0, 0.95, 0.9), min_length=1)
    seeds: int = Field(default=3, ge=0)
    saturation_points: int = Field(default=4, ge=0)
    saturation_draws: int = Field(default=3, ge=1)
    tuning_trials: int = Field(default=0, ge=0)
    tuning_epochs: int = Field(default=20, ge=1)
    region_draws: int = Field(default=3, ge=1)
    tsne: int = Field(default=1000, ge=0)
    precision: Literal["fp32", "bf16", "auto"] = "auto"
    seed: int = Field(default=0, ge=0, lt=2**32)

    @field_validator("reconstruction")
    @classmethod
    def _in_rising_order(cls, reconstruction: tuple[float, ...]) -> tuple[float, ...]:
        if list(reconstruction) != sorted(set(reconstruction)):
            raise ValueError("give each value once, the smallest first")
        return reconstruction

    @field_validator("vae_guides", "vae_betas", "vae_units", "response_units", "pc_grid")
    @classmethod
    def _each_once(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(values)) < len(values):
            raise ValueError("give each value once")
        return values

    @classmethod
    def preset(cls, name: Preset) -> AlignmentOptions:
        """Options by name: `demo` takes a minute, `quick` some minutes, `paper` an hour at its sizes."""
        return cls(**PRESETS[name])

    @property
    def preprocessing(self) -> Preprocessing:
        """What is done to the responses."""
        return Preprocessing(
            drop_silent=self.drop_silent,
            top_variance=self.top_variance,
            square_root=self.square_root,
            standardise=self.standardise,
        )
