"""Puts the program together: the engine on real sources and actors, and the services that the window asks for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from puppet.core import pixels
from puppet.core.background import CHOICES, Background, BackgroundKind
from puppet.core.errors import PictureError, PuppetError, reason
from puppet.core.layout import Layout
from puppet.core.providers import AUTO
from puppet.core.trackers import TRACKER
from puppet.engine.backdrop import Backdrop
from puppet.engine.engine import Engine
from puppet.engine.protocols import PuppeteerLike
from puppet.new_actor import picture
from puppet.settings import Settings
from puppet.sources.devices import Devices, RequestedFormat
from puppet.sources.registry import DEMO, is_one_picture
from puppet.sources.registry import open_source as open_any_source
from puppet.storage.folders import jobs_folder

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.core.protocols import Source
    from puppet.core.types import Image, Result
    from puppet.engine.options import StepOptions
    from puppet.gui.presenters.services import Services
    from puppet.output.recording_sink import RecorderSink
    from puppet.output.settings import OutputSettings

LARGEST_BACKDROP = 2048  # px, side of a background's picture that is kept: no actor draws larger ones


def build_engine(
    provider: str = AUTO,
    loop: bool = False,
    camera_format: RequestedFormat | None = None,
    tracker: str = TRACKER.default,
) -> Engine:
    """An engine that opens any source and loads any actor file when asked; nothing is opened or loaded yet.

    loop: play files again and again; the demo clip always does. camera_format: what cameras are asked for.
    tracker: one of TRACKER's choices.
    """
    devices = Devices(camera_format=(camera_format or RequestedFormat()).current)

    def open_source(spec: str) -> Source:
        stands = is_one_picture(spec)  # a window shows a picture until another source is chosen
        return open_any_source(spec, paced=True, loop=loop or stands or spec == DEMO, devices=devices)

    def load_actor(path: Path) -> Actor:
        from puppet.actor.runtime import load_actor

        return load_actor(path, provider)

    return Engine(open_source, lambda: _make_puppeteer(None, tracker), load_actor)


def build_engine_for(
    actor: Actor,
    make_source: Callable[[str], Source],
    options: StepOptions | None = None,
    others: Sequence[Actor] = (),
    tracker: str = TRACKER.default,
) -> Engine:
    """An engine for an actor that is loaded already, and for others that play the same face beside it."""
    beside = {f"beside {number}": other for number, other in enumerate(others)}

    def make_puppeteer() -> PuppeteerLike:
        return _make_puppeteer(actor, tracker)

    engine = Engine(make_source, make_puppeteer, lambda path: beside.get(path.name, actor), options)
    engine.set_others([Path(name) for name in beside])
    return engine


def _make_puppeteer(actor: Actor | None, tracker: str) -> PuppeteerLike:
    from puppet.engine.puppeteer import Puppeteer
    from puppet.face.tracking import live_tracker

    return Puppeteer(live_tracker(library=tracker), actor)


def read_backdrop(background: Background) -> Backdrop:
    """A background that is ready to be drawn. Raises PictureError, with the file and what to do."""
    if background.kind is not BackgroundKind.PICTURE:
        return Backdrop(background)
    from puppet.pictures.decode import read_picture

    path = Path(background.picture)
    try:
        picture = read_picture(path)
    except FileNotFoundError as problem:
        raise PictureError(f"{path}: there is no such file; a background is {CHOICES}") from problem
    except OSError as problem:
        raise PictureError(f"{path}: {reason(problem)}; choose another picture for the background") from problem
    except PictureError as problem:
        raise PictureError(f"{problem}; choose another picture for the background") from problem
    return Backdrop(background, pixels.cover(picture, min(*picture.shape[:2], LARGEST_BACKDROP)))


def check_background(actor: Actor, background: Background, outputs: OutputSettings | None) -> None:
    """Raise PuppetError where this actor cannot have that background, or a file of these outputs cannot show it."""
    if background.kind is BackgroundKind.OWN:
        return
    if actor.plate is None:
        raise PuppetError(
            f"{actor.name} has no layers: its background is a part of its picture, and no other one can be put there; "
            "leave --background out, or choose another actor"
        )
    if background.transparent and outputs is not None:
        from puppet.media.codecs import Codec
        from puppet.output.recording_sink import check_alpha

        check_alpha(Codec(outputs.codec), outputs.layouts)


def consent_of(engine: Engine) -> Callable[[], str]:
    """A function that gives the consent statements of the actor that plays and of whom it turns into.

    The text is empty while no actor plays.
    """
    return lambda: " ".join(actor.card.consent for actor in engine.shown_actors)


def window_services(
    save: Callable[[Settings], None],
    settings: Settings,
    camera_format: RequestedFormat | None = None,
    consent: Callable[[], str] = str,
) -> Services:
    """What the window's controller asks of the rest of the program.

    save: writes the settings, raises OSError. camera_format: changed when the user asks cameras for another one.
    consent: gives the consent statement that recordings carry.
    """
    from puppet.actor.catalogue import list_actors, read_preview
    from puppet.commands.photo import open_picture
    from puppet.face.neutral_store import NeutralStore
    from puppet.gui.presenters.services import FaceShares, Services
    from puppet.media.ffmpeg_arguments import RecordingSettings
    from puppet.output.live_outputs import LiveOutputs
    from puppet.output.recording_sink import RecorderSink
    from puppet.pictures import decode
    from puppet.sources.cameras import camera_picture
    from puppet.sources.devices import list_cameras
    from puppet.storage.names import with_free_name

    def record_footage(path: Path) -> RecorderSink:
        return with_free_name(path, lambda free: RecorderSink(RecordingSettings(free), (Layout.DRIVER,)))

    def read_picture(path: Path) -> Image | None:
        try:
            return decode.read_picture(path)
        except (PuppetError, OSError):  # being written, or removed meanwhile; the controller tries again
            return None

    def find_faces(image: Image) -> list[FaceShares]:
        from puppet.photo.faces import faces_of, require_usable

        faces, (height, width) = faces_of(image), image.shape[:2]
        if len(faces) == 1:
            require_usable(image, faces[0])
        found = list[FaceShares]()
        for face in faces:
            points = face.points[:, :2] / (width, height)
            (left, top), (wide, high) = points.min(0).tolist(), np.ptp(points, axis=0).tolist()
            found.append((left, top, wide, high))
        return found

    def write_camera_picture(image: Image) -> Path:
        folder = jobs_folder() / picture.FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        file = Path(tempfile.mkdtemp(prefix="camera-", dir=folder)) / "camera.png"
        file.write_bytes(cv2.imencode(".png", image)[1].tobytes())
        return file

    outputs = LiveOutputs(settings.output, settings.folder(), consent)

    def make_recorder(path: Path | None, settings: Settings, name: str) -> RecorderSink:
        return outputs.take(path, settings.folder(), name)

    def snapshot(result: Result, settings: Settings, name: str) -> Path:
        return outputs.snapshot(result, settings.folder(), name)

    return Services(
        list_cameras=lambda: [camera.name for camera in list_cameras()],
        camera_picture=camera_picture,
        want_camera=(camera_format or RequestedFormat()).change,
        list_actors=list_actors,
        read_preview=read_preview,
        make_recorder=make_recorder,
        save_snapshot=snapshot,
        outputs=outputs,
        save_settings=save,
        neutrals=NeutralStore(),
        record_footage=record_footage,
        read_picture=read_picture,
        read_backdrop=read_backdrop,
        open_picture=open_picture,
        find_faces=find_faces,
        write_camera_picture=write_camera_picture,
    )
