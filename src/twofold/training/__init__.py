"""The short training loop, on Lightning Fabric."""
