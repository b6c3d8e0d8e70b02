"""One file per table or figure of the study latent-factors: what is computed, and the rows that follow."""
