"""What the study compares: embeddings, and what frames and responses are read from them with."""
