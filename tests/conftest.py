"""One small simulated recording, and one study of it, that several rooms test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # the rooms that need no torch do not wait for it
    from twofold.recordings import Recording
    from twofold.studies.neural_alignment.options import AlignmentOptions
    from twofold.studies.result import Result


@dataclass(frozen=True)
class Studied:
    """A result, the folder where it was written, and the progress that was told."""

    result: Result
    folder: Path
    told: list[tuple[int, int, str]]


@pytest.fixture(scope="session")
def movie() -> Recording:
    """48 units of one mouse with state, and 6 repeats in 2 blocks of 48 frames, 2 bins each."""
    from twofold.simulate import MovieRepeats, simulate_movie_repeats

    sizes = {"n_units": 48, "n_frames": 48, "n_repeats": 6, "mice": 1, "cuts": 1, "gap_s": 2.0}
    return simulate_movie_repeats(MovieRepeats.small(**sizes), random_state=0)


@pytest.fixture(scope="session")
def few_steps() -> AlignmentOptions:
    """Options with which every part of the study is there and takes a fraction of a second."""
    from twofold.studies.neural_alignment.options import AlignmentOptions

    return AlignmentOptions(
        max_folds=4,
        inner_folds=1,
        alignment_folds=3,
        frame_folds=3,
        halves=1,
        surrogates=199,
        reliability=0.2,
        neighbours=(1, 5),
        logistic_c=(0.1,),
        pca_components=(8,),
        dimension=8,
        hidden=32,
        steps=30,
        batch_size=64,
        temperature=(0.3,),
        pc_grid=(),
        response_dimension=16,
        vae_guides=(),
        pi_vae_epochs=0,
        response_epochs=0,
        seeds=0,
        saturation_points=0,
        tsne=0,
    )


@pytest.fixture(scope="session")
def studied(
    movie: Recording, few_steps: AlignmentOptions, tmp_path_factory: pytest.TempPathFactory
) -> Studied:
    """The whole study, in one process, from beginning to end."""
    from twofold.studies.neural_alignment.study import neural_alignment

    folder, told = tmp_path_factory.mktemp("study") / "out", []
    result = neural_alignment(
        movie, options=few_steps, out=folder, n_jobs=1, progress=lambda *what: told.append(what)
    )
    return Studied(result, folder, told)
