"""How spike counts are drawn from rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ADAPTATION_S = 0.15


@dataclass(frozen=True)
class CountLaw:
    """The law of the counts, given the rates.

    Parameters
    ----------
    bin_s
        Width of a bin, in seconds.
    dispersion
        a in variance = mean + a mean^2 of a negative binomial count; 0 is Poisson.
    refractory_s
        A bin holds bin_s / refractory_s slots of at most one spike; 0 is no limit.
    adaptation
        Each spike of a unit multiplies its rate by exp(-adaptation), which wears off in 0.15 s.

    Examples
    --------
    >>> law = CountLaw(bin_s=0.01)
    >>> rates = np.full((2, 3), 50.0)
    >>> counts, rates = law.draw(rates, bins=4, elapsed=np.array([1, 1]), rng=np.random.default_rng(0))
    >>> counts.shape, counts.dtype
    ((8, 3), dtype('uint8'))
    """

    bin_s: float
    dispersion: float = 0.0
    refractory_s: float = 0.0
    adaptation: float = 0.0

    def draw(
        self, rates: np.ndarray, bins: int, elapsed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Counts in `bins` bins per row of rates, and the rates that they were drawn from.

        Parameters
        ----------
        rates
            (frame, unit) in Hz, before adaptation.
        bins
            Bins per frame.
        elapsed
            (frame,) frames since the row before, more than 1 after a gap.
        rng
            Generator.

        Returns
        -------
        counts, rates
            (frame * bin, unit) unsigned integers, and (frame, unit) in Hz after adaptation.
        """
        if self.adaptation:
            return self._draw_in_sequence(rates, bins, elapsed, rng)
        # in pieces of about 100 frames, because numpy draws 64-bit counts
        pieces = np.array_split(rates, max(1, len(rates) // 100))
        return _fitting(np.concatenate([_narrow(self._counts(piece, bins, rng)) for piece in pieces])), rates

    def _draw_in_sequence(
        self, rates: np.ndarray, bins: int, elapsed: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        adapted, counts = np.empty_like(rates), []
        fatigue = np.zeros(rates.shape[1])
        keep = np.exp(-bins * self.bin_s / ADAPTATION_S)
        for row, rate in enumerate(rates):
            fatigue *= keep ** elapsed[row]
            adapted[row] = rate * np.exp(-self.adaptation * fatigue)
            counts.append(_narrow(self._counts(adapted[row : row + 1], bins, rng)))
            fatigue += counts[-1].sum(axis=0)
        return _fitting(np.concatenate(counts)), adapted

    def _counts(self, rates: np.ndarray, bins: int, rng: np.random.Generator) -> np.ndarray:
        mean = np.repeat(rates.astype(float) * self.bin_s, bins, axis=0)
        if self.dispersion:
            mean *= rng.gamma(1 / self.dispersion, self.dispersion, size=mean.shape)
        if self.refractory_s:
            slots = max(1, int(self.bin_s / self.refractory_s))
            return rng.binomial(slots, np.minimum(mean / slots, 1.0))
        return rng.poisson(mean)


def _narrow(counts: np.ndarray) -> np.ndarray:
    return np.minimum(counts, np.iinfo(np.uint16).max).astype(np.uint16)


def _fitting(counts: np.ndarray) -> np.ndarray:
    return counts.astype(np.uint8) if counts.max(initial=0) <= np.iinfo(np.uint8).max else counts
