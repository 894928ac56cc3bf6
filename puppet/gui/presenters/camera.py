"""The camera's resolution and frame rate; pictures of the cameras for the list."""

from __future__ import annotations

from puppet.core.types import Image
from puppet.engine.engine import Status
from puppet.gui.kit.qimage import to_icon
from puppet.gui.live.casting_panel import THUMBNAIL
from puppet.gui.presenters.base import Area, Desk
from puppet.sources.camera_format import CameraFormat


class CameraArea(Area):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._waiting: list[str] = []  # cameras that are still to be looked through
        self._looking = False
        w = desk.window
        w.camera.show_choice(desk.settings.camera)
        w.camera.chosen.connect(self._choose)
        w.source.list_shown.connect(self._look_through)
        w.side.groups["camera"].hide()

    def show_status(self, status: Status) -> None:
        w, result = self.desk.window, self.desk.result
        is_camera = w.source.current in w.source.cameras
        w.side.groups["camera"].setVisible(is_camera)
        if is_camera and result is not None:
            height, width = result.frame.image.shape[:2]
            w.camera.show_given(width, height, status.capture_fps)

    def source_changed(self, spec: str) -> None:
        self._waiting = []  # it may be the very one that was to be looked through

    def _choose(self, wanted: CameraFormat) -> None:
        desk = self.desk
        if wanted != desk.settings.camera:
            desk.remember(camera=wanted)
            desk.services.want_camera(wanted)
            desk.engine.set_source(desk.window.source.current, anew=True)

    def _look_through(self) -> None:
        """One camera after the other, for a picture of what each sees; the one in use has one already."""
        source, result = self.desk.window.source, self.desk.result
        if source.current in source.cameras and result is not None:
            self._show(source.current, result.frame.image)
        self._waiting = [name for name in source.cameras if name != source.current and name not in source.pictures]
        self._next()

    def _next(self) -> None:
        if self._waiting and not self._looking:
            self._looking = True
            name = self._waiting.pop(0)
            self.desk.background.run(
                "look through a camera",
                lambda: self.desk.services.camera_picture(name),
                lambda picture: self._looked(name, picture),
                lambda _: self._looked(name, None),  # busy, say: it is told when it is chosen
            )

    def _looked(self, name: str, picture: Image | None) -> None:
        self._looking = False
        if picture is not None:
            self._show(name, picture)
        self._next()

    def _show(self, name: str, picture: Image) -> None:
        icon = to_icon(picture, THUMBNAIL, self.desk.window.devicePixelRatioF())
        self.desk.window.source.show_picture(name, icon)
