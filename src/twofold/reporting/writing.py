"""Write the page and the figures of a result."""

from __future__ import annotations

from pathlib import Path

from twofold.errors import OptionError
from twofold.files import written_whole
from twofold.reporting.figures import LeftOut, Picture, draw_all
from twofold.reporting.latent_factors.colours import colours_of
from twofold.reporting.latent_factors.drawing import draw_latent_factors
from twofold.reporting.latent_factors.page import latent_factors_page
from twofold.reporting.page import page
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Scoreboard
from twofold.studies.result import Result


def report(result: Result | Path | str, path: Path | str | None = None) -> Path:
    """Write a result as one self-contained HTML page, and its figures as png and svg beside it.

    Parameters
    ----------
    result
        What a study returned, or the folder where it was saved.
    path
        The page to write, `report.html` in the result's folder if not given; figures go to the folder
        `figures` beside it. A folder that exists means `report.html` in it.

    Returns
    -------
    Path
        Where the page is.

    Raises
    ------
    OptionError
        If a result in memory comes without a path.
    DataError
        If the folder holds no result, or a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from twofold.studies.result import Row
    >>> row = Row(table="frame-decoding", row="raw + knn", metric="exact_accuracy", split="test", value=0.4)
    >>> result = Result("neural-alignment", {"name": "mouse"}, {}, {}, 1.0, [row], {})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = report(result, Path(folder) / "mouse.html")
    ...     page.name, "raw + knn" in page.read_text(encoding="utf-8")
    ('mouse.html', True)
    """
    if isinstance(result, Result):
        if path is None:
            raise OptionError(
                "a result in memory has no folder: give the path of the page, as in 'out/report.html'"
            )
        found, path = result, Path(path)
    else:
        found, path = Result.load(result), Path(result if path is None else path)
    if path.is_dir():
        path = path / "report.html"
    _make_folder(path.parent / "figures")
    text, drawn = _drawn_page(found)
    for picture in drawn:
        if isinstance(picture, Picture):
            _write(path.parent / "figures" / f"{picture.name}.png", picture.png)
            _write(path.parent / "figures" / f"{picture.name}.svg", picture.svg)
    _write(path, text.encode("utf-8"))
    return path


def _drawn_page(result: Result) -> tuple[str, list[Picture | LeftOut]]:
    """The page of a result as its study has it, and the figures in it."""
    if result.study == "latent-factors":
        palette = colours_of(result.rows)
        drawn = draw_latent_factors(result, palette)
        return latent_factors_page(result, palette, drawn), drawn
    scoreboard, palette = Scoreboard.of(result), Palette.of(result.rows)
    drawn = draw_all(result, scoreboard, palette)
    return page(result, scoreboard, palette, drawn), drawn


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"cannot make the folder {folder}: {error.strerror}; give another path") from None


def _write(path: Path, content: bytes) -> None:
    with written_whole(path) as temporary:
        temporary.write_bytes(content)
