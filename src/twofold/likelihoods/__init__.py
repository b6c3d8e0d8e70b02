"""How responses scatter around what a model expects: Poisson, zero-inflated gamma or flow, Gaussian."""

from twofold.likelihoods.flow import FlowLikelihood as FlowLikelihood
from twofold.likelihoods.gaussian import Gaussian as Gaussian
from twofold.likelihoods.gaussian import GaussianLikelihood as GaussianLikelihood
from twofold.likelihoods.kappa import Kappa as Kappa
from twofold.likelihoods.kappa import kappa_by_maximum_likelihood as kappa_by_maximum_likelihood
from twofold.likelihoods.kappa import kappa_by_moments as kappa_by_moments
from twofold.likelihoods.kappa import kappa_given_theta as kappa_given_theta
from twofold.likelihoods.likelihood import Likelihood as Likelihood
from twofold.likelihoods.likelihood import ResponseDistribution as ResponseDistribution
from twofold.likelihoods.poisson import Poisson as Poisson
from twofold.likelihoods.poisson import PoissonLikelihood as PoissonLikelihood
from twofold.likelihoods.statistics import ResponseStatistics as ResponseStatistics
from twofold.likelihoods.support import check_support as check_support
from twofold.likelihoods.zero_inflated_flow import ZeroInflatedFlow as ZeroInflatedFlow
from twofold.likelihoods.zero_inflated_gamma import ZeroInflatedGamma as ZeroInflatedGamma
from twofold.likelihoods.zig import ZigLikelihood as ZigLikelihood
from twofold.likelihoods.zig_nll import zig_nll as zig_nll
