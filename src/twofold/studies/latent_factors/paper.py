"""What the paper reports, by the row and the metric that ask for the same (arXiv 2410.16136)."""

from __future__ import annotations

R, CONDITIONED, BITS = "correlation", "correlation_conditioned", "bits"
FREE = "latent zig free"

# (table, row, metric) to the number in the text; what only a figure shows has the number read from the text.
VALUES: dict[tuple[str, str, str], float] = {
    ("table-1", "video poisson", R): 0.195,
    ("table-1", "video zig", R): 0.183,
    ("table-1", FREE, R): 0.182,
    ("table-1", "video zig", BITS): -0.98,
    ("table-1", FREE, BITS): -0.30,
    ("table-2", FREE, BITS): -0.34,
    ("table-2", "latent zig position", BITS): -0.69,
    ("table-2", "latent zig shared", BITS): -0.88,
    ("table-2", FREE, CONDITIONED): 0.24,
    ("table-2", "latent zig position", CONDITIONED): 0.22,
    ("table-2", "latent zig shared", CONDITIONED): 0.18,
    ("table-3", "latent zig position, trained on all neurons", CONDITIONED): 0.213,
    ("table-3", "latent zig position, extrapolated", CONDITIONED): 0.210,
    ("table-5", "video poisson", R): 0.08,
    ("table-5", "video zig", R): 0.11,
    ("table-5", FREE, R): 0.11,
    ("table-5", FREE, CONDITIONED): 0.17,
    ("appendix-j", "latent zig free, not pretrained", R): 0.022,
    ("appendix-j", "latent zig free, not pretrained", CONDITIONED): 0.194,
    ("appendix-j", FREE, R): 0.104,
    ("appendix-j", FREE, CONDITIONED): 0.191,
    ("table-8", "latent zig free, GRU smoother", BITS): -0.74,
    ("table-8", "latent zig free, GRU smoother", CONDITIONED): 0.23,
    ("table-8", "latent zig free, CNN smoother", BITS): -0.77,
    ("table-8", "latent zig free, CNN smoother", CONDITIONED): 0.22,
    ("table-8", FREE, BITS): -0.30,
    ("table-8", FREE, CONDITIONED): 0.24,
    ("table-10", FREE, BITS): -0.30,
    ("table-10", "latent zig free, not pretrained", BITS): -0.36,
    ("table-10", FREE, CONDITIONED): 0.24,
    ("table-10", "latent zig free, not pretrained", CONDITIONED): 0.23,
    ("table-10", FREE, R): 0.18,
    ("table-10", "latent zig free, not pretrained", R): 0.10,
}
ARTEFACT = "the paper's bits very probably hold the artefact of figure 4, and do not compare"


def paper_value(table: str, row: str, metric: str) -> float | None:
    """The paper's number for a row, or None.

    Examples
    --------
    >>> paper_value("table-1", "video zig", "correlation")
    0.183
    """
    return VALUES.get((table, row, metric))
