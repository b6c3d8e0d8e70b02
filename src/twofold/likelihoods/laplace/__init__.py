"""The latent state behind responses, and the likelihood of all neurons together, by Laplace's method."""

from twofold.likelihoods.laplace.bent import StateBend as StateBend
from twofold.likelihoods.laplace.joint import JointLikelihood as JointLikelihood
from twofold.likelihoods.laplace.joint import joint_log_likelihood as joint_log_likelihood
from twofold.likelihoods.laplace.markov import MarkovPrior as MarkovPrior
from twofold.likelihoods.laplace.path import PathPosterior as PathPosterior
from twofold.likelihoods.laplace.path import laplace_path as laplace_path
from twofold.likelihoods.laplace.path_joint import joint_path_log_likelihood as joint_path_log_likelihood
from twofold.likelihoods.laplace.posterior import LatentPosterior as LatentPosterior
from twofold.likelihoods.laplace.posterior import laplace as laplace
