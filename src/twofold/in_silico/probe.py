"""The experiments on several models of the same neurons, and how far these agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Integer

from twofold.errors import DataError, OptionError
from twofold.in_silico.most_exciting import AscentOptions
from twofold.in_silico.over_models import over_models
from twofold.in_silico.presenting import Progress
from twofold.in_silico.probe_options import ProbeOptions
from twofold.in_silico.probing import Sought, Subject, Tuned, most_driven, sought, tuned
from twofold.in_silico.reproducibility import agreement, between_kinds, shown_to_others
from twofold.in_silico.screen import Screen


@dataclass(frozen=True, eq=False)
class Probed:
    """What came of the experiments.

    Parameters
    ----------
    subjects
        The models.
    screen
        Before all of them.
    tuned, sought
        One per model; `sought` is empty where no video was asked for.
    neurons
        Those with a most exciting video.
    agreed
        A row per measure and pair of kinds; see `between_kinds`. Empty for one model.
    """

    subjects: Sequence[Subject]
    screen: Screen
    tuned: Sequence[Tuned]
    sought: Sequence[Sought]
    neurons: Integer[np.ndarray, " neuron"]
    agreed: pd.DataFrame

    @property
    def tuning(self) -> pd.DataFrame:
        """A row per model and neuron."""
        parts = []
        for subject, own in zip(self.subjects, self.tuned, strict=True):
            n = len(own.table)
            who = {"model": [subject.name] * n, "kind": [subject.kind] * n, "neuron": np.arange(n)}
            parts.append(pd.concat([pd.DataFrame(who), own.table], axis=1))
        return pd.concat(parts, ignore_index=True)

    @property
    def over_seeds(self) -> pd.DataFrame:
        """A row per kind, neuron and measure: mean and standard error over the models of that kind."""
        parts = []
        for kind in dict.fromkeys(subject.kind for subject in self.subjects):
            own = [t.table for s, t in zip(self.subjects, self.tuned, strict=True) if s.kind == kind]
            table = over_models(own)
            table.insert(0, "kind", kind)
            parts.append(table)
        return pd.concat(parts, ignore_index=True)


def probe(
    subjects: Sequence[Subject],
    screen: Screen,
    options: ProbeOptions | None = None,
    ascent: AscentOptions | None = None,
    *,
    neurons: Integer[np.ndarray, " neuron"] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Probed:
    """Do all experiments.

    Parameters
    ----------
    subjects
        Models of the same neurons; those of one kind differ in their seeds.
    screen
        Before all of them.
    options, ascent
        Of gratings, and of most exciting videos.
    neurons
        For which the most exciting video is sought; by default the `options.videos` that gratings drive most.
    seed
        Of the random videos from which the ascents begin.
    progress
        Called with what is done, of how much, and what it is.

    Raises
    ------
    OptionError
        If there is no model, two have one name, or a neuron does not exist.
    DataError
        If the models have another number of neurons, or do not answer as they should.
    """
    names = [subject.name for subject in subjects]
    if not names or len(set(names)) < len(names):
        raise OptionError(f"models {names}: give at least one, each with a name of its own")
    options, ascent = options or ProbeOptions(), ascent or AscentOptions()
    found = [tuned(subject.respond, screen, options, progress) for subject in subjects]
    sizes = [len(own.table) for own in found]
    if len(set(sizes)) > 1:
        told = ", ".join(f"{name} has {size}" for name, size in zip(names, sizes, strict=True))
        raise DataError(f"the models differ in their neurons: {told}; probe models of one recording together")
    chosen = most_driven([own.table for own in found], options.videos) if neurons is None else neurons
    if len(chosen) and not 0 <= chosen.min() <= chosen.max() < sizes[0]:
        raise OptionError(f"neurons {chosen.tolist()}: there are 0 to {sizes[0] - 1}")
    looked_for = [
        sought(subject.respond, screen, chosen, ascent, seed, progress) for subject in subjects if len(chosen)
    ]
    agreed = _agreed(subjects, screen, found, looked_for, chosen)
    return Probed(subjects, screen, found, looked_for, chosen, agreed)


def _agreed(
    subjects: Sequence[Subject],
    screen: Screen,
    found: Sequence[Tuned],
    looked_for: Sequence[Sought],
    neurons: Integer[np.ndarray, " neuron"],
) -> pd.DataFrame:
    """Of tuning curves by correlation, of fields and videos by cosine, and of videos by what they do."""
    if len(subjects) < 2:
        return pd.DataFrame()
    kinds = [subject.kind for subject in subjects]
    curves = np.stack([own.gratings.mean.reshape(-1, len(own.table)).T for own in found])
    patches = np.stack([own.gabors.mean.reshape(-1, len(own.table)).T for own in found])
    measures = {
        "correlation_gratings": agreement(curves, centred=True),
        "correlation_gabors": agreement(patches, centred=True),
    }
    tables = [between_kinds(name, own.each, kinds, own.chance) for name, own in measures.items()]
    if looked_for:
        videos = np.stack([own.exciting.video for own in looked_for])
        fields = np.stack([own.fields for own in looked_for])
        for name, values in (("cosine_fields", fields), ("cosine_videos", videos - screen.grey)):
            own = agreement(values.reshape(*values.shape[:2], -1), centred=False)
            tables.append(between_kinds(name, own.each, kinds, own.chance))
        shared = shown_to_others([subject.respond for subject in subjects], screen, neurons, videos)
        tables.append(between_kinds("share_of_own_video", shared, kinds))
    return pd.concat([table for table in tables if len(table)], ignore_index=True)
