"""The page of the study `latent-factors`: what the video explains, and what a shared state adds."""

from __future__ import annotations
