"""A mouse that watches videos: its responses follow the video and latents, both of which are stored."""

from twofold.simulate.sensorium.options import Sensorium as Sensorium
from twofold.simulate.sensorium.simulating import simulate_sensorium as simulate_sensorium
from twofold.simulate.sensorium.truth import SensoriumTruth as SensoriumTruth
