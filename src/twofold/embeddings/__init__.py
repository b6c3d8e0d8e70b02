"""Responses to latents, as scikit-learn estimators."""
