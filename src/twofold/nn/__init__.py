"""Bare torch modules: no loss, no data."""

from twofold.nn.offset_conv import Affine as Affine
from twofold.nn.offset_conv import OffsetEncoder as OffsetEncoder
from twofold.nn.offset_conv import ResidualBlock as ResidualBlock
from twofold.nn.offset_conv import TimeConvolution as TimeConvolution
from twofold.nn.products import affine as affine
from twofold.nn.products import convolve as convolve
