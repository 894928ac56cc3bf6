"""The explorer: move through an actor's latent space with the mouse, sliders and typed commands.

It is a page of the window and a window of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication, QHideEvent, QKeyEvent, QShowEvent
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from puppet.actor.runtime import Actor
from puppet.core.errors import PuppetError
from puppet.core.types import Floats, Image, Latent
from puppet.explore.bookmarks import Bookmarks
from puppet.explore.directions import Direction, bases
from puppet.explore.exploration import Exploration, explore
from puppet.explore.paths import RandomFaces, lively_target
from puppet.explore.text_commands import Command, parse_command
from puppet.gui.explorer.bookmarks import ActorBookmarks
from puppet.gui.explorer.clipboard import copy_latent, pasted_latent
from puppet.gui.explorer.face_panel import FacePanel
from puppet.gui.explorer.keys import STARTS, LettersForCommands, typed_command
from puppet.gui.explorer.morph_panel import MEAN, NOW, SAME, MorphRequest
from puppet.gui.explorer.morphs import LoadActor, Morphs, Step
from puppet.gui.explorer.motion import Motion
from puppet.gui.explorer.style import explorer_style
from puppet.gui.explorer.tabs import ExplorerTabs
from puppet.gui.explorer.worker import DecodeWorker
from puppet.gui.kit.banners import BannerStack
from puppet.gui.kit.theme import colours_for, follow_system

STATUS_MS = 500  # between two looks at the rate
MARGIN = 12  # px


class ExplorerWidget(QWidget):
    """Everything about one actor's latent space.

    `shutdown` ends its threads; a window that is closed does that by itself. bookmarks: where they are kept. folder:
    where videos go. others: names of actors to morph into, by file, and `load_actor` that loads one (in a helper
    thread). badge: whether videos carry the visible sign.
    """

    live_wanted = pyqtSignal()  # the user wants to go on from the live expression: call `explore_from`
    shown_live = pyqtSignal(object)  # Latent | None: what the live actor is to show instead of the performance
    quit_wanted = pyqtSignal()

    def __init__(
        self,
        actor: Actor | None = None,
        bookmarks: Bookmarks | None = None,
        folder: Callable[[], Path] = Path.cwd,
        load_actor: LoadActor | None = None,
        others: Callable[[], Mapping[str, str]] = dict,
        badge: Callable[[], bool] = lambda: True,
        seed: int | None = None,
        parent: QWidget | None = None,
        banners: BannerStack | None = None,
    ) -> None:
        """`actor` may come later, by `set_actor`. seed: None for other faces each time. banners: None for its own."""
        super().__init__(parent)
        self.actor: Actor | None = None
        self._others = others
        self._random = np.random.default_rng(seed)
        self._at: Exploration | None = None
        self._faces: RandomFaces | None = None
        self._mouse: tuple[float, float] | None = None  # where it is, when the face does not show that yet
        self._over = False

        self.worker = DecodeWorker(self)
        self.worker.pause(True)  # until it is shown: the owner connects to its signals first
        self.face = FacePanel()
        self.pane = self.face.pane
        self.banners = banners or BannerStack(self)
        self._morphs = Morphs(self.banners, folder, load_actor, badge, self)
        self._motion = Motion(self)
        self.tabs = ExplorerTabs()
        self.rows, self.attributes = self.tabs.rows, self.tabs.attributes
        self.bookmarks, self.morph = self.tabs.bookmarks, self.tabs.morph
        self._bookmarks = ActorBookmarks(bookmarks or Bookmarks(), self.bookmarks, self.banners, self)
        self._status = QTimer(self)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._arrange()
        self._connect()
        self.apply_theme()
        follow_system(self.apply_theme)
        self.set_live(False)
        self._status.start(STATUS_MS)
        if actor is not None:
            self.set_actor(actor)

    def apply_theme(self) -> None:
        """Take the system's light or dark scheme."""
        self.setStyleSheet(explorer_style(colours_for(QGuiApplication.palette())))

    # -- for the owner -------------------------------------------------------------------------------------------

    @property
    def exploration(self) -> Exploration | None:
        """The face that is shown, and the way there; None without an actor."""
        return self._at

    def set_actor(self, actor: Actor) -> None:
        """Explore another actor, from its mean face on."""
        self._motion.stop()
        self.actor = actor
        self._morphs.set_actor(actor)
        self._faces = RandomFaces(actor.latents)
        self.worker.set_actor(actor)
        self.worker.take()
        self.pane.clear()
        self._bookmarks.set_actor(actor.card)
        self.face.show_bases(bases(actor.latents))
        self.attributes.show_attributes(list(actor.latents.directions))
        self.morph.show_actors({path: name for path, name in self._others().items() if name != actor.name})
        self._show_basis(explore(actor.latents))
        self.face.show_on_actor.setChecked(False)

    def set_live(self, live: bool) -> None:
        """live: there is a live actor, whose expression can be taken over and which can show this face."""
        self.face.take_live.setVisible(live)
        self.face.show_on_actor.setVisible(live)
        if not live:
            self.face.show_on_actor.setChecked(False)

    def explore_from(self, latent: Latent) -> None:
        """Go on from a live expression, attributes included; see `live_wanted`."""
        if self._at is not None and latent.values.shape == self._at.place.point.shape:
            self._motion.stop()
            self._apply(self._at.jump_to(latent.values))

    def shutdown(self) -> None:
        """End the threads; a video that is being made is ended and kept. Idempotent."""
        if self._over:
            return
        self._over = True
        self._motion.stop()
        self._status.stop()
        self.worker.stop()
        self._morphs.shutdown()

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.shutdown()
        super().closeEvent(a0)

    def hideEvent(self, a0: QHideEvent | None) -> None:
        self._motion.stop()
        self.worker.pause(True)  # while it is hidden it takes no time from the live actor
        super().hideEvent(a0)

    def showEvent(self, a0: QShowEvent | None) -> None:
        self.worker.pause(False)
        super().showEvent(a0)
        self.pane.setFocus()  # not the first box, which would take the letters

    def event(self, a0: QEvent | None) -> bool:
        if a0 is not None and a0.type() == QEvent.Type.ShortcutOverride and typed_command(a0):
            a0.accept()  # R, U ... are shortcuts of the window around it too
            return True
        return super().event(a0)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Do a command that needs nothing more; put the beginning of another one into the command line."""
        text = typed_command(a0)
        if text in STARTS:
            self.face.command.setFocus()
            self.face.command.setText(f"{text} ")
        elif text:
            self.do(Command(text))
        else:
            super().keyPressEvent(a0)

    # -- what the user does --------------------------------------------------------------------------------------

    def do(self, command: Command) -> None:
        """Do one of `text_commands.COMMANDS`."""
        if command.key == "q":
            self.quit_wanted.emit()
        elif command.key == "h":
            self.tabs.show_help()
        elif self._at is not None:
            self._follow_mouse()
            self._do(command, self._at)

    def _do(self, command: Command, at: Exploration) -> None:
        if command.key == "w":
            self._motion.stop_playing()
        else:
            self._motion.stop()
        if command.key == "d":
            self._apply(at.pick(command.numbers[0], command.numbers[1]))
        elif command.key == "r" and self._faces is not None:
            self._apply(at.jump_to(self._faces.draw(self._random)))
        elif command.key == "f":
            self._apply(at.toggle_freeze())
        elif command.key == "u":
            self._apply(at.undo())
        elif command.key == "y":
            self._apply(at.redo())
        elif command.key == "0":
            self._apply(at.reset())
        elif command.key == "w":
            self._toggle_walk(at)
        elif command.key == "b":
            self._bookmarks.add(command.name, at.shown, self.pane.face)
        elif command.key == "g":
            self._apply(at.jump_to(self._bookmarks.point(command.name)))

    def _type(self) -> None:
        if self._try(lambda: self.do(parse_command(self.face.command.text()))):
            self.face.command.clear()

    def _try(self, action: Callable[[], None]) -> bool:
        """Do it; whether that worked. If not, a banner tells why."""
        try:
            action()
        except PuppetError as problem:
            self.banners.say("command", str(problem), "warning")
            return False
        self.banners.dismiss("command")
        return True

    def _hover(self, x: float, y: float) -> None:
        """Follow the mouse, which may tell a thousand places a second, once for each picture."""
        self._mouse = x, y
        if not self.worker.busy:
            self._follow_mouse()

    def _follow_mouse(self) -> None:
        mouse, self._mouse = self._mouse, None
        if mouse is not None and self._at is not None and not self._motion.active:
            self._apply(self._at.hover(*mouse))

    def _slide(self, number: int, value: float) -> None:
        if self._at is not None:
            self._motion.stop()
            self._apply(self._at.set_coordinate(number, value), frozen=True)

    def _set_amount(self, name: str, amount: float) -> None:
        if self._at is not None:
            self._apply(self._at.set_amount(name, amount), frozen=True)

    def _pick(self, number: int, axis: int) -> None:
        if self._at is None:
            return
        right, up = self._at.pair
        pair = (number, up) if axis == 0 else (right, number)
        if pair[0] == pair[1]:  # then both directions change their axes
            pair = (number, right) if axis == 0 else (up, number)
        self._apply(self._at.pick(*pair))

    def _choose_basis(self) -> None:
        if self._at is not None and self.face.basis.currentData() is not self._at.basis:
            self._show_basis(self._at.with_basis(self.face.basis.currentData()))

    def _choose_reach(self) -> None:
        if self._at is not None:
            self._apply(self._at.with_reach(self.face.reach.currentData()))

    def _copy(self) -> None:
        if self._at is not None:
            copy_latent(self._at.shown, self.banners)

    def _paste(self) -> None:
        at = self._at
        point = pasted_latent(len(at.place.point), self.banners) if at is not None else None
        if at is not None and point is not None:
            self._apply(at.jump_to(point))

    # -- walk and morph ------------------------------------------------------------------------------------------

    def _toggle_walk(self, at: Exploration) -> None:
        if self._motion.walking:
            self._motion.stop()
            return
        self._motion.stop()
        if not at.frozen:
            self._apply(at.toggle_freeze())
        self._motion.walk(at.place.point, lambda: lively_target(self._at or at, self._random))

    def _walked(self, point: Floats) -> None:
        if self._at is not None:
            self._apply(self._at.walk_to(point))

    def _played(self, step: Step) -> None:
        self.worker.ask(step.point, step.draw)
        if step.draw is None:
            self._tell_live(step.point)

    def _place(self, name: str) -> Floats:
        assert self._at is not None
        if name == NOW:
            return self._at.shown
        return self._at.latents.mean if name == MEAN else self._bookmarks.point(name)

    def _begin_morph(self, request: MorphRequest, export: bool) -> None:
        if self._at is not None:
            self._motion.stop()
            end = self._at.latents.mean if request.other != SAME else self._place(request.end)
            self._morphs.begin(request, self._place(request.start), end, export)

    # -- showing -------------------------------------------------------------------------------------------------

    def _show_basis(self, at: Exploration) -> None:
        self._motion.stop()
        self._at = None  # the signals of what is set up here are not the user's
        self.face.show_choices(at)
        self.rows.show_directions(at.directions)
        self.worker.ask_thumbnails(at.latents.mean, at.directions)
        self._apply(at)

    def _apply(self, at: Exploration, frozen: bool = False) -> None:
        """Show a state of the exploration, and have its face drawn if that is another one.

        frozen: the user has moved a slider.
        """
        if frozen and not at.frozen:  # else the mouse would change the face on its way back over the picture
            at = at.frozen_here()
        before, self._at = self._at, at
        self.tabs.show_exploration(at, before)
        self.face.show_exploration(at)
        if before is None or before.place is not at.place:
            self._asked_at = time.perf_counter()
            self.worker.ask(at.shown)
            self._tell_live(at.shown)

    def _tell_live(self, point: Floats) -> None:
        if self.face.show_on_actor.isChecked():
            self.shown_live.emit(Latent(point))

    def _show_on_actor(self, on: bool) -> None:
        self.shown_live.emit(Latent(self._at.shown) if on and self._at is not None else None)

    def _drawn(self, latent: Floats, image: Image) -> None:
        self.worker.take()
        if self._over:
            return
        asked_at = self._asked_at
        self._follow_mouse()  # first, so that the next picture is made while this one is painted
        self.pane.show_face(image, asked_at)

    def _thumbnail(self, direction: Direction, before: Image, after: Image) -> None:
        if self._at is not None and direction in self._at.directions:
            self.rows.show_pictures(direction.number, before, after)

    # -- building ------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(self.face)
        halves.addWidget(self.tabs)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setChildrenCollapsible(False)
        halves.setHandleWidth(MARGIN)
        whole = QVBoxLayout(self)
        margin = MARGIN if self.isWindow() else 0  # as a page it is within the margins of the window
        whole.setContentsMargins(margin, margin, margin, margin)
        whole.setSpacing(10)
        whole.addWidget(halves, 1)

    def _connect(self) -> None:
        self._letters = LettersForCommands(self, self.keyPressEvent)
        self._asked_at = time.perf_counter()
        self.pane.hovered.connect(self._hover)
        self.pane.clicked.connect(lambda: self.do(Command("f")))
        self.face.command.returnPressed.connect(self._type)
        for key, button in self.face.buttons.items():
            button.clicked.connect(lambda _, key=key: self.do(Command(key)))
        self.face.frozen.clicked.connect(lambda: self.do(Command("f")))
        self.face.copy.clicked.connect(self._copy)
        self.face.paste.clicked.connect(self._paste)
        self.face.basis.activated.connect(lambda _: self._choose_basis())
        self.face.reach.activated.connect(lambda _: self._choose_reach())
        self.rows.moved.connect(self._slide)
        self.rows.picked.connect(self._pick)
        self.attributes.moved.connect(self._set_amount)
        self.bookmarks.added.connect(lambda name: self._try(lambda: self.do(Command("b", name=name))))
        self.bookmarks.chosen.connect(lambda name: self._try(lambda: self.do(Command("g", name=name))))
        self._bookmarks.changed.connect(self.morph.show_places)
        self.morph.play_wanted.connect(lambda request: self._begin_morph(request, export=False))
        self.morph.export_wanted.connect(lambda request: self._begin_morph(request, export=True))
        self._morphs.playable.connect(self._motion.play)
        self._morphs.busy.connect(self.morph.show_busy)
        self.face.take_live.clicked.connect(self.live_wanted)
        self.face.show_on_actor.toggled.connect(self._show_on_actor)
        self.worker.drawn.connect(self._drawn)
        self.worker.thumbnail.connect(self._thumbnail)
        self.worker.failed.connect(lambda text: self.banners.say("decode", text, "error"))
        self._motion.walked.connect(self._walked)
        self._motion.played.connect(self._played)
        self._motion.walking_changed.connect(self.face.show_walking)
        self._status.timeout.connect(lambda: self.face.show_rate(self.worker.rate.rate))
