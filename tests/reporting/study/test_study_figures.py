from __future__ import annotations

import numpy as np
import pytest

from twofold.reporting.figures import LeftOut, Picture
from twofold.reporting.figures.all import FURTHER
from twofold.reporting.figures.curves import smoothed
from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.picture import NothingToShow, Sketch, canvas, develop, style
from twofold.reporting.figures.saturation import saturation
from twofold.reporting.figures.seeds import across_seeds
from twofold.reporting.figures.tuning import trials
from twofold.reporting.palette import Palette, family_of
from twofold.reporting.scoreboard import Scoreboard, best_of_each
from twofold.studies.result import Result, Row


def holding(**arrays: np.ndarray) -> Result:
    """A result of nothing but arrays; a double underscore stands for a slash."""
    return Result("s", {}, {}, {}, 1.0, [], {key.replace("__", "/"): each for key, each in arrays.items()})


def test_a_whole_study_has_all_figures_of_the_paper_in_kind(study):
    assert [figure.name for figure in study.drawn if isinstance(figure, LeftOut)] == []
    assert len(study.pictures) == 32
    assert set(study.pictures) >= FURTHER
    groups = {figure.group for figure in study.drawn}
    assert groups == {
        "overview", "data", "decoding", "guidance", "contrastive", "alignment", "state", "controls",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("guidance", "(paper 0.590)"),
        ("rebuilt", "contrastive + mlp -> all units: (a) R² same trial 0.090 (paper 0.019)"),
        ("accuracy", "raw + logistic 0.972"),
        ("similarity", "contrastive + knn: structural similarity 0.900"),
        ("pc-grid", "best with 64 components"),
        ("neighbour-grid", "contrastive best with 1, 0.946"),
        ("vae-latents", "of 16 dimensions"),
        ("vae-responses", "vae beta=0.05 peak"),
        ("contrastive", "on held-out repeats"),
        ("seeds", "by chance 0.05"),
        ("tuning", "in trial"),
        ("merging", "from 120 to 24 classes"),
    ],
)
def test_the_words_of_a_figure_hold_its_numbers_and_those_of_the_paper(study, name: str, words: str):
    assert words in study.pictures[name].alt


def test_the_confusions_are_those_of_all_left_out_repeats(study):
    told = study.result.arrays["decoded/every_repeat/raw + logistic"]
    share = np.mean(told == study.result.arrays["decoded/true"])
    assert f"raw + logistic {100 * share:.0f} % exact" in study.pictures["confusion"].alt
    assert "20 held-out repeats" in study.pictures["confusion"].caption


def test_the_best_trial_of_a_search_is_named_with_its_options():
    value = np.array([0.1, np.nan, 0.3, 0.2])
    options = np.array(['{"beta": 0.05}', "{}", '{"beta": 0.008, "depth": 2}', "{}"])
    with style():
        sketch = trials(holding(tuning__vae__value=value, tuning__vae__options=options))
    assert "vae: best 0.300 in trial 3 of 4 (beta 0.008, depth 2)" in sketch.alt


def test_curves_over_units_are_means_of_the_draws_that_there_are():
    draws = np.array([[0.2, 0.4, np.nan], [0.5, 0.7, np.nan]])
    result = holding(saturation__n_units=np.array([10, 40]), **{"saturation__by_units__raw + knn": draws})
    with style():
        sketch = saturation(result, Palette.of([]))
    assert "raw + knn with 10 units 0.300, with 40 0.600" in sketch.alt
    (axes,) = sketch.figure.axes
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.3, 0.6])


def test_latents_without_their_agreement_are_left_out():
    with style(), pytest.raises(NothingToShow, match="seeds/latents/pca"):
        across_seeds(holding(seeds__score__pca=np.eye(3)))


@pytest.mark.parametrize("n", [1, 149, 150, 1001])
def test_smoothing_keeps_the_mean_of_a_straight_line(n: int):
    step = np.arange(1, n + 1)
    middle, mean = smoothed(step, 3.0 * step)
    np.testing.assert_allclose(mean, 3.0 * middle)
    assert len(middle) <= 300


