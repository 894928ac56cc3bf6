"""`puppet doctor --report FILE.zip`: all that a bug report needs, without anything about the person who sends it."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, get_type_hints

from puppet import __version__
from puppet.commands.redaction import Redaction, Vocabulary
from puppet.core.addresses import read_address
from puppet.core.errors import PuppetError, reason
from puppet.parsing.plain_json import read_json
from puppet.parsing.reading import read_end
from puppet.process.log import OLDER, log_file
from puppet.settings import MAX_BYTES, Settings
from puppet.sources.network.passwords import passwords_path
from puppet.storage.files import whole_file
from puppet.storage.folders import settings_path
from puppet.storage.unfinished import drop_draft, make_draft

LOG_TAIL = 256 << 10  # bytes
FFMPEG_SECONDS = 20.0
NOTICE = """\
A report about an installation of Puppet, for its developers. Look through it before you send it.
Paths, file names, addresses, and names of users and of this machine are replaced by <path>, <file>, <address>, <user>
and <hidden>, and every word that is none of the program's own by "…"; no pictures and no sound are in it.
"""


def check_place(path: Path) -> None:
    """Raises PuppetError when there is a file of that name or none can be made, before the work is done."""
    if not path.name:
        raise PuppetError(f"{path}: cannot be written (no file has that name); choose another name")
    try:
        with contextlib.suppress(FileNotFoundError):
            path.lstat()
            raise PuppetError(f"{path} exists already and is not overwritten; choose another name")
        folder = next(one for one in path.parents if one.exists())
        drop_draft(make_draft(folder / path.name, private=True))
        with contextlib.suppress(FileNotFoundError):
            (folder / path.name).lstat()  # a name may be too long even where its folder is not there yet
    except (OSError, ValueError) as problem:
        raise _unwritable(path, problem) from problem


def write_report(path: Path, findings: Sequence[str]) -> None:
    """Write a new zip file with versions, what the doctor found, settings and the end of the log; only for its owner.

    Raises PuppetError when there is such a file, or it cannot be written.
    """
    check_place(path)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in report_texts(findings).items():
            archive.writestr(name, text)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, replace=False, private=True) as file:
            file.write(content.getvalue())
    except (OSError, ValueError) as problem:
        if isinstance(problem, FileExistsError):
            check_place(path)
        raise _unwritable(path, problem) from problem


def _unwritable(path: Path, problem: OSError | ValueError) -> PuppetError:
    why = reason(problem) if isinstance(problem, OSError) else "no file can have that name"
    return PuppetError(f"{path}: cannot be written ({why}); choose another folder or name")


def report_texts(findings: Sequence[str]) -> dict[str, str]:
    """The members of the report by name, nothing private in them."""
    packages = _packages()
    stored = _stored_settings()
    private = list(_private_texts(Settings, stored)) if isinstance(stored, dict) else []
    users = [text for kind, text in private if kind == "user"]
    others = [part for kind, text in private if kind != "user" for part in _parts(text)]
    hide = Redaction(users, [*others, *_logins()], packages.values())
    own_words = Vocabulary()

    def public(text: str) -> str:
        return own_words(hide(text))

    return {
        "README.txt": NOTICE,
        "versions.txt": hide(_versions(packages, public)),
        "doctor.txt": public("\n".join(findings) + "\n"),
        "settings.json": json.dumps(public_settings(Settings, stored), indent=2) + "\n",
        "puppet.log": public(_log_tail()),
    }


def public_settings(kind: type, stored: Any) -> Any:
    """Stored settings without texts of the user: numbers, switches and choices stay, other texts become <text>."""
    if not isinstance(stored, dict):
        return stored if stored is None else "<not settings>"
    known = {one.name: one for one in fields(kind)}
    hints = get_type_hints(kind)
    shown: dict[str, Any] = {}
    for key, value in stored.items():
        if key not in known:
            shown["<unknown setting>"] = "<text>"
        elif is_dataclass(hints[key]) and isinstance(value, dict):
            shown[key] = public_settings(hints[key], value)  # pyright: ignore[reportArgumentType]
        else:
            shown[key] = _public(value, known[key].metadata.get("choices") or ())
    return shown


def _public(value: Any, choices: Sequence[Any]) -> Any:
    if isinstance(value, list):
        return [_public(item, choices) for item in value]
    if value is None or isinstance(value, bool | int | float) or value == "":
        return value
    return value if isinstance(value, str) and value in choices else "<text>"


def _private_texts(kind: type, stored: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """("user", name) and ("other", text) of stored settings: whatever `public_settings` hides."""
    hints = get_type_hints(kind)
    for one in fields(kind):
        value = stored.get(one.name)
        if is_dataclass(hints[one.name]) and isinstance(value, dict):
            yield from _private_texts(hints[one.name], value)  # pyright: ignore[reportArgumentType]
            continue
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text not in (one.metadata.get("choices") or ()):
                yield "user" if one.metadata.get("name") else "other", text


def _parts(text: str) -> Iterator[str]:
    """A text and what it is made of: of a path the file's name, of an address the host."""
    yield text
    name = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if name and name != text:
        yield from (name, Path(name).stem)
    try:
        yield read_address(text).host
    except PuppetError:
        return


def _logins() -> Iterator[str]:
    """User, password and host of every address whose password is kept."""
    try:
        kept = read_json(passwords_path(), MAX_BYTES)
    except (OSError, ValueError):
        return
    for spec in kept.values() if isinstance(kept, dict) else ():
        try:
            address = read_address(str(spec))
        except PuppetError:
            continue
        yield from (address.host, address.user, address.password or "")


def _stored_settings() -> Any:
    """What is in the settings' file; None when it cannot be read. It is left as it is, even if it is damaged."""
    try:
        return read_json(settings_path(), MAX_BYTES, finite=False)
    except (OSError, ValueError):
        return None


def _log_tail() -> str:
    """The last whole lines of the log, of at most LOG_TAIL bytes, from its older file too when the newest is short."""
    try:
        end = read_end(log_file(), LOG_TAIL + 1)
    except OSError as problem:
        return f"no log: {reason(problem)}\n"
    if len(end) < LOG_TAIL:
        with contextlib.suppress(OSError):
            end = read_end(log_file().with_name(OLDER[0]), LOG_TAIL + 1 - len(end)) + end
    if len(end) > LOG_TAIL:
        end = end.partition(b"\n")[2]  # a line that was cut is left out
    return end.decode("utf-8", errors="replace")


def _packages() -> dict[str, str]:
    """Version of every installed package, by name."""
    found = {one.metadata["Name"]: one.version for one in metadata.distributions() if one.metadata["Name"]}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _versions(packages: dict[str, str], public: Callable[[str], str]) -> str:
    lines = [
        f"puppet {__version__}",
        f"Python {sys.version}",
        f"platform {platform.platform()}, {platform.machine()}",
        f"ffmpeg {_ffmpeg_version(public)}",
        *(f"{name} {version}" for name, version in packages.items()),
    ]
    return "\n".join(lines) + "\n"


def _ffmpeg_version(public: Callable[[str], str]) -> str:
    from puppet.media.ffmpeg_child import ask_ffmpeg, find_ffmpeg

    try:
        told = ask_ffmpeg([find_ffmpeg(), "-version"], FFMPEG_SECONDS).stdout
    except (OSError, subprocess.SubprocessError, PuppetError) as problem:
        return public(f"cannot be asked: {problem}")
    return told.partition("\n")[0]
