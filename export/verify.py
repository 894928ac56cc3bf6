"""Parity of torch and ONNX Runtime: the largest differences on real inputs, and the limits they must keep."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from export import ExportError
from export.graph import Graph

MIN_FRAMES = 16
LIMITS = {  # largest absolute difference allowed
    "image_levels": 2.0,  # of 255, of the picture or the texture
    "points_px": 0.05,
    "mean_relative": 1e-3,  # of the largest latent, at least 1
    "logvar_relative": 1e-3,
}
BATCHES = (1, 3, 8)  # sizes used in turn, so that a fixed batch dimension is found

Arrays = dict[str, NDArray]


def measure_parity(
    encoder: Graph, decoder: Graph, encoder_file: bytes, decoder_file: bytes, inputs: Arrays
) -> dict[str, float]:
    """Largest differences between torch and ONNX Runtime (CPU) on real inputs, by the names of LIMITS.

    inputs: of the encoder, by name, with at least MIN_FRAMES frames. ExportError when there are fewer, or a graph
    fails.
    """
    frames = len(next(iter(inputs.values())))
    if frames < MIN_FRAMES:
        raise ExportError(f"parity needs at least {MIN_FRAMES} frames, the data set gives {frames}")
    expected = _torch(encoder, inputs)
    latent = {"latent": expected["mean"]}
    drawn = _torch(decoder, latent)
    posterior = _onnx(encoder, encoder_file, inputs)
    redrawn = _onnx(decoder, decoder_file, latent)
    parity = {
        "mean_relative": _relative(posterior["mean"], expected["mean"]),
        "logvar_relative": _relative(posterior["logvar"], expected["logvar"]),
        "image_levels": max(_difference(redrawn[n], drawn[n]) for n in drawn if n != "points"),
    }
    if "points" in drawn:
        parity["points_px"] = _difference(redrawn["points"], drawn["points"])
    return parity


def holds(parity: Mapping[str, float]) -> bool:
    """Whether every difference keeps its limit."""
    return all(value <= LIMITS[name] for name, value in parity.items())


def require_parity(parity: Mapping[str, float]) -> None:
    """ExportError that names every difference above its limit."""
    off = [
        f"{name} {value:.3g} (at most {LIMITS[name]})" for name, value in parity.items() if not value <= LIMITS[name]
    ]
    if off:
        raise ExportError(f"ONNX Runtime does not give what torch gives: {', '.join(off)}; no actor file was written")


def _torch(graph: Graph, inputs: Arrays) -> Arrays:
    """The graph's outputs by torch, in batches of eight to limit memory."""
    frames = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, frames, BATCHES[-1]):
        batch = {name: torch.from_numpy(values[start : start + BATCHES[-1]]) for name, values in inputs.items()}
        parts.append({name: value.numpy() for name, value in graph.run(batch).items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in graph.outputs}


def _onnx(graph: Graph, file: bytes, inputs: Arrays) -> Arrays:
    """The graph's outputs by ONNX Runtime, in batches of 1, 3, 8, 1, 3, 8 ... frames. Raises ExportError."""
    frames = len(next(iter(inputs.values())))
    parts, start, turn = [], 0, 0
    try:
        session = ort.InferenceSession(file, _quiet(), providers=["CPUExecutionProvider"])
        while start < frames:
            end = start + BATCHES[turn % len(BATCHES)]
            feed = {name: values[start:end] for name, values in inputs.items()}
            parts.append(session.run(list(graph.outputs), feed))
            start, turn = end, turn + 1
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        raise ExportError(f"ONNX Runtime cannot run the {graph.name}: {' '.join(str(error).split())}") from error
    return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(graph.outputs)}


def _quiet() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = 4  # fatal: errors are raised anyway
    return options


def _difference(a: NDArray, b: NDArray) -> float:
    """Largest absolute difference; infinite when shapes differ or a value is not finite."""
    if a.shape != b.shape:
        return float("inf")
    worst = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
    return worst if np.isfinite(worst) else float("inf")


def _relative(a: NDArray, b: NDArray) -> float:
    return _difference(a, b) / max(1.0, float(np.abs(b).max()))
