"""Ground floor: what was measured. Time first, seconds, micrometres, bits."""

from twofold.recordings.lazy import LazyArray as LazyArray
from twofold.recordings.recording import Neurons as Neurons
from twofold.recordings.recording import Recording as Recording
from twofold.recordings.recording import Trials as Trials
from twofold.recordings.signal import Signal as Signal
from twofold.recordings.stimulus import Stimulus as Stimulus
