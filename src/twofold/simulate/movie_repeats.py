"""A population that sees one movie again and again, with known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.simulate.movie import hold_frames, textured_movie
from twofold.simulate.movie_repeats_options import MovieRepeats
from twofold.simulate.spikes import CountLaw
from twofold.simulate.world import GaborUnits, ar1, block_loadings, drive_of, log_normal_rates

SIGNAL_HZ = 60.0


def simulate_movie_repeats(
    options: MovieRepeats | None = None, random_state: int | np.random.Generator = 0
) -> Recording:
    """Draw a recording in which everything is known.

    The rate of unit n at frame f of presentation r, with the state s(t) of its mouse, is
    lambda = drive_n(f) drift_n(r) exp(s(t).w_n - |w_n|^2 / 2), so that its mean over states is drive times
    drift. State and rate are constant within a frame. Movie, units, state and spikes have random streams of
    their own: the same seed without state has the same movie and the same units.

    Parameters
    ----------
    options
        Sizes and strengths; the paper's by default.
    random_state
        Seed or generator; the same seed gives the same bits.

    Returns
    -------
    Recording
        Counts per bin, with `truth`: drive (frame, unit) in Hz; drift (repeat, unit); state
        (repeat * frame, mouse * dimension); loadings (mouse * dimension, unit); mouse (unit,), from 1;
        rates (repeat * frame, unit) in Hz; and of length 1 frame_hz, bins_per_frame, dispersion, refractory_s
        and adaptation. Without state the loadings are 0, and running and pupil follow latents no unit sees.

    Examples
    --------
    >>> simulate_movie_repeats(MovieRepeats.small(n_units=6, n_frames=30))
    Recording 'movie-repeats': 600 time points of 0.0166667 s x 6 neurons, 10 trials, 1 stimulus, 4 signals
    """
    options = options or MovieRepeats()
    bins = options.bins_per_frame
    streams = np.random.default_rng(random_state).spawn(6)
    stimulus = _stimulus(options, streams[0])
    units, drive = _units(options, stimulus, streams[1])
    first = _first_frames(options)
    shown = (first[:, None] + np.arange(options.n_frames)).ravel()
    session = _session_state(options, int(first[-1]) + options.n_frames, streams[2])
    loadings = _loadings(options, units, streams[3])
    drift = _drift(options, first, streams[4])
    law = _law(options)
    counts, rates = law.draw(
        _rates(drive, drift, session[shown], loadings), bins, np.diff(shown, prepend=shown[0]), streams[5]
    )
    truth = {"drive": drive, "drift": drift, "state": session[shown], "loadings": loadings, "rates": rates}
    return Recording(
        responses=LazyArray(counts),
        time_s=((shown[:, None] * bins + np.arange(bins)).ravel() + 0.5) * law.bin_s,
        bin_s=law.bin_s,
        neurons=Neurons(units),
        trials=_trials(options, first),
        signals=_signals(options, session, streams[2]),
        stimuli={"movie": stimulus},
        truth={**truth, "mouse": units["mouse"].to_numpy(), **_constants(options, law)},
        name="movie-repeats",
        history=(f"simulated: {options!r}",),
    )


def _stimulus(options: MovieRepeats, rng: np.random.Generator) -> Stimulus:
    frames = textured_movie(options.n_frames, options.height, options.width, options.cuts, rng)
    frames, ids = hold_frames(frames, options.identical_adjacent, rng)
    return Stimulus(frame_ids=ids, rate_hz=options.frame_hz, frames=frames)


def _units(
    options: MovieRepeats, stimulus: Stimulus, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of units, and their drive (frame, unit) in Hz."""
    n = options.n_units
    gabors = GaborUnits.random(n, options.height, options.width, rng)
    rate_hz = log_normal_rates(n, options.median_rate_hz, options.rate_spread, rng)
    drive = drive_of(gabors.energy(np.asarray(stimulus.frames)), rate_hz, options.stimulus_gain, rng)
    table = pd.DataFrame(
        {
            "unit": np.arange(n),
            "mouse": 1 + np.arange(n) * options.mice // n,
            "preferred_x_px": gabors.x_px,
            "preferred_y_px": gabors.y_px,
            "mean_rate_hz": rate_hz,
            # a retinotopic sheet, 80 um per pixel with 50 um of scatter, and a random depth
            "x_um": 80 * gabors.x_px + rng.normal(0, 50, n),
            "y_um": 80 * gabors.y_px + rng.normal(0, 50, n),
            "z_um": rng.uniform(100, 600, n),
        }
    )
    return table, drive


