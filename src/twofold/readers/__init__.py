"""Foreign formats to a Recording; the only place where axes and units are converted."""

from twofold.readers.arrays import read_arrays as read_arrays
