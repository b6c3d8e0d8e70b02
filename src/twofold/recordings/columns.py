"""The tables of a recording: what is known of each neuron, and when what was shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twofold.errors import DataError, did_you_mean

TRIAL_COLUMNS = ("stimulus", "repeat", "tier", "start_s", "stop_s")
POSITION_COLUMNS = ["x_um", "y_um", "z_um"]


@dataclass(frozen=True, eq=False)
class Neurons:
    """What is known of each neuron: a table with one row per neuron and any columns.

    Columns `x_um`, `y_um`, `z_um` are the position in micrometres; every other name is the user's.
    """

    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    @property
    def position_um(self) -> np.ndarray | None:
        """(neuron, 3) positions in micrometres, or None where they are not known."""
        if not set(POSITION_COLUMNS) <= set(self.table.columns):
            return None
        return self.table[POSITION_COLUMNS].to_numpy(dtype=float)

    def column(self, name: str) -> np.ndarray:
        """One column, (neuron,)."""
        return _column(self.table, name, "neurons")


@dataclass(frozen=True, eq=False)
class Trials:
    """When what was shown: one row per presentation, in order of time.

    Columns: `stimulus` (name of the clip), `repeat` (0, 1, ... within a clip), `tier` (such as "train",
    "oracle", or "all"), `start_s` and `stop_s` on the recording's clock, and any others, such as `block`.
    """

    table: pd.DataFrame

    def __post_init__(self) -> None:
        missing = [name for name in TRIAL_COLUMNS if name not in self.table.columns]
        if missing:
            raise DataError(
                f"the trial table lacks {', '.join(missing)}; it needs {', '.join(TRIAL_COLUMNS)}"
            )

    def __len__(self) -> int:
        return len(self.table)

    def column(self, name: str) -> np.ndarray:
        """One column, (trial,)."""
        return _column(self.table, name, "trials")


def _column(table: pd.DataFrame, name: str, of: str) -> np.ndarray:
    if name not in table.columns:
        raise DataError(f"{of} have no column {name!r}; {did_you_mean(name, map(str, table.columns))}")
    return table[name].to_numpy()
