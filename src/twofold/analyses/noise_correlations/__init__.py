"""What neurons share beyond the stimulus, in the data and in a model."""

from twofold.analyses.noise_correlations.agreement import NoiseAgreement as NoiseAgreement
from twofold.analyses.noise_correlations.agreement import (
    compare_noise_correlations as compare_noise_correlations,
)
from twofold.analyses.noise_correlations.shared_noise import noise_correlations as noise_correlations
from twofold.analyses.noise_correlations.strength import MeanNoiseCorrelation as MeanNoiseCorrelation
from twofold.analyses.noise_correlations.strength import mean_noise_correlation as mean_noise_correlation
