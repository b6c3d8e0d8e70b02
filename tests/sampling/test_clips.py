"""Clips lie inside their trials, and come in batches that any process can make."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from twofold.errors import DataError, OptionError
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials, open_recording, save
from twofold.sampling import TrainingClips, TrialClips

HEIGHT, WIDTH, N_NEURONS = 3, 4, 5


def recording(n_frames=(12, 9, 15), tiers=None, name="mouse", gap_s=0.5, rate_hz=10.0):
    """Trials with gaps between them; each response and grey level tells its trial and frame."""
    spans, times, responses, stimuli, start = [], [], [], {}, 0.0
    for trial, n in enumerate(n_frames):
        times.append(start + (np.arange(n) + 0.5) / rate_hz)
        responses.append(100 * trial + np.arange(n)[:, None] + np.arange(N_NEURONS) / 10)
        frames = np.broadcast_to((10 * trial + np.arange(n))[:, None, None], (n, HEIGHT, WIDTH))
        stimuli[f"clip {trial}"] = Stimulus(np.arange(n), rate_hz, frames=frames.astype(np.uint8))
        tier = "train" if tiers is None else tiers[trial]
        spans.append((f"clip {trial}", 0, tier, start, start + n / rate_hz))
        start += n / rate_hz + gap_s
    time_s = np.concatenate(times)
    return Recording(
        responses=LazyArray(np.concatenate(responses).astype(np.float32)),
        time_s=time_s,
        bin_s=1 / rate_hz,
        neurons=Neurons(pd.DataFrame(index=range(N_NEURONS))),
        trials=Trials(pd.DataFrame(spans, columns=["stimulus", "repeat", "tier", "start_s", "stop_s"])),
        signals={"speed": Signal(np.where(time_s < 1, np.nan, time_s), time_s)},
        stimuli=stimuli,
        name=name,
    )


def of(batch):
    """Trial and first frame of each clip of a batch, read off its responses."""
    first = batch.responses[:, 0, 0]
    return [(int(value // 100), int(value % 100)) for value in first]


@pytest.mark.parametrize("stored", [False, True])
def test_video_responses_signals_and_times_of_a_stretch_belong_together(stored, tmp_path):
    mouse = recording()
    if stored:
        mouse = open_recording(save(mouse, tmp_path / "mouse.zarr"))
    clip = TrialClips(mouse, signals=["speed"]).read(1, start=2, n_frames=4)
    np.testing.assert_allclose(clip.responses, 100 + np.arange(2, 6)[:, None] + np.arange(5) / 10, rtol=1e-6)
    np.testing.assert_array_equal(clip.video[:, 0, 0], 10 + np.arange(2, 6))
    np.testing.assert_allclose(clip.time_s, 1.7 + (np.arange(2, 6) + 0.5) / 10)
    np.testing.assert_allclose(clip.signals[:, 0], clip.time_s, rtol=1e-6)
    assert (clip.video.dtype, clip.responses.dtype, clip.signals.dtype) == (np.uint8, np.float32, np.float32)


def test_a_stretch_never_leaves_its_trial():
    trials = TrialClips(recording())
    for start, n_frames in ((-1, 3), (8, 2), (0, 10)):
        with pytest.raises(DataError, match="outside a trial of 9 frames"):
            trials.read(1, start, n_frames)


def test_only_the_trials_of_a_tier_are_seen_also_after_selecting_trials():
    tiers = ("train", "oracle", "train")
    mouse = recording(tiers=tiers)
    assert [span.trial for span in TrialClips(mouse, "train").spans] == [0, 2]
    again = TrialClips(mouse.tier("train"))
    np.testing.assert_array_equal(again.read(1).responses, TrialClips(mouse, "train").read(1).responses)
    with pytest.raises(DataError, match="no tier 'test'; its tiers are oracle, train"):
        TrialClips(mouse, "test")


def test_responses_at_another_rate_than_the_frames_are_refused():
    mouse = recording()
    faster = {name: replace(clip, rate_hz=20.0) for name, clip in mouse.stimuli.items()}
    with pytest.raises(DataError, match=r"trial 0 .* one response per frame \(10 responses and 20 frames"):
        TrialClips(replace(mouse, stimuli=faster))


def test_clips_without_pictures_or_with_colours_are_refused():
    mouse = recording()
    for frames, words in ((None, "no pictures"), (np.zeros((12, 3, 4, 3), np.uint8), "grey")):
        stimuli = dict(mouse.stimuli) | {"clip 0": replace(mouse.stimuli["clip 0"], frames=frames)}
        with pytest.raises(DataError, match=words):
            TrialClips(replace(mouse, stimuli=stimuli))


def test_an_epoch_visits_every_trial_of_every_recording_exactly_once():
    mice = [TrialClips(recording((12,) * n, name=str(n))) for n in (7, 3)]
    clips = TrainingClips(mice, clip_frames=8, batch_clips=2, seed=1)
    assert (clips.n_batches, clips.n_steps) == ([4, 2], 4)
    for epoch in range(3):
        steps = [clips.step(epoch, number) for number in range(clips.n_steps)]
        assert [[batch.recording for batch in step] for step in steps] == [[0, 1], [0, 1], [0], [0]]
        for mouse, n in enumerate((7, 3)):
            seen = Counter(
                trial for step in steps for b in step if b.recording == mouse for trial, _ in of(b)
            )
            assert seen == Counter(range(n))


def test_clips_start_anywhere_in_their_trial_and_end_inside_it():
    clips = TrainingClips([TrialClips(recording((12, 8)))], clip_frames=8, batch_clips=2)
    starts = {0: set(), 1: set()}
    for epoch in range(60):
        (batch,) = clips.step(epoch, 0)
        for (trial, start), responses in zip(of(batch), batch.responses, strict=True):
            starts[trial].add(start)
            assert (responses[:, 0].diff() == 1).all()
    assert starts == {0: {0, 1, 2, 3, 4}, 1: {0}}


def test_a_step_is_the_same_whenever_it_is_made_and_differs_between_epochs_and_seeds():
    def step(epoch, seed=0):
        (batch,) = TrainingClips(
            [TrialClips(recording((40,) * 8))], clip_frames=8, batch_clips=8, seed=seed
        ).step(epoch, 0)
        return of(batch), batch.seeds.tolist()

    assert step(3) == step(3)
    assert len({str(step(epoch, seed)) for epoch in range(3) for seed in range(2)}) == 6


@pytest.mark.parametrize("n_processes", [2, 3])
def test_processes_share_a_step_without_double_counting_and_with_the_same_seeds(n_processes):
    clips = TrainingClips([TrialClips(recording((12,) * 7))], clip_frames=8, batch_clips=4)

    def told(batch):
        return sorted(zip(of(batch), batch.seeds.tolist(), strict=True))

    for number in range(clips.n_steps):
        (alone,) = clips.step(0, number)
        shares = [clips.step(0, number, rank, n_processes)[0] for rank in range(n_processes)]
        assert told(alone) == sorted(pair for share in shares for pair in told(share))
        assert min(len(share.responses) for share in shares) >= 1


def test_more_processes_than_clips_and_clips_longer_than_trials_are_refused():
    trials = TrialClips(recording((12, 9)))
    with pytest.raises(DataError, match=r"trial 1 has 9 frames and a clip has 10; give clip_frames=9"):
        TrainingClips([trials], clip_frames=10)
    with pytest.raises(OptionError, match="2 clips cannot be shared by 3 processes"):
        TrainingClips([trials], clip_frames=9).step(0, 0, 0, 3)
    with pytest.raises(OptionError, match="give 1 or more"):
        TrainingClips([trials], clip_frames=9, batch_clips=0)


def test_global_random_states_are_untouched():
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    TrainingClips([TrialClips(recording())], clip_frames=5).step(0, 0)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == np.random.get_state()[1].tolist()  # noqa: NPY002
