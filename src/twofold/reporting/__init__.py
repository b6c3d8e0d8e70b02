"""A Result becomes figures and one page."""

from __future__ import annotations

from twofold.reporting.writing import report as report
