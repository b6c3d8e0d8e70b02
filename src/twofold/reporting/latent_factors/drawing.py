"""All figures of a study of latent factors, in the order of the page."""

from __future__ import annotations

from twofold.reporting.figures.drawing import Planned, draw
from twofold.reporting.figures.picture import LeftOut, Picture
from twofold.reporting.latent_factors.behaviour import against_chance, behaviour_traces
from twofold.reporting.latent_factors.checks import calibration, noise_correlations
from twofold.reporting.latent_factors.cortex import further_maps, scale_of_maps, strongest_maps
from twofold.reporting.latent_factors.costs import gain_over_cost
from twofold.reporting.latent_factors.curves import over_dimensions, over_given, over_samples
from twofold.reporting.latent_factors.densities import heat_maps
from twofold.reporting.latent_factors.likelihood import artefact, bits_and_weights
from twofold.reporting.latent_factors.paired import paired
from twofold.reporting.latent_factors.repeats import mixed_repeats
from twofold.reporting.latent_factors.traces import response_traces
from twofold.reporting.latent_factors.training import training_curves
from twofold.reporting.latent_factors.words import TABLES_DRAWN
from twofold.reporting.palette import Palette
from twofold.studies.result import Result

FURTHER = {"training", "figure-11", "figure-8", "figure-9", "appendix-j"}


def draw_latent_factors(result: Result, palette: Palette) -> list[Picture | LeftOut]:
    """Draw every figure that a result allows, and say why each other one is left out."""

    def table(name: str) -> Planned:
        group, title, words = TABLES_DRAWN[name]
        return name, group, title, lambda: paired(result, palette, name, words)

    plan: list[Planned] = [
        ("figure-5", "clip", "The same, as a picture", lambda: response_traces(result)),
        *map(table, ("table-1", "table-2", "table-10")),
        ("training", "parts", "How they were trained", lambda: training_curves(result)),
        ("figure-3-dimension", "conditioning", "How many dimensions", lambda: over_dimensions(result)),
        ("figure-3-given", "conditioning", "How many neurons are given", lambda: over_given(result)),
        ("figure-4", "conditioning", "Likelihood and weights", lambda: bits_and_weights(result)),
        table("table-8"),
        table("richer-latents"),
        ("competitors", "competitors", "Gain over cost", lambda: gain_over_cost(result, palette)),
        table("table-12"),
        ("table-12-chance", "behaviour", "Against chance", lambda: against_chance(result)),
        ("figure-10", "behaviour", "Behaviour told from the latents", lambda: behaviour_traces(result)),
        ("figure-6", "cortex", "The strongest maps", lambda: strongest_maps(result)),
        table("table-3"),
        ("variogram", "cortex", "On what scale neighbours agree", lambda: scale_of_maps(result)),
        ("figure-11", "cortex", "Further maps", lambda: further_maps(result)),
        table("table-4"),
        ("mixed-repeats", "controls", "Other neurons of another moment", lambda: mixed_repeats(result)),
        *map(table, ("locked-share", "selection")),
        ("figure-4-artefact", "likelihoods", "One model, two scores", lambda: artefact(result)),
        ("calibration", "likelihoods", "Are the distributions right?", lambda: calibration(result)),
        ("noise-correlations", "likelihoods", "Noise that is shared", lambda: noise_correlations(result)),
        ("figure-8", "likelihoods", "How many samples", lambda: over_samples(result)),
        ("figure-9", "likelihoods", "Where responses are expected", lambda: heat_maps(result)),
        *map(table, ("table-5", "appendix-j")),
    ]
    return draw(plan, FURTHER)
