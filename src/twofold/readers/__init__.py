"""Foreign formats to a Recording; the only place where axes and units are converted."""

from twofold.readers.arrays import read_arrays as read_arrays
from twofold.readers.cebra import read_cebra as read_cebra
from twofold.readers.experanto import read_experanto as read_experanto
from twofold.readers.frame_features import read_frame_features as read_frame_features
from twofold.readers.nwb import UnitQuality as UnitQuality
from twofold.readers.nwb import export_nwb as export_nwb
from twofold.readers.nwb import read_nwb as read_nwb
from twofold.readers.nwb import write_nwb as write_nwb
from twofold.readers.pynapple import read_pynapple as read_pynapple
from twofold.readers.pynapple import to_pynapple as to_pynapple
from twofold.readers.sensorium import read_sensorium as read_sensorium
from twofold.readers.sensorium import write_sensorium as write_sensorium
from twofold.readers.xarray import to_xarray as to_xarray
