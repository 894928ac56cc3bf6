"""A data set and runs in the format of version 0.1, with planted values.

tests/data/version_0.1.json describes that version's files: names, types, shapes, attributes and JSON. What is null
there is worked out here by that version's rules, never by today's writers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from safetensors.numpy import save
from tiny_dataset import planted_fields

THEN: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "data" / "version_0.1.json").read_text(encoding="utf-8")
)
SEED = 1
TYPES = {"F32": np.float32, "I32": np.int32, "I64": np.int64}  # safetensors' names

Arrays = dict[str, np.ndarray]
Layout = Mapping[str, tuple[str, list[int]]]  # type and shape of each tensor


@dataclass(frozen=True)
class OldFiles:
    """data: the data set, whose fields are `fields`. run: the run folder, whose checkpoint holds `parts`."""

    data: Path
    run: Path
    fields: Arrays
    parts: Mapping[str, Arrays]


def write_old_files(folder: Path) -> OldFiles:
    """A data set and a run of two steps on it, in `folder`."""
    data, run, facts = folder / "data.h5", folder / "run", THEN["run.json"]
    fields = write_old_dataset(data)
    about = {**facts["data"], "sha256": hashlib.sha256(fields["points"].tobytes()).hexdigest()}
    parts = write_old_checkpoint(run, facts["config"], about, THEN["tensors"])
    (run / "run.json").write_text(json.dumps({"config": facts["config"], "data": about}, indent=1))
    (run / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in THEN["metrics.jsonl"]))
    return OldFiles(data, run, fields, parts)


def write_old_dataset(path: Path) -> Arrays:
    """Write the data set, a planted person's with pictures of noise: its fields."""
    layout = THEN["data.h5"]["fields"]
    count, size, *_ = shape = layout["data"]["shape"]
    planted = planted_fields(count, size)
    planted["data"] = np.random.default_rng(SEED).integers(0, 256, shape, np.uint8)
    fields = {name: planted[name].astype(about["dtype"]) for name, about in layout.items()}
    with h5py.File(path, "w", libver="earliest") as file:
        for name, about in layout.items():
            made = {key: tuple(value) if isinstance(value, list) else value for key, value in about.items()}
            assert fields[name].shape == made["shape"]
            file.create_dataset(name, data=fields[name], **made)
        for name, value in THEN["data.h5"]["attributes"].items():
            file.attrs[name] = json.dumps(value) if isinstance(value, list | dict) else value
    return fields


def write_old_checkpoint(
    run: Path, config: Mapping[str, Any], data: Mapping[str, Any], layouts: Mapping[str, Layout]
) -> dict[str, Arrays]:
    """Write a run's one checkpoint: its tensors by the part they belong to.

    data: facts of the run's data set. layouts: of the parts.
    """
    facts, draw = THEN["checkpoint.json"], np.random.default_rng(SEED)
    folder = run / "checkpoints" / f"step-{facts['step']:08d}"
    folder.mkdir(parents=True)
    parts, hashes = {}, {}
    for part, layout in layouts.items():
        parts[part] = {name: _planted(name, kind, shape, draw) for name, (kind, shape) in layout.items()}
        content = save(parts[part])
        (folder / f"{part}.safetensors").write_bytes(content)
        hashes[f"{part}.safetensors"] = hashlib.sha256(content).hexdigest()
    told = {**facts, "config": config, "data": data, "sha256": hashes}
    (folder / "checkpoint.json").write_text(json.dumps(told, indent=1))
    return parts


def _planted(name: str, kind: str, shape: list[int], draw: np.random.Generator) -> np.ndarray:
    dtype, key = TYPES[kind], name.rpartition(".")[2]
    if key == "step":  # of the optimiser
        return np.full(shape, THEN["checkpoint.json"]["step"], dtype)
    if kind != "F32":
        return np.asarray(draw.integers(0, 100, shape), dtype)
    drawn = draw.random(shape)
    return np.asarray(0.01 * drawn if key in ("exp_avg_sq", "running_var") else 0.4 * drawn - 0.2, dtype)
