"""The pictures of driver and actor: what the panes show, in which layout, mirrored or not."""

from __future__ import annotations

from dataclasses import replace

from puppet.core.types import Result
from puppet.engine.status import Phase, Status
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.kit.shortcuts import keys_for
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Presenter, WindowContext
from puppet.gui.presenters.status import still_learning, timings_in_words


class PicturePresenter(Presenter):
    """Shows each result in both panes, scaled to their size, with the notes over them."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self._shown: tuple | None = None  # sizes of the panes for which the last pictures were scaled
        transport, settings, view = context.window.transport, context.settings, context.window.view
        transport.mirror_preview_changed.connect(self._mirror_preview)
        transport.mirror_output_changed.connect(self._mirror_output)
        transport.show_mirrors(settings.mirror_preview, settings.mirror_output)
        view.layout_chosen.connect(self._arrange)
        view.mesh_changed.connect(lambda on: self._view(mesh=on))
        view.timings_changed.connect(lambda on: self._view(timings=on))
        view.show_choice(settings.view.layout, settings.view.mesh, settings.view.timings)
        context.window.pictures.arrange(settings.view.layout)
        self._show_mirrors()

    @property
    def outdated(self) -> bool:
        """Whether the window has had another size since the last picture."""
        return self.context.window.pictures.isVisible() and self._shown != self._sizes()

    def show_result(self, result: Result, again: bool) -> None:
        w = self.context.window
        if not w.pictures.isVisible():  # another page is in front
            self._shown = None
            return
        captured_at = None if again else result.frame.captured_at  # shown again, its age means nothing
        if w.driver_pane.isVisible():
            points = result.face.points if result.face is not None and self.context.settings.view.mesh else None
            w.driver_pane.show_image(to_qimage(result.frame.image, *w.driver_pane.device_size, points), captured_at)
        note = translate("puppet", "No face in view") if result.face is None else _advice(self.context.status)
        w.driver_pane.set_note(note)
        w.actor_pane.set_note("" if w.driver_pane.isVisible() else note)
        if result.portrait is not None:
            w.actor_pane.show_image(to_qimage(result.portrait.image, *w.actor_pane.device_size), captured_at)
        else:
            w.actor_pane.clear()
        self._shown = self._sizes()

    def show_status(self, status: Status) -> None:
        w = self.context.window
        w.driver_pane.set_placeholder(_waiting_for(status))
        if status.actor_loading is not None:
            name = self.context.names.get(status.actor_loading, status.actor_loading)
            w.actor_pane.set_placeholder(translate("puppet", "Loading {0}…").format(name))
        else:
            w.actor_pane.set_placeholder("" if status.actor else translate("puppet", "Choose an actor"))
        latency = w.actor_pane.latency_ms
        w.actor_pane.set_corner(timings_in_words(status, latency) if self.context.settings.view.timings else "")

    def source_changed(self, spec: str) -> None:
        self.context.window.driver_pane.clear()

    def _mirror_preview(self, on: bool) -> None:
        self.context.remember(mirror_preview=on)
        self._show_mirrors()

    def _mirror_output(self, on: bool) -> None:
        self.context.remember(mirror_output=on)
        self.context.send_options()

    def _show_mirrors(self) -> None:
        """Mirror both pictures or none, so that they agree with each other."""
        self.context.window.pictures.set_mirrored(self.context.settings.mirror_preview)

    def _arrange(self, layout: str) -> None:
        self.context.window.pictures.arrange(layout)
        self._view(layout=layout)

    def _view(self, **changes) -> None:
        self.context.remember(view=replace(self.context.settings.view, **changes))
        self._shown = None  # draw the last picture anew
        self.show_status(self.context.status)

    def _sizes(self) -> tuple:
        return self.context.window.pictures.sizes


def _waiting_for(status: Status) -> str:
    """The text of the driver's pane before its first picture."""
    if status.phase is Phase.RECONNECTING:
        return translate("puppet", "Waiting for {0}…").format(status.source)
    if status.phase is Phase.FAILED:
        return translate("puppet", "No picture. Choose another driver above.")
    return translate("puppet", "Starting…")


def _advice(status: Status) -> str:
    """What the user can do for the neutral, empty when nothing: in front of a camera while it is being learned."""
    if status.source_live and still_learning(status):
        return translate("puppet", "Learning your face: look relaxed, or press {0}").format(keys_for("calibrate"))
    return ""
