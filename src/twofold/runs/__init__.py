"""Many runs at once, cached and resumable."""
