"""One colour per embedding, the same in every table and figure (Okabe and Ito 2008)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from twofold.reporting.names import embedding_of, kind_of
from twofold.studies.result import Row

INK = "#1f2933"
MUTED = "#7b8794"
FAINT = "#d5dae0"
EMPTY = "#f3f5f7"
BACKGROUND = "#ffffff"
WRONG = "#D55E00"

# "raw" is what was measured, so it has the colour of ink; embeddings take the others in their order.
RAW = "#3e4c59"
HUES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8c6bb1", "#b8a600")


@dataclass(frozen=True)
class Palette:
    """Colours of the embeddings of one result.

    Parameters
    ----------
    hues
        Embedding name to colour.
    """

    hues: Mapping[str, str]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Palette:
        """Give every embedding that competes a colour; the best known ones always get the same."""
        names = {
            embedding_of(row.row).partition(" -> ")[0]
            for row in rows
            if kind_of(row.row) == "honest" and row.table not in ("controls", "ceilings")
        }
        first = [name for name in ("contrastive", "pca") if name in names]
        order = first + sorted(names - {*first, "raw"})
        hues = {name: HUES[place % len(HUES)] for place, name in enumerate(order)}
        return cls({"raw": RAW, **hues})

    def __getitem__(self, row: str) -> str:
        """Colour of a row; a leaky row has that of its embedding, controls and bounds are grey."""
        embedding = embedding_of(row).partition(" -> ")[0]
        return self.hues.get(embedding.partition(" (")[0], MUTED)
