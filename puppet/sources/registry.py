"""The kinds of sources, and which one a name, path or address opens. A new one is a class and a line in SOURCES."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from puppet.core.addresses import hidden, without_secrets
from puppet.core.errors import SourceError, reason
from puppet.core.protocols import Source
from puppet.pictures.decode import SUFFIXES as IMAGE_SUFFIXES
from puppet.sources.cameras import CameraSource, UrlSource
from puppet.sources.devices import SYSTEM, Devices
from puppet.sources.files import Pictures, VideoFile
from puppet.storage.folders import ASSETS

DEMO = "demo"  # names the clip that comes with the program
DEMO_CLIP = ASSETS / "demo.mp4"


@dataclass(frozen=True)
class SourceKind:
    """An entry of the registry. takes: whether a specification is of this kind; make: its source, not opened."""

    name: str
    takes: Callable[[str], bool]
    make: Callable[[str, bool, bool, Devices], Source]  # spec, paced, loop, devices


SOURCES: tuple[SourceKind, ...] = (  # the first that takes a specification makes the source; cameras take any name
    SourceKind(DEMO, lambda spec: spec == DEMO, lambda _, paced, loop, __: VideoFile(DEMO_CLIP, paced, loop or paced)),
    SourceKind(
        "url",
        lambda spec: re.match(r"[a-zA-Z][\w+.-]+://", spec) is not None,
        lambda spec, _, __, devices: UrlSource(spec, devices),
    ),
    SourceKind(
        "pictures",
        lambda spec: os.path.isdir(spec) or Path(spec).suffix.lower() in IMAGE_SUFFIXES,
        lambda spec, paced, loop, _: Pictures(Path(spec), paced, loop),
    ),
    SourceKind(
        "video",
        lambda spec: not _is_device(spec) and (os.path.exists(spec) or _looks_like_a_path(spec)),
        lambda spec, paced, loop, _: VideoFile(Path(spec), paced, loop),
    ),
    SourceKind("camera", lambda _: True, lambda spec, _, __, devices: CameraSource(spec, devices)),
)


def open_source(spec: str, *, paced: bool = True, loop: bool = False, devices: Devices = SYSTEM) -> Source:
    """The source for "0", a camera's name, a file, a folder, a URL or "demo" (loops while paced); not opened yet.

    paced=False: a file as fast as it decodes; `captured_at` is then the frame's own time stamp, seconds.
    """
    spec = spec.strip() if not os.path.lexists(spec) else spec
    if not spec.strip():
        raise SourceError("No source was named; give a camera, a file, a folder or a URL", "absent")
    try:
        kind = next(kind for kind in SOURCES if kind.takes(spec))
    except OSError as problem:  # a name that is too long, a folder that may not be entered
        raise SourceError(f"{without_secrets(spec)}: {reason(problem)}", "absent") from problem
    if kind.name in ("pictures", "video", "camera") and hidden(spec) != spec and not os.path.exists(spec):
        name = without_secrets(spec)
        raise SourceError(f"{name}: no file, and no address either; those begin like rtsp:// or http://", "absent")
    return kind.make(spec, paced, loop, devices)


def is_one_picture(spec: str) -> bool:
    """Whether a specification names a picture file."""
    return Path(spec).suffix.lower() in IMAGE_SUFFIXES and os.path.isfile(spec)


def _is_device(spec: str) -> bool:
    return spec.isdigit() or re.fullmatch(r"/dev/video\d+", spec) is not None


def _looks_like_a_path(spec: str) -> bool:
    """Whether it has separators or an ending like ".mp4": a missing file, and not an unknown camera."""
    return "/" in spec or "\\" in spec or re.search(r"\.\w{2,4}$", spec) is not None
