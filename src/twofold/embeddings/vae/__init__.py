"""Variational autoencoders of responses: with a guide beside the decoder, or with a prior by label."""
