"""The command that predicts responses with a fitted encoding model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twofold.cli.console import stdout
from twofold.errors import DataError


def predict(
    run: Annotated[
        Path, typer.Argument(help="The --out of `twofold fit` of an encoding model.", show_default=False)
    ],
    recording: Annotated[Path, typer.Argument(help="A store made by `twofold import`.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="Store to write, such as predicted.zarr.", show_default=False)],
    tier: Annotated[list[str], typer.Option(help="Only these tiers; all by default.")] = [],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old store aside (it is kept).")
    ] = False,
) -> None:
    """Write predicted responses: arrays mean and variance (time, neuron), trial and time_s.

    Example: twofold predict runs/zig mouse.zarr predicted.zarr --tier oracle
    """
    from twofold.encoding.model import EncodingModel
    from twofold.encoding.writing import write_prediction
    from twofold.recordings import open_recording
    from twofold.runs.loading import load

    if out.exists() and not overwrite:
        raise DataError(f"{out} exists; add --overwrite to set it aside")
    model = load(run)
    if not isinstance(model, EncodingModel):
        raise DataError(f"{run} holds an embedding, which predicts no responses; use twofold transform")
    opened = open_recording(recording)
    part = opened.tier(*tier) if tier else opened
    write_prediction(model, part, out, overwrite=overwrite)
    stdout.print(
        f"Wrote {out}: mean and variance of {len(part.neurons)} neurons in {len(part.trials)} trials",
        soft_wrap=True,
        markup=False,
    )
