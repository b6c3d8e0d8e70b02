"""The page of a study of latent factors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from twofold.reporting.document import document
from twofold.reporting.figures.picture import LeftOut, Picture
from twofold.reporting.latent_factors.layout import tables_over_mice
from twofold.reporting.latent_factors.player import response_player
from twofold.reporting.latent_factors.sentences import anchors_of, linked
from twofold.reporting.palette import Palette
from twofold.reporting.sections import Part, sections_of
from twofold.studies.result import Result

PARTS = (
    Part(
        "clip",
        "One clip",
        "What all of this is about: responses of single neurons to a video that no training saw, and two "
        "predictions of them. One knows the video; the other knows, besides, what other neurons did.",
        ("figure-5",),
    ),
    Part(
        "parts",
        "What each part explains",
        "From the video to the state: the likelihood, the latents, how a neuron reads them, where training "
        "starts.",
        ("table-1", "table-2", "table-10"),
    ),
    Part(
        "conditioning",
        "Other neurons",
        "The model is told the responses of some neurons and predicts the others. What it gains over the "
        "video alone is what neurons share.",
        ("figure-3-dimension", "figure-3-given", "figure-4", "table-8", "richer-latents"),
    ),
    Part(
        "competitors",
        "What it is worth",
        "Other ways to tell neurons from other neurons, fitted to the same training trials and scored on the "
        "same neurons and trials: regressions, factors, a shared gain, with the video and without.",
        ("competitors", "competitors-differences"),
    ),
    Part(
        "behaviour",
        "Behaviour",
        "No latent was fitted to behaviour. If the state is one of the animal, pupil and running should be "
        "in it. Read each number against its chance, not against zero.",
        ("table-12", "figure-10"),
    ),
    Part(
        "cortex",
        "Maps of the cortex",
        "Weights on the latents know nothing of where a neuron lies. Smooth maps say that the state is laid "
        "out over the cortex.",
        ("figure-6", "figure-11", "table-3"),
    ),
    Part(
        "controls",
        "Controls",
        "Ways in which a gain can be something else: the stimulus once more, or a choice made on the videos "
        "that are scored. Leaky rows show what such a mistake looks like.",
        ("table-4", "selection", "locked-share"),
    ),
    Part(
        "likelihoods",
        "Likelihoods",
        "Bits per response compare models only if they score the same thing. The released code of the paper "
        "scores zeros as if they were responses too, which rewards long weights; both scores stand here "
        "side by side.",
        ("figure-8", "figure-9", "calibration", "noise-correlations"),
    ),
    Part(
        "other-videos",
        "Out of distribution",
        "Kinds of video that training did not hold: the video model should suffer, and the state should not.",
        ("table-5", "appendix-j"),
    ),
)


def latent_factors_page(result: Result, palette: Palette, drawn: Sequence[Picture | LeftOut]) -> str:
    """Write the page of a result.

    Parameters
    ----------
    result, palette
        The numbers, and the colour of each row.
    drawn
        Every figure, or why there is none.
    """
    player = response_player(result)
    sections = sections_of(PARTS, result, drawn, partial(tables_over_mice, result, palette=palette))
    names = sorted({row.row for row in result.rows}, key=len, reverse=True)
    anchors = anchors_of(sections)
    return document(
        "latent_factors.html.j2",
        result,
        sections,
        styles=("style.css", "player.css") if player else ("style.css",),
        scripts=("page.js", "player.js") if player else ("page.js",),
        player=player,
        sentences=[linked(sentence, names, anchors) for sentence in result.conclusions],
    )
