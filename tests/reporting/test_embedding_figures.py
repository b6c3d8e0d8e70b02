from __future__ import annotations

import json
import re
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from twofold.errors import DataError, OptionError
from twofold.reporting.figures.consistency import consistency_figure
from twofold.reporting.figures.curves import history_figure
from twofold.reporting.figures.embedding import embedding_figure
from twofold.reporting.figures.embedding_view import Classes, Scale, colouring, points
from twofold.reporting.figures.interactive import interactive_embedding

N = 60
LATENTS = np.random.default_rng(0).normal(size=(N, 5))


def drawn_points(figure: Figure) -> int:
    figure.draw_without_rendering()
    return sum(
        len(part.get_offsets()) for part in figure.axes[0].collections if isinstance(part, PathCollection)
    )


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize(
    ("kind", "colour", "legend"),
    [
        ("label", np.array(["left", "right"] * 30), ["left", "right"]),
        ("label", np.arange(N) % 3 * 10, ["0", "10", "20"]),
        ("repeat", np.arange(N) // 6, [str(k) for k in range(10)]),
        ("label", np.linspace(0, 1, N), []),
        ("label", np.arange(N), []),
        ("repeat", np.arange(N) // 2, []),
        ("time", None, []),
    ],
)
def test_discrete_colours_have_a_legend_and_others_a_scale(dimensions, kind, colour, legend):
    figure = embedding_figure(LATENTS, colour=colour, kind=kind, dimensions=dimensions, name="what it is")
    assert drawn_points(figure) == N
    assert legend_of(figure) == legend
    if legend:
        assert figure.legends[0].get_title().get_text() == "what it is"
        assert len(figure.axes) == 1
    else:
        assert figure.axes[1].get_ylabel() == "what it is"


def test_every_sample_has_the_colour_of_its_class():
    label = np.array(["b", "a", "b", "c"])
    found = colouring(label, "label", 4)
    assert isinstance(found, Classes)
    assert found.names == ("b", "a", "c")
    assert np.array(found.names)[found.number].tolist() == label.tolist()
    assert len(set(found.colours)) == 3
    assert len(set(colouring([f"class {k}" for k in range(24)], "label", 24).colours)) == 24
    assert isinstance(colouring(np.arange(3), "time", 3), Scale)


def test_more_latents_than_axes_are_shown_by_their_principal_components():
    shown = points(LATENTS, 3)
    u, s, _ = np.linalg.svd(LATENTS - LATENTS.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(shown.at), np.abs(u[:, :3] * s[:3]), atol=1e-9)
    assert shown.names == ("component 1", "component 2", "component 3")
    chosen = points(LATENTS, 2, axes=(4, 0))
    np.testing.assert_array_equal(chosen.at, LATENTS[:, [4, 0]])
    assert chosen.names == ("latent 5", "latent 1")
    assert points(LATENTS[:, :2], 2).at is not None


def test_figures_leave_the_style_of_the_caller_alone_and_need_no_window():
    with mpl.rc_context({"font.size": 31.0}):
        embedding_figure(LATENTS, kind="time")
        assert mpl.rcParams["font.size"] == 31.0
    program = (
        "import sys, twofold.reporting.figures.embedding, twofold.reporting.figures.interactive;"
        "print([name for name in ('torch', 'matplotlib.pyplot') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert output.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("latents", "options", "error", "words"),
    [
        (LATENTS[:, :1], {"kind": "time"}, DataError, "1 dimensions"),
        (np.full((N, 3), np.nan), {"kind": "time"}, DataError, "finite"),
        (LATENTS, {"kind": "time", "dimensions": 4}, OptionError, "2 or 3"),
        (LATENTS, {"kind": "time", "axes": (0, 1, 5)}, OptionError, "from 0 to 4"),
        (LATENTS, {"kind": "tiem"}, OptionError, "'label', 'time' or 'repeat'"),
        (LATENTS, {"kind": "label"}, OptionError, "one label per sample"),
        (LATENTS, {"colour": np.arange(9)}, DataError, "9"),
        (LATENTS, {"colour": np.full(N, np.inf)}, DataError, "row 0"),
        (LATENTS, {"colour": np.arange(N).astype(str)}, DataError, "60 classes"),
    ],
)
def test_what_cannot_be_shown_is_refused(latents, options, error, words):
    for draw in (embedding_figure, interactive_embedding):
        with pytest.raises(error, match=words):
            draw(latents, **options)


def a_history(n: int) -> dict[str, np.ndarray]:
    return {
        "loss": np.linspace(9, 8, n),
        "positive": np.full(n, -1.0),
        "negative": np.linspace(6, 5, n),
        "temperature": np.linspace(1, 0.5, n),
    }


@pytest.mark.parametrize("n", [1, 10, 1000])
def test_curves_show_the_loss_in_nats_and_bits_and_the_temperature(n: int):
    validation = {"step": np.array([1, n]), "loss": np.array([5.5, 5.0])}
    figure = history_figure(a_history(n), chance_loss=np.log(512), validation=validation)
    figure.draw_without_rendering()
    loss, temperature = figure.axes
    assert temperature.get_title(loc="left") == "temperature"
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["training", "validation"]
    training = next(line for line in loss.lines if line.get_label() == "training")
    assert np.isclose(training.get_ydata()[0], 5.0, atol=0.01)
    (bits,) = loss.child_axes
    for in_bits in (0.0, 1.0):
        in_nats = np.log(512) - in_bits * np.log(2)
        heights = loss.transData.transform((0, in_nats))[1], bits.transData.transform((0, in_bits))[1]
        assert heights[0] == pytest.approx(heights[1])


def test_curves_need_a_step():
    with pytest.raises(DataError, match="no step"):
        history_figure({"loss": np.empty(0)})
    with pytest.raises(DataError, match="2 steps and 1 losses"):
        history_figure(a_history(5), validation={"step": np.arange(2), "loss": np.ones(1)})


def test_agreement_is_shown_with_its_chance_level():
    matrix = np.array([[1.0, 0.8, 0.1], [0.7, 1.0, -0.2], [0.6, 0.5, 1.0]])
    chance = np.full((3, 3), 0.02) + np.diag([np.nan] * 3)
    figure = consistency_figure(matrix, ["one", "two", "mouse three"], chance)
    figure.draw_without_rendering()
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words[::2] == ["0.80", "0.10", "0.70", "-0.20", "0.60", "0.50"]
    assert set(words[1::2]) == {"0.02"}
    with pytest.raises(DataError, match="3 names"):
        consistency_figure(matrix[:2, :2], ["a", "b", "c"], 0.0)


def traces_of(html: str) -> list[dict]:
    start = html.index("[{", html.index("Plotly.newPlot("))
    return json.JSONDecoder().raw_decode(html[start:])[0]


@pytest.mark.parametrize(("dimensions", "kind"), [(2, "scattergl"), (3, "scatter3d")])
def test_the_interactive_embedding_has_a_trace_per_class_and_tells_what_is_under_the_pointer(
    dimensions, kind
):
    label = np.array(["left", "right"] * 30)
    html = interactive_embedding(
        LATENTS, label, dimensions=dimensions, hover={"frame": np.arange(N)}, script="none"
    )
    traces = traces_of(html)
    assert [(trace["name"], trace["type"]) for trace in traces] == [("left", kind), ("right", kind)]
    assert traces[1]["text"][0] == "<b>right</b><br>frame: 1"
    assert html == interactive_embedding(
        LATENTS, label, dimensions=dimensions, hover={"frame": np.arange(N)}, script="none"
    )


def test_the_interactive_embedding_needs_no_network_unless_asked():
    alone, loaded, bare = (
        interactive_embedding(LATENTS, kind="time", script=script) for script in ("inline", "cdn", "none")
    )
    assert len(alone) > 1_000_000 > len(loaded)
    assert not re.search(r"<script[^>]*src=", alone)
    assert re.search(r"<script[^>]*src=", loaded)
    assert not re.search(r"<script[^>]*src=", bare)


def test_a_label_is_never_taken_for_html():
    wicked = "</script><img src=x onerror=alert(1)>"
    html = interactive_embedding(
        LATENTS, [wicked] * N, name=wicked, hover={wicked: [wicked] * N}, script="none"
    )
    assert "<img" not in html
    assert html.count("</script>") == html.count("<script")


def test_hover_needs_a_value_per_sample():
    with pytest.raises(DataError, match="hover"):
        interactive_embedding(LATENTS, kind="time", hover={"frame": [1, 2]}, script="none")
    with pytest.raises(OptionError, match="'inline'"):
        interactive_embedding(LATENTS, kind="time", script="local")
