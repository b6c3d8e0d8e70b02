"""Embeddings to numbers: how well they fit, whether they agree, and how they are turned onto each other."""

from twofold.metrics.consistency import Consistency as Consistency
from twofold.metrics.consistency import consistency as consistency
from twofold.metrics.cross_validation import LinearMap as LinearMap
from twofold.metrics.cross_validation import SharedSubspace as SharedSubspace
from twofold.metrics.goodness_of_fit import LatentPart as LatentPart
from twofold.metrics.goodness_of_fit import goodness_of_fit as goodness_of_fit
from twofold.metrics.goodness_of_fit import goodness_of_fit_by_part as goodness_of_fit_by_part
from twofold.metrics.goodness_of_fit import infonce_bits as infonce_bits
from twofold.metrics.procrustes import OrthogonalAlignment as OrthogonalAlignment
from twofold.metrics.procrustes import align_embeddings as align_embeddings
from twofold.metrics.procrustes import ensemble_embedding as ensemble_embedding