def test_a_legend_makes_the_figure_taller_and_leaves_the_axes_their_height():
    with style():
        figure = canvas(4.8, 2.5)
        axes = figure.subplots()
        for k in range(6):
            axes.plot([0, 1], [k, k], label=f"a name that takes a whole line, number {k}")
        legend_below(figure, axes)
        figure.draw_without_rendering()
    assert figure.get_figheight() > 3.4
    assert axes.get_position().height * figure.get_figheight() > 1.7


def test_a_picture_has_the_colours_of_its_figure_in_a_palette_of_256():
    with style():
        figure = canvas(1.0, 1.0)
        figure.subplots().axvspan(0, 1, color="#0072B2")
        png, _, size = develop(Sketch(figure, "", ""), 100)
    assert size == (100, 100)
    assert png[25] == 3  # of the header: colours by number
    at = png.index(b"PLTE") + 4
    length = int.from_bytes(png[at - 8 : at - 4], "big")
    colours = np.frombuffer(png[at : at + length], np.uint8).reshape(-1, 3).astype(int)
    assert np.abs(colours - [0x00, 0x72, 0xB2]).sum(axis=1).min() <= 6


def row(name: str, value: float, split: str = "leave_one_repeat_out", **rest: object) -> Row:
    given = {"table": "frame-decoding", "metric": "exact_accuracy", **rest}
    return Row(row=name, value=value, split=split, leaky="leaky" in name, **given)


def test_members_of_a_family_have_shades_of_one_hue_and_families_differ():
    names = (
        "vae beta=0.05",
        "vae beta=0.008",
        "vae features beta=0.05",
        "contrastive",
        "pca 90 % of variance",
    )
    palette = Palette.of([row(f"{name} + knn", 0.5) for name in names])
    assert len({palette[name] for name in names}) == 5
    assert family_of(names[0]) == family_of(names[1]) != family_of(names[2])
    assert palette["V1: contrastive + knn"] == palette["contrastive"]
    assert palette["control (a) labels shuffled: contrastive + knn"] not in palette.hues.values()


def test_a_row_that_only_one_split_has_stands_on_the_scoreboard_and_says_so():
    rows = [
        row("raw + knn", 0.5),
        row("raw + knn", 0.9, "train"),
        row("vae beta=0.05 + knn", 0.2, "test"),
        row("vae beta=0.05 + knn", 99.0, "test", metric="mae_directions"),
        row("vae beta=0.05", 0.3, "validation", table="guidance", metric="r2_same_trial"),
    ]
    board = Scoreboard.of(Result("s", {}, {}, {}, 1.0, rows, {}))
    assert [(e.name, e.split, e.value("exact_accuracy")) for e in board.entries] == [
        ("raw + knn", "leave_one_repeat_out", 0.5),
        ("vae beta=0.05 + knn", "test", 0.2),
    ]
    assert board.entries[1].value("mae_frames") == 99.0
    assert board.entries[1].value("r2_same_trial") is None  # that of one epoch of training, not an alignment
    assert board.title("mae_frames") == "mean error, directions"


def test_the_short_scoreboard_keeps_the_best_decoder_of_each_embedding_and_all_controls():
    names = [f"pca {k} + {decoder}" for k in range(20) for decoder in ("knn", "logistic")]
    rows = [row(name, 0.5 - 0.01 * k) for k, name in enumerate(names)]
    rows += [row("untrained + knn", 0.3), row("pca 1 (leaky: fitted on all repeats) + knn", 0.9)]
    kept = best_of_each(Scoreboard.of(Result("s", {}, {}, {}, 1.0, rows, {})), 12)
    assert [entry.name for entry in kept[:10]] == [f"pca {k} + knn" for k in range(10)]
    assert [entry.kind for entry in kept[10:]] == ["control", "leaky"]


def test_a_dark_page_turns_no_picture_into_its_negative(study):
    photographic = {name for name, picture in study.pictures.items() if picture.photographic}
    assert photographic == {"raster", "decoded-frames", "rebuilt-units"}
    assert all(isinstance(figure, Picture) for figure in study.drawn)
