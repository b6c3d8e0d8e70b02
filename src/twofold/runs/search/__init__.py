"""Options by search: which to try, by how many workers, and what came of each trial."""
