"""Latents to frames, and latents to responses."""
