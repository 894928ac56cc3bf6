"""What the app remembers between two starts: frozen dataclasses in one JSON file.

A file that is missing or damaged never stops the app. The metadata of a field say what it may be:
"range": the lowest and the highest number. "choices": all values there are. "path": a file, a folder, an address or a
name. "folder": a path that must not be a file. "name": the name of a user. "parse": reads the text, or raises
ValueError. Of lists also "most": how many entries are
kept; "merge": entries that another window added are kept, too.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from puppet.core.background import BACKGROUND
from puppet.core.errors import PuppetError
from puppet.core.layout import WINDOW_LAYOUT
from puppet.core.motion import MotionSettings
from puppet.core.providers import PROVIDER
from puppet.core.texts import is_plain, is_user_name, one_line
from puppet.output.settings import OutputSettings
from puppet.parsing.plain_json import parse_json, read_json, to_json
from puppet.sources.camera_format import CameraFormat
from puppet.storage.file_lock import only_writer
from puppet.storage.files import set_aside, write_whole
from puppet.storage.folders import videos_folder

T = TypeVar("T")
MAX_BYTES = 1 << 20
MOST_NOTICES = 10  # shown at once
LONGEST = 500  # characters of a text
LONGEST_PATH = 4096
A_PATH: dict[str, Any] = {"path": True}
PATIENCE = 2.0  # s that another window may take to write its settings


@dataclass(frozen=True)
class ViewSettings:
    """How the live page looks. Nothing of it changes what is recorded."""

    layout: str = WINDOW_LAYOUT.field()
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
    background: str = BACKGROUND.field()  # of actors that have layers
    provider: str = PROVIDER.field()
    recording_folder: str = field(default="", metadata=A_PATH | {"folder": True})  # empty: see `folder`
    mirror_preview: bool = True
    mirror_output: bool = False
    wall: tuple[str, ...] = field(default=(), metadata=A_PATH | {"most": 50})  # actor files that play beside the actor
    motion: MotionSettings = MotionSettings()
    view: ViewSettings = ViewSettings()
    output: OutputSettings = OutputSettings()
    window: WindowSettings = WindowSettings()

    def folder(self) -> Path:
        """The folder of recordings and snapshots: "Puppet" in the user's videos, unless another was chosen."""
        return Path(self.recording_folder) if self.recording_folder else videos_folder()


def load_settings(path: Path) -> tuple[Settings, list[str]]:
    """The settings in a file, and notices for the user.

    Never raises: a value that cannot be used is replaced by its default and named in a notice. A missing file is
    normal. A file that is not a JSON object is renamed to `settings.json.broken`.
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

    Only what `load_settings` takes is written: a value that it would refuse becomes the default. Raises OSError.
    """
    usable = _read(Settings, parse_json(to_json(asdict(settings), indent=0), finite=False), "", [])
    write_whole(path, to_json(asdict(usable), indent=2) + "\n")


class SettingsFile:
    """The settings' file, which other windows may write too. Save from one thread at a time.

    Only what changed here since the last save is written over what others wrote meanwhile; see `merged`.
    """

    def __init__(self, path: Path, loaded: Settings) -> None:
        self._path, self._base = path, loaded

    def save(self, settings: Settings) -> None:
        """Write the settings, merged with what is in the file now. Raises OSError."""
        try:
            with only_writer(self._path, PATIENCE):
                theirs = load_settings(self._path)[0] if self._path.exists() else self._base
                save_settings(merged(self._base, settings, theirs), self._path)
        except PuppetError as problem:
            raise OSError(str(problem)) from problem
        self._base = settings


def merged(base: T, ours: T, theirs: T) -> T:
    """Three-way merge of a dataclass: `theirs`, but what differs between `base` and `ours` is taken from `ours`.

    Of lists that are marked "merge" the entries that either side added are kept, and those that either removed are not.
    """
    values: dict[str, Any] = {}
    for one in fields(base):  # pyright: ignore[reportArgumentType]
        before, here, there = (getattr(state, one.name) for state in (base, ours, theirs))
        if is_dataclass(before):
            values[one.name] = merged(before, here, there)
        elif one.metadata.get("merge"):
            ours_first = [item for item in here if item in there or item not in before]
            theirs_too = [item for item in there if item not in here and item not in before]
            both = there if here == before else (*ours_first, *theirs_too)
            values[one.name] = both[: one.metadata.get("most")]
        else:
            values[one.name] = there if here == before else here
    return type(base)(**values)


def _set_aside(path: Path) -> str:
    """Rename a damaged file; a notice for the user."""
    try:
        broken = set_aside(path)
    except OSError as problem:
        return f"The settings in {path} are damaged, cannot be set aside ({problem.strerror}); using the defaults."
    return f"The settings were damaged: set aside as {broken.name}, using the defaults."


def _read(kind: type[T], stored: dict[str, Any], prefix: str, notices: list[str]) -> T:
    """Build the dataclass `kind` from what was stored.

    Unknown keys and unusable values are left out, each with a notice. prefix: of the keys' names in notices.
    """
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
        elif why := _refusal(value, wanted, allowed):
            notices.append(f'"{name}" {why}; using the default.')
        elif isinstance(value, list):
            values[key] = tuple(dict.fromkeys(value))[: allowed["most"]]  # the first are the newest, or the oldest
        else:
            values[key] = float(value) if wanted is float else value
    return kind(**values)


def _refusal(value: Any, wanted: type, allowed: Mapping[str, Any]) -> str:
    """Why a field of type `wanted` and metadata `allowed` cannot have a value, in words; empty when it can."""
    limits, choices = allowed.get("range"), allowed.get("choices")
    shown = one_line(repr(value), 40)
    if not _is_a(value, wanted):
        return f"cannot be {shown}"
    if limits and not limits[0] <= value <= limits[1]:
        return f"must lie between {limits[0]:g} and {limits[1]:g}, not {shown}"
    if choices and value not in choices:
        return f"must be one of {', '.join(map(str, choices))}, not {shown}"
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    if not all(_is_text(text, allowed) for text in texts):
        return f"cannot be {shown}"
    if "parse" in allowed and isinstance(value, str):
        try:
            allowed["parse"](value)
        except ValueError:
            return f"cannot be {shown}"
    if allowed.get("folder") and isinstance(value, str) and os.path.exists(value) and not os.path.isdir(value):
        return f"cannot be {shown}, which is no folder"
    return ""


def _is_a(value: Any, wanted: type) -> bool:
    """Whether a value read from JSON has the type of a field."""
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if get_origin(wanted) is tuple:
        return isinstance(value, list) and all(type(item) is get_args(wanted)[0] for item in value)
    return type(value) is wanted  # bool is an int to isinstance


def _is_text(text: str, allowed: Mapping[str, Any]) -> bool:
    """Whether a text can be a path, a user's name or a short plain text, as the metadata asks."""
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
