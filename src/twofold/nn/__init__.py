"""Bare torch modules: no loss, no data."""

from twofold.nn.batch_norm import GlobalBatchNorm as GlobalBatchNorm
from twofold.nn.core3d import FactorizedCore3d as FactorizedCore3d
from twofold.nn.coupling import AffineCoupling as AffineCoupling
from twofold.nn.coupling import FlowDecoder as FlowDecoder
from twofold.nn.dense import Dense as Dense
from twofold.nn.gaussian_readout import GaussianReadout as GaussianReadout
from twofold.nn.mlp import MLP as MLP
from twofold.nn.modulator import GainModulator as GainModulator
from twofold.nn.offset_conv import Affine as Affine
from twofold.nn.offset_conv import OffsetEncoder as OffsetEncoder
from twofold.nn.offset_conv import ResidualBlock as ResidualBlock
from twofold.nn.offset_conv import TimeConvolution as TimeConvolution
from twofold.nn.products import affine as affine
from twofold.nn.products import convolve as convolve
from twofold.nn.receptive_fields import CorticalPositions as CorticalPositions
from twofold.nn.receptive_fields import FreePositions as FreePositions
from twofold.nn.recurrent import GRUAlongTrials as GRUAlongTrials
from twofold.nn.recurrent import RecurrentNetwork as RecurrentNetwork
from twofold.nn.shifter import PupilShifter as PupilShifter
from twofold.nn.sparse_readout import Corners as Corners
from twofold.nn.sparse_readout import corners as corners
from twofold.nn.sparse_readout import sample_products as sample_products
from twofold.nn.temporal_readout import TemporalReadout as TemporalReadout
