"""Several processes that train one model: `torchrun --nproc-per-node=N -m puppet train ...`.

torch's DistributedDataParallel averages the gradients. Here is what the training loop needs besides: who is who, one
clock, one decision when to stop, and one message when something fails. One process alone needs none of it.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from models.common.device import choose_device
from models.common.types import Batch, Index
from models.networks.base import ActorModel
from puppet.core.errors import DataError

PATIENCE = timedelta(minutes=30)  # the others wait while the first one fits statistics, evaluates or draws a sheet
FAILURES = "puppet/failures"  # key of the common store: how many processes have failed

LossTerms = Callable[[Batch, float, torch.Generator], dict[str, Tensor]]  # ActorModel.loss


@dataclass(frozen=True)
class Team:
    """The processes of one training run. The first one, rank 0, leads: it alone evaluates, writes and shows progress.

    Every method that says "together" must be called by all processes, and returns the same value in all of them.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0  # on this machine
    local_size: int = 1

    @property
    def leads(self) -> bool:
        """Whether it is the first process."""
        return self.rank == 0

    @property
    def threads(self) -> int | None:
        """CPU threads of each process: an even share of this machine's cores; None alone: torch's choice."""
        if self.size == 1:
            return None
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(1, cores // self.local_size)

    def device(self, name: str) -> torch.device:
        """The device of this process for --device `name`: each process gets a GPU of its own. Raises DataError."""
        return choose_device(name) if self.size == 1 else choose_device(name, self.local_rank, self.local_size)

    def check_batch(self, frames: int) -> None:
        """DataError when a step of so many frames cannot be dealt out evenly."""
        if frames % self.size == 0:
            return
        processes = " or ".join(str(n) for n in range(1, frames + 1) if frames % n == 0)
        below = frames // self.size * self.size
        batches = " or ".join(str(n) for n in (below, below + self.size) if n)
        raise DataError(
            f"{frames} frames a step cannot be dealt evenly to {self.size} processes: "
            f"start {processes} of them, or a new run with --batch-size {batches}"
        )

    def share(self, rows: Index) -> Index:
        """The rows of a step (B,) that this process takes; each row goes to one process."""
        return rows.reshape(self.size, -1)[self.rank]

    def loss(self, model: ActorModel) -> LossTerms:
        """Together: `model.loss`, after whose backward pass every process holds the mean of all gradients.

        Copies the first process's parameters and buffers to the others.
        """
        if self.size == 1:
            return model.loss
        # Buffers stay each process's own from here on: nothing is trained in them, and the first one's are kept.
        # A part of the model may lie idle for a while (a critic that comes in late), hence find_unused_parameters.
        return DistributedDataParallel(_Loss(model), forward_sync_buffers=False, find_unused_parameters=True)

    def mean(self, values: Tensor) -> Tensor:
        """Together: the mean of f32 or f64 CPU tensors over the processes."""
        return values if self.size == 1 else _summed(values) / self.size

    def agree(self, seconds: float, stop: bool) -> tuple[float, bool]:
        """Together: the first process's clock, and whether any process wants to stop."""
        if self.size == 1:
            return seconds, stop
        told = _summed(torch.tensor([seconds if self.leads else 0.0, float(stop)], dtype=torch.float64)).tolist()
        return told[0], told[1] > 0

    def wait(self) -> None:
        """Together: returns once all processes have come here."""
        self.agree(0.0, False)


ALONE = Team()


@contextlib.contextmanager
def team() -> Iterator[Team]:
    """The processes that torchrun started together with this one; ALONE without it, or if there is but one.

    When one fails, all end: the first to fail raises its error, the others exit silently (SystemExit). When one is
    killed, another one raises DataError.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield ALONE
        return
    rank, size, local_rank, local_size = (
        int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    )
    store = next(iter(rendezvous("env://", rank, size, timeout=PATIENCE)))[0]
    # CPU tensors always go through gloo, so that agreeing never waits for a GPU, and a lost process is noticed at once
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
    try:
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
        with _warnings_of_first_process(rank):
            yield Team(rank, size, local_rank, local_size)
    except Exception as error:
        if not _is_first_to_fail(store):
            raise SystemExit(1) from None
        if not _tells_of_loss(error):
            raise
        raise DataError(
            "another process of this training ended without an error of its own (killed, or out of memory?), so all "
            "end; --resume goes on from the last checkpoint"
        ) from error
    dist.destroy_process_group()


class _Loss(nn.Module):
    """`ActorModel.loss` as a forward pass, which is where DistributedDataParallel comes in."""

    def __init__(self, model: ActorModel) -> None:
        super().__init__()
        self.model = model
        somewhere = next(model.parameters()).device
        self.idle = nn.Parameter(torch.zeros((), device=somewhere))  # DDP warns as soon as it finds nothing unused

    def forward(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        return self.model.loss(batch, progress, generator)


def _summed(values: Tensor) -> Tensor:
    total = values.clone()
    dist.all_reduce(total)
    return total


@contextlib.contextmanager
def _warnings_of_first_process(rank: int) -> Iterator[None]:
    """Ignore warnings in all processes but the first, so that each is shown once."""
    with warnings.catch_warnings():
        if rank:
            warnings.simplefilter("ignore")
        yield


def _is_first_to_fail(store: dist.Store) -> bool:  # pyright: ignore[reportPrivateImportUsage]
    try:
        return store.add(FAILURES, 1) == 1
    except RuntimeError:  # the store has gone with the process, or the launcher, that kept it
        return True


def _tells_of_loss(error: Exception) -> bool:
    """Whether it is gloo's or NCCL's error for a process that no longer responds."""
    return isinstance(error, RuntimeError) and (isinstance(error, dist.DistError) or "gloo" in str(error))
