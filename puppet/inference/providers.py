"""Which of ONNX Runtime's execution providers to try on this machine.

Without onnxruntime: what it is built with is passed in.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from puppet.core.errors import PuppetError
from puppet.core.providers import AUTO, CPU, PROVIDERS, short_name
from puppet.storage.installing import install_command

CUDA, DIRECTML = PROVIDERS["cuda"], PROVIDERS["directml"]
PROVIDER_OPTIONS = {
    # exhaustive search (the default) makes the first frames slow; TF32 would move the picture off its golden twin
    CUDA: {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"},
}


def choose_provider(asked: str, available: Sequence[str], preload: Callable[[], object]) -> tuple[str, str | None]:
    """The provider to try, by ONNX Runtime's name, and why it is not the one asked for, or None.

    asked: "auto" or a key of PROVIDERS, in any case. available: what ONNX Runtime is built with. preload: loads the
    CUDA libraries and prints what is missing. Raises PuppetError for a provider that does not exist.
    """
    key = asked.casefold()
    if key != AUTO and key not in PROVIDERS:
        raise PuppetError(f"provider must be {AUTO}, {', '.join(PROVIDERS)}, not {asked!r}")
    if key == AUTO:
        for name in PROVIDERS.values():
            if name in available and (name != CUDA or nvidia_driver()):
                problem = cuda_problem(preload) if name == CUDA else None
                if problem is None:
                    return name, None
                return CPU, f"CUDA is not used: {problem}"
        return CPU, None
    name = PROVIDERS[key]
    if name not in available:
        return CPU, f"{short_name(name)} is not used: this ONNX Runtime is built without it"
    if name == CUDA:
        problem = "no NVIDIA driver was found" if not nvidia_driver() else cuda_problem(preload)
        if problem is not None:
            return CPU, f"CUDA is not used: {problem}"
    return name, None


def nvidia_driver() -> bool:
    """Whether there is an NVIDIA driver and a GPU behind it.

    Asked before ONNX Runtime is: that would complain on the terminal.
    """
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def cuda_problem(preload: Callable[[], object]) -> str | None:
    """Load the CUDA and cuDNN libraries, also pip-installed ones; what is missing, or None."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        preload()
    missing = [line.split(":")[0].split()[-1] for line in printed.getvalue().splitlines() if "Failed to load" in line]
    if not missing:
        return None
    return f"{Path(missing[0]).name} is missing; install the extra: {install_command('cuda')}"
