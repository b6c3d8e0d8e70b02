"""Arrays and tables in a Zarr group: any name, any plain type, and nothing that would need pickle."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import zarr
from numpy.dtypes import StringDType
from zarr.codecs import BytesCodec, Crc32cCodec

from twofold.errors import DataError
from twofold.recordings.lazy import ArrayLike

CHUNK_BYTES = 2**20  # the last bytes that a window reads in vain are few, and the files are not many
BLOCK_BYTES = 2**25  # held in memory while an array is copied


def write_array(
    group: zarr.Group, key: str, values: ArrayLike, dims: tuple[str, ...], **attributes: Any
) -> zarr.Array:
    """Copy an array into a group, a block of rows at a time.

    Parameters
    ----------
    group
        Where it goes.
    key
        Its name there; see `keys_for`.
    values
        Numbers, booleans or text of any shape, in memory or on disk.
    dims
        Name of each axis.
    **attributes
        Kept with it.

    Raises
    ------
    DataError
        If the elements are of another type.
    """
    dtype = _stored_dtype(np.dtype(values.dtype), key)
    row_bytes = max(1, dtype.itemsize * math.prod(values.shape[1:]))
    rows = max(1, min(CHUNK_BYTES // row_bytes, *values.shape[:1])) if values.shape else 1
    array = group.create_array(
        key,
        shape=values.shape,
        chunks=(rows, *(max(1, n) for n in values.shape[1:])) if values.shape else (),
        dtype=dtype,
        serializer="auto" if dtype.kind == "T" else BytesCodec(endian="little"),
        filters=None,
        compressors=[Crc32cCodec()],
        dimension_names=dims,
        attributes={name: value for name, value in attributes.items() if value is not None},
        chunk_key_encoding={"name": "default", "separator": "."},
        config={"write_empty_chunks": True},
    )
    if not values.shape:
        array[...] = np.asarray(values)
        return array
    block = rows * max(1, BLOCK_BYTES // (rows * row_bytes))
    for start in range(0, values.shape[0], block):
        array[start : start + block] = np.asarray(values[start : start + block]).astype(dtype, copy=False)
    return array


def read_array(array: zarr.Array) -> np.ndarray:
    """All of a stored array, in memory."""
    return np.asarray(array[...])


def member(group: zarr.Group, key: str) -> zarr.Array:
    """An array of a group, not read."""
    array = group[key]
    if not isinstance(array, zarr.Array):
        raise DataError(f"{group.store_path}/{key} is not an array")
    return array


def subgroup(group: zarr.Group, key: str) -> zarr.Group:
    """A group of a group."""
    found = group[key]
    if not isinstance(found, zarr.Group):
        raise DataError(f"{group.store_path}/{key} is not a group")
    return found


def attributes(node: zarr.Group | zarr.Array) -> dict[str, Any]:
    """What is kept with a group or an array."""
    return dict(node.attrs)


def _stored_dtype(dtype: np.dtype, key: str) -> Any:
    if dtype.kind in "UT":
        return StringDType()
    if dtype.kind in "biufc":
        return dtype.newbyteorder("=")
    raise DataError(f"{key!r} holds {dtype}; numbers, booleans and text can be stored")


# --- names ---------------------------------------------------------------------------------------


def keys_for(names: Iterable[Any], what: str) -> dict[str, str]:
    """A safe file name for each name, which stays the name itself where that is a plain word.

    Raises
    ------
    DataError
        If a name is not text, or there twice.

    Examples
    --------
    >>> keys_for(["region", "Region", "dF/F"], "column")
    {'region': 'region', 'Region': '1-Region', 'dF/F': '2-dF_F'}
    """
    keys: dict[str, str] = {}
    taken: set[str] = set()  # in lower case: some file systems do not tell a from A
    for position, name in enumerate(names):
        if not isinstance(name, str):
            raise DataError(f"{what} {name!r} is no text; rename it to {str(name)!r}")
        if name in keys:
            raise DataError(f"{what} {name!r} is there twice; rename one")
        plain = re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,63}", name) and name.lower() not in taken
        keys[name] = name if plain else f"{position}-{re.sub('[^A-Za-z0-9]+', '_', name)[:32]}"
        taken.add(keys[name].lower())
    return keys


class StoredArrays(Mapping[str, np.ndarray]):
    """The arrays of a group by name, each read when it is asked for."""

    def __init__(self, group: zarr.Group, keys: Mapping[str, str]) -> None:
        self._group = group
        self._keys = keys

    def __getitem__(self, name: str) -> np.ndarray:
        return read_array(member(self._group, self._keys[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


# --- tables --------------------------------------------------------------------------------------


def write_table(parent: zarr.Group, key: str, table: pd.DataFrame, dim: str) -> None:
    """Write a table as a group, one array per column.

    Raises
    ------
    DataError
        If a column holds something else than numbers, booleans or text.
    """
    keys = keys_for(table.columns, f"{dim} column")
    group = parent.create_group(key, attributes={"rows": len(table), "columns": keys})
    for name, column in keys.items():
        values, missing = _plain(table[name], f"{dim} column {name!r}")
        write_array(group, column, values, (dim,), long_name=name, missing=missing)


def read_table(group: zarr.Group) -> pd.DataFrame:
    """Read a table that `write_table` wrote."""
    columns: dict[str, pd.Series] = {}
    for name, key in attributes(group)["columns"].items():
        array = member(group, key)
        values = read_array(array)
        if values.dtype.kind != "T":
            columns[name] = pd.Series(values)
            continue
        texts = pd.Series(values.tolist(), dtype="str")
        texts.iloc[attributes(array).get("missing", [])] = np.nan
        columns[name] = texts
    return pd.DataFrame(columns, index=pd.RangeIndex(attributes(group)["rows"]))


def _plain(column: pd.Series, what: str) -> tuple[np.ndarray, list[int] | None]:
    """A column as a numpy array, and for text the rows where it is missing."""
    values = column.to_numpy()
    if values.dtype.kind != "O":
        return values, None
    missing = column.isna().to_numpy()
    strange = [value for value in values[~missing] if not isinstance(value, str)]
    if strange:
        raise DataError(f"{what} mixes types ({strange[0]!r}); make it numbers, booleans or text")
    texts = np.array(np.where(missing, "", values).tolist(), dtype=StringDType())
    return texts, np.flatnonzero(missing).tolist() or None
