"""What the app remembers between two starts: frozen dataclasses, one JSON file. Trouble with it never stops the app."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from puppet.core.errors import PuppetError
from puppet.core.texts import is_plain, is_user_name, one_line
from puppet.output.settings import OutputSettings
from puppet.parsing.plain_json import read_json, to_json
from puppet.storage.file_lock import only_writer
from puppet.storage.files import set_aside, write_whole
from puppet.storage.folders import videos_folder

T = TypeVar("T")
MAX_BYTES = 1 << 20
MOST_NOTICES = 10  # said at once
LONGEST = 500  # characters of a text
LONGEST_PATH = 4096
A_PATH: dict[str, Any] = {"path": True}  # of a file or folder, an address, or a name
PATIENCE = 2.0  # s that another window may take to write its settings


@dataclass(frozen=True)
class MotionSettings:
    """How the driver's motion reaches the actor."""

    smoothing: float = field(default=0.5, metadata={"range": (0.0, 1.0)})  # 0 off .. 1 strong
    expression_gain: float = field(default=1.0, metadata={"range": (0.0, 2.0)})  # 1 as strong as the driver
    eyes_gain: float = field(default=1.0, metadata={"range": (0.0, 2.0)})  # times expression_gain, like the next two
    mouth_gain: float = field(default=1.0, metadata={"range": (0.0, 2.0)})
    brows_gain: float = field(default=1.0, metadata={"range": (0.0, 2.0)})
    pose_gain: float = field(default=1.0, metadata={"range": (0.0, 2.0)})


@dataclass(frozen=True)
class CameraFormat:
    """What a camera is asked for; one that does not have it gives what comes nearest."""

    width: int = field(default=1280, metadata={"range": (160, 7680)})  # px; nearly every webcam does 1280 x 720 at 30
    height: int = field(default=720, metadata={"range": (120, 4320)})
    fps: int = field(default=30, metadata={"range": (1, 240)})


@dataclass(frozen=True)
class ViewSettings:
    """How the live page looks. Nothing of it changes what is recorded."""

    layout: str = field(default="side-by-side", metadata={"choices": ("side-by-side", "inset", "actor")})
    mesh: bool = False  # over the driver
    timings: bool = False  # over the actor


@dataclass(frozen=True)
class WindowSettings:
    """Size of the window's inside, in device-independent px; keys of the side panel's folded groups, with spaces."""

    width: int = field(default=1240, metadata={"range": (320, 7680)})  # 8K: a larger one is no window's
    height: int = field(default=760, metadata={"range": (240, 4320)})
    maximised: bool = False
    folded: str = "wall"


@dataclass(frozen=True)
class Settings:
    """Everything that survives a restart. Empty text means: nothing chosen yet."""

    source: str = field(default="", metadata=A_PATH)  # what `sources.open_source` takes
    recent: tuple[str, ...] = field(
        default=(), metadata=A_PATH | {"most": 20, "merge": True}
    )  # files, folders and addresses that were sources, newest first
    camera: CameraFormat = CameraFormat()
    user: str = field(default="Me", metadata={"name": True})  # who sits before the camera
    users: tuple[str, ...] = field(default=("Me",), metadata={"name": True, "most": 100, "merge": True})
    actor: str = field(default="", metadata=A_PATH)  # name or file
    provider: str = field(default="auto", metadata={"choices": ("auto", "cuda", "directml", "coreml", "cpu")})
    recording_folder: str = field(default="", metadata=A_PATH | {"folder": True})  # empty: see `folder`
    mirror_preview: bool = True
    mirror_output: bool = False
    wall: tuple[str, ...] = field(default=(), metadata=A_PATH | {"most": 50})  # actor files that play beside the actor
    motion: MotionSettings = MotionSettings()
    view: ViewSettings = ViewSettings()
    output: OutputSettings = OutputSettings()
    window: WindowSettings = WindowSettings()

    def folder(self) -> Path:
        """Where recordings and snapshots go: "Puppet" in the user's folder for videos, unless another was chosen."""
        return Path(self.recording_folder) if self.recording_folder else videos_folder()


def load_settings(path: Path) -> tuple[Settings, list[str]]:
    """Settings and notices for the user. Never raises: what cannot be used is replaced by its default, and named.

    A missing file is normal. A file that is not a JSON object is set aside as `settings.json.broken`.
    """
    try:
        stored = read_json(path, MAX_BYTES, finite=False)
        if not isinstance(stored, dict):
            raise ValueError("not a JSON object")
    except FileNotFoundError:
        return Settings(), []
    except OSError as problem:
        if problem.errno != errno.EFBIG:
            return Settings(), [f"The settings in {path} cannot be read ({problem.strerror}); using the defaults."]
        return Settings(), [_set_aside(path)]
    except ValueError:
        return Settings(), [_set_aside(path)]
    notices: list[str] = []
    settings = _read(Settings, stored, "", notices)
    if len(notices) > MOST_NOTICES:
        notices = [*notices[:MOST_NOTICES], f"{len(notices) - MOST_NOTICES} more could not be used."]
    return settings, [f"{path.name}: {notice}" for notice in notices]


