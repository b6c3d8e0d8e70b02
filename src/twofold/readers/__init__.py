"""Foreign formats to a Recording; the only place where axes and units are converted."""
