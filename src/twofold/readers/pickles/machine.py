"""What a pickle says, without doing it: its instructions are followed by hand, no name is called."""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol, cast, runtime_checkable

from twofold.errors import DataError

SIMPLE_KEYS = (str, int, float, bool, bytes, type(None))  # hashing a nested tuple can take for ever
VALUES = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
)
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
MARK = object()


@runtime_checkable
class Source(Protocol):
    """Bytes that are read in order."""

    def read(self, n: int, /) -> bytes | bytearray:
        """Exactly n bytes."""
        ...

    def readline(self) -> bytes:
        """Up to the end of a line."""
        ...

    def tell(self) -> int:
        """How many bytes were read."""
        ...


@dataclass(frozen=True)
class Name:
    """A name that the pickle asks for; it stays a name."""

    module: str
    name: str

    def __str__(self) -> str:
        return re.sub(r"[^\w.<>-]", "?", f"{self.module}.{self.name}", flags=re.ASCII)[:100]


@dataclass(eq=False)
class Part:
    """What would have been made by calling a name: the call, not its result.

    Parameters
    ----------
    name
        What would have been called.
    args
        With what.
    state
        What would have been set on the result.
    entries
        What would have been put into it by key.
    """

    name: Name
    args: tuple[Any, ...]
    state: Any = None
    entries: dict[Any, Any] = field(default_factory=dict)


class Machine:
    """The stack machine of pickle, in which calls are noted instead of made.

    Parameters
    ----------
    source
        The pickle; nothing is read beyond its end.
    admitted
        The names that may occur.
    finish
        Called with each `Part` that has got its state; what it gives takes the part's place. Formats that
        put raw bytes between the instructions read them here.

    Examples
    --------
    >>> import io, os, pickle
    >>> Machine(io.BytesIO(pickle.dumps({"a": [1, 2.5], "b": (None, "x")})), set()).run()
    {'a': [1, 2.5], 'b': (None, 'x')}
    >>> Machine(io.BytesIO(pickle.dumps(os.getcwd)), set()).run()
    Traceback (most recent call last):
    ...
    twofold.errors.DataError: it asks for posix.getcwd, which could run code
    """

    def __init__(
        self,
        source: Source,
        admitted: Collection[tuple[str, str]],
        finish: Callable[[Part], Any] = lambda part: part,
    ) -> None:
        self._source = source
        self._admitted = admitted
        self._finish = finish
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """What lies on the stack at the end.

        Raises
        ------
        DataError
            If a name that is not admitted occurs, or an instruction that data never need.
        """
        for code, argument, _ in pickletools.genops(cast(Any, self._source)):
            if code.name == "STOP":
                return self._stack.pop()
            self._step(code.name, argument)
        raise DataError("it ends too early")

    def _step(self, code: str, argument: Any) -> None:
        if code in VALUES:
            self._stack.append(argument)
        elif code in CONSTANTS:
            self._stack.append(CONSTANTS[code])
        elif code not in ("PROTO", "FRAME") and not (
            self._remember(code, argument)
            or self._start(code)
            or self._collect(code)
            or self._call(code, argument)
        ):
            raise DataError(f"it has the instruction {code}, which data do not need and which could run code")

    def _remember(self, code: str, argument: Any) -> bool:
        """Marks, and values that are referred to later."""
        match code:
            case "MARK":
                self._stack.append(MARK)
            case "POP":
                self._stack.pop()
            case "POP_MARK":
                self._since_mark()
            case "DUP":
                self._stack.append(self._stack[-1])
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._stack[-1]
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                self._stack.append(self._memo[argument])
            case _:
                return False
        return True

    def _start(self, code: str) -> bool:
        """Containers as they begin, and those that are whole at once."""
        match code:
            case "EMPTY_LIST":
                self._stack.append([])
            case "EMPTY_TUPLE":
                self._stack.append(())
            case "EMPTY_DICT":
                self._stack.append({})
            case "EMPTY_SET":
                self._stack.append(set())
            case "LIST":
                self._stack.append(self._since_mark())
            case "TUPLE":
                self._stack.append(tuple(self._since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self._stack.append(tuple(self._last(int(code[-1]))))
            case "DICT":
                self._stack.append({})
                self._set_items(self._since_mark(below=1))
            case "FROZENSET":
                self._stack.append(frozenset(map(simple, self._since_mark())))
            case _:
                return False
        return True

    def _collect(self, code: str) -> bool:
        """Entries of containers that were begun."""
        match code:
            case "APPEND":
                self._extend(list, self._last(1))
            case "APPENDS":
                self._extend(list, self._since_mark())
            case "SETITEM":
                self._set_items(self._last(2))
            case "SETITEMS":
                self._set_items(self._since_mark())
            case "ADDITEMS":
                self._extend(set, self._since_mark())
            case _:
                return False
        return True

    def _call(self, code: str, argument: Any) -> bool:
        """Names, and what would have been made of them."""
        match code:
            case "GLOBAL":
                self._ask_for(*argument.split(" ", 1))
            case "STACK_GLOBAL":
                self._ask_for(*self._last(2))
            case "REDUCE" | "NEWOBJ":
                name, args = self._last(2)
                self._stack.append(_part(name, args))
            case "NEWOBJ_EX":
                name, args, named = self._last(3)
                self._stack.append(_part(name, args, named))
            case "BUILD":
                part, state = self._last(2)
                if not isinstance(part, Part) or part.state is not None:
                    raise DataError("it changes what is no object of its own")
                part.state = state
                self._stack.append(self._finish(part))
            case _:
                return False
        return True

    def _ask_for(self, module: Any, name: Any) -> None:
        if (module, name) not in self._admitted:
            raise DataError(f"it asks for {Name(str(module), str(name))}, which could run code")
        self._stack.append(Name(module, name))

    def _since_mark(self, below: int = 0) -> list[Any]:
        """What was pushed since the last mark; `below` values on top of all stay where they are."""
        top = [self._stack.pop() for _ in range(below)]
        taken = []
        while (value := self._stack.pop()) is not MARK:
            taken.append(value)
        self._stack.extend(top)
        return taken[::-1]

    def _last(self, n: int) -> list[Any]:
        if len(self._stack) < n:
            raise DataError("it takes what was never put there")
        taken = self._stack[-n:]
        del self._stack[-n:]
        return taken

    def _extend(self, kind: type, values: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list) and kind is list:
            target.extend(values)
        elif isinstance(target, set) and kind is set:
            target.update(map(simple, values))
        else:
            raise DataError(f"it adds to a {type(target).__name__} as if it were a {kind.__name__}")

    def _set_items(self, flat: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict | Part) or len(flat) % 2:
            raise DataError(f"it sets entries of a {type(target).__name__}")
        entries = target.entries if isinstance(target, Part) else target
        entries.update(zip(map(simple, flat[::2]), flat[1::2], strict=True))


def _part(name: Any, args: Any, named: Any = None) -> Part:
    if not isinstance(name, Name) or not isinstance(args, tuple) or named:
        raise DataError("it calls what is no name, or not with a tuple")
    return Part(name, args)


def simple(key: Any) -> Any:
    """A key of a dict or an element of a set, which must be text or a number.

    Raises
    ------
    DataError
        If it is anything else.
    """
    if not isinstance(key, SIMPLE_KEYS):
        raise DataError(f"it uses a {type(key).__name__} as a key; text and numbers can be keys")
    return key
