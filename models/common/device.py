"""Where torch computes: the GPU when there is one, otherwise the CPU."""

from __future__ import annotations

import torch

from puppet.core.errors import DataError


def choose_device(name: str, process: int | None = None, processes: int = 1) -> torch.device:
    """The device that --device `name` ("auto", "cpu", "cuda") means; "auto" takes a GPU when there is one.

    process, processes: of processes that train together, the number of this one on this machine, and how many are on
    this machine; each gets a GPU of its own. None: this process is alone.
    DataError when "cuda" is asked for and there is none, or there are fewer GPUs than processes.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise DataError("--device cuda: torch finds no CUDA device here; use --device cpu")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    if process is None:
        return torch.device("cuda")
    if processes > (gpus := torch.cuda.device_count()):
        raise DataError(
            f"{processes} processes on this machine, but torch finds {gpus} CUDA device(s): "
            f"start it with --nproc-per-node={gpus}, or use --device cpu"
        )
    device = torch.device("cuda", process)
    torch.cuda.set_device(device)
    return device
