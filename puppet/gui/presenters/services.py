"""What the window asks of the rest of the program, in one object, so that tests can replace it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from puppet.actor import library
from puppet.actor.catalogue import name_of
from puppet.core.background import Background
from puppet.core.types import Image, Result
from puppet.engine.backdrop import Backdrop
from puppet.face.neutral_store import NeutralStore
from puppet.new_actor import job, picture
from puppet.output.live_outputs import LiveOutputs
from puppet.output.recording_sink import RecorderSink
from puppet.settings import Settings
from puppet.sources.camera_format import CameraFormat

FaceShares = tuple[float, float, float, float]  # left, top, width and height of a face, as shares of a picture


@dataclass(frozen=True)
class Services:
    """Functions and objects that reach devices, files and child processes; all may be slow unless they say so."""

    list_cameras: Callable[[], Sequence[str]]  # names
    camera_picture: Callable[[str], Image]  # one picture of the camera of that name; raises SourceError
    want_camera: Callable[[CameraFormat], None]  # from the next opening of a camera on; at once
    list_actors: Callable[[], Sequence[Path]]
    read_preview: Callable[[Path], Image]
    make_recorder: Callable[[Path | None, Settings, str], RecorderSink]  # file or None: a new one; actor
    save_snapshot: Callable[[Result, Settings, str], Path]  # result, settings, actor
    outputs: LiveOutputs
    save_settings: Callable[[Settings], None]  # raises OSError
    neutrals: NeutralStore
    record_footage: Callable[[Path], RecorderSink]  # records what the camera sees, as footage for an actor
    read_picture: Callable[[Path], Image | None]  # a picture file; None: none that can be read
    read_backdrop: Callable[[Background], Backdrop]  # raises PictureError
    open_picture: Callable[[Path], Image]  # a picture file; raises PictureError
    find_faces: Callable[[Image], Sequence[FaceShares]]  # from left to right; raises PuppetError
    write_camera_picture: Callable[[Image], Path]  # a file for `picture_actors`; raises OSError
    actor_name: Callable[[Path], str] = name_of  # that people are shown
    picture_actors: ModuleType = picture  # or an object with its functions
    jobs: ModuleType = job  # or an object with its functions
    library: ModuleType = library  # or an object with its functions
