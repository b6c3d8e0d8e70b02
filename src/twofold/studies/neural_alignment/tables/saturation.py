"""How accuracy grows with the number of units and of repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.methods.method import FrameDecoder, Method, predict_frames
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.result import Row

TABLE = "saturation"


def points(largest: int, n: int, smallest: int) -> np.ndarray:
    """(n,) whole numbers from the smallest to the largest, each as many times the one before.

    Examples
    --------
    >>> points(555, 4, 8).tolist(), points(3, 4, 2).tolist()
    ([8, 33, 135, 555], [2, 3])
    """
    return np.unique(np.geomspace(min(smallest, largest), largest, n).round().astype(int))


def saturation_point(
    data: Presentations,
    pairs: Sequence[tuple[Method, FrameDecoder]],
    preprocessing: Preprocessing,
    train: np.ndarray,
    test: np.ndarray,
    *,
    n_units: int,
    draws: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Exact accuracy of each embedding and decoder, from draws of so many units.

    Returns
    -------
    dict
        `<row>` (draw,).
    """
    there = data.responses.shape[-1]
    out: dict[str, list[float]] = {}
    for draw in range(1 if n_units == there else draws):
        chosen = np.sort(np.random.default_rng([seed, 3, draw]).permutation(there)[:n_units])
        # Where few units are drawn, all may be silent in some repeat.
        own = preprocessing.model_copy(update={"drop_silent": False, "top_variance": None})
        part = Prepared.of(data.of_units(chosen), train, test, own)
        for method, decoder in pairs:
            encode = method.encoder(method.candidates[0], part.rows, seed)
            told = predict_frames(
                decoder, decoder.candidates[0], encode(part.rows), part.rows.frame, encode(part.new)
            )
            out.setdefault(f"{method.name} + {decoder.name}", []).append((told == part.new.frame).mean())
    return {name: np.array(values) for name, values in out.items()}


def saturation_arrays(
    n_units: np.ndarray,
    n_repeats: np.ndarray,
    by_units: Sequence[Mapping[str, np.ndarray]],
    by_repeats: Sequence[Mapping[str, np.ndarray]],
) -> dict[str, np.ndarray]:
    """For the figure; where there was but one draw, the others are NaN."""
    found = {"saturation/n_units": n_units, "saturation/n_repeats": n_repeats}
    for kind, results in (("by_units", by_units), ("by_repeats", by_repeats)):
        for name in results[0] if results else ():
            most = max(len(result[name]) for result in results)
            values = np.full((len(results), most), np.nan)
            for line, result in zip(values, results, strict=True):
                line[: len(result[name])] = result[name]
            found[f"saturation/{kind}/{name}"] = values
    return found


def saturation_rows(arrays: Mapping[str, np.ndarray], n_units: int, seed: int) -> list[Row]:
    """Accuracy at each number of units, with all repeats, and of repeats, with all units."""
    rows = []
    for key, values in arrays.items():
        _, kind, name = (*key.split("/", 2), "")[:3]
        if kind not in ("by_units", "by_repeats"):
            continue
        what = kind.removeprefix("by_")
        for n, draws in zip(arrays[f"saturation/n_{what}"].tolist(), values, strict=True):
            found = draws[np.isfinite(draws)]
            several = len(found) > 1
            rows.append(
                Row(
                    table=TABLE,
                    row=f"{name}, {n} {what}",
                    metric="exact_accuracy",
                    split="test",
                    value=float(found.mean()),
                    low=float(found.min()) if several else None,
                    high=float(found.max()) if several else None,
                    interval_kind="range" if several else None,
                    over="draws of units" if several else None,
                    n=len(found),
                    n_units=n if what == "units" else n_units,
                    fitted_on="the training repeats" if what == "units" else f"{n} training repeats",
                    scored_on="the last repeat",
                    window=1,
                    seed=seed,
                )
            )
    return rows
