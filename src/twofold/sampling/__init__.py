"""Which samples, from a Generator."""

from twofold.sampling.clip_batches import ClipBatch as ClipBatch
from twofold.sampling.clip_batches import TrainingClips as TrainingClips
from twofold.sampling.clips import Clip as Clip
from twofold.sampling.clips import TrialClips as TrialClips
from twofold.sampling.contrastive import ContinuousPositives as ContinuousPositives
from twofold.sampling.contrastive import DiscretePositives as DiscretePositives
from twofold.sampling.contrastive import Positives as Positives
from twofold.sampling.contrastive import TimePositives as TimePositives
from twofold.sampling.contrastive import Triplets as Triplets
from twofold.sampling.contrastive import TripletSampler as TripletSampler
from twofold.sampling.nearest import LabelSearch as LabelSearch
from twofold.sampling.stretches import Stretches as Stretches
from twofold.sampling.stretches import TrialStretches as TrialStretches
from twofold.sampling.stretches import share_windows as share_windows
from twofold.sampling.ties import FirstTies as FirstTies
from twofold.sampling.ties import Ties as Ties
from twofold.sampling.windows import TrialWindows as TrialWindows
from twofold.sampling.windows import number_trials as number_trials
