"""Checkpoints of a run: a folder each, safetensors and JSON, there as a whole or not at all. No pickle.

RUN_DIR/checkpoints/step-00001000/  model.safetensors, optimizer.safetensors, ema.safetensors (if the preset averages
weights) and checkpoint.json: step, seconds, score, configuration, data set, SHA-256 of the other files.
"""

from __future__ import annotations

import hashlib
import json
import math
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
from models.networks.base import ActorModel
from models.networks.config import MOST_STEPS, TrainConfig, to_json, train_config
from models.training.run_folder import checked_data
from puppet.core.errors import DataError, reason
from puppet.core.texts import is_plain, one_line
from puppet.parsing.plain_json import check_shown, parse_json
from puppet.parsing.reading import read_limited
from puppet.storage.files import write_whole

FORMAT, VERSION = "puppet-checkpoint", 1
FACTS = "checkpoint.json"
MODEL, OPTIMIZER, EMA = "model", "optimizer", "ema"
SUFFIX = ".safetensors"
MAX_FACTS_BYTES, MAX_HEADER_BYTES, MAX_TENSOR_BYTES = 4 << 20, 16 << 20, 8 << 30
ITEM_BYTES = {
    **dict.fromkeys(("F64", "I64"), 8),
    **dict.fromkeys(("F32", "I32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16"), 2),
    **dict.fromkeys(("I8", "U8", "BOOL"), 1),
}
MOST_SIDES = 8
STEP, STATE = "step", ("step", "exp_avg", "exp_avg_sq")  # of AdamW, for each parameter
PARTIAL = ".partial-"  # prefix of a folder that is still being written

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """The facts of a checkpoint, from its JSON.

    score: `best_metric` at this step, None when it was not evaluated. data: facts of the data set (`data_facts`).
    """

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
        path = self.folder / f"{name}{SUFFIX}"
        content = _read(path, MAX_TENSOR_BYTES)
        if hashlib.sha256(content).hexdigest() != self.sha256.get(path.name):
            raise DataError(f"{path}: damaged or cut short (its SHA-256 is not the one in {FACTS})")
        try:
            check_tensors(content)
            return tensors_from_bytes(content)
        except (SafetensorError, ValueError) as error:
            raise DataError(f"{path}: not a safetensors file ({error})") from error

    def has(self, name: str) -> bool:
        """Whether it holds the tensors of `name` (MODEL, OPTIMIZER, EMA)."""
        return f"{name}{SUFFIX}" in self.sha256

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
            hashes[f"{name}{SUFFIX}"] = hashlib.sha256(content).hexdigest()
            _write_synced(partial / f"{name}{SUFFIX}", content)
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


def set_score(made: Checkpoint, score: float | None, metrics: Mapping[str, float]) -> Checkpoint:
    """Write score and metrics of the held-out frames into a checkpoint; the checkpoint with them. Raises DataError."""
    scored = replace(made, score=score, metrics=metrics)
    try:
        write_whole(made.folder / FACTS, _facts(scored))
    except OSError as error:
        raise DataError(f"{made.folder}: cannot be written ({reason(error)}); free some space") from error
    return scored


def _facts(made: Checkpoint) -> str:
    """The JSON of a checkpoint."""
    facts = {"format": FORMAT, "version": VERSION, "step": made.step, "seconds": made.seconds, "score": made.score}
    facts |= {"config": to_json(made.config), "data": dict(made.data), "metrics": dict(made.metrics)}
    return json.dumps(facts | {"sha256": dict(made.sha256)}, indent=1)


def read(folder: Path) -> Checkpoint:
    """The facts of one checkpoint. DataError names the file that is missing, cut short or of another kind."""
    path = folder / FACTS
    try:
        facts = parse_json(_read(path, MAX_FACTS_BYTES), finite=False)  # a figure may be none; NaN then
    except ValueError as error:
        raise DataError(f"{path}: not a checkpoint, or cut short ({error})") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise DataError(f"{path}: not a checkpoint of this program")
    if facts.get("version") != VERSION:
        raise DataError(f"{path}: checkpoint version {facts.get('version')!r}; this program reads {VERSION}")
    config = train_config(facts.get("config"), str(path))
    try:
        return _checked(folder, facts, config)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: a checkpoint's facts are missing or wrong: {error}") from error


def _checked(folder: Path, facts: Mapping[str, Any], config: TrainConfig) -> Checkpoint:
    step, seconds, score, metrics, sha256 = (facts[key] for key in ("step", "seconds", "score", "metrics", "sha256"))
    if type(step) is not int or not 0 <= step <= MOST_STEPS:
        raise ValueError(f"step {one_line(repr(step), 40)}")
    for name, number in (("seconds", seconds), ("score", 0.0 if score is None else score)):
        if type(number) not in (int, float) or abs(number) > MOST_STEPS:  # NaN is the score of a network that diverged
            raise ValueError(f"{name} {one_line(repr(number), 40)}")
    if not seconds >= 0:
        raise ValueError(f"seconds {seconds}")
    if not isinstance(metrics, dict) or not all(type(value) in (int, float) for value in metrics.values()):
        raise ValueError("metrics")
    if not isinstance(sha256, dict) or not all(isinstance(value, str) for value in sha256.values()):
        raise ValueError("sha256")
    if MODEL not in (parts := {name.removesuffix(SUFFIX) for name in sha256}) or parts - {MODEL, OPTIMIZER, EMA}:
        raise ValueError("sha256 names other files than a checkpoint's")
    check_shown(list(metrics))
    scored = None if score is None or math.isnan(score) else float(score)
    return Checkpoint(folder, step, float(seconds), scored, config, checked_data(facts["data"]), metrics, sha256)


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
    """Remove all checkpoints but the newest `keep_last` whole ones and the best, and what killed runs left behind.

    A damaged checkpoint that is newer than those stays, so that resuming can report it.
    """
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
        raise DataError(f"{run}: no such run folder; train one with `puppet train`")
    checkpoint = find(run, which)
    if checkpoint is None:
        raise DataError(f"{run}: no checkpoint in this folder; is it a run of `puppet train`?")
    model = models.build(checkpoint.config)
    load_weights(model, checkpoint, EMA if checkpoint.has(EMA) else MODEL)
    return model.eval(), checkpoint


