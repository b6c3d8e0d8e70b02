from __future__ import annotations

import socket

import torch
from torch import distributed, multiprocessing

from twofold.nn import FactorizedCore3d, GlobalBatchNorm

SIZES = {"channels": (3, 4), "spatial": (3, 2), "temporal": (2, 2)}


def batch():
    generator = torch.Generator().manual_seed(0)
    video = 2 + torch.randn(4, 1, 6, 7, 8, generator=generator)
    return video, torch.randn(4, 4, 4, 4, 5, generator=generator)


def step(core, video, weight):
    """Output, the gradients of a mean over the batch, and the running statistics afterwards."""
    video = video.clone().requires_grad_()
    features = core(video)
    (features * weight).mean().backward()
    gradients = [parameter.grad for parameter in core.parameters()]
    return features.detach(), video.grad, gradients, [buffer.clone() for buffer in core.buffers()]


def half(rank, port, answers):
    distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    torch.set_num_threads(1)
    # A clip for one process and three for the other: the mean is over values, not over processes.
    part = slice(0, 1) if rank == 0 else slice(1, 4)
    video, weight = (whole[part] for whole in batch())
    share = len(video) / 4
    features, slope, gradients, buffers = step(FactorizedCore3d(**SIZES), video, weight * share)
    for gradient in gradients:
        distributed.all_reduce(gradient)
    torch.save([features, slope, gradients, buffers], answers / f"{rank}.pt")
    distributed.destroy_process_group()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_two_processes_give_the_step_of_one_on_the_global_batch(tmp_path):
    multiprocessing.spawn(half, (free_port(), tmp_path), nprocs=2)
    parts = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    features, slope, gradients, buffers = step(FactorizedCore3d(**SIZES), *batch())
    close = {"atol": 1e-5, "rtol": 1e-5}
    torch.testing.assert_close(torch.cat([part[0] for part in parts]), features, **close)
    torch.testing.assert_close(torch.cat([part[1] for part in parts]), slope, **close)
    for part in parts:
        torch.testing.assert_close(part[2], gradients, **close)
        torch.testing.assert_close(part[3], buffers, **close)


def test_in_one_process_it_is_torchs_own():
    x = torch.randn(3, 5, 4, 2, generator=torch.Generator().manual_seed(0))
    ours, reference = GlobalBatchNorm(5, momentum=0.7), torch.nn.BatchNorm2d(5, momentum=0.7)
    assert torch.equal(ours(x), reference(x))
    assert torch.equal(ours.running_var, reference.running_var)
