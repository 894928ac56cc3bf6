"""What the app remembers between two starts: frozen dataclasses, one JSON file. Trouble with it never stops the app."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import platformdirs

from puppet.files import to_json, write_whole
from puppet.output_settings import OutputSettings

T = TypeVar("T")
LARGEST = 1e300  # a whole number in JSON may be too large to be a float at all


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

    width: int = field(default=1240, metadata={"range": (320, 16384)})
    height: int = field(default=760, metadata={"range": (240, 16384)})
    maximised: bool = False
    folded: str = "wall"


@dataclass(frozen=True)
class Settings:
    """Everything that survives a restart. Empty text means: nothing chosen yet."""

    source: str = ""  # what `sources.open_source` takes
    recent: tuple[str, ...] = ()  # files, folders and addresses that were sources, newest first
    camera: CameraFormat = CameraFormat()
    user: str = "Me"  # who sits before the camera
    users: tuple[str, ...] = ("Me",)
    actor: str = ""  # name or file
    provider: str = field(default="auto", metadata={"choices": ("auto", "cuda", "directml", "coreml", "cpu")})
    recording_folder: str = ""  # empty: "Puppet" in the user's folder for videos
    mirror_preview: bool = True
    mirror_output: bool = False
    wall: tuple[str, ...] = ()  # actor files that play beside the actor
    motion: MotionSettings = MotionSettings()
    view: ViewSettings = ViewSettings()
    output: OutputSettings = OutputSettings()
    window: WindowSettings = WindowSettings()

    def folder(self) -> Path:
        """Where recordings and snapshots go."""
        return Path(self.recording_folder) if self.recording_folder else platformdirs.user_videos_path() / "Puppet"


def settings_path() -> Path:
    """settings.json in the user's configuration folder, or in the one the environment's PUPPET_CONFIG_DIR names."""
    folder = os.environ.get("PUPPET_CONFIG_DIR")
    return (Path(folder) if folder else platformdirs.user_config_path("puppet-live", appauthor=False)) / "settings.json"


def load_settings(path: Path) -> tuple[Settings, list[str]]:
    """Settings and notices for the user. Never raises: what cannot be used is replaced by its default, and named.

    A missing file is normal. A file that is not a JSON object is set aside as `settings.json.broken`.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(stored, dict):
            raise ValueError("not a JSON object")
    except FileNotFoundError:
        return Settings(), []
    except OSError as problem:
        return Settings(), [f"The settings in {path} cannot be read ({problem.strerror}); using the defaults."]
    except (ValueError, RecursionError):  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        return Settings(), [_set_aside(path)]
    notices: list[str] = []
    return _read(Settings, stored, "", notices), [f"{path.name}: {notice}" for notice in notices]


def save_settings(settings: Settings, path: Path) -> None:
    """Write atomically: another process, or the next start after a crash, sees the old file or the new one.

    Raises OSError.
    """
    write_whole(path, to_json(asdict(settings), indent=2) + "\n")


def _set_aside(path: Path) -> str:
    broken = path.with_name(path.name + ".broken")
    try:
        os.replace(path, broken)
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
            notices.append(f'unknown setting "{name}" was ignored.')
            continue
        wanted, allowed = types[key], known[key].metadata
        limits, choices = allowed.get("range"), allowed.get("choices")
        nested = isinstance(wanted, type) and is_dataclass(wanted)
        if nested and isinstance(value, dict):
            values[key] = _read(wanted, value, f"{name}.", notices)
        elif not _is_a(value, wanted):
            notices.append(f'"{name}" cannot be {value!r:.40}; using the default.')
        elif limits and not limits[0] <= value <= limits[1]:
            notices.append(f'"{name}" must lie between {limits[0]} and {limits[1]}, not {value}; using the default.')
        elif choices and value not in choices:
            notices.append(f'"{name}" must be one of {", ".join(choices)}, not {value!r:.40}; using the default.')
        else:
            values[key] = float(value) if wanted is float else tuple(value) if isinstance(value, list) else value
    return kind(**values)


def _is_a(value: Any, wanted: type) -> bool:
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST  # no NaN either
    if get_origin(wanted) is tuple:
        return isinstance(value, list) and all(type(item) is get_args(wanted)[0] for item in value)
    return type(value) is wanted  # bool is an int to isinstance
