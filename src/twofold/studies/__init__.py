"""One file per paper: a recording goes in, a Result comes out."""

from twofold.studies.alignment_options import AlignmentOptions as AlignmentOptions
from twofold.studies.neural_alignment import neural_alignment as neural_alignment
from twofold.studies.result import Result as Result
from twofold.studies.result import Row as Row
