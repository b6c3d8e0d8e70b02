"""NWB: spikes and two-photon series to a Recording, and latents and predictions beside the original units."""

from twofold.readers.nwb.export import export_nwb as export_nwb
from twofold.readers.nwb.reading import read_nwb as read_nwb
from twofold.readers.nwb.units import UnitQuality as UnitQuality
from twofold.readers.nwb.writing import write_nwb as write_nwb
