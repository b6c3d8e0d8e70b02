r"""A state with memory: what all times of a clip, earlier and later, say of it at each.

With the sums h_t and J_t over the neurons given (`sites`), the inverse covariance Lambda of the prior
:math:`z_t = \phi z_{t-1} + \sqrt{1 - \phi^2}\, \epsilon_t`, and the encoder's mean mu and spread s, which
correct this first step as they do that of a white state,

.. math::

    q(z_1 \dots z_T) = N(m, S), \quad m = C (h + \mu), \quad S_{tt'} = s_t s_{t'} C_{tt'}, \quad
    C = (\Lambda + \operatorname{diag} J)^{-1}

C is the covariance behind a Kalman filter and smoother. The bound stays exact: expected likelihoods need the
moments of single times alone, and the divergence of the path from its prior is closed,

.. math::

    \operatorname{KL}(q \| p) = \tfrac12 (E_q[z^\top \Lambda z] - TK - 2K \sum_t \ln s_t
    + \ln |\Lambda + \operatorname{diag} J| - \ln |\Lambda|)

With phi = 0 all of it is that of the white state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from twofold.encoding.latent.evidence import Sites
from twofold.encoding.latent.state import StateMoments
from twofold.errors import OptionError
from twofold.likelihoods.laplace.markov import MarkovPrior

AT_FIRST, MOST = 0.5, 0.999


@dataclass(frozen=True, eq=False)
class PathMoments(StateMoments):
    """z_t ~ N(mu_t, Sigma_t), times of one path.

    Parameters
    ----------
    of_path
        (clip,) divergence of the whole path from its prior, in nats.
    """

    of_path: Float[Tensor, "*clip"]

    def divergence(self, reverse: bool = False) -> Float[Tensor, "*clip time"]:
        """Of the path, an equal share for each time.

        Raises
        ------
        OptionError
            Of the reverse one, which is not known.
        """
        if reverse:
            raise OptionError("a state with memory knows no KL(prior || posterior); take kl='posterior'")
        n_time = self.mean.shape[-2]
        return (self.of_path / n_time).unsqueeze(-1).expand(self.mean.shape[:-1])


class StateMemory(nn.Module):
    r"""The memory of each latent, learned: :math:`\phi = 0.999 \tanh r`, 0.5 at first.

    r is a vector and no matrix, so that weight decay leaves it alone: what data do not tell stays as it was.

    Parameters
    ----------
    dimension
        Latents.

    Examples
    --------
    >>> StateMemory(2).phi.detach()
    tensor([0.5000, 0.5000], dtype=torch.float64)
    """

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.r = nn.Parameter(torch.full((dimension,), math.atanh(AT_FIRST / MOST)))

    @property
    def phi(self) -> Float[Tensor, " dimension"]:
        """Correlation of each latent from one frame to the next, in double precision."""
        return MOST * torch.tanh(self.r.double())

    def posterior(
        self,
        sites: Sites,
        mean: Float[Tensor, "clip valid dimension"],
        sd: Float[Tensor, "*some"],
    ) -> PathMoments:
        """q(z) of each clip, a path of its own.

        Parameters
        ----------
        sites
            What each time says by itself.
        mean, sd
            The encoder's correction; sd is () or (clip, valid, 1).
        """
        prior, (h, information) = MarkovPrior(self.phi), (part.double() for part in sites)
        s = sd.double().expand(*mean.shape[:2], 1)
        chain = prior.given(information)
        m, (at, across) = chain.mean(h + mean.double()), chain.covariances()
        at, across = at * s.square().unsqueeze(-1), across * (s[:, 1:] * s[:, :-1]).unsqueeze(-1)
        n_time, k = m.shape[1:]
        entropy = n_time * k + 2 * k * s.log().sum((1, 2)) - chain.log_det
        square = prior.expected_square(m, at, across)
        divergence = 0.5 * (square - entropy - prior.log_det(n_time))
        return PathMoments(m.to(mean), at.to(mean), divergence.to(mean))
