"""Whether predicted distributions mean what they say."""

from twofold.analyses.calibration.coverage import Coverage as Coverage
from twofold.analyses.calibration.coverage import interval_coverage as interval_coverage
from twofold.analyses.calibration.coverage import pit_coverage as pit_coverage
from twofold.analyses.calibration.pit import PitHistogram as PitHistogram
from twofold.analyses.calibration.pit import pit_histogram as pit_histogram
from twofold.analyses.calibration.pit import pit_of_samples as pit_of_samples
from twofold.analyses.calibration.pit import randomised_pit as randomised_pit
from twofold.analyses.calibration.silence import SilentFraction as SilentFraction
from twofold.analyses.calibration.silence import silent_fraction as silent_fraction
