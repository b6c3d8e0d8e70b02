"""Ceilings from the known truth of a simulation: what no method with the same window can exceed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.simulate.ceilings import bayes_frame_decoder, conditional_responses, expected_responses
from twofold.simulate.roots import mean_root
from twofold.simulate.truth import Truth, frame_counts
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.result import Row, SplitName

BAYES = "ceiling: Bayes decoder that knows the drive and the law of the state"
DRIVE = "ceiling: true drive averaged over the state"
CONDITIONAL = "ceiling: true mean given the other units"
CEILINGS: tuple[tuple[str, str, str, SplitName], ...] = (
    ("frame-decoding", BAYES, "exact_accuracy", "leave_one_repeat_out"),
    ("alignment", DRIVE, "r2_cross_repeat", "test"),
    ("alignment", CONDITIONAL, "r2_cosmoothing", "test"),
)


@dataclass(frozen=True, eq=False)
class Known:
    """The law of a simulation, with the counts and their expectation, (repeat, frame, unit), that it gave."""

    truth: Truth
    counts: np.ndarray
    rates: np.ndarray

    @classmethod
    def of(cls, recording: Recording, data: Presentations) -> Known:
        """Read the law from the recording.

        Raises
        ------
        DataError
            If the recording is no simulation, or one without a known ceiling.
        """
        counts = frame_counts(recording).reshape(data.responses.shape)
        unit = recording.neurons.column("unit")
        frame_s = 1 / float(recording.truth["frame_hz"][0])
        rates = np.asarray(recording.truth["rates"])[:, unit] * frame_s
        truth = Truth.of(recording)
        if rates.size != counts.size:
            raise DataError("the recording lacks some of the presentations whose rates are known")
        return cls(truth, counts, rates.reshape(counts.shape))

    def roots(self, repeats: np.ndarray) -> np.ndarray:
        """(repeat, frame, unit) expected square-root responses given drive and state, without the noise."""
        return mean_root(np.sqrt(self.rates[repeats])) / np.sqrt(self.truth.bins_per_frame)

    def decode(self, repeats: np.ndarray) -> np.ndarray:
        """(repeat, frame) frames as the Bayes decoder reads them from all units."""
        n_frames, n_units = self.counts.shape[1:]
        counts = self.counts[repeats].reshape(-1, n_units)
        found = bayes_frame_decoder(self.truth, counts, np.repeat(repeats, n_frames))
        first = {frame_id: i for i, frame_id in reversed(list(enumerate(self.truth.frame_ids.tolist())))}
        return np.array([first[frame_id] for frame_id in found.tolist()]).reshape(len(repeats), n_frames)

    def stimulus_locked(self, repeats: np.ndarray) -> np.ndarray:
        """(repeat, frame, unit) expected square-root responses without knowing the state."""
        return np.stack([expected_responses(self.truth, int(repeat)) for repeat in repeats])

    def given(self, repeats: np.ndarray, given: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """(repeat * frame, target) expected square-root responses given the counts of other units."""
        n_frames, n_units = self.counts.shape[1:]
        counts = self.counts[repeats].reshape(-1, n_units)[:, given]
        return conditional_responses(self.truth, counts, np.repeat(repeats, n_frames), given, targets)


def known_truth(
    recording: Recording, data: Presentations, options: AlignmentOptions
) -> tuple[Known | None, str]:
    """The law of a simulation, or None and the reason; a real recording gives None and no reason."""
    if not recording.truth:
        return None, ""
    if not options.square_root:
        return None, "ceilings are known for square-root responses only"
    try:
        return Known.of(recording, data), ""
    except DataError as error:
        return None, str(error)


def absent_ceilings(reason: str) -> list[Row]:
    """Null rows that say why a simulation has no ceiling."""
    return [
        Row(table=table, row=name, metric=metric, split=split, value=None, note=reason)
        for table, name, metric, split in CEILINGS
    ]
