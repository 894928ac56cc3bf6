"""What can compute an actor's networks: the names the user gives, and ONNX Runtime's."""

from __future__ import annotations

from puppet.core.options import ChoiceOption

AUTO = "auto"  # the first of PROVIDERS that works here
CPU = "CPUExecutionProvider"
PROVIDERS = {  # the user's name -> ONNX Runtime's, in the order in which "auto" tries them
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": CPU,
}
LABELS = {  # ONNX Runtime's name -> what the window calls it
    CPU: "CPU",
    "CUDAExecutionProvider": "NVIDIA GPU (CUDA)",
    "DmlExecutionProvider": "GPU (DirectML)",
    "CoreMLExecutionProvider": "Apple (CoreML)",
}
PROVIDER = ChoiceOption("provider", AUTO, (AUTO, *PROVIDERS), "what computes the actor's pictures")


def short_name(provider: str) -> str:
    """ONNX Runtime's name for people: CUDAExecutionProvider -> CUDA."""
    return provider.removesuffix("ExecutionProvider")
