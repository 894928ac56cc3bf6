"""Opens graphs in ONNX Runtime. The only file in puppet/ that imports onnxruntime."""

from __future__ import annotations

from typing import Any

import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

from puppet.core.providers import CPU
from puppet.inference.protocols import Session
from puppet.inference.providers import DIRECTML, PROVIDER_OPTIONS

ort: Any = onnxruntime  # it has no type stubs
BATCH = "N"  # the free dimension's name in the graphs


def open_session(graph: bytes, provider: str = CPU, threads: int = 1) -> Session:
    """A session for an ONNX file's content, one example at a time.

    provider: ONNX Runtime's name; what it cannot compute runs on the CPU. threads: that compute, the caller's included.
    Raises what ONNX Runtime raises: its exceptions have no common base.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_free_dimension_override_by_name(BATCH, 1)  # shapes are known then: CoreML wants that, others profit
    options.log_severity_level = 4  # what matters is raised or becomes a notice
    options.add_session_config_entry("session.load_model_format", "ONNX")  # whatever the content looks like
    # threads that spin while waiting take the cores from others
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if provider == DIRECTML:
        options.enable_mem_pattern = False  # DirectML's own requirement
    providers: list[Any] = [(provider, PROVIDER_OPTIONS.get(provider, {}))]
    if provider != CPU:
        providers.append((CPU, {}))
    return ort.InferenceSession(graph, options, providers=providers)


def available_providers() -> list[str]:
    """ONNX Runtime's names of the providers that it is built with."""
    return ort.get_available_providers()


def preload_cuda() -> None:
    """Load the CUDA libraries that pip installed; prints what is missing."""
    ort.preload_dlls()  # looked up only for CUDA: ONNX Runtime 1.20 has none


def runtime_version() -> str:
    """ONNX Runtime's version."""
    return ort.__version__
