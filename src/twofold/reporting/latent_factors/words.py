"""Which tables are drawn, where they stand, and what is said of each."""

from __future__ import annotations

from twofold.reporting.latent_factors.paired import Words

TABLES_OPEN = ("competitors",)  # not drawn line by line, and read all the same
# name -> (part of the page, title, words)
TABLES_DRAWN: dict[str, tuple[str, str, Words]] = {
    "table-1": (
        "parts",
        "The video alone",
        Words(
            "Responses predicted from the video, the state unknown: a Poisson model, a zero-inflated gamma "
            "(ZIG), and the model with latents, which averages over them. The correlation should not suffer "
            "from latents, and the likelihood should gain.",
            "The paper: 0.195, 0.183, 0.182; its likelihoods hold the artefact that is explained below.",
        ),
    ),
    "table-2": (
        "parts",
        "How a neuron reads the latents",
        Words(
            "Weights on the latents that are free for every neuron, told by its position in the cortex, or "
            "the same for all but for a scale.",
            "The paper: 0.24, 0.22, 0.18 given half of the neurons.",
        ),
    ),
    "table-10": (
        "parts",
        "Start from a video model, or from nothing",
        Words(
            "The model with latents, started from a fitted video model or trained from scratch. What is lost "
            "from scratch is the video's part, which latents took over.",
            "The paper: 0.24 and 0.23 given other neurons, but 0.18 and 0.10 from the video alone.",
        ),
    ),
    "table-8": (
        "conditioning",
        "Smoother and encoder",
        Words(
            "The same model with a smoother of the latents, or another encoder of the given responses.",
            "The paper: 0.24 without, 0.23 and 0.22 with a smoother; encoders did not differ.",
        ),
    ),
    "richer-latents": (
        "conditioning",
        "Richer latents",
        Words(
            "The same model with latents that remember, whose spread depends on the responses, that scale "
            "what the video does, or whose prior has another shape; and behind a likelihood of any shape.",
            "The paper: none of these.",
        ),
    ),
    "table-12": (
        "behaviour",
        "How much of behaviour",
        Words(
            "Canonical correlation of state and behaviour on videos that were left out. Leaky rows leave out "
            "single frames, whose neighbours tell them.",
            "The paper, by single frames: 0.57 for the pupil, 0.40 for the treadmill.",
        ),
    ),
    "table-3": (
        "cortex",
        "Neurons never seen, told by their place",
        Words(
            "Held-out neurons, whose weights on the latents come from their position alone, beside a model "
            "that was trained with them, and beside weights of a random other neuron. Near the first, the "
            "maps are enough to place a neuron in the population.",
            "The paper: 0.210 by position, 0.213 trained with them.",
        ),
    ),
    "table-4": (
        "controls",
        "Is it the stimulus after all?",
        Words(
            "What the latents hold of the stimulus, and what is left of the gain when other neurons come "
            "from another repeat of the video. Little of the first and nothing of the second is what a state "
            "of the moment predicts.",
            "The paper: latents from contrast, R² 0.02; same, mixed, video alone 0.20, 0.16, 0.15.",
        ),
    ),
    "locked-share": (
        "controls",
        "Share locked to the video",
        Words(
            "The part of the latents' variance that repeats with the video. 0: state, 1: stimulus.",
            "The paper has no such number.",
        ),
    ),
    "selection": (
        "controls",
        "Chosen where it is scored",
        Words(
            "The same models, stopped and scored on the same videos as in the paper (leaky), and scored on "
            "others. The difference is what the habit adds.",
            "The paper reports the tier on which it stopped.",
        ),
    ),
    "table-5": (
        "other-videos",
        "Videos of another kind",
        Words(
            "Noise, dots, gratings, still images: kinds of video that no training clip is like.",
            "The paper: 0.08 Poisson, 0.11 ZIG, 0.11 latents without and 0.17 with other neurons.",
        ),
    ),
    "appendix-j": (
        "other-videos",
        "The same, not started from a video model",
        Words(
            "Models with latents that were trained from scratch, on the same videos.",
            "The paper: about 0.02 from the video alone and 0.19 given other neurons.",
        ),
    ),
}
