"""Arrays to numbers: responses, frames, the noise ceiling, and how sure a number is."""

from twofold.metrics.ceiling import NoiseCeiling as NoiseCeiling
from twofold.metrics.ceiling import noise_ceiling as noise_ceiling
from twofold.metrics.clip_correlation import CorrelationToAverage as CorrelationToAverage
from twofold.metrics.clip_correlation import NeuronScores as NeuronScores
from twofold.metrics.clip_correlation import SingleTrialCorrelation as SingleTrialCorrelation
from twofold.metrics.clip_correlation import single_trial_correlation as single_trial_correlation
from twofold.metrics.explainable import ExplainableVariance as ExplainableVariance
from twofold.metrics.explainable import FractionExplained as FractionExplained
from twofold.metrics.frames import FrameScores as FrameScores
from twofold.metrics.frames import frame_chance as frame_chance
from twofold.metrics.frames import frame_scores as frame_scores
from twofold.metrics.frames import permutation_interval as permutation_interval
from twofold.metrics.intervals import Interval as Interval
from twofold.metrics.intervals import PairedDifference as PairedDifference
from twofold.metrics.intervals import mean_and_sem as mean_and_sem
from twofold.metrics.intervals import paired_difference as paired_difference
from twofold.metrics.likelihood import Bits as Bits
from twofold.metrics.likelihood import LogLikelihood as LogLikelihood
from twofold.metrics.likelihood import bits as bits
from twofold.metrics.oracle import OracleCorrelation as OracleCorrelation
from twofold.metrics.oracle import oracle_correlation as oracle_correlation
from twofold.metrics.responses import constant_neurons as constant_neurons
from twofold.metrics.responses import correlation as correlation
from twofold.metrics.responses import r2 as r2
from twofold.metrics.responses import r2_against_train_mean as r2_against_train_mean
