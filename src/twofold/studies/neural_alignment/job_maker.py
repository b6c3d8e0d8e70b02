"""Jobs of the study, whose keys hold all that their results depend on and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from twofold.runs.jobs import Arrays, Job, content_hash
from twofold.studies.neural_alignment.methods.method import FrameDecoder, Method
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.decoding import Comparison
from twofold.studies.neural_alignment.truth import Known


@dataclass(frozen=True, eq=False)
class JobMaker:
    """Makes jobs on one recording.

    Parameters
    ----------
    data
        The recording, which every job gets.
    seen
        Hash of what only some methods see, by name: features, signals, pictures, a user's latents.
    version
        Of the package.
    """

    data: Presentations
    seen: Mapping[str, str]
    version: str

    @classmethod
    def of(cls, data: Presentations, latents: Mapping[str, np.ndarray], version: str) -> JobMaker:
        """Hash the recording once."""
        seen = {f"latents {name}": content_hash(values) for name, values in latents.items()}
        if data.features is not None:
            seen["features"] = content_hash(data.features)
        seen["signals"] = content_hash(np.array(list(data.signals)), *data.signals.values())
        seen["responses"] = content_hash(data.responses, data.clip, data.label)
        return cls(data, seen, version)

    def __call__(
        self, name: str, function: Callable[..., Arrays], *, sees: str | None = None, **arguments: Any
    ) -> Job:
        """A job whose key is made of its arguments, and of what it sees of the recording."""
        key = {argument: self._plain(value) for argument, value in arguments.items()}
        kind = [self.data.label_name, self.data.circular]
        key |= {"responses": self.seen["responses"], "label": kind, "version": self.version}
        if sees is not None:
            key[sees] = self.seen[sees]
        return Job(name, function, {"data": self.data, **arguments}, key)

    def without_data(self, name: str, function: Callable[..., Arrays], **arguments: Any) -> Job:
        """A job that needs the law of a simulation only."""
        job = self(name, function, **arguments)
        return Job(name, function, arguments, job.key)

    def _plain(self, value: Any) -> Any:
        """An argument as JSON can hold it; of what a method sees, the hash."""
        if isinstance(value, Method):
            return self._plain(value.key) | {"sees": [self.seen.get(what, what) for what in value.sees]}
        if isinstance(value, FrameDecoder):
            return self._plain(value.key) | {"estimator": repr(value.estimator)}
        if isinstance(value, Comparison):
            names = ("method", "decoders", "responses", "shown", "controlled")
            return {name: self._plain(getattr(value, name)) for name in names}
        if isinstance(value, Known):
            return content_hash(value.truth.drive, value.truth.drift, value.truth.loadings, value.rates)
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json")
        if isinstance(value, np.ndarray):
            return value.tolist() if value.size < 10_000 else content_hash(value)
        if isinstance(value, Mapping):
            return {name: self._plain(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(part) for part in value]
        if is_dataclass(value) and not isinstance(value, type):
            fields = {name: getattr(value, name) for name in value.__dataclass_fields__}
            return self._plain(fields)
        return value
