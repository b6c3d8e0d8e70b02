"""Whether weights are maps of the cortex: how smooth, on what scale, told by position alone."""

from twofold.analyses.topography.autocorrelation import morans_i as morans_i
from twofold.analyses.topography.maps import SingularMaps as SingularMaps
from twofold.analyses.topography.maps import singular_maps as singular_maps
from twofold.analyses.topography.neighbours import mean_of_neighbours as mean_of_neighbours
from twofold.analyses.topography.permutations import AgainstPermutations as AgainstPermutations
from twofold.analyses.topography.position import position_r2 as position_r2
from twofold.analyses.topography.position import told_by_position as told_by_position
from twofold.analyses.topography.splitting import SeparatedNeurons as SeparatedNeurons
from twofold.analyses.topography.splitting import separate_neurons as separate_neurons
from twofold.analyses.topography.thinning import thin_neurons as thin_neurons
from twofold.analyses.topography.variogram import Variogram as Variogram
from twofold.analyses.topography.variogram import variogram as variogram
