"""Checkpoints of a run: a folder each, safetensors and JSON, there as a whole or not at all. No pickle.

RUN_DIR/checkpoints/step-00001000/  model.safetensors, optimizer.safetensors, ema.safetensors (if the preset averages
weights) and checkpoint.json: step, seconds, score, configuration, data set, SHA-256 of the other files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor

import models
from models.base import ActorModel
from models.config import TrainConfig, to_json, train_config
from puppet.errors import DataError, reason
from puppet.files import write_whole

FORMAT, VERSION = "puppet-checkpoint", 1
FACTS = "checkpoint.json"
MODEL, OPTIMIZER, EMA = "model", "optimizer", "ema"
PARTIAL = ".partial-"  # prefix of a folder that is still being written

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint's JSON says. score: best_metric at this step; data: facts of the data set it learnt from."""

    folder: Path
    step: int
    seconds: float
    score: float | None
    config: TrainConfig
    data: Mapping[str, Any]
    metrics: Mapping[str, float]  # of the held-out frames
    sha256: Mapping[str, str]

    def tensors(self, name: str) -> Tensors:
        """The tensors of `name` (MODEL, OPTIMIZER, EMA), on the CPU; DataError when damaged."""
        path = self.folder / f"{name}.safetensors"
        content = _read(path)
        if hashlib.sha256(content).hexdigest() != self.sha256.get(path.name):
            raise DataError(f"{path}: damaged or cut short (its SHA-256 is not the one in {FACTS})")
        try:
            return tensors_from_bytes(content)
        except SafetensorError as error:
            raise DataError(f"{path}: not a safetensors file ({error})") from error

    def has(self, name: str) -> bool:
        return f"{name}.safetensors" in self.sha256

    def verify(self) -> None:
        """DataError unless every file is whole."""
        for name in self.sha256:
            self.tensors(Path(name).stem)


