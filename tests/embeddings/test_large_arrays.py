"""Responses in a file that is larger than what memory should hold."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import pytest

from twofold.embeddings.contrastive import ContrastiveEmbedding

N_TIME, N_NEURONS = 40_000, 600  # 92 MiB
STATUS = Path("/proc/self/status")


def private_bytes():
    return 1024 * int(re.search(r"RssAnon:\s+(\d+) kB", STATUS.read_text())[1])


class HighestPrivateMemory:
    """Of this process, while the block runs, above what it was before."""

    def __enter__(self):
        self.before = self.highest = private_bytes()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def _look(self):
        while not self._done.wait(0.002):
            self.highest = max(self.highest, private_bytes())

    def __exit__(self, *_):
        self._done.set()
        self._watch.join()
        self.grown = max(self.highest, private_bytes()) - self.before


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "responses.npy"
    mapped = np.lib.format.open_memmap(path, "w+", np.float32, (N_TIME, N_NEURONS))
    rng = np.random.default_rng(0)
    for start in range(0, N_TIME, 5000):
        mapped[start : start + 5000] = rng.standard_normal((5000, N_NEURONS), np.float32)
    mapped.flush()
    return np.load(path, mmap_mode="r")


@pytest.mark.skipif(not STATUS.exists(), reason="private memory is read from /proc")
@pytest.mark.parametrize("window", [1, 10])
def test_a_mapped_file_is_fitted_and_encoded_without_a_copy_of_it(mapped, window):
    frame, repeat = np.arange(N_TIME) % 500, np.arange(N_TIME) // 500
    settings = {"window": window, "hidden": 8, "batch_size": 64, "max_steps": 3, "random_state": 0}
    embedding = ContrastiveEmbedding(2, **settings)
    embedding.fit(np.asarray(mapped[:1000]), frame[:1000], trials=repeat[:1000])  # what is loaded once is
    with HighestPrivateMemory() as memory:
        embedding.fit(mapped, frame, trials=repeat)
    assert memory.grown < mapped.nbytes / 3

    with HighestPrivateMemory() as memory:
        copied = np.array(mapped)
    assert memory.grown > 0.9 * mapped.nbytes  # the oracle sees a copy
    del copied


def test_a_mapped_file_gives_the_bits_of_the_array_in_memory(mapped):
    few = mapped[:2000]
    repeat = np.arange(2000) // 500
    embedding = ContrastiveEmbedding(2, hidden=8, batch_size=64, max_steps=3, window=4, random_state=0)
    from_file = embedding.fit_transform(few, trials=repeat)
    np.testing.assert_array_equal(from_file, embedding.fit_transform(np.array(few), trials=repeat))
