r"""The expected loss of Poisson responses: the rate r = theta(u), u ~ N(m, s^2).

.. math:: E[-\log p] = E[\theta] - y\, E[\log \theta] + \log y!

With B = E[e^u; u<0] and R_k = E[r^k; u>0], r = 1 / (1 + u), the derivatives of E[theta] = B + E[1 + u; u>0]
are B + P(u>0) by m and B / 2 by s^2; those of E[log theta] are in `zig_terms`.
"""

from __future__ import annotations

import torch

from twofold.likelihoods.poisson import PoissonLikelihood
from twofold.likelihoods.quadrature.elu_moments import (
    above,
    exponential_below,
    linear_below,
    probability_below,
)
from twofold.likelihoods.quadrature.outputs import standard_deviation
from twofold.likelihoods.quadrature.terms import Entries, Terms


def poisson_terms(likelihood: PoissonLikelihood, entries: Entries) -> Terms:
    """Expected loss of responses, and its derivatives by m and s^2.

    Parameters
    ----------
    likelihood
        Has no parts of its own.
    entries
        Means and variances of u.
    """
    (m,), y = entries.mean, entries.y.to(entries.mean[0].dtype)
    s = standard_deviation(entries.covariance[0])
    below, linear, b = probability_below(m, s), linear_below(m, s), exponential_below(1, m, s)
    nll = b + (1 - below) + (m - linear) + torch.lgamma(y + 1)
    by_mean, by_variance = b + (1 - below), 0.5 * b

    (at,) = (y != 0).nonzero(as_tuple=True)  # silence has no use for E[log theta]
    log, (r_1, r_2) = above(m[at], s[at], powers=2)
    nll[at] -= y[at] * (linear[at] + log)
    by_mean[at] -= y[at] * (below[at] + r_1)
    by_variance[at] += 0.5 * y[at] * r_2
    return Terms(nll, [by_mean], [by_variance])
