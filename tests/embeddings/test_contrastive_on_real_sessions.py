"""Contrastive embedding of an Allen Neuropixels session; skipped where it is not beside the project."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from twofold.embeddings import ContrastiveEmbedding

SESSION = Path(__file__).parents[2].parent / "shared/data/allen_neuropixels_movie1/session_791319847.npz"


@pytest.mark.skipif(not SESSION.exists(), reason=f"no {SESSION.name} beside the project")
def test_seconds_of_natural_movie_one_are_decoded_in_left_out_repeats_and_not_from_permuted_labels():
    counts = np.load(SESSION)["counts"]
    responses = np.sqrt(counts.transpose(1, 2, 0).astype(np.float32))  # repeat, second, unit
    n_repeats, n_seconds, n_units = responses.shape
    train, test = responses[: n_repeats - 4].reshape(-1, n_units), responses[-4:].reshape(-1, n_units)
    scaler = StandardScaler().fit(train)
    repeat, second = np.divmod(np.arange(len(train)), n_seconds)

    def exact(label):
        embedding = ContrastiveEmbedding(
            16, hidden=64, temperature=0.3, batch_size=256, max_steps=250, learning_rate=3e-3,
            weight_decay=1e-2, dropout=0.3, device="cpu", random_state=0,
        )  # fmt: skip
        latents = embedding.fit_transform(scaler.transform(train), label, trials=repeat)
        knn = KNeighborsClassifier(9, metric="cosine").fit(latents, label)
        return knn.score(embedding.transform(scaler.transform(test)), np.tile(np.arange(n_seconds), 4))

    assert exact(second) >= 0.9
    assert exact(np.random.default_rng(0).permutation(second)) < 0.12  # chance 0.033, 120 samples
