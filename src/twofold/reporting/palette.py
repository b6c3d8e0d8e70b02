"""One colour per embedding, the same in every table and figure (Okabe and Ito 2008)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matplotlib.colors import to_hex, to_rgb

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


# Tables whose rows are variants of embeddings that stand elsewhere, or none.
OTHERS = ("controls", "ceilings", "noise-ceiling", "pc-grid", "saturation", "tuning", "seeds", "by-region")
PALEST = 0.45  # share of white in the last shade of a family


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
        """Give every family of embeddings that competes a hue, and its members shades of it."""
        names = {
            embedding_of(row.row).partition(" -> ")[0]
            for row in rows
            if kind_of(row.row) == "honest" and row.table not in OTHERS
        }
        families: dict[str, list[str]] = {}
        for name in sorted(names | {"raw"}, key=lambda name: (len(name), name)):
            families.setdefault(family_of(name), []).append(name)
        first = [name for name in ("contrastive", "pca") if name in families]
        order = first + sorted(set(families) - {*first, "raw"})
        colours = {"raw": RAW, **{family: _hue(place) for place, family in enumerate(order)}}
        return cls(
            {
                name: _mixed(colours[family], BACKGROUND, PALEST * k / max(len(members) - 1, 1))
                for family, members in families.items()
                for k, name in enumerate(members)
            }
        )

    def __getitem__(self, row: str) -> str:
        """Colour of a row; a leaky row has that of its embedding, controls and bounds are grey.

        An embedding that has no colour of its own has that of its family, whatever the region.
        """
        if kind_of(row) in ("control", "ceiling"):
            return MUTED
        embedding = embedding_of(row).partition(" -> ")[0].partition(" (")[0].rpartition(": ")[2]
        relatives = (name for name in self.hues if family_of(name) == family_of(embedding))
        return self.hues.get(row) or self.hues.get(embedding) or self.hues.get(next(relatives, ""), MUTED)


def family_of(embedding: str) -> str:
    """First words of a name, without the options that tell members of a family apart.

    Examples
    --------
    >>> [family_of(name) for name in ("vae features beta=0.05", "vae beta=0.05", "pca 90 % of variance")]
    ['vae features', 'vae', 'pca']
    """
    words = re.split(r" (?=\S*[\d=])", embedding.partition(" (")[0])[0].split()
    return " ".join(words[:2])


def _hue(place: int) -> str:
    """Hues in their order; when all are taken, darker ones."""
    turns, place = divmod(place, len(HUES))
    return _mixed(HUES[place], INK, min(0.45 * turns, 0.9))


def _mixed(colour: str, other: str, share: float) -> str:
    if not share:
        return colour
    red, green, blue = (
        (1 - share) * a + share * b for a, b in zip(to_rgb(colour), to_rgb(other), strict=True)
    )
    return to_hex((red, green, blue))
