"""Tables of pandas and labelled arrays of xarray from the parts that a pickle names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twofold.errors import DataError
from twofold.readers.pickles.machine import Name, Part

if TYPE_CHECKING:
    from xarray import Variable

Resolve = Callable[[Any], Any]
MANAGERS = ("pandas.core.internals.managers", "pandas.core.internals")
INDEXES = ("Index", "RangeIndex", "Int64Index", "Float64Index")
ADMITTED = frozenset(
    [
        *(("pandas", name) for name in ("DataFrame", "Series", "Categorical", "CategoricalDtype")),
        *(("pandas.core.frame", "DataFrame"), ("pandas.core.series", "Series"), ("pandas", "StringDtype")),
        *((module, name) for module in MANAGERS for name in ("BlockManager", "SingleBlockManager")),
        *(("pandas._libs.internals", "_unpickle_block"), ("pandas.core.indexes.base", "_new_Index")),
        *(("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"), ("pandas.arrays", "StringArray")),
        *((module, name) for module in ("pandas", "pandas.core.indexes.base") for name in INDEXES),
        *(("pandas.core.indexes.range", "RangeIndex"), ("pandas.core.indexes.numeric", "Int64Index")),
        *(("pandas.core.indexes.numeric", "Float64Index"), ("xarray.core.dataset", "Dataset")),
        *(("xarray.core.dataarray", "DataArray"), ("xarray.core.indexes", "PandasIndex")),
        *(("xarray.core.variable", "Variable"), ("xarray.core.variable", "IndexVariable")),
        ("xarray.core.indexing", "PandasIndexingAdapter"),
    ]
)


def resolved(part: Part, resolve: Resolve) -> Any:
    """The table, the index or the labelled array that a part names.

    Parameters
    ----------
    part
        Its name is one of `ADMITTED`.
    resolve
        How the parts of the part are resolved.

    Raises
    ------
    DataError
        If it is incomplete, or written by a version of pandas or xarray that we do not know.
    """
    match part.name.name:
        case "DataFrame":
            return _frame(part.state, resolve)
        case "Series":
            blocks, axes = _manager(part.state, resolve)
            return pd.Series(_values(blocks[0][0]), index=axes[0], name=_text(part.state.get("_name")))
        case "_new_Index":
            return _index(part.args, resolve)
        case "__pyx_unpickle_NDArrayBacked":
            return _backed(part.args, part.state, resolve)
        case "Categorical":
            return _taken(resolve(part.state["_codes"]), resolve(part.state["_dtype"]))
        case "CategoricalDtype":
            return np.asarray(resolve(part.state["categories"]))
        case "StringDtype":
            return None
        case "Dataset":
            import xarray as xr  # only here: it takes long to import

            state = part.state[1]
            variables = {key: _variable(value, resolve) for key, value in state["_variables"].items()}
            return xr.Dataset(variables).set_coords(sorted(resolve(state["_coord_names"])))
        case "DataArray":
            import xarray as xr

            state = part.state[1]
            coordinates = {key: _variable(value, resolve) for key, value in state["_coords"].items()}
            variable = _variable(state["_variable"], resolve)
            return xr.DataArray(variable, coords=coordinates, name=_text(state["_name"]))
    raise DataError(f"it has a {part.name} outside a table")


def _frame(state: Any, resolve: Resolve) -> pd.DataFrame:
    blocks, (columns, index) = _manager(state, resolve)
    names, found = list(columns), {}
    for values, places in blocks:
        rows = values if values.ndim == 2 else values[None]
        for place, row in zip(np.arange(len(names))[places], rows, strict=True):
            found[int(place)] = row
    if len(found) != len(names):
        raise DataError("it has a table in which columns are missing")
    table = pd.DataFrame({place: _values(found[place]) for place in range(len(names))}, index=index)
    return table.set_axis(names, axis="columns")


def _manager(state: Any, resolve: Resolve) -> tuple[list[tuple[np.ndarray, Any]], list[Any]]:
    """Blocks (values, which columns) and axes (columns and index, or index alone)."""
    manager = state.get("_mgr", state.get("_data")) if isinstance(state, dict) else None
    match manager:
        case Part(args=(tuple() as blocks, list() as axes)):
            pairs = [(one.args[0], one.args[1]) for one in blocks if isinstance(one, Part)]
        case Part(state=(_, _, _, {"0.14.1": {"axes": list() as axes, "blocks": list() as blocks}})):
            pairs = [(one["values"], one["mgr_locs"]) for one in blocks]
        case _:
            raise DataError("it has a table of a version of pandas that is not known here")
    return [(resolve(values), resolve(places)) for values, places in pairs], [resolve(axis) for axis in axes]


def _index(args: Any, resolve: Resolve) -> pd.Index:
    match args:
        case (Name(name="RangeIndex"), {"start": int(), "stop": int(), "step": int()} as given):
            name = _text(given.get("name"))
            return pd.RangeIndex(given["start"], given["stop"], given["step"], name=name)
        case (Name(name=kind), {"data": data, **more}) if kind in INDEXES:
            return pd.Index(_values(resolve(data)), name=_text(more.get("name")))
    raise DataError("it has an index that is neither numbers nor text")


def _backed(args: Any, state: Any, resolve: Resolve) -> np.ndarray:
    """Text or categories; state is the type, the array, and perhaps more, in either order."""
    kind = args[0].name
    given = [resolve(one) for one in state[:2]]
    if kind == "StringArray":
        return next(one for one in given if isinstance(one, np.ndarray))
    if kind == "Categorical":
        categories, codes = given
        return _taken(codes, categories)
    raise DataError(f"it has a column of {kind}; text, numbers and categories are read")


def _taken(codes: np.ndarray, categories: np.ndarray) -> np.ndarray:
    texts = np.append(categories.astype(object), np.nan)  # the code -1 is: missing
    return texts[codes]


def _variable(part: Any, resolve: Resolve) -> Variable:
    from xarray import Variable

    state = part.state[1]
    data = state["_data"]
    if isinstance(data, Part) and data.name.name == "PandasIndexingAdapter":
        data = data.state[1]["array"]
    return Variable(tuple(state["_dims"]), np.asarray(resolve(data)))


def _values(values: np.ndarray) -> np.ndarray | pd.Series:
    """A column; objects must be text, numbers or missing."""
    if values.dtype.kind == "O" and not all(isinstance(one, str | int | float | None) for one in values.flat):
        raise DataError("it has a column of objects; text and numbers are read")
    return values


def _text(name: Any) -> str | None:
    return name if isinstance(name, str) else None