def save_settings(settings: Settings, path: Path) -> None:
    """Write atomically: another process, or the next start after a crash, sees the old file or the new one.

    Raises OSError.
    """
    write_whole(path, to_json(asdict(settings), indent=2) + "\n")


class SettingsFile:
    """The file of settings that were read from it, which other windows may write, too; saved from one thread at a time.

    Only what changed here since is written over what others wrote meanwhile; lists that are marked so are merged.
    """

    def __init__(self, path: Path, loaded: Settings) -> None:
        self._path, self._known = path, loaded

    def save(self, settings: Settings) -> None:
        """Raises OSError."""
        try:
            with only_writer(self._path, PATIENCE):
                theirs = load_settings(self._path)[0] if self._path.exists() else self._known
                save_settings(merged(self._known, settings, theirs), self._path)
        except PuppetError as problem:
            raise OSError(str(problem)) from problem
        self._known = settings


def merged(known: T, mine: T, theirs: T) -> T:
    """Three states of one dataclass -> `theirs`, with what differs between `known` and `mine` as in `mine`."""
    values: dict[str, Any] = {}
    for one in fields(known):  # pyright: ignore[reportArgumentType]
        before, here, there = (getattr(state, one.name) for state in (known, mine, theirs))
        if is_dataclass(before):
            values[one.name] = merged(before, here, there)
        elif one.metadata.get("merge"):
            mine_first = [item for item in here if item in there or item not in before]
            theirs_too = [item for item in there if item not in here and item not in before]
            both = there if here == before else (*mine_first, *theirs_too)
            values[one.name] = both[: one.metadata.get("most")]
        else:
            values[one.name] = there if here == before else here
    return type(known)(**values)


def _set_aside(path: Path) -> str:
    try:
        broken = set_aside(path)
    except OSError as problem:
        return f"The settings in {path} are damaged, cannot be set aside ({problem.strerror}); using the defaults."
    return f"The settings were damaged: set aside as {broken.name}, using the defaults."


def _read(kind: type[T], stored: dict[str, Any], prefix: str, notices: list[str]) -> T:
    """Build dataclass `kind` from what was stored; unknown keys and unusable values are refused one by one."""
    types: dict[str, Any] = get_type_hints(kind)
    values: dict[str, Any] = {}
    known = {f.name: f for f in fields(kind)}  # pyright: ignore[reportArgumentType]
    for key, value in stored.items():
        name = prefix + key
        if key not in known:
            notices.append(f'unknown setting "{one_line(name, 60)}" was ignored.')
            continue
        wanted, allowed = types[key], known[key].metadata
        if isinstance(wanted, type) and is_dataclass(wanted) and isinstance(value, dict):
            values[key] = _read(wanted, value, f"{name}.", notices)
        elif why := _why_not(value, wanted, allowed):
            notices.append(f'"{name}" {why}; using the default.')
        elif isinstance(value, list):
            values[key] = tuple(dict.fromkeys(value))[: allowed["most"]]  # the first are the newest, or the oldest
        else:
            values[key] = float(value) if wanted is float else value
    return kind(**values)


def _why_not(value: Any, wanted: type, allowed: Mapping[str, Any]) -> str:
    """Why a value cannot be a setting's, in words; empty when it can."""
    limits, choices = allowed.get("range"), allowed.get("choices")
    shown = one_line(repr(value), 40)
    if not _is_a(value, wanted):
        return f"cannot be {shown}"
    if limits and not limits[0] <= value <= limits[1]:
        return f"must lie between {limits[0]} and {limits[1]}, not {shown}"
    if choices and value not in choices:
        return f"must be one of {', '.join(map(str, choices))}, not {shown}"
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    if not all(_is_text(text, allowed) for text in texts):
        return f"cannot be {shown}"
    if allowed.get("folder") and isinstance(value, str) and os.path.exists(value) and not os.path.isdir(value):
        return f"cannot be {shown}, which is no folder"
    return ""


def _is_a(value: Any, wanted: type) -> bool:
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if get_origin(wanted) is tuple:
        return isinstance(value, list) and all(type(item) is get_args(wanted)[0] for item in value)
    return type(value) is wanted  # bool is an int to isinstance


def _is_text(text: str, allowed: Mapping[str, Any]) -> bool:
    if allowed.get("path"):
        return _is_path(text)
    if allowed.get("name"):
        return is_user_name(text)
    return is_plain(text) and len(text) <= LONGEST


def _is_path(text: str) -> bool:
    """Whether this system can have a file of that name; its bytes need not be UTF-8."""
    try:
        return len(os.fsencode(text)) <= LONGEST_PATH and "\0" not in text
    except ValueError:
        return False
