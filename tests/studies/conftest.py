from __future__ import annotations

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="package", autouse=True)
def _one_thread():
    """Matrices here are small: many threads would wait for each other."""
    with threadpool_limits(1):
        yield
