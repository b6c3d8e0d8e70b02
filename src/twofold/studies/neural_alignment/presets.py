"""Presets of the study neural-alignment: what each changes of the defaults."""

from __future__ import annotations

from typing import Any

DEMO: dict[str, Any] = {
    "max_folds": 5,
    "inner_folds": 1,
    "alignment_folds": 3,
    "halves": 2,
    "surrogates": 499,
    "steps": 200,
    "temperature": (0.3,),
    "neighbours": (1, 9),
    "pca_components": (16,),
    "logistic_c": (0.03,),
    "ridge_alpha": (1000.0,),
    "vae_dimension": 32,
    "vae_hidden": (64, 64, 32),
    "vae_decoder_hidden": (64, 64),
    "vae_epochs": 15,
    "pi_vae_epochs": 8,
    "response_epochs": 8,
    "response_units": (1.0,),
    "response_dimension": 32,
    "seeds": 2,
    "tsne": 500,
    "saturation_points": 3,
    "saturation_draws": 2,
}
QUICK: dict[str, Any] = {"response_epochs": 8, "response_units": (1.0,)}
PAPER: dict[str, Any] = {
    "max_folds": None,
    "alignment_network": True,
    "inner_folds": 1,
    "logistic_steps": 200,
    "neighbours": (1, 2, 3, 5, 9, 25, 49),
    "pca_components": (16, 64, 128),
    "pc_grid": (5, 25, 50, 100, 200, 386, 772),
    "dimension": 128,
    "steps": 2000,
    "batch_size": 512,
    "learning_rate": 3e-4,
    "temperature": (0.3,),
    "reconstruction": (0.1, 1.0, 10.0),
    "feature_steps": 10_000,
    "vae_guides": (
        "none",
        "features",
        "all features",
        "frame",
        "frame dropout",
        "recurrent",
        "recurrent features",
    ),
    "vae_betas": (0.05, 0.008),
    "vae_units": (1.0, 0.95, 0.9),
    "vae_epochs": 200,
    "vae_most_steps": None,
    "recurrent_epochs": 30,
    "pi_vae_epochs": 60,
    "response_epochs": 40,
    "saturation_points": 5,
    "tuning_trials": 12,
    "tsne": 2000,
}
PRESETS = {"demo": DEMO, "quick": QUICK, "paper": PAPER}
