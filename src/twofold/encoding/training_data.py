"""What a training learns from and what decides when it stops, checked before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.encoding.checks import check_frames, check_length, check_neurons
from twofold.encoding.model import EncodingModel
from twofold.encoding.train_options import TrainOptions
from twofold.errors import DataError, OptionError
from twofold.metrics import NeuronScores, SingleTrialCorrelation
from twofold.recordings import Recording, refuse_withheld
from twofold.sampling import TrainingClips, TrialClips


@dataclass(frozen=True)
class TrainingData:
    """Clips to learn from and trials to validate on.

    Parameters
    ----------
    clips
        Random clips of the training trials.
    validation
        Trials of each recording that are not learned from.
    frames_skipped
        At the beginning of each of these.
    notes
        What is done otherwise than asked, in words.
    """

    clips: TrainingClips
    validation: Sequence[TrialClips]
    frames_skipped: int
    notes: tuple[str, ...]

    @classmethod
    def of(cls, model: EncodingModel, recordings: Sequence[Recording], options: TrainOptions) -> TrainingData:
        """The data of a training.

        Raises
        ------
        OptionError
            If clips are too short for the core, or training and validation are on one tier.
        DataError
            If these are not the recordings of the model, in its order, or lack what is needed.
        """
        if options.clip_frames <= model.frames_lost:
            raise OptionError(
                f"clip_frames={options.clip_frames}: the core needs at least {model.frames_lost + 1}; give "
                "more frames, or shorter kernels (temporal)"
            )
        if options.training_tier == options.validation_tier:
            raise OptionError(
                f"validation_tier={options.validation_tier!r} is what is trained on; keep a tier apart"
            )
        _check_names(model, recordings)
        signals = model.options.signals
        training = [TrialClips(one, options.training_tier, signals=signals) for one in recordings]
        validation = [TrialClips(one, options.validation_tier, signals=signals) for one in recordings]
        for number, recording in enumerate(recordings):
            check_neurons(recording, model.population(number).n_neurons)
            refuse_withheld(recording.tier(options.training_tier), to="train on")
            refuse_withheld(recording.tier(options.validation_tier), to="validate on")
            for own in (training[number], validation[number]):
                check_frames(own, model.frame_shape)
                check_length(own, model.frames_lost)
        clips = TrainingClips(
            training, clip_frames=options.clip_frames, batch_clips=options.batch_clips, seed=options.seed
        )
        skipped, notes = _frames_skipped(validation, model.frames_lost, options.frames_skipped)
        told = [note for number in range(len(recordings)) for note in model.population(number).notes]
        return cls(clips, validation, skipped, (*told, *notes))

    def correlation(self, model: EncodingModel) -> dict[str, float]:
        """Single-trial correlation on the validation trials, mean over the neurons of all recordings."""
        found = []
        for number, trials in enumerate(self.validation):
            score = SingleTrialCorrelation(frames_skipped=self.frames_skipped)
            for clip in trials.whole():
                score.update(*model.validation_pair(number, clip), first_frame=model.frames_lost)
            found.append(score.result().per_neuron)
        return {"correlation": NeuronScores(np.concatenate(found), "zero").mean}


def _check_names(model: EncodingModel, recordings: Sequence[Recording]) -> None:
    names = tuple(recording.name for recording in recordings)
    if names != model.names:
        raise DataError(
            f"the model is for {', '.join(model.names)}, but the recordings are {', '.join(names)}; "
            "give the same ones in the same order"
        )


def _frames_skipped(
    validation: Sequence[TrialClips], frames_lost: int, wanted: int
) -> tuple[int, tuple[str, ...]]:
    """As many as wanted, but at most half of the shortest trial; at least those without a prediction."""
    shortest = min(int(trials.n_frames.min()) for trials in validation)
    skipped = max(min(wanted, shortest // 2), frames_lost)
    if skipped >= wanted:
        return wanted, ()
    note = (
        f"the shortest validation trial has {shortest} frames, so {skipped} are skipped instead of {wanted}"
    )
    return skipped, (note,)
