"""What each recording has of its own: likelihood, readout, and how its signals are standardised."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from twofold.encoding.video_options import VideoOptions
from twofold.errors import DataError
from twofold.likelihoods import (
    FlowLikelihood,
    GaussianLikelihood,
    Likelihood,
    PoissonLikelihood,
    ResponseStatistics,
    ZigLikelihood,
)
from twofold.nn import GainModulator, GaussianReadout, PupilShifter
from twofold.recordings import Recording
from twofold.sampling import ClipBatch, TrialClips

FAMILIES: dict[str, type[Likelihood]] = {
    family.name: family for family in (ZigLikelihood, FlowLikelihood, PoissonLikelihood, GaussianLikelihood)
}
LEAST_SD, MOST_SD = 0.1, 10.0  # of standardised responses, whose neurons differ a little
Raw = Float[Tensor, "clip time neuron parameter"]


class Population(nn.Module):
    """The neurons of one recording.

    Parameters
    ----------
    name
        Of the recording.
    likelihood
        How their responses scatter.
    options
        Of the model.
    n_neurons
        How many.
    position_um
        (neuron, 2 or 3) in cortex; None leaves receptive fields free.
    generator
        Where the weights come from.
    """

    def __init__(
        self,
        name: str,
        likelihood: Likelihood,
        options: VideoOptions,
        n_neurons: int,
        position_um: np.ndarray | None,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.name, self.options, self.n_neurons = name, options, n_neurons
        self.has_positions = position_um is not None
        self.likelihood = likelihood
        self.readout = GaussianReadout(
            n_neurons,
            options.channels[-1],
            likelihood.n_parameters,
            positions=position_um,
            bias=options.bias,
            draw=options.draw,
            init_sigma=options.init_sigma,
            generator=generator,
        )
        self.gain = GainModulator(len(options.gain), n_neurons, generator=generator) if options.gain else None
        self.shifter = PupilShifter(generator=generator) if options.pupil else None
        self.notes: tuple[str, ...] = ()
        self.signal_mean: Tensor
        self.signal_sd: Tensor
        self.register_buffer("signal_mean", torch.zeros(len(options.signals)))
        self.register_buffer("signal_sd", torch.ones(len(options.signals)))

    @classmethod
    def of(
        cls, recording: Recording, trials: TrialClips, options: VideoOptions, generator: torch.Generator
    ) -> Population:
        """The untrained population of a recording; whatever is estimated is estimated on the trials given."""

        def responses() -> Iterator[np.ndarray]:
            return (trials.responses(number) for number in range(len(trials)))

        family = FAMILIES[options.likelihood]
        try:
            likelihood = family.for_responses(responses())
        except DataError as error:
            raise DataError(f"{recording.name!r}: {error}") from None
        position_um = recording.neurons.position_um if options.positions else None
        if position_um is not None:
            position_um = position_um.copy() if np.isfinite(position_um).all() else None
        statistics = ResponseStatistics.of(responses())
        population = cls(recording.name, likelihood, options, len(recording.neurons), position_um, generator)
        if options.bias:
            constant = likelihood.constant(statistics)
            assert population.readout.bias is not None
            with torch.no_grad():
                population.readout.bias.copy_(constant)
        population._standardise(trials)
        population.notes = _far_from_one(recording.name, family.name, statistics)
        return population

    def _standardise(self, trials: TrialClips) -> None:
        values = trials.signals
        for column, name in enumerate(self.options.signals):
            known = values[np.isfinite(values[:, column]), column].astype(float)
            if not len(known) or known.std() == 0:
                raise DataError(
                    f"{self.name!r}: signal {name!r} {'is constant' if len(known) else 'is not known'} "
                    "in the training trials; leave it out"
                )
            self.signal_mean[column], self.signal_sd[column] = float(known.mean()), float(known.std())

    def signals(self, batch: ClipBatch, names: tuple[str, ...]) -> Float[Tensor, "clip time signal"]:
        """Some signals in standard deviations; 0, the mean, where they were not measured."""
        columns = [self.options.signals.index(name) for name in names]
        standard = (batch.signals[..., columns] - self.signal_mean[columns]) / self.signal_sd[columns]
        return torch.nan_to_num(standard, nan=0.0)

    def raw(self, features: Float[Tensor, "clip channel time height width"], batch: ClipBatch) -> Raw:
        """Outputs of the readout for the last frames of each clip, before the likelihood's link."""
        valid = slice(batch.video.shape[1] - features.shape[2], None)
        shift = None
        if self.shifter is not None:
            shift = self.shifter(self.signals(batch, self.options.pupil)[:, valid])
        keys = batch.seeds.tolist() if self.training else None
        raw = self.readout(features, shift=shift, generator=keys)
        if self.gain is not None:
            raw = raw * self.gain(self.signals(batch, self.options.gain)[:, valid]).unsqueeze(-1)
        return raw


def _far_from_one(name: str, likelihood: str, statistics: ResponseStatistics) -> tuple[str, ...]:
    """Whether responses look as if nobody had standardised them, which the border of silence supposes."""
    sd = float(np.sqrt(np.median(statistics.variance)))
    if likelihood not in ("zig", "flow") or LEAST_SD < sd < MOST_SD:
        return ()
    return (
        f"responses of {name!r} have a standard deviation of {sd:.3g} (median over neurons), and the "
        f"zero-inflated likelihood takes all up to {statistics.rho:g} for silence; import them with "
        "--normalise per_neuron",
    )
