from __future__ import annotations

import pytest

from twofold.recordings import Recording
from twofold.simulate import MovieRepeats, simulate_movie_repeats


@pytest.fixture(scope="session")
def recording() -> Recording:
    return simulate_movie_repeats(MovieRepeats.small(), random_state=1)
