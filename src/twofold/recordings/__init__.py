"""Ground floor: what was measured. Time first, seconds, micrometres, bits."""

from twofold.recordings.columns import Neurons as Neurons
from twofold.recordings.columns import Trials as Trials
from twofold.recordings.lazy import LazyArray as LazyArray
from twofold.recordings.recording import Recording as Recording
from twofold.recordings.signal import Signal as Signal
from twofold.recordings.stimulus import Stimulus as Stimulus
from twofold.recordings.store import open_all as open_all
from twofold.recordings.store import open_recording as open_recording
from twofold.recordings.store import save as save
from twofold.recordings.store import verify as verify
from twofold.recordings.withheld import refuse_withheld as refuse_withheld
from twofold.recordings.withheld import withheld_trials as withheld_trials
