"""The figures of a result, each with a caption and a text for those who cannot see it."""

from __future__ import annotations

from twofold.reporting.figures.all import draw_all as draw_all
from twofold.reporting.figures.picture import LeftOut as LeftOut
from twofold.reporting.figures.picture import Picture as Picture
