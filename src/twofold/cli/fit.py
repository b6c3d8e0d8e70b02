"""Commands that fit an embedding and encode recordings with it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twofold.cli.console import pairs, progress_bar, stderr, stdout
from twofold.errors import DataError, OptionError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

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
    from twofold.recordings.preprocess import Preprocessing, fit_preprocessing

    given = _options(pairs(settings, "--set"), ContrastiveEmbedding().get_params())
    options = {"random_state": 0, **given}
    part, name = _part(recording, repeats)
    embedding = ContrastiveEmbedding(**options)
    ContrastiveOptions(**embedding.get_params())  # refuses wrong values before there is a folder
    y = _labels(part, label)
    preprocessing = fit_preprocessing(part, Preprocessing(square_root=_are_counts(part)), name)
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


def fit_guided_vae(
    recording: Store,
    out: Annotated[Path, typer.Option(help="Folder for the fitted embedding, its curves and its figure.")],
    guide: Annotated[
        str, typer.Option(help="What guides it: none, frame, features, or the name of a frame feature.")
    ] = "none",
    beta: Annotated[float, typer.Option(help="Weight of the KL divergence, once annealed.")] = 0.05,
    epochs: Annotated[int, typer.Option(help="Passes over all rows.")] = 200,
    repeats: Annotated[
        str | None,
        typer.Option(help="Repeats to fit to, such as 0-8; all by default. Keep some to score on."),
    ] = None,
    settings: Annotated[
        list[str], typer.Option("--set", help="Any option, such as dimension=16 or likelihood=poisson.")
    ] = [],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
) -> None:
    """Fit a variational autoencoder to a recording, guided by frame or by features where asked.

    Example: twofold fit guided-vae mouse.zarr --out run --guide frame --repeats 0-8
    """
    from twofold.embeddings import GuidedVAE, GuidedVAEOptions
    from twofold.embeddings.run import EmbeddingRun
    from twofold.files import claim_folder
    from twofold.recordings.preprocess import Preprocessing, fit_preprocessing

    given = _options(pairs(settings, "--set"), GuidedVAE().get_params())
    kind = guide if guide in ("frame", "none") else "features"
    said = {"guide": None if kind == "none" else kind, "beta": beta, "epochs": epochs}
    vae = GuidedVAE(**{"random_state": 0, **said, **given})
    GuidedVAEOptions(**vae.get_params())  # refuses wrong values before there is a folder
    part, name = _part(recording, repeats)
    y = _labels(part, _feature(part, guide) if kind == "features" else "time" if kind == "none" else kind)
    raw = vae.likelihood in ("poisson", "zig")
    choices = Preprocessing(square_root=not raw and _are_counts(part), standardise=not raw)
    preprocessing = fit_preprocessing(part, choices, name)
    prepared = preprocessing(part)
    folder = claim_folder(out, overwrite=overwrite)
    with progress_bar("fitting") as progress:
        vae.fit(prepared.responses[:], y, trials=prepared.trial_of_row, progress=progress)
    run = EmbeddingRun(vae, preprocessing, len(part.neurons))
    run.save(folder)
    _write_curves(vae.history_, folder / "log.csv")
    _figures(run, part, folder)
    for row, words in (("r2_train", f"what it was fitted to ({name})"), ("r2_validation", "held-out trials")):
        if len(vae.history_.get(row, ())):
            stdout.print(f"R2 {vae.history_[row][-1]:.3f} of the same responses, on {words}.")
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


def _options(given: dict[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Option texts as Python values; names are checked here, values when the embedding is fitted."""
    found: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            raise OptionError(f"--set {name}={text}: unknown option, {did_you_mean(name, known)}")
        try:
            found[name] = ast.literal_eval({"true": "True", "false": "False", "none": "None"}.get(text, text))
        except (ValueError, SyntaxError):
            found[name] = text
    return found


def _part(path: Path, repeats: str | None) -> tuple[Recording, str]:
    """The repeats to fit to, and what they are called."""
    from twofold.recordings import open_recording

    inside = open_recording(path).in_trials()
    if repeats is None:
        return inside, "all repeats"
    return inside.repeats(_numbers(repeats)), f"repeats {repeats}"


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


def _feature(recording: Recording, guide: str) -> str:
    """Name of the frame feature that guides."""
    features = sorted({name for clip in recording.stimuli.values() for name in clip.features})
    if guide in features:
        return guide
    if guide == "features" and len(features) == 1:
        return features[0]
    if not features:
        raise OptionError(f"--guide {guide}: frames have no features in this recording; use frame or none")
    raise OptionError(f"--guide {guide}: {did_you_mean(guide, ['none', 'frame', *features])}")


def _are_counts(recording: Recording) -> bool:
    return recording.responses.dtype.kind in "ui" or bool(recording.responses[:].min() >= 0)


def _write_curves(history: Mapping[str, np.ndarray], path: Path) -> None:
    """One line per epoch of what was measured after it."""
    from twofold.files import written_whole

    names = [name for name in history if name.endswith(("_train", "_validation")) or name == "active"]
    lines = [",".join(["epoch", *names])]
    columns = (history[name] for name in names)
    for epoch, values in enumerate(zip(*columns, strict=True), start=1):
        lines.append(",".join([str(epoch), *(f"{value:.6g}" for value in values)]))
    with written_whole(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _figures(run: object, recording: Recording, folder: Path) -> None:
    from twofold.embeddings import ContrastiveEmbedding
    from twofold.embeddings.run import EmbeddingRun
    from twofold.reporting.figures.curves import history_figure
    from twofold.reporting.figures.embedding import embedding_figure

    assert isinstance(run, EmbeddingRun)
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    latents = run.transform(recording)
    drawn = {}
    if isinstance(run.embedding, ContrastiveEmbedding):
        drawn["history"] = history_figure(run.embedding.history_, chance_loss=run.embedding.chance_loss_)
    if latents.shape[1] >= 2:
        shown = min(3, latents.shape[1])
        drawn["embedding"] = embedding_figure(
            latents, colour=recording.frame_of_row, kind="time", dimensions=shown
        )
    for name, figure in drawn.items():
        for ending in ("png", "svg"):
            figure.savefig(figures / f"{name}.{ending}", dpi=150)
