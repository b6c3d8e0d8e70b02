"""The study neural-alignment (paper A): which embedding tells the frame and still carries the responses."""
