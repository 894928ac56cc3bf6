"""A run's folder and run.json: how a run was started, and on what data. No torch."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from models.networks.config import TrainConfig, to_json, train_config
from puppet.core.errors import DataError, reason
from puppet.core.rows import evenly_spread
from puppet.core.texts import is_plain
from puppet.parsing.plain_json import check_shown, read_json
from puppet.storage.file_lock import is_locked, locked, owner
from puppet.storage.files import write_whole

if TYPE_CHECKING:
    from models.data.dataset import Dataset

RUN_FACTS = "run.json"
MAX_BYTES = 4 << 20
DATA_TEXTS = ("file", "crop", "one_sided", "sha256")  # of the facts of a data set
LOCK = "lock"  # file that is locked while a process trains
WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # what disks give that know no locks
HASHED_PICTURES = 256  # of a data set without landmarks


@dataclass(frozen=True)
class Overrides:
    """What the command line changes in a preset; None: no change. Steps or minutes replace every end of the preset."""

    steps: int | None = None
    minutes: float | None = None
    batch_size: int | None = None
    seed: int | None = None
    mirror: Literal["auto", "on", "off"] | None = None

    def apply(self, config: TrainConfig) -> TrainConfig:
        """The configuration with these settings in place of its own."""
        if self.steps is not None or self.minutes is not None:
            config = replace(config, steps=None, epochs=None, minutes=None)
        return replace(config, **{k: v for k, v in vars(self).items() if v is not None})


NO_OVERRIDES = Overrides()


@dataclass(frozen=True)
class RunFacts:
    """run.json: how a run was started; `data` tells its data set from another."""

    config: TrainConfig
    data: dict[str, Any]

    @property
    def mirror_reason(self) -> str:
        """One line for the terminal; "" when no frames are mirrored."""
        if self.config.mirror != "on":
            return ""
        return f"Mirrored frames are shown as well: {self.data.get('one_sided') or 'as asked for'}"


def new_run(run: Path, config: TrainConfig, data: dict[str, Any]) -> RunFacts:
    """The facts of a run to be started; mirror "auto" becomes "on" or "off". Writes nothing.

    DataError when its folder exists and holds anything.
    """
    if run.exists() and (not run.is_dir() or any(path.name != LOCK for path in run.iterdir())):
        raise DataError(f"{run}: already exists; give --resume to go on with that run, or another folder")
    if config.mirror == "auto":
        config = replace(config, mirror="on" if data["one_sided"] else "off")
    return RunFacts(config, data)


def resume_run(run: Path, overrides: Overrides, data: dict[str, Any]) -> RunFacts:
    """The facts of an existing run, its limits changed by `overrides`; writes nothing.

    DataError when there is none, or it learns from other data, or `overrides` would change more than its end.
    """
    facts = read_run_facts(run)
    for name in ("batch_size", "seed", "mirror"):
        asked, had = getattr(overrides, name), getattr(facts.config, name)
        if asked is not None and asked != had:
            raise DataError(f"{run}: was started with {name} {had}; a resumed run cannot change it to {asked}")
    if facts.data.get("sha256") != data["sha256"]:
        raise DataError(f"{data['file']}: is not the data set that {run} was started with ({facts.data.get('file')})")
    return RunFacts(overrides.apply(facts.config), data)


def read_run_facts(run: Path) -> RunFacts:
    """Read run.json. DataError when `run` is no run folder."""
    path = run / RUN_FACTS
    try:
        values = read_json(path, MAX_BYTES)
        return RunFacts(train_config(values["config"], str(path)), checked_data(values["data"]))
    except FileNotFoundError:
        raise DataError(
            f"{run}: no run to go on with (no {RUN_FACTS} there); leave --resume out to start one"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a run's facts, or cut short ({error})") from error


def checked_data(data: Any) -> dict[str, Any]:
    """Validate facts of a data set (`data_facts`) that were read from a file. Raises ValueError."""
    if not isinstance(data, dict) or any(not isinstance(data.get(name, ""), str) for name in DATA_TEXTS):
        raise ValueError("the facts of the data set are missing or wrong")
    if "\0" in data.get("file", "") or not is_plain(data.get("one_sided", "")):
        raise ValueError("the facts of the data set cannot be")
    check_shown({name: value for name, value in data.items() if name != "file"})  # its bytes need not be UTF-8
    return data


def refuse_running(run: Path) -> None:
    """DataError when a process trains in this folder, with its number, its machine, and since when."""
    if is_locked(run / LOCK):
        raise DataError(f"{run}: is being trained in by {owner(run / LOCK)}; wait until that has ended, or stop it")


@contextlib.contextmanager
def locked_run(run: Path) -> Iterator[None]:
    """Within the block no other process can train in this folder. Raises DataError when one does.

    The folder is made, and removed again if it stays empty.
    """
    new_folders = [folder for folder in (run, *run.parents) if not folder.exists()]  # innermost first
    try:
        with contextlib.ExitStack() as stack:
            try:
                got = stack.enter_context(locked(run / LOCK))
            except OSError as error:
                if error.errno not in WITHOUT_LOCKS:
                    raise DataError(f"{run}: cannot be written ({reason(error)}); choose another folder") from error
                got = True
            if not got:
                refuse_running(run)
                raise DataError(f"{run}: another process has just begun to train there")
            yield
    finally:
        with contextlib.suppress(OSError):
            for folder in new_folders:
                folder.rmdir()


def write_run_facts(run: Path, facts: RunFacts) -> None:
    """Write run.json, whole or not at all, and the folder if need be; DataError when that is not possible."""
    try:
        write_whole(run / RUN_FACTS, json.dumps({"config": to_json(facts.config), "data": facts.data}, indent=1))
    except OSError as error:
        raise DataError(f"{run}: cannot be written ({reason(error)}); choose another folder") from error


def data_facts(dataset: Dataset) -> dict[str, Any]:
    """Facts that tell one data set from another: file, frames, size, crop, sha256; and one_sided.

    sha256: of all landmarks, or of HASHED_PICTURES pictures where there are none. one_sided: how the head turns mostly
    to one side, as the report of `prepare` says, "" when it does not.
    """
    digest = hashlib.sha256()
    for part in (
        dataset.in_parts("points")
        if dataset.has_landmarks
        else [dataset.images(evenly_spread(len(dataset), HASHED_PICTURES))]
    ):
        digest.update(np.ascontiguousarray(part).tobytes())
    facts = {"file": str(dataset.path), "frames": len(dataset), "size": dataset.size, "crop": dataset.crop}
    return {**facts, "one_sided": dataset.report.get("one_sided", ""), "sha256": digest.hexdigest()}
