"""experanto folders: one folder per device, each with a clock of its own, to a Recording."""

from twofold.readers.experanto.reading import read_experanto as read_experanto
