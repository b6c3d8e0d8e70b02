"""Responses where the outputs of a readout are uncertain: the latent state integrated out by quadrature."""

from twofold.likelihoods.quadrature.expected import expected_log_prob as expected_log_prob
from twofold.likelihoods.quadrature.flow import IntegratedFlow as IntegratedFlow
from twofold.likelihoods.quadrature.fused import expected_nll as expected_nll
from twofold.likelihoods.quadrature.fused import expected_nll_of as expected_nll_of
from twofold.likelihoods.quadrature.integrated import Integrated as Integrated
from twofold.likelihoods.quadrature.integrated import integrated as integrated
from twofold.likelihoods.quadrature.loadings import GainWeights as GainWeights
from twofold.likelihoods.quadrature.loadings import Loadings as Loadings
from twofold.likelihoods.quadrature.outputs import GaussianOutputs as GaussianOutputs
