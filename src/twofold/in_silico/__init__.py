"""In-silico experiments: any model that answers to videos, under a microscope."""

from twofold.in_silico.gradients import receptive_fields as receptive_fields
from twofold.in_silico.most_exciting import AscentOptions as AscentOptions
from twofold.in_silico.most_exciting import MostExciting as MostExciting
from twofold.in_silico.most_exciting import most_exciting_videos as most_exciting_videos
from twofold.in_silico.over_models import over_models as over_models
from twofold.in_silico.presenting import TuningCurves as TuningCurves
from twofold.in_silico.presenting import present as present
from twofold.in_silico.presenting import tuning_curves as tuning_curves
from twofold.in_silico.probe import Probed as Probed
from twofold.in_silico.probe import probe as probe
from twofold.in_silico.probe_options import ProbeOptions as ProbeOptions
from twofold.in_silico.probing import Subject as Subject
from twofold.in_silico.screen import Screen as Screen
from twofold.in_silico.stimuli import Grating as Grating
