"""The study latent-factors (paper B): what video, state and likelihood each explain of the responses."""
