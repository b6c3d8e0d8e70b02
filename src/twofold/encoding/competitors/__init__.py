"""Competitors of the latent video model: other ways to predict neurons from the video and other neurons."""

from twofold.encoding.competitors.competitor import Competitor as Competitor
from twofold.encoding.competitors.constant import ConstantModel as ConstantModel
from twofold.encoding.competitors.factors import Factors as Factors
from twofold.encoding.competitors.flow_factors import FlowFactors as FlowFactors
from twofold.encoding.competitors.gpfa import GPFA as GPFA
from twofold.encoding.competitors.population_gain import PopulationGain as PopulationGain
from twofold.encoding.competitors.regression import ResidualRegression as ResidualRegression
from twofold.encoding.competitors.rules import ReducedRank as ReducedRank
from twofold.encoding.competitors.rules import Ridge as Ridge