def write(
    run: Path,
    step: int,
    seconds: float,
    score: float | None,
    config: TrainConfig,
    data: Mapping[str, Any],
    metrics: Mapping[str, float],
    parts: Mapping[str, Tensors],
) -> Checkpoint:
    """Write a checkpoint atomically: all files reach the disk in a hidden folder, which is then renamed."""
    folder = _folder(run) / f"step-{step:08d}"
    partial = folder.with_name(f"{PARTIAL}{folder.name}")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        hashes = {}
        for name, tensors in parts.items():
            content = tensors_to_bytes({k: v.detach().cpu().contiguous() for k, v in tensors.items()})
            hashes[f"{name}.safetensors"] = hashlib.sha256(content).hexdigest()
            _write_synced(partial / f"{name}.safetensors", content)
        made = Checkpoint(folder, step, seconds, score, config, data, metrics, hashes)
        _write_synced(partial / FACTS, _facts(made).encode())
        if folder.exists():  # only a damaged one, which resuming has passed over
            shutil.rmtree(folder)
        os.replace(partial, folder)
        _sync_folder(folder.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise DataError(
            f"{folder}: the checkpoint cannot be written ({reason(error)}); free some space, then --resume"
        ) from error
    return made


def judge(made: Checkpoint, score: float | None, metrics: Mapping[str, float]) -> Checkpoint:
    """Add to a checkpoint what it is worth; the same, judged. Raises DataError."""
    judged = replace(made, score=score, metrics=metrics)
    try:
        write_whole(made.folder / FACTS, _facts(judged))
    except OSError as error:
        raise DataError(f"{made.folder}: cannot be written ({reason(error)}); free some space") from error
    return judged


def _facts(made: Checkpoint) -> str:
    """The JSON of a checkpoint."""
    facts = {"format": FORMAT, "version": VERSION, "step": made.step, "seconds": made.seconds, "score": made.score}
    facts |= {"config": to_json(made.config), "data": dict(made.data), "metrics": dict(made.metrics)}
    return json.dumps(facts | {"sha256": dict(made.sha256)}, indent=1)


def read(folder: Path) -> Checkpoint:
    """The facts of one checkpoint. DataError names the file that is missing, cut short or of another kind."""
    path = folder / FACTS
    try:
        facts = json.loads(_read(path))
    except ValueError as error:
        raise DataError(f"{path}: not a checkpoint, or cut short ({error})") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise DataError(f"{path}: not a checkpoint of this program")
    if facts.get("version") != VERSION:
        raise DataError(f"{path}: checkpoint version {facts.get('version')!r}; this program reads {VERSION}")
    config = train_config(facts.get("config"), str(path))
    try:
        return Checkpoint(
            folder=folder,
            step=int(facts["step"]),
            seconds=float(facts["seconds"]),
            score=None if facts["score"] is None else float(facts["score"]),
            config=config,
            data=dict(facts["data"]),
            metrics=dict(facts["metrics"]),
            sha256=dict(facts["sha256"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: a checkpoint's facts are missing or wrong: {error}") from error


def find(run: Path, which: str = "last") -> Checkpoint | None:
    """The newest ("last") or best-scored ("best") whole checkpoint of a run; None when there is none at all.

    Damaged ones are passed over with a warning; DataError when all are.
    """
    whole, errors = [], []
    for folder in _folders(run):
        try:
            whole.append(read(folder))
        except DataError as error:
            errors.append(error)
    if which == "best":
        whole.sort(key=lambda c: (float("-inf") if c.score is None else c.score, c.step), reverse=True)
    for checkpoint in whole:
        try:
            checkpoint.verify()
        except DataError as error:
            errors.append(error)
            continue
        for error in errors:
            warnings.warn(f"{error}; using {checkpoint.folder.name} instead", stacklevel=2)
        return checkpoint
    if errors:
        raise DataError(f"no checkpoint of {run} can be read: {errors[0]}")
    return None


def tidy(run: Path, keep_last: int = 2) -> None:
    """Keep the newest `keep_last` whole checkpoints and the best one; drop the others, and what killed runs left. What
    is newer than those, and damaged, stays: whoever resumes is told of it."""
    for partial in _folder(run).glob(f"{PARTIAL}*"):
        shutil.rmtree(partial, ignore_errors=True)
    folders = _folders(run)
    scores = {}
    for folder in folders:
        try:
            scores[folder] = read(folder).score
        except DataError:
            scores[folder] = None
    scored = {folder: score for folder, score in scores.items() if score is not None}
    best = max(scored, key=lambda folder: (scored[folder], folder.name)) if scored else None
    for folder in folders[_after_whole(folders, keep_last) :]:
        if folder != best:
            shutil.rmtree(folder, ignore_errors=True)


def _after_whole(folders: Sequence[Path], count: int) -> int:
    """How many folders, newest first, hold `count` whole checkpoints; all of them, if there are not so many."""
    if len(folders) <= count:
        return len(folders)  # nothing to look into
    for index, folder in enumerate(folders):
        try:
            read(folder).verify()
        except DataError:
            continue
        count -= 1
        if not count:
            return index + 1
    return len(folders)


def drop_after(run: Path, step: int) -> None:
    """Remove checkpoints later than `step`: damaged ones that resuming has passed over."""
    for folder in _folders(run):
        if folder.name > f"step-{step:08d}":
            shutil.rmtree(folder, ignore_errors=True)


def load_model(run: Path, which: str = "best") -> tuple[ActorModel, Checkpoint]:
    """The trained model of a run in eval mode on the CPU (averaged weights where the preset keeps them), and its facts.

    DataError when `run` holds no checkpoint, or none that fits this program.
    """
    if not run.is_dir():
        raise DataError(f"{run}: no such run folder; train one with `python -m models train`")
    checkpoint = find(run, which)
    if checkpoint is None:
        raise DataError(f"{run}: no checkpoint in this folder; is it a run of `python -m models train`?")
    model = models.build(checkpoint.config)
    load_weights(model, checkpoint, EMA if checkpoint.has(EMA) else MODEL)
    return model.eval(), checkpoint


def load_weights(model: ActorModel, checkpoint: Checkpoint, name: str) -> None:
    """Fill a model from a checkpoint; DataError when names or shapes differ."""
    try:
        model.load_state_dict(checkpoint.tensors(name))
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise DataError(
            f"{checkpoint.folder / name}.safetensors: does not fit this version's network ({first.rstrip('. ')}); "
            "go on with the version that trained it, or train anew"
        ) from error


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> Tensors:
    """Optimiser state as named tensors, "PARAMETER.KEY"."""
    state = optimizer.state_dict()["state"]
    return {f"{i}.{key}": torch.as_tensor(value) for i, values in state.items() for key, value in values.items()}


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Inverse of `optimizer_tensors`."""
    state: dict[int, Tensors] = {}
    for name, value in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _folder(run: Path) -> Path:
    return run / "checkpoints"


def _folders(run: Path) -> list[Path]:
    """Newest first."""
    return sorted((p for p in _folder(run).glob("step-*") if p.is_dir()), reverse=True)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """The rename itself reaches the disk; only POSIX can open a folder."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
