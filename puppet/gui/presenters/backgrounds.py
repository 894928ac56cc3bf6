"""What is behind the actor: reads what was chosen, tells the engine, and says where it cannot be."""

from __future__ import annotations

from pathlib import Path

from puppet.core.background import Background, BackgroundKind, parse_background
from puppet.engine.backdrop import Backdrop
from puppet.engine.status import Status
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Presenter, WindowContext
from puppet.media.codecs import Codec


class BackgroundPresenter(Presenter):
    """Between the engine's background and the group Background. What cannot be read changes nothing."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self.panel = context.window.background
        self.panel.chosen.connect(self._choose)

    def start(self, source: str, actor: Path | None) -> None:
        wanted = parse_background(self.context.settings.background)
        if wanted.kind is BackgroundKind.PICTURE:
            self._read(wanted)
        else:
            self._use(Backdrop(wanted))

    def show_status(self, status: Status) -> None:
        possible = self.context.engine.has_layers
        self.panel.show_possible(possible, self._note(possible, status.actor))

    def _note(self, possible: bool, actor: str | None) -> str:
        if not possible:
            words = translate("puppet", "{0} has no layers: its background is a part of its picture.")
            return words.format(actor) if actor else ""
        if not self.context.backdrop.wanted.transparent:
            return ""
        words = translate("puppet", "Calls get green.")
        if not Codec(self.context.settings.output.codec).alpha:
            needed = translate("puppet", " {0} ").format(translate("puppet", "or")).join(_with_alpha())
            words += " " + translate("puppet", "Recordings need the codec {0}.").format(needed)
        return words

    def _choose(self, text: str) -> None:
        self.context.window.banners.dismiss("background")
        self._read(parse_background(text))

    def _read(self, wanted: Background) -> None:
        """In a thread: a picture may be large, or lie on a disk that does not answer."""
        context = self.context
        context.background.run("background", lambda: context.services.read_backdrop(wanted), self._chosen, self._tell)

    def _chosen(self, backdrop: Backdrop) -> None:
        self._use(backdrop)
        if self.context.settings.background != backdrop.wanted.text:
            self.context.remember(background=backdrop.wanted.text)

    def _use(self, backdrop: Backdrop) -> None:
        self.context.backdrop = backdrop
        self.context.send_options()
        self.panel.show_current(backdrop.wanted)
        self.show_status(self.context.status)

    def _tell(self, problem: Exception) -> None:
        self.context.window.banners.say("background", str(problem), "error")


def _with_alpha() -> list[str]:
    return [codec.label for codec in Codec if codec.alpha]
