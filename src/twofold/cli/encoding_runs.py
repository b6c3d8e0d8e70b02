"""What the commands that fit encoding models share: preset, estimate, and the table of scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from twofold.cli.console import stdout

if TYPE_CHECKING:
    from twofold.encoding import TrainOptions
    from twofold.encoding.model import EncodingModel
    from twofold.encoding.video_options import Preset
    from twofold.recordings import Recording

COLUMNS = {"correlation": "correlation_single_trial", "bits": "bits_marginal", "null bits": "bits_null"}
GIVEN_HALF = {"given half": "correlation_conditioned", "its bits": "bits_conditioned"}


def preset_for(recordings: list[Recording], device: str) -> Preset:
    """The largest that fits all recordings; what it is is said."""
    from twofold.encoding import VideoOptions
    from twofold.training import choose_device, is_first_process

    on_cpu = choose_device(device).type == "cpu"
    clips = [clip for recording in recordings for clip in recording.stimuli.values()]
    sizes = [(*clip.frames.shape[1:3], len(clip)) for clip in clips if clip.frames is not None]
    height, width, n_frames = (min(axis) for axis in zip(*sizes, strict=True)) if sizes else (1, 1, 1)
    chosen = VideoOptions.largest(height, width, n_frames, on_cpu)
    why = " on a processor" if on_cpu else ""
    if is_first_process():
        words = f"Preset {chosen}: the largest whose core fits frames of {height} x {width}{why}."
        stdout.print(words, markup=False)
    return chosen


def tell_estimate(model: EncodingModel, recordings: list[Recording], options: TrainOptions) -> None:
    """How long the training will take and how much memory it needs."""
    from twofold.encoding.estimating import estimate_training
    from twofold.encoding.training_data import TrainingData

    data = TrainingData.of(model, recordings, options)
    found = estimate_training(model, data, options.device, options.precision)
    most = found.seconds_per_epoch * options.epochs / 60
    stdout.print(
        f"{found.n_steps} steps an epoch: {found.seconds_per_epoch:.1f} s with validation, at most "
        f"{most:.1f} minutes for {options.epochs} epochs, and {found.memory_mib / 1024:.1f} GiB of memory",
        soft_wrap=True,
    )


def tell_scores(out: Path, recording: Path) -> None:
    """The table of scores, notes, and what to do next."""
    from rich.table import Table

    from twofold.encoding.run_folder import SCORES

    scores = json.loads((out / SCORES).read_text(encoding="utf-8"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    columns = dict(COLUMNS)
    if any(row["correlation_conditioned"] is not None for row in scores["rows"]):
        columns |= GIVEN_HALF
    for heading in ("recording", "tier"):
        table.add_column(heading, no_wrap=True)
    for heading in columns:
        table.add_column(heading, justify="right")
    for row in scores["rows"]:
        numbers = (f"{row[name]:.4f}" for name in columns.values())
        table.add_row(row["recording"], row["tier"], *numbers)
    stdout.print(table)
    if len(columns) > len(COLUMNS):
        stdout.print("Given half: the other half of the neurons, when these are known.", markup=False)
    for note in scores["notes"]:
        stdout.print(f"Note: {note}.", soft_wrap=True, markup=False)
    stdout.print(
        f"{scores['epochs']} epochs in {scores['seconds']:.0f} s; stopped by the correlation on tier "
        f"{scores['stopped_on']!r}. Bits are per neuron and time point.",
        soft_wrap=True,
        markup=False,
    )
    stdout.print(
        f"Wrote {out}. Next: twofold predict {out} {recording} predicted.zarr", soft_wrap=True, markup=False
    )