def _first_frames(options: MovieRepeats) -> np.ndarray:
    """(repeat,) frame of the session at which each presentation starts."""
    gap = round(options.gap_s * options.frame_hz)
    repeat = np.arange(options.n_repeats)
    return repeat * options.n_frames + gap * _block(options)


def _block(options: MovieRepeats) -> np.ndarray:
    return np.arange(options.n_repeats) * options.blocks // options.n_repeats


def _session_state(options: MovieRepeats, n_frames: int, rng: np.random.Generator) -> np.ndarray:
    """(session frame, mouse * dimension): it runs through the gaps, so their law is right by itself."""
    seconds = np.geomspace(*options.state_seconds, options.state_dimensions)
    return ar1(n_frames, np.tile(seconds * options.frame_hz, options.mice), rng)


def _loadings(options: MovieRepeats, units: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    mouse = units["mouse"].to_numpy() - 1
    return block_loadings(mouse, options.state_dimensions, options.state_gain, options.gain_state, rng)


def _drift(options: MovieRepeats, first: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(repeat, unit) factors: Brownian in log rate, so that a gap counts by its length."""
    elapsed = np.diff(first, prepend=first[0])[:, None] / options.n_frames
    steps = options.drift * np.sqrt(elapsed) * rng.standard_normal((options.n_repeats, options.n_units))
    log_drift = np.cumsum(steps, axis=0)
    return np.exp(log_drift - log_drift.mean(axis=0))


def _rates(drive: np.ndarray, drift: np.ndarray, state: np.ndarray, loadings: np.ndarray) -> np.ndarray:
    """(repeat * frame, unit) float32 rates in Hz."""
    modulation = np.exp(state @ loadings - (loadings**2).sum(axis=0) / 2)
    mean = drift[:, None, :] * drive[None]
    return (mean.reshape(modulation.shape) * modulation).astype(np.float32)


def _law(options: MovieRepeats) -> CountLaw:
    return CountLaw(
        bin_s=1 / (options.frame_hz * options.bins_per_frame),
        dispersion=options.dispersion if options.counts == "negative-binomial" else 0.0,
        refractory_s=options.refractory_ms / 1000,
        adaptation=options.adaptation,
    )


def _constants(options: MovieRepeats, law: CountLaw) -> dict[str, np.ndarray]:
    constants = {
        "frame_hz": options.frame_hz,
        "bins_per_frame": options.bins_per_frame,
        "dispersion": law.dispersion,
        "refractory_s": law.refractory_s,
        "adaptation": law.adaptation,
    }
    return {name: np.array([value]) for name, value in constants.items()}


def _trials(options: MovieRepeats, first: np.ndarray) -> Trials:
    start_s = first / options.frame_hz
    table = {
        "stimulus": "movie",
        "repeat": np.arange(options.n_repeats),
        "tier": "all",
        "start_s": start_s,
        "stop_s": (first + options.n_frames) / options.frame_hz,
        "block": _block(options),
    }
    return Trials(pd.DataFrame(table))


def _signals(options: MovieRepeats, session: np.ndarray, rng: np.random.Generator) -> dict[str, Signal]:
    """Running and pupil of each mouse, driven by its first and second latent, with observation noise."""
    time_s = (np.arange(int(len(session) / options.frame_hz * SIGNAL_HZ)) + 0.5) / SIGNAL_HZ
    shown = np.minimum((time_s * options.frame_hz).astype(int), len(session) - 1)
    signals = {}
    for mouse in range(options.mice):
        latent = session[shown, mouse * options.state_dimensions :][:, :2]
        first, second = (latent + 0.3 * rng.standard_normal(latent.shape)).T
        suffix = "" if options.mice == 1 else f"_mouse{mouse + 1}"
        running = 4 * np.logaddexp(0, 1.5 * first)
        signals[f"running_speed{suffix}"] = Signal(running, time_s, unit="cm/s")
        signals[f"pupil_dilation{suffix}"] = Signal(0.8 * np.exp(0.2 * second), time_s, unit="mm")
    return signals
