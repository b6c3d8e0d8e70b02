"""Parts of a model with a latent state, what it is trained for, and how integrals are taken."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from twofold.options import Options

Share = Annotated[float, Field(gt=0, lt=1)]
RELEASED: dict[str, Any] = {
    "reads": "responses",
    "first_step": False,
    "mask": "time",
    "kl": "reverse",
    "beta": 0.53,
    "integration": "monte_carlo",
    "released_likelihood": True,
}


class LatentOptions(Options):
    """What is added to a video model; the defaults but `reads` are the sizes of paper B.

    Parameters
    ----------
    dimension
        Latents.
    encoder, hidden, width
        "gru", which looks back, or "cnn", which looks to both sides; units of each recording's own layer, and
        of the shared one.
    normalise, residual
        Whether hidden units are normalised; whether layers of the CNN are added to their inputs.
    reads
        What the encoder sees of a neuron: its "responses"; "asinh", which tames large ones; or "evidence",
        the gradient of log p(y) with respect to the readout, given the video.
    first_step
        Whether the encoder only corrects a first step of Newton's method with the model's own weights: its
        mean counts as further evidence, and the step's covariance is scaled by its spread. A smoother does
        not allow it.
    spread
        The posterior's standard deviation is one number, "shared", or "predicted" from the responses.
    latent_map
        Weights are "free", a function of "position" in cortex, or "shared" up to a scale.
    start_sd
        Of free weights at the beginning: from 0, the paper's way, an encoder without the first step hardly
        moves; 0.1 is enough.
    prior
        Of the state: "white", at each time by itself; or "ar1", with a memory of each latent that is learned,
        so that earlier and later responses count at each time. It needs the first step, and no smoother.
    prior_shape
        Of each latent: "gaussian", or by a "flow" with a skew and tails that are learned; its integrals are
        taken by samples. (A scale of its own would be no other model, as weights are linear.)
    latent_gain
        Whether the state also scales the drive of each neuron, a (1 + v.z) + w.z, with weights v of the same
        map. Scored on hidden neurons, v comes out at about half its size; objective="given" is nearer to it.
    smoother
        Between state and neurons; its integrals are taken by samples.
    mask
        In training neurons are hidden for a whole clip, "neuron", or at single frames, "time", which shows
        the frames beside them and is the paper's way.
    show_mask
        Whether the encoder is told who is hidden, so that hidden and silent differ.
    masked_share, most_masked
        Share of neurons that is hidden; with the second it is drawn between the two for each clip.
    objective
        "masked" scores the hidden neurons, "given" those that are seen, "full" all.
    masked_scale
        "given" weighs the scored ones as if they were as many as the seen ones.
    beta
        Weight of the divergence from the prior.
    kl
        "posterior" is KL(posterior || prior); "reverse" that of the released code, the other way around.
    integration, n_samples
        The expected likelihood by "quadrature", exact, or by "monte_carlo" with so many samples.
    released_likelihood
        Score silence as the released code does (paper B, section 1.4); for comparison only.
    train_video
        Whether core and readout are trained further.
    validation_given, given_seed
        Share of neurons given in validation, the others being scored, and the seed that draws them.

    Raises
    ------
    OptionError
        If a name is unknown or values cannot work together.

    Examples
    --------
    >>> LatentOptions(dimension=3, smoother="gru").integration
    'monte_carlo'
    """

    dimension: PositiveInt = 12
    encoder: Literal["gru", "cnn"] = "gru"
    hidden: PositiveInt = 42
    width: PositiveInt = 20
    normalise: bool = True
    residual: bool = False
    reads: Literal["responses", "asinh", "evidence"] = "evidence"
    first_step: bool = True
    spread: Literal["shared", "predicted"] = "shared"
    latent_map: Literal["free", "position", "shared"] = "free"
    start_sd: NonNegativeFloat = 0.0
    prior: Literal["white", "ar1"] = "white"
    prior_shape: Literal["gaussian", "flow"] = "gaussian"
    latent_gain: bool = False
    smoother: Literal["gru", "cnn"] | None = None
    mask: Literal["neuron", "time"] = "neuron"
    show_mask: bool = False
    masked_share: Share = 0.5
    most_masked: Share | None = None
    objective: Literal["masked", "given", "full"] = "masked"
    masked_scale: Literal["none", "given"] = "none"
    beta: NonNegativeFloat = 1.0
    kl: Literal["posterior", "reverse"] = "posterior"
    integration: Literal["quadrature", "monte_carlo"] = "quadrature"
    n_samples: PositiveInt = 100
    released_likelihood: bool = False
    train_video: bool = True
    validation_given: Share = 0.5
    given_seed: NonNegativeInt = 0

    @classmethod
    def paper_code(cls, **changes: Any) -> LatentOptions:
        """The choices of the released code, which differ from its paper."""
        return cls(**RELEASED | changes)

    @model_validator(mode="before")
    @classmethod
    def _smoothers_are_sampled(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("smoother") is not None:
            return {"integration": "monte_carlo", "first_step": False, **values}
        if isinstance(values, dict) and values.get("prior_shape") == "flow":
            return {"integration": "monte_carlo", **values}
        return values

    @model_validator(mode="after")
    def _belong_together(self) -> LatentOptions:
        problems = []
        if self.most_masked is not None and self.most_masked < self.masked_share:
            problems.append(f"most_masked={self.most_masked} is less than masked_share={self.masked_share}")
        if self.integration == "quadrature":
            needs = {"smoother": self.smoother is not None, "released_likelihood": self.released_likelihood}
            needs["prior_shape='flow'"] = self.prior_shape == "flow"
            problems += [f"{name} needs integration='monte_carlo'" for name, asked in needs.items() if asked]
        if self.smoother is not None and self.first_step:
            problems.append(
                "first_step=True takes the state at each time by itself, which a smoother does not"
            )
        if self.prior == "ar1":
            never = {"a smoother": self.smoother is not None, "kl='reverse'": self.kl == "reverse"}
            never["first_step=False"] = not self.first_step and self.smoother is None
            problems += [f"prior='ar1' does not go with {name}" for name, asked in never.items() if asked]
        if self.prior_shape == "flow" and self.smoother is not None:
            problems.append("prior_shape='flow' gives the state its shape, which a smoother would blur")
        if problems:
            raise ValueError("; ".join(problems))
        return self
