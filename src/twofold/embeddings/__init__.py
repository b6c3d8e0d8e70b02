"""Responses to latents, as scikit-learn estimators."""

from twofold.embeddings.contrastive import ContrastiveEmbedding as ContrastiveEmbedding
from twofold.embeddings.contrastive_options import ContrastiveOptions as ContrastiveOptions
