"""Recordings with known truth, and the ceilings that the truth gives."""

from twofold.simulate.ceilings import bayes_frame_decoder as bayes_frame_decoder
from twofold.simulate.ceilings import conditional_responses as conditional_responses
from twofold.simulate.ceilings import expected_responses as expected_responses
from twofold.simulate.ceilings import frame_log_likelihood as frame_log_likelihood
from twofold.simulate.movie_repeats import simulate_movie_repeats as simulate_movie_repeats
from twofold.simulate.movie_repeats_options import MovieRepeats as MovieRepeats
from twofold.simulate.planted import planted_embeddings as planted_embeddings
from twofold.simulate.sensorium.options import Sensorium as Sensorium
from twofold.simulate.sensorium.simulating import simulate_sensorium as simulate_sensorium
from twofold.simulate.sensorium.truth import SensoriumTruth as SensoriumTruth
from twofold.simulate.truth import Truth as Truth
from twofold.simulate.truth import frame_counts as frame_counts
