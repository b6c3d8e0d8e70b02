r"""The expected loss of Gaussian responses, of mean a and standard deviation theta(b), a and b correlated.

With a ~ N(alpha, s_a^2), b ~ N(beta, s_b^2), their covariance c, and g(b) = theta(b)^-2, Stein's lemma gives

.. math::

    E[-\log p] = E[\log \theta] + \tfrac12 \{ ((y - \alpha)^2 + s_a^2)\, G_0
    - 2 (y - \alpha)\, c\, G_1 + c^2 G_2 \} + \log \sqrt{2 \pi}, \qquad G_k = E[g^{(k)}(b)] .

With C = E[e^{-2b}; b<0], R_k = E[r^k; b>0], r = 1 / (1 + b), and the density p_0 of b at 0, where g'' jumps
by 2 and g''' by -16:

    G_0 = C + R_2,  G_1 = -2 (C + R_3),  G_2 = 4 C + 6 R_4,
    G_3 = -8 C - 24 R_5 + 2 p_0,  G_4 = 16 C + 120 R_6 - 16 p_0 - 2 p_0 beta / s_b^2.

By beta the derivative of G_k is G_{k+1}, by s_b^2 it is G_{k+2} / 2.
"""

from __future__ import annotations

from twofold.likelihoods.gaussian import LOG_SQRT_2_PI, GaussianLikelihood
from twofold.likelihoods.quadrature.elu_moments import (
    above,
    exponential_below,
    linear_below,
    probability_below,
)
from twofold.likelihoods.quadrature.outputs import standard_deviation
from twofold.likelihoods.quadrature.rules import SQRT_2_PI
from twofold.likelihoods.quadrature.terms import Entries, PerEntryFlat, Terms


def gaussian_terms(likelihood: GaussianLikelihood, entries: Entries) -> Terms:
    """Expected loss of responses, and its derivatives by alpha, beta, s_a^2, c and s_b^2.

    Parameters
    ----------
    likelihood
        Has no parts of its own.
    entries
        Means and covariances of (a, b).
    """
    (alpha, beta), (s2_a, c, _) = entries.mean, entries.covariance
    s_b = standard_deviation(entries.covariance[2])
    z, square = entries.y - alpha, (entries.y - alpha) ** 2 + s2_a
    log, r = above(beta, s_b, powers=6)
    g = _slopes(beta, s_b, r)

    def quadratic(k: int) -> PerEntryFlat:
        return 0.5 * (square * g[k] - 2 * z * c * g[k + 1] + c * c * g[k + 2])

    nll = linear_below(beta, s_b) + log + quadratic(0) + LOG_SQRT_2_PI
    by_beta = probability_below(beta, s_b) + r[0] + quadratic(1)
    by_s2_b = 0.5 * (quadratic(2) - r[1])
    return Terms(nll, [c * g[1] - z * g[0], by_beta], [0.5 * g[0], c * g[2] - z * g[1], by_s2_b])


def _slopes(beta: PerEntryFlat, s: PerEntryFlat, r: list[PerEntryFlat]) -> list[PerEntryFlat]:
    """G_0 to G_4."""
    below = exponential_below(-2, beta, s)
    p_0 = (-0.5 * (beta / s) ** 2).exp() / (s * SQRT_2_PI)
    return [
        below + r[1],
        -2 * (below + r[2]),
        4 * below + 6 * r[3],
        -8 * below - 24 * r[4] + 2 * p_0,
        16 * below + 120 * r[5] - (16 + 2 * beta / s**2) * p_0,
    ]
