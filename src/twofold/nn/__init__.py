"""Bare torch modules: no loss, no data."""

from twofold.nn.offset_conv import OffsetEncoder as OffsetEncoder
from twofold.nn.offset_conv import ResidualBlock as ResidualBlock
from twofold.nn.offset_conv import TimeConvolution as TimeConvolution
