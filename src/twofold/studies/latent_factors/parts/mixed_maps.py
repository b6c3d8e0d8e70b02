r"""Whether a map of the state is one of the stimulus: how much of it mixed repeats keep.

.. math::

    M_{\mathrm{same}} = \langle z_{vr}(t)\, e_{vr}(t) \rangle_{v, r, t}, \quad
    M_{\mathrm{mixed}} = \langle z_{vr}(t)\, e_{vs}(t) \rangle_{v, r \ne s, t}, \quad
    \mathrm{kept} = \frac{\langle M_{\mathrm{mixed}}, M_{\mathrm{same}} \rangle}
                         {\langle M_{\mathrm{same}}, M_{\mathrm{same}} \rangle}

z is the state in repeat r of video v, read from one half of the neurons, and e what the video model leaves of
the responses of the other half. State alone keeps 0 of its map (axis, neuron) when repeats are mixed; what
follows the video, such as a drive that the video model cannot see, keeps 1.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from twofold.analyses.chance import Chance
from twofold.errors import DataError
from twofold.metrics.intervals import Interval
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import HeldOut, latent_axes, posterior_mean, repeated
from twofold.studies.latent_factors.parts.numbers import number

States = Float[np.ndarray, "trial frame axis"]
Left = Float[np.ndarray, "trial frame neuron"]
Labels = Int[np.ndarray, " trial"]


def kept_by_mixed_repeats(
    held: HeldOut, name: str, *, n_surrogates: int, seed: int, most_neurons: int = 500
) -> Arrays:
    """The share that is kept, its standard error over videos, and that of states dealt out to videos anew.

    Nothing where no video was shown twice.
    """
    try:
        z, e, video = _states_and_residuals(held, most_neurons)
    except DataError:
        return {}
    by_trial = np.einsum("rta,rtn->ran", z, e)
    n_videos = int(video.max()) + 1
    each = [_maps(z, e, by_trial, video, video, v) for v in range(n_videos)]
    same, mixed = (np.stack(part) for part in zip(*each, strict=True))
    value = _kept(same.sum(axis=0), mixed.sum(axis=0))
    rng, dealt = np.random.default_rng(seed), []
    for _ in range(n_surrogates):
        other = rng.permutation(video)
        null = np.sum([_maps(z, e, by_trial, other, video, v)[1] for v in range(n_videos)], axis=0)
        dealt.append(_kept(same.sum(axis=0), null))
    interval = Interval(value, None, None, n_videos)
    if n_videos > 1:
        without = [
            _kept(same.sum(axis=0) - s, mixed.sum(axis=0) - m) for s, m in zip(same, mixed, strict=True)
        ]
        error = float(np.sqrt((n_videos - 1) * np.var(without)))
        interval = Interval(value, value - error, value + error, n_videos)
    return number(name, interval, Chance(np.array(dealt)))


def _states_and_residuals(held: HeldOut, most_neurons: int) -> tuple[States, Left, Labels]:
    """State, residual of the neurons that are not given, and video of each trial, all of one length."""
    axes, targets, lost = (
        latent_axes(held.model),
        np.flatnonzero(~held.given)[:most_neurons],
        held.model.frames_lost,
    )
    z, e, video = [], [], []
    for v, trials in enumerate(repeated(held).values()):
        expected: np.ndarray | None = None
        for one in held.known(held.given, trials):
            if expected is None:
                expected = one.state.distribution(targets, conditioned=False).mean.numpy()
            z.append(posterior_mean(one.state) @ axes)
            e.append(one.clip.responses[lost:, targets] - expected)
            video.append(v)
    frames = min(map(len, z))
    states, left = (np.stack([one[:frames] for one in part]).astype(float) for part in (z, e))
    return states - states.mean(axis=(0, 1)), left - left.mean(axis=(0, 1)), np.array(video)


def _maps(
    z: States, e: Left, by_trial: np.ndarray, of_z: Labels, of_e: Labels, v: int
) -> tuple[np.ndarray, np.ndarray]:
    """(axis, neuron) means over the trials of one video: of the same trial, and of all pairs of others."""
    r, s = of_z == v, of_e == v
    both = r & s
    total = np.einsum("ta,tn->an", z[r].sum(axis=0), e[s].sum(axis=0)) - by_trial[both].sum(axis=0)
    n_pairs = int(r.sum() * s.sum() - both.sum())
    return by_trial[s].mean(axis=0), total / max(n_pairs, 1)


def _kept(same: np.ndarray, mixed: np.ndarray) -> float:
    square = float((same**2).sum())
    return float((mixed * same).sum()) / square if square > 0 else 0.0
