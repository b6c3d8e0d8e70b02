"""Random clips in batches: every step of a training can be made again, in any process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, Num
from torch import Tensor

from twofold.errors import DataError, OptionError
from twofold.sampling.clips import Clip, TrialClips


@dataclass(frozen=True)
class ClipBatch:
    """Clips of one recording, of equal length.

    Parameters
    ----------
    recording
        Its number.
    video
        (clip, time, height, width) grey values as they were stored.
    responses
        (clip, time, neuron).
    signals
        (clip, time, signal); NaN where they were not measured.
    seeds
        (clip,) for what is drawn at random while training on each clip; whichever process has the clip,
        and whichever other clips are beside it, the draws are the same.
    """

    recording: int
    video: Num[Tensor, "clip time height width"]
    responses: Float[Tensor, "clip time neuron"]
    signals: Float[Tensor, "clip time signal"]
    seeds: Int64[Tensor, " clip"]

    @classmethod
    def of(cls, recording: int, clips: Sequence[Clip], seeds: Sequence[int] | None = None) -> ClipBatch:
        """Clips of equal length as one batch."""
        video, responses, signals = (
            torch.from_numpy(np.stack(parts))
            for parts in zip(*[(c.video, c.responses, c.signals) for c in clips], strict=True)
        )
        numbers = list(range(len(clips))) if seeds is None else list(seeds)
        return cls(recording, video, responses, signals, torch.tensor(numbers, dtype=torch.int64))

    @classmethod
    def unanswered(
        cls, recording: int, video: Num[Tensor, "clip time height width"], n_neurons: int, n_signals: int = 0
    ) -> ClipBatch:
        """Videos that nobody was shown: responses are 0, and signals were not measured."""
        clips, frames = video.shape[:2]
        signals = torch.full((clips, frames, n_signals), torch.nan)
        seeds = torch.zeros(clips, dtype=torch.int64)
        return cls(recording, video, torch.zeros(clips, frames, n_neurons), signals, seeds)

    def to(self, device: torch.device) -> ClipBatch:
        """The same batch on a device; the seeds stay where the generators are made."""
        video, responses, signals = (
            part.to(device, non_blocking=True) for part in (self.video, self.responses, self.signals)
        )
        return ClipBatch(self.recording, video, responses, signals, self.seeds)


class TrainingClips:
    """Random clips for training: in an epoch one of each trial of each recording, recordings in turn.

    Everything random follows from (seed, epoch, recording), so that any step can be made again, in any
    process. The batches of a recording differ by at most one clip; recordings with fewer trials are through
    with their epoch earlier, and none of their trials is taken twice.

    Parameters
    ----------
    recordings
        The trials of each.
    clip_frames
        Length of a clip.
    batch_clips
        Most clips of a recording in one step.
    seed
        Of order and starts.

    Raises
    ------
    DataError
        If a trial is shorter than a clip.

    Examples
    --------
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=5, bins_per_frame=1))
    >>> clips = TrainingClips([TrialClips(movie)], clip_frames=10, batch_clips=4)
    >>> [batch.video.shape for batch in clips.step(epoch=0, number=0)]
    [torch.Size([4, 10, 18, 32])]
    """

    def __init__(
        self, recordings: Sequence[TrialClips], *, clip_frames: int = 80, batch_clips: int = 8, seed: int = 0
    ) -> None:
        if clip_frames < 1 or batch_clips < 1:
            raise OptionError(f"clip_frames={clip_frames}, batch_clips={batch_clips}: give 1 or more")
        for trials in recordings:
            short = np.flatnonzero(trials.n_frames < clip_frames)
            if len(short):
                span = trials.spans[short[0]]
                raise DataError(
                    f"{trials.recording.name!r}, trial {span.trial} has {span.n_frames} frames and a clip "
                    f"has {clip_frames}; give clip_frames={trials.n_frames.min()} or fewer"
                )
        self.recordings = recordings
        self.clip_frames, self.batch_clips, self.seed = clip_frames, batch_clips, seed

    @property
    def n_batches(self) -> list[int]:
        """Batches of each recording in an epoch."""
        return [-(-len(trials) // self.batch_clips) for trials in self.recordings]

    @property
    def n_steps(self) -> int:
        """Steps in an epoch: batches of the recording that has most."""
        return max(self.n_batches)

    def step(self, epoch: int, number: int, rank: int = 0, n_processes: int = 1) -> list[ClipBatch]:
        """One batch of each recording that is not yet through; of each, the clips of one process.

        Raises
        ------
        OptionError
            If a batch has fewer clips than there are processes.
        """
        batches = []
        for recording, (trials, n_batches) in enumerate(zip(self.recordings, self.n_batches, strict=True)):
            if number >= n_batches:
                continue
            order, starts, seeds = self._epoch(epoch, recording)
            chosen = np.array_split(order, n_batches)[number]
            if len(chosen) < n_processes:
                raise OptionError(
                    f"a batch of {len(chosen)} clips cannot be shared by {n_processes} processes; "
                    "use fewer processes or a larger batch_clips"
                )
            mine = chosen[rank::n_processes].tolist()
            clips = [trials.read(trial, int(starts[trial]), self.clip_frames) for trial in mine]
            batches.append(ClipBatch.of(recording, clips, seeds[mine].tolist()))
        return batches

    def _epoch(self, epoch: int, recording: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Order of the trials, and of each trial the first frame and the seed."""
        trials = self.recordings[recording]
        rng = np.random.default_rng([self.seed, epoch, recording])
        order = rng.permutation(len(trials))
        starts = rng.integers(trials.n_frames - self.clip_frames + 1)
        return order, starts, rng.integers(2**62, size=len(trials))
