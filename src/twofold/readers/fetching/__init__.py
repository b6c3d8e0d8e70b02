"""Public files by name: downloaded whole or not at all."""

from twofold.readers.fetching.fetching import fetch as fetch
