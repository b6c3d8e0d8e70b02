"""Responses to latents, as scikit-learn estimators."""

from twofold.embeddings.contrastive import ContrastiveEmbedding as ContrastiveEmbedding
from twofold.embeddings.contrastive_options import ContrastiveOptions as ContrastiveOptions
from twofold.embeddings.factor_analysis import FactorAnalysisCV as FactorAnalysisCV
from twofold.embeddings.vae.guided_vae import GuidedVAE as GuidedVAE
from twofold.embeddings.vae.guided_vae_options import GuidedVAEOptions as GuidedVAEOptions
from twofold.embeddings.vae.pi_vae import PiVAE as PiVAE
