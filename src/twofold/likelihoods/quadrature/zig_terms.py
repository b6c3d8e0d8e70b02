r"""The expected loss of the zero-inflated gamma: two one-dimensional expectations per entry.

With v ~ N(m_v, s_v^2), u ~ N(m_u, s_u^2), q = sigmoid(v), theta = ELU(u) + 1 and d = y - rho,

.. math::

    E[-\log p] = E[\operatorname{softplus}(t)] + 1_{y > \rho}
    \{ d\, E[1/\theta] + \kappa\, E[\log \theta] + \log \Gamma(\kappa) - (\kappa - 1) \log d \},

t = -v where y > rho, else v. With A = E[e^{-u}; u<0] and R_k = E[r^k; u>0], r = 1 / (1 + u):

=================  ===================  =======================  ===============
f                  E[f]                 E[f']                    E[f'']
=================  ===================  =======================  ===============
log theta          E[u; u<0] + E[log]   P(u<0) + R_1             -R_2
1 / theta          A + R_1              -(A + R_2)               A + 2 R_3
=================  ===================  =======================  ===============
"""

from __future__ import annotations

import math

import torch

from twofold.likelihoods.quadrature.elu_moments import (
    above,
    exponential_below,
    linear_below,
    probability_below,
)
from twofold.likelihoods.quadrature.logistic import logistic
from twofold.likelihoods.quadrature.outputs import standard_deviation
from twofold.likelihoods.quadrature.rules import rounded_up, rule_for_logistic
from twofold.likelihoods.quadrature.terms import Entries, PerEntryFlat, Terms
from twofold.likelihoods.zig import ZigLikelihood


def zig_terms(likelihood: ZigLikelihood, entries: Entries) -> Terms:
    """Expected loss of responses, and its derivatives by m_v, m_u, s_v^2 and s_u^2.

    Parameters
    ----------
    likelihood
        With the shapes of all neurons.
    entries
        Means and covariances of (v, u).
    """
    m_v, m_u = entries.mean
    s_v = standard_deviation(entries.covariance[0])
    active = ~(entries.y <= likelihood.rho)  # a response that is NaN stays NaN
    sign = 1 - 2 * active.to(m_v.dtype)
    spike = logistic(sign * m_v, s_v, rule_for_logistic(rounded_up(s_v)))
    nll, by_u, by_var_u = spike.softplus, torch.zeros_like(m_u), torch.zeros_like(m_u)
    if likelihood.spike == "density":
        nll += math.log(likelihood.rho) * ~active

    (at,) = active.nonzero(as_tuple=True)
    kappa = likelihood.kappa[entries.neuron[at]].to(m_u.dtype)
    s_u = standard_deviation(entries.covariance[2][at])
    gamma, by_u[at], by_var_u[at] = gamma_terms(entries.y[at] - likelihood.rho, kappa, m_u[at], s_u)
    nll[at] += gamma
    return Terms(nll, [sign * spike.slope, by_u], [0.5 * spike.curvature, None, by_var_u])


def gamma_terms(
    d: PerEntryFlat, kappa: PerEntryFlat, m: PerEntryFlat, s: PerEntryFlat
) -> tuple[PerEntryFlat, PerEntryFlat, PerEntryFlat]:
    """What the gamma part adds to the loss, with its derivatives by m and s^2.

    Parameters
    ----------
    d, kappa
        (entry,) responses above rho, less rho; and their shapes.
    m, s
        (entry,) mean and standard deviation of u.

    Examples
    --------
    >>> one, zero = torch.ones(1), torch.zeros(1)
    >>> [round(float(part), 3) for part in gamma_terms(one, one, zero, 1e-4 * one)]
    [1.0, 0.0, 0.5]
    """
    log, (r_1, r_2, r_3) = above(m, s, powers=3)
    a = exponential_below(-1, m, s)
    log_theta, inverse_theta = linear_below(m, s) + log, a + r_1
    constant = torch.lgamma(kappa) - (kappa - 1) * d.log()
    by_mean = kappa * (probability_below(m, s) + r_1) - d * (a + r_2)
    by_variance = 0.5 * (d * (a + 2 * r_3) - kappa * r_2)
    return d * inverse_theta + kappa * log_theta + constant, by_mean, by_variance
