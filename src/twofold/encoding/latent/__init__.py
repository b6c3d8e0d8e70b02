"""Encoding models with a latent state, which is read from the responses of some neurons to predict others."""

from twofold.encoding.latent.inferring import InferredLatents as InferredLatents
from twofold.encoding.latent.model import LatentVideoModel as LatentVideoModel
from twofold.encoding.latent.options import LatentOptions as LatentOptions