def load_weights(model: ActorModel, checkpoint: Checkpoint, name: str) -> None:
    """Fill a model from a checkpoint; DataError when names, shapes or numbers are not a network's."""
    tensors = checkpoint.tensors(name)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = one_line(str(error).splitlines()[1].strip() if "\n" in str(error) else str(error))
        raise DataError(
            f"{checkpoint.folder / name}{SUFFIX}: does not fit this version's network ({first.rstrip('. ')}); "
            "go on with the version that trained it, or train anew"
        ) from error
    _check_finite(tensors, checkpoint.folder / f"{name}{SUFFIX}")


def load_average(average: Tensors, checkpoint: Checkpoint) -> None:
    """Fill the tensors of a running mean of the weights; DataError when names, shapes or numbers differ."""
    tensors, path = checkpoint.tensors(EMA), checkpoint.folder / f"{EMA}{SUFFIX}"
    if {name: value.shape for name, value in tensors.items()} != {name: value.shape for name, value in average.items()}:
        raise DataError(f"{path}: does not fit this version's network; train anew")
    _check_finite(tensors, path)
    for name, value in tensors.items():
        average[name].copy_(value)


def _check_finite(tensors: Tensors, path: Path) -> None:
    for name, value in tensors.items():
        if not bool(torch.isfinite(value).all()):
            raise DataError(f"{path}: holds numbers that are not finite in {one_line(name, 80)}; train anew")


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> Tensors:
    """Optimiser state as named tensors, "PARAMETER.KEY"."""
    state = optimizer.state_dict()["state"]
    return {f"{i}.{key}": torch.as_tensor(value) for i, values in state.items() for key, value in values.items()}


def load_optimizer(optimizer: torch.optim.Optimizer, checkpoint: Checkpoint) -> None:
    """Inverse of `optimizer_tensors`; DataError when names, shapes or numbers are not this optimiser's."""
    tensors, path = checkpoint.tensors(OPTIMIZER), checkpoint.folder / f"{OPTIMIZER}{SUFFIX}"
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, Tensors] = {}
    for name, value in tensors.items():
        index, _, key = name.partition(".")
        known = index.isascii() and index.isdecimal() and int(index) < len(parameters) and key in STATE
        if not known or value.shape != (parameters[int(index)].shape if key != STEP else ()):
            raise DataError(f"{path}: does not fit this version's network ({one_line(name, 80)}); train anew")
        state.setdefault(int(index), {})[key] = value
    if any(set(keys) != set(STATE) or not 0 <= keys[STEP] <= MOST_STEPS for keys in state.values()):
        raise DataError(f"{path}: lacks some of the optimiser's state; train anew")
    _check_finite(tensors, path)
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def check_tensors(content: bytes) -> None:
    """ValueError unless these are the bytes of a safetensors file whose tensors fill it, one after the other."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(len(content) - 8, MAX_HEADER_BYTES):
        raise ValueError("cut short")
    header, end = parse_json(content[8 : 8 + size]), len(content) - 8 - size
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    about = header.pop("__metadata__", {})
    if not isinstance(about, dict) or not all(isinstance(value, str) for value in about.values()):
        raise ValueError("its header says nothing of use")
    places = []
    for name, tensor in header.items():
        if not is_plain(name) or not isinstance(tensor, dict) or set(tensor) != {"dtype", "shape", "data_offsets"}:
            raise ValueError(f"the tensor {name[:60]!r} is described in another way")
        dtype, shape, place = tensor["dtype"], tensor["shape"], tensor["data_offsets"]
        if not isinstance(dtype, str) or dtype not in ITEM_BYTES or not _are_sizes(shape) or not _are_sizes(place):
            raise ValueError(f"the tensor {name[:60]!r} is of another kind")
        if len(place) != 2 or place[1] - place[0] != math.prod(shape) * ITEM_BYTES[dtype]:
            raise ValueError(f"the tensor {name[:60]!r} is not as large as its shape")
        places.append(place)
    places.sort()
    if [0, *(last for _, last in places)] != [*(first for first, _ in places), end]:
        raise ValueError("its tensors do not fill it, one after the other")


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_SIDES and all(type(v) is int and v >= 0 for v in value)


def _folder(run: Path) -> Path:
    return run / "checkpoints"


def _folders(run: Path) -> list[Path]:
    """Newest first."""
    return sorted((p for p in _folder(run).glob("step-*") if p.is_dir()), reverse=True)


def _read(path: Path, most: int) -> bytes:
    try:
        return read_limited(path, most)
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
