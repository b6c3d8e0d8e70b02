from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch.func import jacrev
from torch.nn import functional

from twofold.analyses.attribution import attribution_auc, inverted_attribution, plain_attribution
from twofold.embeddings import ContrastiveEmbedding
from twofold.embeddings.attribution import jacobians
from twofold.errors import DataError, OptionError
from twofold.nn import OffsetEncoder
from twofold.sampling import TrialWindows
from twofold.simulate import MovieRepeats, simulate_movie_repeats

N_FRAMES, N_REPEATS = 60, 24


def an_encoder(window: int = 5, **options: float) -> OffsetEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return OffsetEncoder(n_neurons=6, window=window, hidden=8, dimension=3, **options).eval()


def some_windows(n: int = 7, window: int = 5) -> torch.Tensor:
    return torch.randn(n, window, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("window", [1, 5, 10])
@pytest.mark.parametrize("place", [None, lambda z: functional.normalize(z, dim=1)])
def test_batched_jacobians_equal_one_sample_at_a_time(window, place):
    encoder, windows = an_encoder(window).double(), some_windows(window=window).double()
    found = np.concatenate(list(jacobians(encoder, windows, place=place, batch_size=3)))

    def one(x: torch.Tensor) -> torch.Tensor:
        latent = encoder(x[None])
        return (latent if place is None else place(latent))[0]

    expected = torch.stack([jacrev(one)(x) for x in windows]).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_jacobians_equal_finite_differences():
    encoder, windows = an_encoder().double(), some_windows(1).double()
    (J,) = jacobians(encoder, windows)
    step = torch.zeros_like(windows)
    step[0, 2, 4] = 1e-5
    with torch.no_grad():
        slope = (encoder(windows + step) - encoder(windows - step)) / 2e-5
    np.testing.assert_allclose(J[0, :, 2, 4], slope[0].numpy(), rtol=1e-6)


def test_a_linear_encoder_gives_exactly_its_weights_and_their_pseudo_inverse():
    linear = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 3))
    weights = linear[1].weight.detach().numpy()
    J = list(jacobians(linear, some_windows(window=1)))
    np.testing.assert_array_equal(J[0], np.broadcast_to(weights[:, None], (7, 3, 1, 6)))
    np.testing.assert_allclose(plain_attribution(J).by_latent, np.abs(weights), rtol=1e-6)
    inverse = np.linalg.pinv(weights.astype(float)).T
    np.testing.assert_allclose(inverted_attribution(J).by_latent, np.abs(inverse), rtol=1e-5)


def test_dropout_is_off_meanwhile_and_the_encoder_is_left_as_it_was():
    encoder = an_encoder(dropout=0.5).train()
    with torch.no_grad():
        one, other = (np.concatenate(list(jacobians(encoder, some_windows()))) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert encoder.training
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_what_cannot_be_differentiated_is_refused_before_any_work():
    with pytest.raises(OptionError, match="batch_size=0"):
        jacobians(an_encoder(), some_windows(), batch_size=0)
    with pytest.raises(DataError, match="windows"):
        jacobians(an_encoder(), some_windows(0))


@cache
def movie_in_which_half_the_neurons_know_nothing() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(time, neuron) responses, frame and repeat of each row, and which neurons carry signal."""
    sizes = {"n_units": 48, "n_frames": N_FRAMES, "n_repeats": N_REPEATS, "mice": 1, "cuts": 1, "gap_s": 2.0}
    recording = simulate_movie_repeats(MovieRepeats.small(median_rate_hz=25.0, **sizes), random_state=0)
    counts = np.asarray(recording.responses[:], dtype=float).reshape(N_REPEATS * N_FRAMES, 2, -1).sum(axis=1)
    knows = np.arange(counts.shape[1]) % 2 == 0
    shuffle = np.random.default_rng(0).permuted
    counts[:, ~knows] = shuffle(counts[:, ~knows], axis=0)
    roots = np.sqrt(counts)
    responses = ((roots - roots.mean(axis=0)) / roots.std(axis=0)).astype(np.float32)
    frame = np.tile(np.arange(N_FRAMES, dtype=float), N_REPEATS)
    return responses, frame, np.repeat(np.arange(N_REPEATS), N_FRAMES), knows


@cache
def jacobians_after(steps: int, seed: int = 0) -> np.ndarray:
    responses, frame, trials, _ = movie_in_which_half_the_neurons_know_nothing()
    embedding = ContrastiveEmbedding(
        4, hidden=32, max_steps=steps, batch_size=128, learning_rate=3e-3, temperature=0.3, random_state=seed
    ).fit(responses, frame, trials=trials)
    windows = TrialWindows(torch.from_numpy(responses), torch.from_numpy(trials), window=1)
    rows = torch.arange(0, len(responses), 3)
    return np.concatenate(list(jacobians(embedding.encoder_, windows(rows))))


@pytest.mark.parametrize("attribution", [plain_attribution, inverted_attribution])
def test_attribution_finds_the_neurons_that_carry_signal_once_trained(attribution):
    knows = movie_in_which_half_the_neurons_know_nothing()[3]
    score = attribution(jacobians_after(300)).by_neuron
    assert attribution_auc(score, knows) > 0.9
    rng = np.random.default_rng(0)
    permuted = [attribution_auc(score, rng.permutation(knows)) for _ in range(200)]
    assert np.mean(permuted) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("attribution", [plain_attribution, inverted_attribution])
def test_attribution_of_an_untrained_encoder_is_at_chance(attribution):
    knows = movie_in_which_half_the_neurons_know_nothing()[3]
    auc = [attribution_auc(attribution(jacobians_after(0, seed)).by_neuron, knows) for seed in range(8)]
    assert np.mean(auc) == pytest.approx(0.5, abs=0.1)
