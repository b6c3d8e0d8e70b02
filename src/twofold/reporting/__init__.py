"""A Result becomes figures and one page."""
