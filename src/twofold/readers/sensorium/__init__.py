"""The folder, or zip, of the SENSORIUM 2023 competition: read in place, and written."""

from twofold.readers.sensorium.reading import read_sensorium as read_sensorium
from twofold.readers.sensorium.writing import write_sensorium as write_sensorium
