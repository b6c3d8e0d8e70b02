"""Frames to features: principal components of the pixels, or what a vision network sees."""

from twofold.features.pixels import pixels_pca as pixels_pca
from twofold.features.recorded import with_features as with_features
from twofold.features.vision import vision_network as vision_network
