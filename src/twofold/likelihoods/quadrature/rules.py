r"""Nodes and weights of E[f(m + s x)], x ~ N(0, 1), and how many of them are enough.

Of a smooth f: Gauss-Hermite, and where s is large even steps, which then converge faster. Of an f that has a
kink at 0 and is smooth on both sides: Gauss-Legendre on [-c, x_0] and on [x_0, c], x_0 = -m / s, times the
normal density. How many follows from a nested estimate: a rule is good enough if a finer one does not differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import expit
from torch import Tensor

REACH = 5.0  # c, in standard deviations; what lies beyond has a probability of 6e-7
TOLERANCE = 1e-5
SQRT_2_PI = math.sqrt(2 * math.pi)
LEAST_SD, LARGEST_SD = 0.25, 64.0
MEANS = np.linspace(-10, 10, 81)
AnyShape = Float[Tensor, "..."]


class Rule(NamedTuple):
    """Nodes and their weights, as plain numbers.

    Parameters
    ----------
    x, w
        Nodes and weights.
    """

    x: list[float]
    w: list[float]


@cache
def hermite(n: int) -> Rule:
    """Gauss-Hermite for the standard normal density.

    Examples
    --------
    >>> hermite(3).w
    [0.1666..., 0.6666..., 0.1666...]
    """
    x, w = np.polynomial.hermite_e.hermegauss(n)
    return Rule(x.tolist(), (w / w.sum()).tolist())


@cache
def even(n: int) -> Rule:
    """Even steps over the standard normal density: of analytic functions the error falls as e^-cn."""
    x = np.linspace(-REACH - 0.5, REACH + 0.5, n)
    w = np.exp(-(x**2) / 2)
    return Rule(x.tolist(), (w / w.sum()).tolist())


@cache
def legendre(n: int) -> Rule:
    """Gauss-Legendre on [-1, 1]."""
    x, w = np.polynomial.legendre.leggauss(n)
    return Rule(x.tolist(), w.tolist())


@cache
def rule_for_logistic(sd: float, tolerance: float = TOLERANCE) -> Rule:
    """The smallest rule for log(1 + e^t) and its slope over t ~ N(m, s^2), whatever m, of s up to `sd`.

    Examples
    --------
    >>> [len(rule_for_logistic(sd).x) for sd in (0.5, 1.0, 5.0)]
    [4, 8, 48]
    """
    rules = [hermite(n) for n in (4, 6, 8, 10, 12, 16)] + [even(n) for n in (24, 32, 48, 64, 96, 128, 192)]
    return _smallest(rules, lambda rule: _logistic(rule, sd), tolerance)


@cache
def rule_above_kink(sd: float, tolerance: float = TOLERANCE) -> Rule:
    """The smallest Gauss-Legendre rule for log(1 + u) and 1 / (1 + u) on u > 0, of s up to `sd`.

    Examples
    --------
    >>> [len(rule_above_kink(sd).x) for sd in (0.5, 5.0)]
    [14, 14]
    """
    rules = [legendre(n) for n in (10, 12, 14, 16, 20, 24, 32, 48, 64)]
    scales = sd * np.array([[1], [0.5], [0.25], [0.05]])
    return _smallest(rules, lambda rule: _above(rule, scales), tolerance)


def rounded_up(sd: AnyShape) -> float:
    """The largest standard deviation, rounded up to a power of the root of 2, so that few rules are made.

    Examples
    --------
    >>> import torch
    >>> rounded_up(torch.tensor([0.3, 0.9]))
    1.0
    """
    largest = float(sd.detach().max()) if sd.numel() else LEAST_SD
    largest = min(
        max(LEAST_SD, largest), LARGEST_SD
    )  # in this order NaN goes on to the result, not to an error
    return 2.0 ** (math.ceil(2 * math.log2(largest)) / 2)


def _smallest(rules: list[Rule], integrals: Callable[[Rule], np.ndarray], tolerance: float) -> Rule:
    for rule, finer in pairwise(rules):
        if np.abs(integrals(rule) - integrals(finer)).max() < tolerance:
            return rule
    return rules[-1]


def _logistic(rule: Rule, sd: float) -> np.ndarray:
    t = MEANS[:, None] + sd * np.array(rule.x)
    return np.stack([np.logaddexp(0, t), expit(t)]) @ np.array(rule.w)


def _above(rule: Rule, sd: np.ndarray) -> np.ndarray:
    half = (REACH - np.clip(-MEANS / sd, -REACH, REACH))[..., None] / 2
    x = REACH - half + half * np.array(rule.x)
    theta = 1 + np.maximum(MEANS[:, None] + sd[..., None] * x, 0)
    density = half * np.exp(-(x**2) / 2) / SQRT_2_PI
    return np.stack([np.log(theta) * density, density / theta]) @ np.array(rule.w)
