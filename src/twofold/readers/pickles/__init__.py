"""What pickles hold, without running them: arrays, tables and plain values, or a refusal."""

from twofold.readers.pickles.unpickling import MAX_BYTES as MAX_BYTES
from twofold.readers.pickles.unpickling import unpickle as unpickle
