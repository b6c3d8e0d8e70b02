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
    given: Annotated[
        float | None,
        typer.Option(
            help="Share of the neurons whose responses are given; the others are predicted. Needs a model "
            "with a latent state, or a competitor of one.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed that draws the neurons given.")] = 0,
    tier: Annotated[list[str], typer.Option(help="Only these tiers; all by default.")] = [],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old store aside (it is kept).")
    ] = False,
) -> None:
    """Write predicted responses: arrays mean and variance (time, neuron), trial, time_s and neuron.

    Example: twofold predict runs/zig mouse.zarr predicted.zarr --tier oracle

    Example: twofold predict runs/latent mouse.zarr predicted.zarr --given 0.5
    """
    from twofold.encoding.competitors import Competitor
    from twofold.encoding.competitors.conditioning import Conditioning as CompetitorGiven
    from twofold.encoding.latent import LatentVideoModel
    from twofold.encoding.latent.predicting import Conditioning
    from twofold.encoding.model import EncodingModel
    from twofold.encoding.writing import write_prediction
    from twofold.recordings import open_recording
    from twofold.runs.loading import load

    if out.exists() and not overwrite:
        raise DataError(f"{out} exists; add --overwrite to set it aside")
    model = load(run)
    if not isinstance(model, EncodingModel | Competitor):
        raise DataError(f"{run} holds an embedding, which predicts no responses; use twofold transform")
    opened = open_recording(recording)
    part = opened.tier(*tier) if tier else opened
    conditioning: Conditioning | CompetitorGiven | None = None
    if given is not None:
        if isinstance(model, Competitor):
            conditioning = CompetitorGiven.of(model, part, given, random_state=seed)
        elif isinstance(model, LatentVideoModel):
            conditioning = Conditioning.of(model, part, given, random_state=seed)
        else:
            raise DataError(
                f"--given {given}: the model in {run} has no latent state, and its neurons say nothing of "
                "each other; fit one with twofold fit latent-video"
            )
    write_prediction(model, part, out, given=conditioning, overwrite=overwrite)
    n_neurons = len(part.neurons) if conditioning is None else len(conditioning.neurons)
    words = "" if conditioning is None else f", given {len(part.neurons) - n_neurons} others"
    stdout.print(
        f"Wrote {out}: mean and variance of {n_neurons} neurons in {len(part.trials)} trials{words}",
        soft_wrap=True,
        markup=False,
    )
