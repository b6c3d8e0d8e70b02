"""Arrays to numbers: responses, frames, the noise ceiling, and how sure a number is."""

from twofold.metrics.ceiling import NoiseCeiling as NoiseCeiling
from twofold.metrics.ceiling import noise_ceiling as noise_ceiling
from twofold.metrics.frames import FrameScores as FrameScores
from twofold.metrics.frames import frame_chance as frame_chance
from twofold.metrics.frames import frame_scores as frame_scores
from twofold.metrics.frames import permutation_interval as permutation_interval
from twofold.metrics.intervals import Interval as Interval
from twofold.metrics.intervals import PairedDifference as PairedDifference
from twofold.metrics.intervals import mean_and_sem as mean_and_sem
from twofold.metrics.intervals import paired_difference as paired_difference
from twofold.metrics.responses import constant_neurons as constant_neurons
from twofold.metrics.responses import correlation as correlation
from twofold.metrics.responses import r2 as r2
from twofold.metrics.responses import r2_against_train_mean as r2_against_train_mean
