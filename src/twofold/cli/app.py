"""All commands put together, and how errors are told."""

from __future__ import annotations

import sys

import typer

from twofold.cli import (
    data,
    demo,
    export,
    features,
    fetch,
    fit,
    fit_latent_video,
    fit_video,
    import_cebra,
    import_experanto,
    import_nwb,
    import_sensorium,
    predict,
    probe,
    search,
    simulate,
    study,
    study_latent_factors,
)
from twofold.cli.console import stderr
from twofold.errors import TwofoldError

INTERRUPTED = 130

app = typer.Typer(
    name="twofold",
    help="What a neural population does is twofold: the stimulus, and the animal's own state.\n\n"
    "Start with: twofold demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)
importing = typer.Typer(
    help="Bring a recording into a store: arrays, cebra, experanto, nwb, sensorium.", no_args_is_help=True
)
simulating = typer.Typer(
    help="Make a recording with known truth: movie-repeats, sensorium.", no_args_is_help=True
)
fitting = typer.Typer(
    help="Fit one model to recordings: contrastive, guided-vae, video, latent-video.", no_args_is_help=True
)
studying = typer.Typer(help="Run a whole study: neural-alignment, latent-factors.", no_args_is_help=True)

app.command("demo")(demo.demo)
app.add_typer(importing, name="import")
importing.command("arrays")(data.import_arrays)
importing.command("cebra")(import_cebra.import_cebra)
importing.command("experanto")(import_experanto.import_experanto)
importing.command("nwb")(import_nwb.import_nwb)
importing.command("sensorium")(import_sensorium.import_sensorium)
app.command("check")(data.check_recording)
app.command("info")(data.info)
app.add_typer(simulating, name="simulate")
simulating.command("movie-repeats")(data.simulate_movie_repeats)
simulating.command("sensorium")(simulate.simulate_sensorium)
app.add_typer(studying, name="study")
studying.command("neural-alignment")(study.study_neural_alignment)
studying.command("latent-factors")(study_latent_factors.study_latent_factors)
app.add_typer(fitting, name="fit")
fitting.command("contrastive")(fit.fit_contrastive)
fitting.command("video")(fit_video.fit_video)
fitting.command("guided-vae")(fit.fit_guided_vae)
fitting.command("latent-video")(fit_latent_video.fit_latent_video)
app.command("transform")(fit.transform)
app.command("features")(features.features)
app.command("fetch")(fetch.fetch)
app.command("export")(export.export)
app.command("predict")(predict.predict)
app.command("probe")(probe.probe)
app.command("search")(search.search)
app.command("report")(study.make_report)


def main() -> None:
    """Run the command line; a user's mistake is one line, never a traceback."""
    command = typer.main.get_command(app)
    try:
        command.main()  # always ends in SystemExit; wrong usage is told there, with exit code 2
    except (TwofoldError, OSError) as error:
        stderr.print(f"[bold red]Error:[/] {_escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            stderr.print("Interrupted; what was finished is kept. Add --resume to go on.")
        raise


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(" ".join(text.split()))
