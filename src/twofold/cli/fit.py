"""Commands that fit an embedding and encode recordings with it."""

from __future__ import annotations

import ast
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twofold.cli.console import pairs, stderr, stdout
from twofold.errors import DataError, OptionError, did_you_mean

if TYPE_CHECKING:
    from twofold.recordings import Recording

Store = Annotated[Path, typer.Argument(help="A store made by `twofold import`.", show_default=False)]


def fit_contrastive(
    recording: Store,
    out: Annotated[Path, typer.Option(help="Folder for the fitted embedding and its figures.")],
    label: Annotated[
        str, typer.Option(help="What guides it: frame, time, or the name of a signal or frame feature.")
    ] = "frame",
    repeats: Annotated[
        str | None,
        typer.Option(help="Repeats to fit to, such as 0-8; all by default. Keep some to score on."),
    ] = None,
    settings: Annotated[
        list[str], typer.Option("--set", help="Any option, such as dimension=16 or temperature=0.3.")
    ] = [],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
) -> None:
    """Fit a contrastive embedding to a recording.

    Example: twofold fit contrastive mouse.zarr --out run --repeats 0-8 --set dimension=16

    Patent notice: EPFL holds patents on the method (WO2023143843A1, US12499131B2).
    """
    from twofold.embeddings import ContrastiveEmbedding, ContrastiveOptions
    from twofold.embeddings.run import EmbeddingRun
    from twofold.files import claim_folder
    from twofold.recordings import open_recording
    from twofold.recordings.preprocess import Preprocessing, fit_preprocessing

    options = {"random_state": 0, **_options(pairs(settings, "--set"))}
    part = open_recording(recording).in_trials()
    if repeats is not None:
        part = part.repeats(_numbers(repeats))
    embedding = ContrastiveEmbedding(**options)
    ContrastiveOptions(**embedding.get_params())  # refuses wrong values before there is a folder
    y = _labels(part, label)
    name = f"repeats {repeats}" if repeats else "all repeats"
    is_count = part.responses.dtype.kind in "ui" or part.responses[:].min() >= 0
    preprocessing = fit_preprocessing(part, Preprocessing(square_root=is_count), name)
    prepared = preprocessing(part)
    folder = claim_folder(out, overwrite=overwrite)
    with stderr.status("fitting") if stderr.is_terminal else nullcontext():
        embedding.fit(prepared.responses[:], y, trials=prepared.trial_of_row)
    run = EmbeddingRun(embedding, preprocessing, len(part.neurons))
    run.save(folder)
    _figures(run, part, folder)
    bits = float(embedding.score(prepared.responses[:], y, trials=prepared.trial_of_row))
    stdout.print(f"{bits:.2f} bits above chance on what it was fitted to ({name}).")
    stdout.print(f"Wrote {folder}. Next: twofold transform {folder} {recording} latents.npz", markup=False)


def transform(
    run: Annotated[Path, typer.Argument(help="The --out of `twofold fit`.", show_default=False)],
    recording: Store,
    out: Annotated[Path, typer.Argument(help="npz file to write.", show_default=False)],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old file aside (it is kept).")
    ] = False,
) -> None:
    """Write the latents of a recording: arrays latents (time, dimension), trial and time_s.

    Example: twofold transform run mouse.zarr latents.npz
    """
    import numpy as np

    from twofold.embeddings.run import EmbeddingRun
    from twofold.files import set_aside, written_whole
    from twofold.recordings import open_recording

    if out.exists():
        if not overwrite:
            raise DataError(f"{out} exists; add --overwrite to set it aside")
        set_aside(out)
    inside = open_recording(recording).in_trials()
    latents = EmbeddingRun.load(run).transform(inside)
    with written_whole(out) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, latents=latents, trial=inside.trial_of_row, time_s=inside.time_s)
    stdout.print(f"Wrote {out}: {latents.shape[0]} time points x {latents.shape[1]} latents", markup=False)


def _options(given: dict[str, str]) -> dict[str, Any]:
    """Option texts as Python values; names are checked here, values when the embedding is fitted."""
    from twofold.embeddings import ContrastiveEmbedding

    known = ContrastiveEmbedding().get_params()
    found: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            raise OptionError(f"--set {name}={text}: unknown option, {did_you_mean(name, known)}")
        try:
            found[name] = ast.literal_eval({"true": "True", "false": "False", "none": "None"}.get(text, text))
        except (ValueError, SyntaxError):
            found[name] = text
    return found


def _numbers(text: str) -> list[int]:
    """Whole numbers such as 0-3,7.

    Examples
    --------
    >>> _numbers("0-3,7")
    [0, 1, 2, 3, 7]
    """
    found: list[int] = []
    try:
        for part in text.split(","):
            low, _, high = part.partition("-")
            found += range(int(low), int(high or low) + 1)
    except ValueError:
        raise OptionError(f"--repeats {text}: write numbers such as 0-8 or 0,2,5") from None
    return found


def _labels(recording: Recording, label: str) -> Any:
    if label == "time":
        return None
    if label == "frame":
        return recording.frame_ids
    features = {name for clip in recording.stimuli.values() for name in clip.features}
    if label in features:
        return recording.frame_features(label)
    if label in recording.signals:
        return recording.signal(label)
    known = ["frame", "time", *recording.signals, *features]
    raise OptionError(f"--label {label}: {did_you_mean(label, known)}")


def _figures(run: object, recording: Recording, folder: Path) -> None:
    from twofold.embeddings.run import EmbeddingRun
    from twofold.reporting.figures.curves import history_figure
    from twofold.reporting.figures.embedding import embedding_figure

    assert isinstance(run, EmbeddingRun)
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    latents = run.transform(recording)
    drawn = {"history": history_figure(run.embedding.history_, chance_loss=run.embedding.chance_loss_)}
    if latents.shape[1] >= 2:
        shown = min(3, latents.shape[1])
        drawn["embedding"] = embedding_figure(
            latents, colour=recording.frame_of_row, kind="time", dimensions=shown
        )
    for name, figure in drawn.items():
        for ending in ("png", "svg"):
            figure.savefig(figures / f"{name}.{ending}", dpi=150)
