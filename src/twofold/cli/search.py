"""The command that searches for good options of a model."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from twofold.cli.console import pairs, progress_bar, stdout
from twofold.cli.encoding_runs import preset_for
from twofold.errors import DataError, OptionError, did_you_mean

if TYPE_CHECKING:
    from twofold.runs.search.plan import SearchPlan
    from twofold.runs.search.space import Space
    from twofold.runs.search.spaces import ModelName
    from twofold.runs.search.storage import Shared

MODELS = ("contrastive", "guided-vae", "video", "latent-video")
PAGE = "search.html"


def search(
    out: Annotated[Path, typer.Option(help="Folder for the search; an old one is gone on with.")],
    model: Annotated[
        str | None, typer.Argument(help=f"{', '.join(MODELS)}; none to go on.", show_default=False)
    ] = None,
    recordings: Annotated[
        list[Path] | None, typer.Argument(help="Stores, or folders of stores.", show_default=False)
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="By all workers together; 50 at first.", show_default=False)
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes on this machine.")] = 1,
    storage: Annotated[
        str | None,
        typer.Option(
            help="URL of a database that workers on several machines share; a file in --out without it."
        ),
    ] = None,
    space: Annotated[
        Path | None,
        typer.Option(
            help="JSON file of what to search instead, like 'space' in search.json.", show_default=False
        ),
    ] = None,
    settings: Annotated[
        list[str], typer.Option("--set", help="An option that is not searched, such as epochs=30.")
    ] = [],
    preset: Annotated[
        Literal["auto", "tiny", "small", "paper"],
        typer.Option(help="Size of video models; auto is the largest that fits the frames."),
    ] = "auto",
    video: Annotated[
        Path | None, typer.Option(help="The --out of `twofold fit video` that latent-video begins from.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all draws.")] = 0,
    grace: Annotated[
        int, typer.Option(help="Seconds of silence after which a worker's trial goes to another.")
    ] = 60,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in a folder; a search does so unasked, too.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
) -> None:
    """Search for options of a model, by any number of workers; trials of workers that die are tried again.

    Example: twofold search video mouse.zarr --out search --trials 40 --workers 2 --set epochs=30

    The same line with --storage URL on other machines joins in; twofold search --out search goes on.
    """
    from twofold.runs.search.plan import SearchPlan
    from twofold.runs.search.searching import prepare_search
    from twofold.runs.search.searching import search as work_on

    if model is None:
        said = {"--space": space, "--set": settings or None, "--video": video, "--storage": storage}
        if given := [name for name, value in said.items() if value is not None]:
            raise OptionError(f"{given[0]}: say it with the model and its recordings, to begin a search")
        plan = SearchPlan.load(out)
        plan = plan if trials is None else plan.model_copy(update={"trials": trials})
    else:
        plan = _plan(model, recordings or [], preset, video, pairs(settings, "--set"), space)
        more = {"trials": trials or 50, "seed": seed, "storage": storage, "grace": grace}
        plan = SearchPlan(**{**plan.model_dump(), "space": plan.space, **more})
    prepare_search(out, plan, overwrite=overwrite and model is not None)
    with progress_bar(f"search {plan.model}") as progress:
        found = work_on(out, workers=workers, progress=progress)
    _tell(out, plan, found)


def _plan(
    model: str,
    recordings: list[Path],
    preset: str,
    video: Path | None,
    fixed: dict[str, str],
    space: Path | None,
) -> SearchPlan:
    from twofold.recordings import open_all
    from twofold.runs.search.plan import SearchPlan, fingerprint
    from twofold.runs.search.space import read_space
    from twofold.runs.search.spaces import default_space

    if model not in MODELS:
        raise OptionError(f"{model}: no model that can be searched, {did_you_mean(model, MODELS)}")
    if not recordings:
        raise OptionError(f"twofold search {model}: name one or more recordings")
    if video is not None and model != "latent-video":
        raise OptionError("--video: only a latent-video model begins from a video model")
    opened = [recording for path in recordings for recording in open_all(path)]
    named = cast("ModelName", model)
    is_video = model in ("video", "latent-video")
    chosen: Any = preset_for(opened, fixed.get("device", "auto")) if preset == "auto" and is_video else preset
    chosen = "tiny" if chosen == "auto" else chosen
    searched: Space = read_space(space) if space is not None else default_space(named, chosen)
    return SearchPlan(
        model=named,
        recordings=tuple(str(path.absolute()) for path in recordings),
        fingerprint=fingerprint(opened),
        preset=chosen,
        video=None if video is None else str(video.absolute()),
        fixed=fixed,
        space={name: kind for name, kind in searched.items() if name not in fixed},
    )


def _tell(out: Path, plan: SearchPlan, found: Shared) -> None:
    """The page, and the best options in one line."""
    from twofold.files import written_whole
    from twofold.reporting.search_page import search_page
    from twofold.runs.search.figures import search_figures
    from twofold.runs.search.outcome import BEST, TRIALS

    with (out / TRIALS).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    best = json.loads((out / BEST).read_text(encoding="utf-8")) if (out / BEST).exists() else None
    ended = {state: sum(row["state"] == state for row in rows) for state in ("complete", "pruned", "failed")}
    facts = {"trials": str(plan.trials), **{k: str(n) for k, n in ended.items()}, "seed": str(plan.seed)}
    if plan.model in ("video", "latent-video"):
        facts["preset"] = plan.preset
    title = f"Search for a {plan.model} model"
    with written_whole(out / PAGE) as temporary:
        page = search_page(title, facts, best, rows, search_figures(plan, found))
        temporary.write_text(page, encoding="utf-8")
    if best is None:
        raise DataError(f"no trial came to an end with a value; {out / TRIALS} says why")
    stdout.print(
        f"Best of {best['trials']} trials: {best['value']:.4f} ({best['metric']}).\n"
        f"Fit it: {best['command']}\nHistory: {out / PAGE}",
        soft_wrap=True,
        markup=False,
    )
