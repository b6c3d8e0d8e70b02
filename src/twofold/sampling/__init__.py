"""Which samples, from a Generator."""
