"""Models of what a neural population does: the stimulus, and the animal's own state."""
