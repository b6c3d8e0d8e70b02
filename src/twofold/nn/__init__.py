"""Bare torch modules: no loss, no data."""
