"""The study latent-factors (paper B): what video and a latent state each explain of the responses."""
