"""A fitted embedding with its preprocessing in one folder, ready for any recording of the same neurons."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twofold.embeddings.contrastive import ContrastiveEmbedding
from twofold.embeddings.vae.guided_vae import GuidedVAE
from twofold.embeddings.vae.pi_vae import PiVAE
from twofold.embeddings.vae.saving import format_of
from twofold.errors import DataError
from twofold.files import written_whole
from twofold.recordings import Recording
from twofold.recordings.preprocess import FittedPreprocessing
from twofold.shapes import Latents

EMBEDDING, PREPROCESSING = "embedding.safetensors", "preprocessing.npz"
Embedding = ContrastiveEmbedding | GuidedVAE | PiVAE


def load_embedding(path: Path | str, *, device: str = "auto") -> Embedding:
    """An embedding of whatever kind its file says.

    Raises
    ------
    DataError
        If the file is missing, damaged, or no embedding.
    OptionError
        If there is no such device.
    """
    form = format_of(path)
    for kind in (GuidedVAE, PiVAE):
        if form == kind._format:
            return kind.load(path, device=device)
    return ContrastiveEmbedding.load(path, device=device)


@dataclass(frozen=True, eq=False)
class EmbeddingRun:
    """An embedding, and what is done to responses before it.

    Parameters
    ----------
    embedding
        Fitted.
    preprocessing
        Fitted to the same recording.
    n_neurons
        Neurons of that recording, before any were left out.
    """

    embedding: Embedding
    preprocessing: FittedPreprocessing
    n_neurons: int

    def transform(self, recording: Recording) -> Latents:
        """(time, dimension) latents of the rows of a recording that lie in trials.

        Raises
        ------
        DataError
            If the recording has another number of neurons.
        """
        n_neurons = len(recording.neurons)
        if n_neurons != self.n_neurons:
            raise DataError(
                f"{recording.name!r} has {n_neurons} neurons, the embedding was fitted to {self.n_neurons}; "
                "give a recording of the same neurons, in the same order"
            )
        inside = self.preprocessing(recording.in_trials())
        return self.embedding.transform(inside.responses[:], trials=inside.trial_of_row)

    def save(self, folder: Path | str) -> None:
        """Write both to a folder; opening it runs no code."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        fitted = self.preprocessing
        with written_whole(folder / PREPROCESSING) as temporary:
            np.savez(
                temporary,
                allow_pickle=False,
                kept=fitted.kept,
                mean=fitted.mean,
                scale=fitted.scale,
                square_root=np.array(fitted.square_root),
                fitted_on=np.array(fitted.fitted_on),
                n_neurons=np.array(self.n_neurons),
            )
        self.embedding.save(folder / EMBEDDING)

    @classmethod
    def load(cls, folder: Path | str, *, device: str = "auto") -> EmbeddingRun:
        """Read a run back.

        Raises
        ------
        DataError
            If the folder holds no run, or a damaged one.
        """
        folder = Path(folder)
        path = folder / PREPROCESSING
        if not path.exists():
            raise DataError(f"{folder} holds no fitted embedding; give the --out of `twofold fit`")
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                fitted = FittedPreprocessing(
                    kept=stored["kept"],
                    mean=stored["mean"],
                    scale=stored["scale"],
                    square_root=bool(stored["square_root"]),
                    fitted_on=str(stored["fitted_on"]),
                )
                n_neurons = int(stored["n_neurons"])
        except Exception as error:  # a broken archive fails in a dozen ways, and all of them mean the same
            raise DataError(f"{path} is damaged ({error}); fit again") from None
        return cls(load_embedding(folder / EMBEDDING, device=device), fitted, n_neurons)
