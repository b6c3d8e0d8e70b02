"""Pure functions on arrays: anyone's latents may come."""
