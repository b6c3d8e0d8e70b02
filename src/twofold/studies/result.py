"""What every study returns, writes and reads: rows of numbers, and the arrays that its figures show."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
from pydantic import field_validator, model_validator

from twofold.errors import DataError
from twofold.files import written_whole
from twofold.options import Options

IntervalKind = Literal["sem", "confidence_95", "permutation_99", "bootstrap_95", "range"]
UNREADABLE = (
    OSError,
    EOFError,
    BadZipFile,
    zlib.error,  # damaged, in as many ways as a file has parts
    ValueError,
    KeyError,
    TypeError,
    AttributeError,  # whole, but not what `save` writes
)
SplitName = Literal["train", "validation", "test", "leave_one_repeat_out", "leave_one_block_out"]


class Row(Options):
    """One number of a study, with all that is needed to believe it.

    A number that could not be computed is None, and `note` says why; NaN and infinity are refused.

    Examples
    --------
    >>> row = Row(table="frame-decoding", row="pca + knn", metric="exact_accuracy",
    ...           split="leave_one_repeat_out", value=0.57, low=0.55, high=0.59, interval_kind="sem",
    ...           over="repeats", n=20, n_units=555, chance=1 / 30)
    >>> row.key
    ('frame-decoding', 'pca + knn', 'exact_accuracy', 'leave_one_repeat_out')
    """

    table: str
    row: str
    metric: str
    split: SplitName
    value: float | None
    low: float | None = None
    high: float | None = None
    interval_kind: IntervalKind | None = None
    over: str | None = None
    n: int | None = None
    n_units: int | None = None
    chance: float | None = None
    ceiling: float | None = None
    fitted_on: str | None = None
    scored_on: str | None = None
    leaky: bool = False
    window: int | None = None
    seed: int | None = None
    paper: float | None = None
    note: str = ""

    @field_validator("value", "low", "high", "chance", "ceiling", "paper")
    @classmethod
    def _finite(cls, value: float | None) -> float | None:
        if value is not None and not math.isfinite(value):
            raise ValueError("is not finite; write None and say why in `note`")
        return value

    @model_validator(mode="after")
    def _honest(self) -> Row:
        if self.leaky != ("leaky" in self.row):
            raise ValueError("a leaky row says 'leaky' in its name, and no other row does")
        if self.value is None and not self.note:
            raise ValueError("a row without a value says why in `note`")
        return self

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What is unique in a result."""
        return self.table, self.row, self.metric, self.split


class Result:
    """The rows and arrays of one study of one recording.

    Parameters
    ----------
    study
        Name of the study, such as "neural-alignment".
    recording
        What was studied: name and sizes.
    options, versions
        All options, and the versions of the packages that computed it.
    seconds
        How long it took.
    rows
        The numbers; (table, row, metric, split) is unique.
    arrays
        All that the figures show, by name with slashes, such as "pca/embedding".
    conclusions
        Sentences written from the numbers.

    Raises
    ------
    DataError
        If two rows have the same key.
    """

    def __init__(
        self,
        study: str,
        recording: Mapping[str, Any],
        options: Mapping[str, Any],
        versions: Mapping[str, str],
        seconds: float,
        rows: Iterable[Row],
        arrays: Mapping[str, np.ndarray],
        conclusions: Iterable[str] = (),
    ) -> None:
        self.study = study
        self.recording = dict(recording)
        self.options = dict(options)
        self.versions = dict(versions)
        self.seconds = seconds
        self.rows = tuple(rows)
        self.arrays = dict(arrays)
        self.conclusions = tuple(conclusions)
        seen: set[tuple[str, str, str, str]] = set()
        for row in self.rows:
            if row.key in seen:
                raise DataError(f"two rows of the result have the same key {row.key}")
            seen.add(row.key)

    def __repr__(self) -> str:
        return f"Result({self.study!r}, {self.recording.get('name')!r}, {len(self.rows)} rows)"

    def tables(self) -> dict[str, list[Row]]:
        """Rows by table, in their order."""
        tables: dict[str, list[Row]] = {}
        for row in self.rows:
            tables.setdefault(row.table, []).append(row)
        return tables

    def table(self, name: str | None = None) -> Any:
        """Rows as a pandas DataFrame, of one table or of all."""
        import pandas as pd

        rows = self.rows if name is None else self.tables().get(name, [])
        return pd.DataFrame([row.model_dump() for row in rows], columns=list(Row.model_fields))

    def find(self, table: str, row: str, metric: str, split: str | None = None) -> Row | None:
        """The first row with these names, or None."""
        for found in self.rows:
            if (found.table, found.row, found.metric) == (table, row, metric) and split in (
                None,
                found.split,
            ):
                return found
        return None

    def save(self, folder: Path | str) -> None:
        """Write `results.json`, `arrays.npz` and `options.json`, each under a temporary name first."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "study": self.study,
            "recording": self.recording,
            "options": self.options,
            "versions": self.versions,
            "seconds": round(self.seconds, 3),
            "conclusions": list(self.conclusions),
            "rows": [row.model_dump() for row in self.rows],
        }
        with written_whole(folder / "arrays.npz") as temporary:
            np.savez_compressed(temporary, allow_pickle=False, **self.arrays)
        # The numbers come last: where they are, the result is whole.
        for name, part in (("options.json", self.options), ("results.json", content)):
            with written_whole(folder / name) as temporary:
                temporary.write_text(json.dumps(part, indent=1, allow_nan=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path | str) -> Result:
        """Read a result back from its folder.

        Raises
        ------
        DataError
            If a file is missing or is not what this version writes.
        """
        folder = Path(folder)
        try:
            content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
            with (folder / "arrays.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            rows = [Row(**row) for row in content["rows"]]
            head = {k: content[k] for k in ("study", "recording", "options", "versions", "seconds")}
        except FileNotFoundError as error:
            raise DataError(f"{folder} holds no result: {Path(error.filename).name} is missing") from None
        except UNREADABLE as error:
            raise DataError(f"{folder} holds no readable result: {error}") from None
        return cls(**head, rows=rows, arrays=arrays, conclusions=content.get("conclusions", ()))
