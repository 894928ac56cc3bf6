"""A window on an engine with planted parts, for the tests of the window."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
import pytest
from engine_fakes import FakeActor, FakePuppeteer, FakeSource
from planted_face import rest_face, tracked
from PyQt6.QtCore import QCoreApplication, Qt
from PyQt6.QtGui import QColor, QDesktopServices
from PyQt6.QtWidgets import QComboBox

from puppet.commands.services import read_backdrop
from puppet.core.addresses import without_secrets
from puppet.core.errors import ActorFileError, SourceError
from puppet.core.layout import Layout
from puppet.core.types import Frame, Portrait, Result
from puppet.engine.engine import Engine
from puppet.face.neutral_store import NeutralStore
from puppet.gui.controller import Controller
from puppet.gui.kit.preview import PreviewPane
from puppet.gui.main_window import MainWindow
from puppet.gui.presenters.services import Services
from puppet.media.recorder import Recording
from puppet.new_actor.picture import Draft
from puppet.output.compose import compose
from puppet.output.live_outputs import LiveOutputs
from puppet.output.snapshot import save_snapshot
from puppet.provenance.xmp import Provenance
from puppet.settings import Settings

ROOM = 60_000  # ms; a wait that is over earlier costs nothing, and a loaded machine needs it
RED, GREEN, BLUE, GREY = (0, 0, 255), (0, 255, 0), (255, 0, 0), (99, 99, 99)  # BGR
A_FACE = tracked(rest_face(), (0, 0, 0), 42, (42, 30))  # near, in the middle of a picture of 84 x 84 px


def halves(left, right, height=48, width=64):
    """A picture of two colours."""
    image = np.empty((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = left, right
    return image


class FakeTake:
    """Stands for RecorderSink: one second per ten pictures."""

    def __init__(self, path: Path, actor: str):
        self.path, self.actor, self.images, self.error, self.recording, self.dropped = path, actor, [], None, None, 0
        self.recordings, self.also = (), ()  # also: names of further files of this take
        self.closed, self.fails, self.sound_left = threading.Event(), None, None

    @property
    def seconds(self):
        return len(self.images) / 10

    @property
    def errors(self):
        return () if self.error is None else (self.error,)

    def write(self, result):
        self.images.append(compose(result, Layout.DRIVER))
        self.error = self.fails

    def close(self):
        paths = (self.path, *(self.path.with_name(name) for name in self.also))
        self.recordings = tuple(Recording(path, len(self.images), self.seconds, 0, self.dropped) for path in paths)
        self.recording = self.recordings[0]
        self.closed.set()
        if self.error:
            raise self.error


class FakePictureActors:
    """Stands for puppet.new_actor.picture. fails: what `make` raises."""

    def __init__(self, folder: Path):
        self.folder, self.requests, self.kept, self.dropped, self.left, self.fails = folder, [], [], [], [], None
        self.forgotten = []

    def keep_left_over(self):
        return self.left

    def make(self, request):
        self.requests.append(request)
        if self.fails:
            raise self.fails
        return Draft(self.folder / f"{request.name}.actor", io.BytesIO())

    def keep(self, draft):
        self.kept.append(draft.actor)
        return self.folder / "kept" / draft.actor.name

    def drop(self, draft):
        self.dropped.append(draft.actor)

    def forget(self, taken):
        self.forgotten.append(taken)


class PlantedWindow:
    """A window with its engine; `picture` is what the source shows, `face` whether somebody is in it."""

    def __init__(self, qtbot, folder: Path, settings: Settings, sources=None):
        self.qtbot, self.folder = qtbot, folder
        self.picture, self.face = halves(RED, BLUE), A_FACE
        self.opened, self._saved, self.takes, self.puppeteers = [], [], [], []
        self.cameras = ["Front", "Back"]
        self.wanted, self.looked_through, self.busy = [], [], []
        self.may_load = threading.Event()
        self.may_load.set()
        self.wall = lambda others: ()  # pictures of actors beside the first
        self.faces = [(0.25, 0.25, 0.5, 0.5)]  # that are found in a picture, as shares of it
        self.picture_actors = FakePictureActors(folder)
        self.bad_actor = self.actor_notice = self.refuse_recording = None
        self.sources = sources or (lambda spec: self.camera(spec))
        self.engine = Engine(
            self.open_source,  # pyright: ignore[reportArgumentType]
            self.make_puppeteer,
            lambda path: self.load_actor(path),  # a test may replace it
            reopen_delays=(0.01,),
        )
        self.window = MainWindow()
        self.window.resize(1100, 720)
        services = Services(
            list_cameras=lambda: self.cameras,
            camera_picture=self.camera_picture,
            want_camera=self.wanted.append,
            list_actors=lambda: [Path("actors/marble.actor"), Path("actors/ada.actor")],
            read_preview=self.read_preview,
            make_recorder=self.make_take,
            save_snapshot=lambda result, settings, actor: save_snapshot(result, settings.folder(), Provenance(actor)),
            outputs=LiveOutputs(settings.output, folder),
            save_settings=self._saved.append,
            neutrals=NeutralStore(folder / "neutrals"),
            record_footage=lambda path: self.make_take(path, folder, "driver"),
            read_picture=lambda path: cv2.imread(str(path)),  # pyright: ignore[reportArgumentType]
            read_backdrop=read_backdrop,
            open_picture=lambda path: cv2.imread(str(path)),  # pyright: ignore[reportArgumentType]
            find_faces=lambda image: self.faces,
            write_camera_picture=self.write_camera_picture,
            picture_actors=self.picture_actors,  # pyright: ignore[reportArgumentType]
        )
        self.controller = Controller(self.engine, self.window, settings, services)
        self.window.closing.connect(self.controller.shutdown)
        qtbot.addWidget(self.window)

    def open_source(self, spec):
        self.opened.append(spec)
        return self.sources(without_secrets(spec))  # real sources are called so

    def camera(self, name, live=True):
        def pictures():
            index = 0
            while True:
                threading.Event().wait(0.004)
                index += 1
                yield Frame(self.picture, index, time.perf_counter())

        return FakeSource(name, pictures(), live=live)

    def side_by_side(self):
        """The picture of the source and that of the actor, as they are recorded."""
        portrait = Portrait(self.puppeteers[-1].picture)
        return compose(Result(Frame(self.picture, 0, 0.0), None, None, portrait, None), Layout.SIDE_BY_SIDE)

    def make_puppeteer(self):
        gui = self

        class Puppeteer(FakePuppeteer):
            picture = halves(GREEN, GREY, 32, 32)

            def track(self, frame):
                self.face, self.wall = gui.face, gui.wall(self.others)
                return super().track(frame)

        self.puppeteers.append(Puppeteer())
        return self.puppeteers[-1]

    def load_actor(self, path: Path) -> Any:
        self.may_load.wait(60)
        if self.bad_actor == path.stem:
            raise ActorFileError(f"{path.name}: digest does not match")
        actor = FakeActor(path.stem)
        actor.notice = self.actor_notice
        return actor

    def camera_picture(self, name):
        self.looked_through.append(name)
        if name in self.busy:
            raise SourceError(f"{name} is used by another program", "busy")
        return halves(BLUE, BLUE)

    def write_camera_picture(self, image):
        path = self.folder / "camera.png"
        cv2.imwrite(str(path), image)
        return path

    def read_preview(self, path):
        if path.stem == self.bad_actor:
            raise ActorFileError("damaged")
        return halves(GREEN, GREY)

    def make_take(self, path, settings, actor):
        if self.refuse_recording:
            raise self.refuse_recording
        self.takes.append(FakeTake(path or settings.folder() / "take.mp4", actor))
        return self.takes[-1]

    def start(self, source="Front", actor: Path | None = Path("actors/marble.actor")):
        self.controller.start(source, actor)
        self.window.show()
        self.qtbot.waitUntil(lambda: self.window.driver_pane.image is not None, timeout=ROOM)
        if actor is not None:
            self.qtbot.waitUntil(lambda: self.window.actor_pane.image is not None, timeout=ROOM)
            self.qtbot.waitUntil(lambda: self.window.actor.box.currentText() == actor.stem, timeout=ROOM)
        return self

    def until(self, condition):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=ROOM)

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self.qtbot.keyClick(self.window, key, modifier)
        self.settle()

    def click(self, widget):
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center())
        self.settle()

    def settle(self):
        """Until what was asked for is written, and told."""
        self.controller.context.background.wait(60)
        QCoreApplication.sendPostedEvents()

    def choose(self, box: QComboBox, text: str):
        """Choose a row as a user does, by the keyboard's confirmation."""
        row = box.findText(text)
        assert row >= 0, [box.itemText(i) for i in range(box.count())]
        box.setCurrentIndex(row)
        box.activated.emit(row)

    @staticmethod
    def read(path: Path):
        """uint8 BGR"""
        return cv2.imread(str(path))

    @property
    def saved(self):
        """Settings that were written, and those that are being written."""
        self.controller.context.background.wait(60)
        return self._saved

    @property
    def options(self):
        return self.puppeteers[-1].options

    @property
    def banners(self):
        return [banner.text for banner in self.window.banners.banners]


@pytest.fixture
def make_gui(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    opened = []
    made = []

    def make(settings=None, sources=None) -> PlantedWindow:
        settings = settings or Settings(recording_folder=str(tmp_path))
        made.append(PlantedWindow(qtbot, tmp_path, settings, sources))
        made[-1].folders_opened = opened  # pyright: ignore[reportAttributeAccessIssue]
        return made[-1]

    yield make
    for gui in made:
        gui.controller.shutdown()
        assert gui.engine.stop() == []


@pytest.fixture
def gui(make_gui) -> PlantedWindow:
    return make_gui().start()


def colour_at(pane: PreviewPane, x: float, y: float = 0.5) -> tuple[int, int, int]:
    """BGR of the painted widget at a place given in parts of its size."""
    grabbed = pane.grab().toImage()
    colour = QColor(grabbed.pixel(round(x * (grabbed.width() - 1)), round(y * (grabbed.height() - 1))))
    return colour.blue(), colour.green(), colour.red()
