"""Presets of the study latent-factors: what each changes of the defaults."""

from __future__ import annotations

from typing import Any

RIVALS = (
    "neurons only: ridge",
    "neurons only: reduced rank",
    "neurons only: factors with lags",
    "video + reduced rank",
    "video + population gain",
    "video + FlowFactors",
    "video + GPFA",
)
TOO_LARGE = (RIVALS[2], RIVALS[5])  # for thousands of neurons
RICHER: dict[str, dict[str, Any]] = {
    "AR(1) prior": {"prior": "ar1"},
    "spread predicted": {"spread": "predicted"},
    "gain": {"latent_gain": True},
    "flow prior": {"prior_shape": "flow"},
    "flow likelihood": {},  # of the video model that it starts from
}
DEMO: dict[str, Any] = {
    "size": "tiny",
    "most_neurons": 100,
    "most_train_clips": 40,
    "most_repeats": 2,
    "validation_repeats": 1,
    "clip_frames": 40,
    "batch_clips": 2,
    "video_epochs": 20,
    "latent_epochs": 10,
    "position_epochs": 8,
    "sweep_epochs": 4,
    "seeds": 1,
    "dimension": 3,
    "dimensions": (1, 3),
    "given_shares": (0.1, 0.5),
    "matched_shares": (0.1,),
    "low_dimension": 1,
    "samples": (1, 10),
    "training_samples": (1,),
    "smoother_samples": 1,
    "sample_trials": 1,
    "own_setups": False,
    "richer": (),
    "flow_steps": 100,
    "gpfa_steps": 5,
    "bootstrap": 100,
    "surrogates": 49,
}
QUICK: dict[str, Any] = {
    "size": "tiny",
    "most_neurons": 150,
    "most_train_clips": 60,
    "most_repeats": 3,
    "validation_repeats": 1,
    "clip_frames": 40,
    "batch_clips": 2,
    "video_epochs": 16,
    "latent_epochs": 8,
    "position_epochs": 24,
    "sweep_epochs": 5,
    "seeds": 1,
    "dimension": 6,
    "dimensions": (1, 3, 6),
    "given_shares": (0.1, 0.25, 0.5, 0.75),
    "matched_shares": (0.1,),
    "low_dimension": 1,
    "samples": (1, 10, 100),
    "training_samples": (1,),
    "smoother_samples": 1,
    "sample_trials": 1,
    "own_setups": False,
    "richer": ("AR(1) prior", "spread predicted", "gain"),
    "flow_steps": 200,
    "gpfa_steps": 20,
    "bootstrap": 500,
    "surrogates": 199,
}
SMALL: dict[str, Any] = {}
PAPER: dict[str, Any] = {
    "size": "paper",
    "most_repeats": None,
    "validation_repeats": None,
    "clip_frames": 80,
    "batch_clips": 8,
    "video_epochs": 200,
    "latent_epochs": 200,
    "position_epochs": 200,
    "sweep_epochs": 200,
    "patience": 12,
    "decay_patience": 10,
    "rounds": 4,
    "dimensions": (1, 2, 3, 6, 12, 24, 50, 80, 150, 200),
    "given_shares": (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75),
    "matched_shares": (0.01, 0.1, 0.3, 0.75),
    "training_samples": (1, 10, 50, 150),
    "smoother_samples": 100,
    "samples": (1, 10, 100, 1000, 5000),
    "high_dimension": 150,
    "richer": ("AR(1) prior", "spread predicted", "gain", "flow prior"),
    "rivals": tuple(name for name in RIVALS if name not in TOO_LARGE),
    "held_out_share": 0.063,  # 500 of the neurons of a mouse
    "precision": "auto",
}
PRESETS = {"demo": DEMO, "quick": QUICK, "small": SMALL, "paper": PAPER}
