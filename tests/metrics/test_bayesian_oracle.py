"""The Bayesian oracle against scipy, brute-force integration, and responses of known laws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.optimize import check_grad
from scipy.stats import betaprime, gamma, invgamma, norm
from scipy.stats import t as student

from twofold.errors import DataError
from twofold.metrics.bayesian_oracle import bayesian_oracle, left_out_log_prob, normalised_score
from twofold.metrics.oracle_prior import Repeats, SharePrior, share_cost, share_counts
from twofold.metrics.oracle_sizes import GammaSizes, LogNormalSizes, LogSums, Sums

RHO = 0.005
SHARES = (1.5, 2.5)
TRUE = {LogNormalSizes: (-0.5, 0.8, 4.0, 2.0), GammaSizes: (0.6, 4.0, 5.0)}
SEEN = {LogNormalSizes: LogSums, GammaSizes: Sums}
FAMILIES = [LogNormalSizes, GammaSizes]


def shares(n_neurons=1):
    return SharePrior(*(np.full(n_neurons, value) for value in SHARES))


def sizes(family, n_neurons=1):
    return family(*(np.full(n_neurons, value) for value in TRUE[family]))


def drawn(rng, family, n_repeats, n_frames, n_neurons):
    """Responses whose law differs between frames as the priors say; and their true log-likelihood."""
    shape = (n_frames, n_neurons)
    q = rng.beta(*SHARES, shape)
    if family is LogNormalSizes:
        m, k, alpha, scale = TRUE[family]
        variance = 1 / rng.gamma(alpha, 1 / scale, shape)
        mean = m + rng.normal(size=shape) * np.sqrt(variance / k)
        d = np.exp(mean + rng.normal(size=(n_repeats, *shape)) * np.sqrt(variance))
        density = norm.logpdf(np.log(d), mean, np.sqrt(variance)) - np.log(d)
    else:
        kappa, alpha, rate = TRUE[family]
        scale = 1 / rng.gamma(alpha, 1 / rate, shape)
        d = rng.gamma(kappa, scale, size=(n_repeats, *shape))
        density = gamma.logpdf(d, kappa, scale=scale)
    active = rng.random((n_repeats, *shape)) < q
    return np.where(active, RHO + d, 0.0), np.where(active, np.log(q) + density, np.log1p(-q))


def repeats_of(family, n_repeats=5, n_frames=4, n_neurons=3):
    return Repeats.of(drawn(np.random.default_rng(0), family, n_repeats, n_frames, n_neurons)[0], RHO)


def without(repeats, r):
    return Repeats(*(np.delete(part, r, axis=0) for part in repeats))


@pytest.mark.parametrize("family", FAMILIES)
def test_leaving_one_out_is_the_ratio_of_two_evidences(family):
    """p(y_r | others) = p(all) / p(others), of shares and of sizes."""
    repeats, own = repeats_of(family), sizes(family, 3)
    q, density, sums = shares(3).left_out(repeats), own.left_out(repeats), SEEN[family]
    for r in range(5):
        ratio = own.evidence(sums.of(repeats)) - own.evidence(sums.of(without(repeats, r)))
        if family is LogNormalSizes:  # whose evidence is that of the logarithms
            ratio = ratio - np.log(repeats.d[r])
        active = repeats.active[r]
        np.testing.assert_allclose(density[r][active], ratio[active], atol=1e-10)
        counts = [share_counts([one])[0] for one in (repeats, without(repeats, r))]
        a, b = SHARES
        slow = (a + counts[1]) / (a + b + 4)
        np.testing.assert_allclose(q[r], slow)


def test_with_nobody_else_sizes_follow_the_prior_predictive():
    d = np.array([0.1, 0.7, 3.0])[None, :, None]
    alone = Repeats(np.ones(d.shape, dtype=bool), d)
    m, k, alpha, scale = TRUE[LogNormalSizes]
    slow = student.logpdf(np.log(d), 2 * alpha, m, np.sqrt(scale * (k + 1) / (alpha * k))) - np.log(d)
    np.testing.assert_allclose(sizes(LogNormalSizes).left_out(alone), slow, atol=1e-12)
    kappa, alpha, rate = TRUE[GammaSizes]
    np.testing.assert_allclose(
        sizes(GammaSizes).left_out(alone), betaprime.logpdf(d, kappa, alpha, scale=rate), atol=1e-12
    )


def test_evidence_is_the_integral_over_the_prior():
    d = np.exp([-0.3, 0.9, -1.2, 0.0])[:, None, None]
    repeats = Repeats(np.array([True, True, True, False])[:, None, None], d)
    m, k, alpha, scale = TRUE[LogNormalSizes]

    def log_normal(mean, log_variance):
        variance = np.exp(log_variance)
        of_prior = invgamma.pdf(variance, alpha, scale=scale) * norm.pdf(mean, m, np.sqrt(variance / k))
        seen = norm.pdf(np.log(d[:3, 0, 0]), mean, np.sqrt(variance))
        return np.prod(seen) * of_prior * variance

    size = dblquad(log_normal, -4, 4, -6, 6, epsabs=1e-6, epsrel=1e-3)[0]
    found = sizes(LogNormalSizes).evidence(LogSums.of(repeats))[0, 0]
    assert found == pytest.approx(np.log(size), abs=1e-3)
    kappa, alpha, rate = TRUE[GammaSizes]

    def of_gamma(theta_inverse):
        seen = gamma.pdf(d[:3, 0, 0], kappa, scale=1 / theta_inverse)
        return np.prod(seen) * gamma.pdf(theta_inverse, alpha, scale=1 / rate)

    found = sizes(GammaSizes).evidence(Sums.of(repeats))[0, 0]
    assert found == pytest.approx(np.log(quad(of_gamma, 0, 20)[0]), abs=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_of_the_evidence_are_numeric_gradients(family):
    repeats, rng = repeats_of(family), np.random.default_rng(1)
    seen, counts = SEEN[family].of(repeats), share_counts([repeats])
    n_free = int(family is LogNormalSizes)

    def size_cost(x):
        return family(*x[:n_free], *np.exp(x[n_free:])).cost(seen)

    costs = {len(TRUE[family]): size_cost, 2: lambda x: share_cost(x, *counts)}
    for n, cost in costs.items():
        x = 0.5 * rng.normal(size=(n, 3))

        def value(flat, cost=cost, shape=x.shape):
            return cost(flat.reshape(shape))[0]

        def slope(flat, cost=cost, shape=x.shape):
            return cost(flat.reshape(shape))[1].ravel()

        assert check_grad(value, slope, x.ravel()) < 1e-4


@pytest.mark.parametrize("family", FAMILIES)
def test_priors_are_found_again(family):
    repeats = repeats_of(family, 10, 1500)
    found = family.fitted([repeats])
    for name, value in zip(family.__dataclass_fields__, TRUE[family], strict=True):
        close = {"atol": 0.1} if name == "m" else {"rtol": 0.35}
        np.testing.assert_allclose(getattr(found, name), value, err_msg=name, **close)
    seen = SEEN[family].of(repeats)
    assert (found.evidence(seen).sum(0) >= sizes(family, 3).evidence(seen).sum(0)).all()
    share = SharePrior.fitted([repeats])
    np.testing.assert_allclose([share.a, share.b], np.array(SHARES)[:, None] * np.ones(3), rtol=0.2)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_oracle_lies_between_a_constant_law_and_the_truth(family):
    rng = np.random.default_rng(3)
    made = [drawn(rng, family, 10, 80, 6) for _ in range(4)]
    oracle = bayesian_oracle([responses for responses, _ in made], sizes=family)
    repeats = [Repeats.of(responses, RHO) for responses, _ in made]
    own, truth = sizes(family, 6), [log_prob for _, log_prob in made]
    best = [left_out_log_prob(one, shares(6), own) for one in repeats]
    null = [
        np.where(one.active, np.log(0.375), np.log(0.625)) + one.active * alone(own, one) for one in repeats
    ]
    score = normalised_score(truth, null, oracle)
    assert 1 < score.pooled < 2
    assert normalised_score(best, null, oracle).pooled == pytest.approx(1, abs=0.06)
    assert normalised_score(null, null, oracle).pooled == 0
    assert (score.oracle > score.null).all()
    assert score.per_neuron.shape == (6,)


def alone(prior, repeats):
    """Log density of each repeat, given nobody else."""
    rows = [Repeats(active[None], d[None]) for active, d in zip(*repeats, strict=True)]
    return np.concatenate([prior.left_out(row) for row in rows])


def test_the_video_that_is_scored_does_not_fit_its_own_prior():
    rng = np.random.default_rng(4)
    videos = [drawn(rng, LogNormalSizes, 4, 20, 2)[0] for _ in range(3)]
    first = bayesian_oracle(videos)[0]
    assert not np.array_equal(bayesian_oracle([videos[0], videos[1] * 3, videos[2]])[0], first)
    others = [Repeats.of(video, RHO) for video in videos[1:]]
    found = left_out_log_prob(
        Repeats.of(videos[0], RHO), SharePrior.fitted(others), LogNormalSizes.fitted(others)
    )
    np.testing.assert_array_equal(found, first)


@pytest.mark.parametrize("family", FAMILIES)
def test_silent_neurons_have_a_finite_oracle(family):
    for part in bayesian_oracle([np.zeros((3, 10, 2)) for _ in range(2)], sizes=family):
        assert np.isfinite(part).all()
        assert (part > np.log(0.9)).all()


def test_what_cannot_be_bounded_is_refused():
    rng = np.random.default_rng(5)
    video = rng.gamma(0.5, size=(3, 5, 2))
    with pytest.raises(DataError, match="not enough"):
        bayesian_oracle([video])
    with pytest.raises(DataError, match="at least 2"):
        bayesian_oracle([video, video[:1]])
    with pytest.raises(DataError, match="repeat 1, frame 2, neuron 0"):
        broken = video.copy()
        broken[1, 2, 0] = np.nan
        bayesian_oracle([video, broken])
    with pytest.raises(DataError, match="same videos"):
        normalised_score([video], [video], [video[:2]])
