"""The known law of a simulated mouse, and what the best reader of it could predict (R6 of the spec)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Num

from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.shapes import Ids, Latents, Responses
from twofold.simulate.sensorium.zig_expectation import Gaussian2, expected_rate, log_marginal
from twofold.simulate.sensorium.zig_law import ZigLaw
from twofold.simulate.sensorium.zig_posterior import Given, LatentPosterior, filtered, laplace, smoothed

NEEDED = (
    "drive_q",
    "drive_theta",
    "latents",
    "w_q",
    "w_theta",
    "kappa",
    "rho",
    "latent_memory",
    "clip_frames",
)
Neurons = np.ndarray
Scored = Num[np.ndarray, "time scored"]
State = Literal["marginal", "known", "none"]


@dataclass(frozen=True, eq=False)
class SensoriumTruth:
    """The law of the rows and neurons of a recording, and the predictions that follow from it.

    Where `is_matched` is False, responses do not follow this law: predictions are then those of a reader who
    believes that they do, and no bounds.

    Parameters
    ----------
    drive_q, drive_theta
        (time, neuron) what the video adds to v and u.
    latents
        (time, latent) the state.
    law
        Weights on the state, kappa and rho.
    trial
        (time,) number of the trial; in each, the state starts afresh.
    latent_memory
        Correlation of the state from one frame to the next; 0 is white.
    response_scale
        (neuron,) what responses of this law were multiplied by in the recording.
    is_matched
        Whether responses follow the law, with a state that knows nothing of the video.

    Examples
    --------
    >>> from twofold.simulate import Sensorium, simulate_sensorium
    >>> mouse = simulate_sensorium(Sensorium.preset("tiny", train_clips=4, test_videos=2, repeats=2))
    >>> truth = SensoriumTruth.of(mouse.tier("oracle"))
    >>> truth.video_only_rate().shape
    (400, 150)
    """

    drive_q: Responses
    drive_theta: Responses
    latents: Latents
    law: ZigLaw
    trial: Ids
    latent_memory: float
    response_scale: np.ndarray
    is_matched: bool

    @classmethod
    def of(cls, recording: Recording) -> SensoriumTruth:
        """The truth of the trials and neurons that the recording still has.

        Raises
        ------
        DataError
            If the recording carries no such truth, or rows lie in no trial.
        """
        truth = recording.truth
        missing = [name for name in NEEDED if name not in truth]
        if missing:
            raise DataError(
                f"recording {recording.name!r} carries no truth about {', '.join(missing)}; only the stores "
                "that `twofold simulate sensorium` writes do"
            )
        unit = recording.neurons.column("unit")
        shown = recording.per_row("clip") * int(truth["clip_frames"][0]) + recording.frame_of_row
        sample = np.rint(recording.time_s / recording.bin_s - 0.5).astype(int)
        law = ZigLaw(truth["w_q"][unit], truth["w_theta"][unit], truth["kappa"][unit], float(truth["rho"][0]))
        return cls(
            drive_q=truth["drive_q"][np.ix_(shown, unit)],
            drive_theta=truth["drive_theta"][np.ix_(shown, unit)],
            latents=truth["latents"][sample],
            law=law,
            trial=recording.trial_of_row,
            latent_memory=float(truth["latent_memory"][0]),
            response_scale=truth["response_scale"][unit],
            is_matched=bool(truth["is_matched"][0]),
        )

    def select(self, neurons: Neurons) -> SensoriumTruth:
        """The truth of some neurons: a boolean mask or integer indices."""
        law = self.law
        return replace(
            self,
            drive_q=self.drive_q[:, neurons],
            drive_theta=self.drive_theta[:, neurons],
            law=ZigLaw(law.w_q[neurons], law.w_theta[neurons], law.kappa[neurons], law.rho),
            response_scale=self.response_scale[neurons],
        )

    def video_only_rate(self) -> Responses:
        """(time, neuron) E_z[rate | video]: the best prediction from the video alone."""
        return self.response_scale * expected_rate(self._prior(), self.law.kappa, self.law.rho)

    def rate(self) -> Responses:
        """(time, neuron) mean response when the state is known too: more than any reader can have."""
        return self.response_scale * expected_rate(self._known(), self.law.kappa, self.law.rho)

    def posterior(self, responses: Responses, given: Neurons, *, smooth: bool = False) -> LatentPosterior:
        """The state, given the responses of some neurons, by Laplace's method.

        Parameters
        ----------
        responses
            (time, neuron) of all neurons; only those given are read.
        given
            Boolean mask or integer indices.
        smooth
            Whether later frames count, too; of a white state only the frame itself does.
        """
        own = self.select(given)
        y = responses[:, given] / own.response_scale
        data = Given(y.astype(float), own.drive_q.astype(float), own.drive_theta.astype(float), own.law)
        n, k = len(y), own.law.w_q.shape[1]
        if not self.latent_memory:
            return laplace(data, np.zeros((n, k)), np.broadcast_to(np.eye(k), (n, k, k)))
        found = filtered(data.by_trial(self._frames_per_trial()), self.latent_memory)
        if smooth:
            found = smoothed(found, self.latent_memory)
        return LatentPosterior(
            np.stack([part.mean for part in found], axis=1).reshape(n, k),
            np.stack([part.covariance for part in found], axis=1).reshape(n, k, k),
        )

    def conditioned_rate(
        self, responses: Responses, given: Neurons, scored: Neurons, *, smooth: bool = False
    ) -> Scored:
        """(time, scored) posterior mean of the rate of some neurons, given the responses of others.

        Parameters
        ----------
        responses, given, smooth
            As in `posterior`.
        scored
            Boolean mask or integer indices, without a neuron that is given.

        Raises
        ------
        DataError
            If a neuron is both given and scored.
        """
        numbers = np.arange(self.drive_q.shape[1])
        common = np.intersect1d(numbers[given], numbers[scored])
        if common.size:
            raise DataError(f"{common.size} neurons are both given and scored, such as neuron {common[0]}")
        own = self.select(scored)
        state = self.posterior(responses, given, smooth=smooth).of_drive(
            own.drive_q, own.drive_theta, own.law
        )
        return own.response_scale * expected_rate(state, own.law.kappa, own.law.rho)

    def log_prob(self, responses: Responses, state: State = "marginal") -> Responses:
        """(time, neuron) log p of each response by itself, in nats, on the standardised scale.

        Silence counts as a mass and all else as a density above rho.

        Parameters
        ----------
        responses
            (time, neuron).
        state
            "marginal" integrates the state out; "known" takes the true one; "none" leaves it out, z = 0.
        """
        by_name = {"marginal": self._prior, "known": self._known, "none": self._without}
        y = responses / self.response_scale
        return log_marginal(y, by_name[state](), self.law.kappa, self.law.rho)

    def _frames_per_trial(self) -> int:
        lengths = np.unique(np.unique(self.trial, return_counts=True)[1])
        if len(lengths) > 1:
            raise DataError(f"trials of {lengths[0]} and {lengths[-1]} frames; the filter needs whole trials")
        return int(lengths[0])

    def _prior(self) -> Gaussian2:
        w_q, w_theta = self.law.w_q, self.law.w_theta
        spread = (
            (one * other).sum(axis=1)[None] for one, other in ((w_q, w_q), (w_theta, w_theta), (w_q, w_theta))
        )
        return Gaussian2(self.drive_q, self.drive_theta, *spread)

    def _known(self) -> Gaussian2:
        fixed = np.zeros((1, self.drive_q.shape[1]))
        v, u = self.latents @ self.law.w_q.T, self.latents @ self.law.w_theta.T
        return Gaussian2(self.drive_q + v, self.drive_theta + u, fixed, fixed, fixed)

    def _without(self) -> Gaussian2:
        fixed = np.zeros((1, self.drive_q.shape[1]))
        return Gaussian2(self.drive_q, self.drive_theta, fixed, fixed, fixed)
