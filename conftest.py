"""One thread per test process: pytest-xdist fills the cores, and threads that spin slow all of them."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
