"""All figures of a study of alignment, in the order of the page."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.alignment import alignments
from twofold.reporting.figures.controls import controls
from twofold.reporting.figures.data import components, explained_variance, raster
from twofold.reporting.figures.decoding import accuracies, decoded_rows, errors, every_repeat
from twofold.reporting.figures.drawing import Planned, draw
from twofold.reporting.figures.epochs import guide_curves, latents_used, response_curves
from twofold.reporting.figures.frame_errors import confusions, errors_by_frame
from twofold.reporting.figures.gallery import gallery
from twofold.reporting.figures.grids import component_grid, neighbour_grid
from twofold.reporting.figures.guidance import guidance
from twofold.reporting.figures.maps import embedding_maps
from twofold.reporting.figures.picture import LeftOut, Picture, array, label_of
from twofold.reporting.figures.reconstruction import decoder_curves, rebuilt, side_by_side
from twofold.reporting.figures.regression import regressions, told
from twofold.reporting.figures.saturation import saturation
from twofold.reporting.figures.scatter import scatter
from twofold.reporting.figures.seeds import across_seeds
from twofold.reporting.figures.similarity import merged, picture_similarity
from twofold.reporting.figures.state import traces
from twofold.reporting.figures.steps import contrastive_curves
from twofold.reporting.figures.trade_off import trade_off
from twofold.reporting.figures.tsne import neighbourhoods
from twofold.reporting.figures.tuning import trials
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Scoreboard
from twofold.studies.result import Result

FURTHER = {
    "merging",
    "similarity",
    "regression",
    "regression-told",
    "pc-grid",
    "neighbour-grid",
    "vae-guide",
    "vae-latents",
    "tuning",
    "rebuilt-units",
    "decoder-curves",
}


def draw_all(result: Result, scoreboard: Scoreboard, palette: Palette) -> list[Picture | LeftOut]:
    """Draw every figure that the arrays of a result allow, and say why each other one is left out."""
    plan = [
        *_data(result, scoreboard, palette),
        *_decoding(result, scoreboard, palette),
        *_guidance_and_contrastive(result, palette),
        *_alignment(result, palette),
    ]
    return draw(plan, FURTHER)


def _data(result: Result, scoreboard: Scoreboard, palette: Palette) -> list[Planned]:
    return [
        ("scoreboard", "overview", "Decoding against alignment", lambda: scatter(scoreboard, palette)),
        ("raster", "data", "One presentation", lambda: raster(result)),
        ("explained-variance", "data", "Explained variance", lambda: explained_variance(result)),
        ("tsne", "data", "Neighbourhoods of responses", lambda: neighbourhoods(result)),
        ("components", "data", "Principal components", lambda: components(result)),
    ]


def _decoding(result: Result, scoreboard: Scoreboard, palette: Palette) -> list[Planned]:
    what = label_of(result)

    def true() -> np.ndarray:
        return array(result, "decoded/true", 1)

    def predicted() -> dict[str, np.ndarray]:
        return decoded_rows(result, scoreboard)

    def everywhere() -> dict[str, np.ndarray]:
        return every_repeat(result, predicted())

    return [
        ("accuracy", "decoding", "Exact accuracy", lambda: accuracies(scoreboard, palette, what)),
        (
            "confusion",
            "decoding",
            "Decoded and true",
            lambda: confusions(true(), everywhere(), palette, what),
        ),
        ("errors", "decoding", "Size of the errors", lambda: errors(true(), predicted(), palette, what)),
        ("decoded-frames", "decoding", "Decoded frames", lambda: gallery(result, true(), predicted())),
        (
            "errors-by-frame",
            "decoding",
            f"Error over the {what}s",
            lambda: errors_by_frame(true(), everywhere(), palette, what),
        ),
        ("saturation", "decoding", "More units, more repeats", lambda: saturation(result, palette)),
        ("merging", "decoding", "Similar frames taken as one", lambda: merged(result, palette)),
        (
            "similarity",
            "decoding",
            "Do wrong frames look alike?",
            lambda: picture_similarity(result, palette),
        ),
        ("regression", "decoding", f"Regression of the {what} number", lambda: regressions(result, palette)),
        ("regression-told", "decoding", f"The {what} number told", lambda: told(result, palette)),
        ("pc-grid", "decoding", "How many principal components", lambda: component_grid(result)),
        ("neighbour-grid", "decoding", "How many neighbours", lambda: neighbour_grid(result, palette)),
    ]


def _guidance_and_contrastive(result: Result, palette: Palette) -> list[Planned]:
    return [
        ("guidance", "guidance", "What guidance gives and takes", lambda: guidance(result, palette)),
        ("vae-responses", "guidance", "Learning the responses", lambda: response_curves(result, palette)),
        ("vae-guide", "guidance", "Learning the guide", lambda: guide_curves(result, palette)),
        ("vae-latents", "guidance", "Latents in use", lambda: latents_used(result, palette)),
        ("tuning", "guidance", "All trials of the search", lambda: trials(result)),
        (
            "contrastive",
            "contrastive",
            "Learning to tell samples apart",
            lambda: contrastive_curves(result, palette),
        ),
        ("seeds", "contrastive", "The same again from other seeds", lambda: across_seeds(result)),
        ("embedding", "contrastive", "All embeddings", lambda: embedding_maps(result)),
    ]


def _alignment(result: Result, palette: Palette) -> list[Planned]:
    plan: list[Planned] = [
        ("alignment", "alignment", "Three kinds of alignment", lambda: alignments(result, palette)),
        ("rebuilt", "alignment", "Responses from latents", lambda: rebuilt(result, palette)),
        ("rebuilt-units", "alignment", "Units, as recorded and as rebuilt", lambda: side_by_side(result)),
        (
            "decoder-curves",
            "alignment",
            "Learning to rebuild responses",
            lambda: decoder_curves(result, palette),
        ),
        ("state", "state", "Signals and their prediction", lambda: traces(result)),
        ("controls", "controls", "Controls and what they must not exceed", lambda: controls(result, palette)),
    ]
    if "trade_off/lambda" in result.arrays:  # most studies try a single lambda, and miss nothing
        title = "Decoding and alignment over lambda"
        plan.insert(1, ("trade-off", "alignment", title, lambda: trade_off(result)))
    return plan
