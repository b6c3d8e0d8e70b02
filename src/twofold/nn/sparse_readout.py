"""Features sampled between pixels and weighed, as products of sparse and dense matrices."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


class Corners(NamedTuple):
    """The cell of four pixels around each position, and how much each corner counts.

    cell : (clip, frame, neuron), its first pixel in a map whose rows are one after the other; weight : (clip,
    frame, neuron, corner), of the corners left above, right above, left below, right below; sums to one.
    An axis of 1 stands for all clips, or for all frames.
    """

    cell: Int64[Tensor, "#clip #frame neuron"]
    weight: Float[Tensor, "#clip #frame neuron 4"]


def corners(position: Float[Tensor, "clip frame neuron 2"], height: int, width: int) -> Corners:
    """Bilinear interpolation in a map of this size, of at least two rows and columns.

    Parameters
    ----------
    position
        (x, y) from -1, the centre of the first pixel, to 1, the centre of the last; clamped to these.

    Examples
    --------
    >>> cell, weight = corners(torch.tensor([[[[-0.5, 1.0]]]]), height=3, width=3)
    >>> cell.flatten().tolist(), weight.flatten().tolist()
    ([3], [0.0, 0.0, 0.5, 0.5])
    """
    within = (position.clamp(-1, 1) + 1) / 2 * position.new_tensor([width - 1, height - 1])
    with torch.no_grad():  # the clamp also brings a NaN to a pixel that exists
        x0, y0 = (within[..., i].floor().long().clamp(0, n - 2) for i, n in enumerate((width, height)))
    x, y = within[..., 0] - x0, within[..., 1] - y0
    weight = torch.stack([(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x], dim=-1)
    return Corners(y0 * width + x0, weight)


def sample_products(
    maps: Float[Tensor, "clip frame height width channel"],
    vectors: Float[Tensor, "parameter neuron channel"],
    at: Corners,
) -> Float[Tensor, "clip frame neuron parameter"]:
    """a_n(t) = sum_k w_nk(t) <f_n, m(t, p_nk)>: the sampled features are weighed but never formed.

    It equals bilinear sampling followed by a weighted sum over channels. Between these would lie 254 MB for
    62 frames, 8000 neurons and 128 channels. Everything is done in a few large steps per clip, each of which
    reads whole rows of channels: many small steps wait for one another on a busy machine.

    Parameters
    ----------
    maps
        Core outputs, channels last.
    vectors
        f, one vector per neuron for each parameter of its response.
    at
        Where neurons read: the same everywhere, for each clip, or for each frame.

    Examples
    --------
    >>> maps = torch.arange(9.0).view(1, 1, 3, 3, 1)
    >>> at = corners(torch.tensor([[[[-0.5, 1.0]]]]), height=3, width=3)
    >>> sample_products(maps, torch.ones(1, 1, 1), at)
    tensor([[[[6.5000]]]])
    """
    n_clips, width = len(maps), maps.shape[3]
    steps = (0, 1, width, width + 1)
    cells, weights = (part.expand(n_clips, *part.shape[1:]).unbind() for part in at)
    of_clips = zip(maps.flatten(2, 3).unbind(), cells, weights, strict=True)
    read = [_SampleProducts.apply(clip, vectors, cell, weight, steps) for clip, cell, weight in of_clips]
    # Each parameter lies in one piece of memory, as a loss likes to read it.
    return torch.stack(read, dim=1).movedim(0, -1)


class _SampleProducts(torch.autograd.Function):
    """Of one clip: maps (frame, pixel, channel), cell (1 or frame, neuron); gives (parameter, frame, neuron).

    Inside, neurons come in the order of cells: neighbours read the same pixels while these are at hand.
    """

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, vectors: Tensor, cell: Tensor, weight: Tensor, steps: tuple[int, ...]
    ) -> Tensor:
        order = cell[0].argsort(stable=True)
        image, share = _rows(maps, cell[:, order], steps), weight[:, order].transpose(0, 1)
        wanted, flat = _pattern(image, maps), maps.flatten(0, 1).T
        products = torch.stack(
            [
                torch.sparse.sampled_addmm(wanted, vector[order], flat, beta=0.0).values().view(image.shape)
                for vector in vectors
            ]
        )
        read = maps.new_empty(len(vectors), len(maps), len(order))
        read[:, :, order] = (products * share).sum(-1).transpose(1, 2)
        ctx.steps = steps
        ctx.save_for_backward(maps, vectors, cell, weight, order, products)
        return read

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        maps, vectors, cell, weight, order, products = ctx.saved_tensors
        of_maps, of_vectors, _, of_weight, _ = ctx.needs_input_grad
        d_maps = _gradient_of_maps(maps, vectors, cell, weight, slope, ctx.steps) if of_maps else None
        ordered = slope[:, :, order].transpose(1, 2).unsqueeze(3)  # (parameter, neuron, frame, 1)
        d_vectors = d_weight = None
        if of_vectors:
            rows = _rows(maps, cell[:, order], ctx.steps).flatten(1)
            shares = (ordered * weight[:, order].transpose(0, 1)).flatten(2)
            d_vectors = torch.empty_like(vectors)
            for o, share in enumerate(shares):
                d_vectors[o, order] = _bags(rows, maps.flatten(0, 1), share)
        if of_weight:
            each = (products * ordered).sum(0).transpose(0, 1)
            d_weight = torch.empty_like(weight)
            d_weight[:, order] = each.sum(0, keepdim=True) if len(cell) == 1 else each
        return d_maps, d_vectors, None, d_weight, None


def _rows(maps: Tensor, cell: Tensor, steps: tuple[int, ...]) -> Int64[Tensor, "neuron frame 4"]:
    """Where in all pixels of all frames a neuron reads."""
    first = torch.arange(len(maps), device=cell.device) * maps.shape[1]
    return (cell.T + first)[..., None] + cell.new_tensor(steps)


def _bags(rows: Tensor, table: Tensor, weight: Tensor, begins: Tensor | None = None) -> Tensor:
    """Weighted sums of the rows of a table, one for each row of `rows`, or from each begin to the next."""
    return functional.embedding_bag(rows, table, begins, per_sample_weights=weight, mode="sum")


def _pattern(rows: Int64[Tensor, "neuron frame 4"], maps: Tensor) -> Tensor:
    """A sparse matrix (neuron, row) that says which products are wanted."""
    n_neurons, each = len(rows), rows[0].numel()
    begins = torch.arange(0, rows.numel() + 1, each, device=rows.device)
    unknown, size = maps.new_zeros(rows.numel()), (n_neurons, len(maps) * maps.shape[1])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta", UserWarning)
        return torch.sparse_csr_tensor(begins, rows.flatten(), unknown, size, check_invariants=False)


def _gradient_of_maps(
    maps: Tensor, vectors: Tensor, cell: Tensor, weight: Tensor, slope: Tensor, steps: tuple[int, ...]
) -> Tensor:
    """Sums over the neurons of each cell of each frame, corner by corner."""
    n_frames, n_cells = len(maps), maps.shape[1] - steps[-1]
    neuron = cell.argsort(dim=1, stable=True)
    frame = torch.arange(n_frames, device=cell.device)[:, None]
    ends = (cell + frame * n_cells).flatten().bincount(minlength=n_frames * n_cells).cumsum(0)
    begins = functional.pad(ends[:-1], (1, 0))
    share = weight.gather(1, neuron[..., None].expand(-1, -1, 4)).movedim(2, 0)
    neuron = neuron.expand(n_frames, -1)
    gradient = torch.zeros_like(maps)
    for vector, of_vector in zip(vectors, slope, strict=True):
        sent = of_vector.gather(1, neuron) * share
        for step, of_corner in zip(steps, sent, strict=True):
            sums = _bags(neuron.flatten(), vector, of_corner.flatten(), begins)
            gradient[:, step : step + n_cells] += sums.unflatten(0, (n_frames, n_cells))
    return gradient
