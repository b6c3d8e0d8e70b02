"""Tests are repeatable: the same examples on every run, and one thread per process.

Threads that spin slow all processes of pytest-xdist; `--hypothesis-profile=search` looks for new examples.
"""

import os

from hypothesis import settings
from threadpoolctl import threadpool_limits

os.environ.setdefault("OMP_NUM_THREADS", "1")  # for what is imported later, and for child processes
threadpool_limits(1)

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=500)
settings.load_profile("repeatable")
