"""Versions of the packages that numbers depend on."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("twofold", "torch", "numpy", "scipy", "scikit-learn", "lightning-fabric", "zarr")


def versions() -> dict[str, str]:
    """Package to version, for the result file."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
