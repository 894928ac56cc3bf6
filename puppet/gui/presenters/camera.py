"""The camera: its resolution and rate, and the thumbnails of all cameras in the list of sources."""

from __future__ import annotations

from puppet.core.types import Image
from puppet.engine.status import Status
from puppet.gui.kit.pickers import THUMBNAIL
from puppet.gui.kit.qimage import to_icon
from puppet.gui.presenters.base import Presenter, WindowContext
from puppet.sources.camera_format import CameraFormat


class CameraPresenter(Presenter):
    """Shows the group Camera while a camera is open, and gets one thumbnail after the other when the list opens."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self._waiting: list[str] = []  # cameras whose thumbnails are still wanted
        self._opening = False
        w = context.window
        w.camera.show_choice(context.settings.camera)
        w.camera.chosen.connect(self._choose)
        w.source.list_shown.connect(self._get_thumbnails)
        w.side.groups["camera"].hide()

    def show_status(self, status: Status) -> None:
        w, result = self.context.window, self.context.result
        is_camera = w.source.current in w.source.cameras
        w.side.groups["camera"].setVisible(is_camera)
        if is_camera and result is not None:
            height, width = result.frame.image.shape[:2]
            w.camera.show_given(width, height, status.capture_fps)

    def source_changed(self, spec: str) -> None:
        self._waiting = []  # it may be one of these, and cannot be opened twice

    def _choose(self, wanted: CameraFormat) -> None:
        context = self.context
        if wanted != context.settings.camera:
            context.remember(camera=wanted)
            context.services.want_camera(wanted)
            context.engine.set_source(context.window.source.current, changed=True)

    def _get_thumbnails(self) -> None:
        """Open one camera after the other for a picture; the one in use has its last result."""
        source, result = self.context.window.source, self.context.result
        if source.current in source.cameras and result is not None:
            self._show(source.current, result.frame.image)
        self._waiting = [name for name in source.cameras if name != source.current and name not in source.pictures]
        self._next()

    def _next(self) -> None:
        if self._waiting and not self._opening:
            self._opening = True
            name = self._waiting.pop(0)
            self.context.background.run(
                "camera thumbnail",
                lambda: self.context.services.camera_picture(name),
                lambda picture: self._came(name, picture),
                lambda _: self._came(name, None),  # it is in use elsewhere, say: that is told when it is chosen
            )

    def _came(self, name: str, picture: Image | None) -> None:
        self._opening = False
        if picture is not None:
            self._show(name, picture)
        self._next()

    def _show(self, name: str, picture: Image) -> None:
        icon = to_icon(picture, THUMBNAIL, self.context.window.devicePixelRatioF())
        self.context.window.source.show_picture(name, icon)
