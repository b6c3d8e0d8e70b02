"""Tests are repeatable: the same examples on every run, and one thread per process.

Threads that spin slow all processes of pytest-xdist; `--hypothesis-profile=search` looks for new examples.
"""

import os

from hypothesis import settings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=500)
settings.load_profile("repeatable")
