"""The explorer: wander in an actor's latent space with the mouse, sliders and typed commands; a tab or a window."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication, QHideEvent, QKeyEvent, QShowEvent
from PyQt6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from puppet.actor.runtime import Actor
from puppet.core.errors import PuppetError
from puppet.core.types import Floats, Image, Latent
from puppet.explore.bookmarks import Bookmarks
from puppet.explore.directions import Direction, bases
from puppet.explore.exploration import Exploration, explore
from puppet.explore.latent_text import from_text, to_text
from puppet.explore.paths import RandomFaces, walk_target
from puppet.explore.text_commands import COMMANDS, Command, parse_command
from puppet.gui.explorer.bookmarks import NamedPlaces
from puppet.gui.explorer.morphs import LoadActor, Morphs, Step
from puppet.gui.explorer.places import MEAN, NOW, SAME, BookmarkPanel, MorphPanel, MorphWish
from puppet.gui.explorer.rows import AttributePanel, DirectionList
from puppet.gui.explorer.stage import STARTS, ExplorerStage, explorer_style, typed_command
from puppet.gui.explorer.worker import DecodeWorker
from puppet.gui.kit.banners import BannerStack
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.kit.theme import colours_for, follow_system
from puppet.gui.kit.words import decimal, translate

TICK_MS = 33
WALK_SECONDS = 0.8  # of one half step of the walk
STATUS_MS = 500
MARGIN, ATTRIBUTE_MARGIN = 12, 14  # px


class ExplorerWidget(QWidget):
    """Everything about one actor's latent space. `shutdown` ends its threads; a closed window does that by itself.

    bookmarks: where named places are kept. folder: where films go. others: files of actors to morph into, by name, and
    `load_actor` that loads one (in a helper thread). badge: whether films carry the visible sign.
    """

    live_wanted = pyqtSignal()  # the user wants to go on from the live expression: answer with `explore_from`
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
    ) -> None:
        """`actor` may come later, by `set_actor`. seed: of random faces and walks, None for other ones each time."""
        super().__init__(parent)
        self.actor: Actor | None = None
        self._others = others
        self._random = np.random.default_rng(seed)
        self._at: Exploration | None = None
        self._faces: RandomFaces | None = None
        self._walk: _Glide | None = None
        self._film: deque[Step] = deque()  # what is left of a morph that is being played
        self._last: Image | None = None
        self._mouse: tuple[float, float] | None = None  # where it is, when that has not been heard yet
        self._over = False

        self.worker = DecodeWorker(self)
        self.worker.pause(True)  # until it is shown: whoever made it connects to its signals first
        self.stage = ExplorerStage()
        self.pane = self.stage.pane
        self.banners = BannerStack()
        self._morphs = Morphs(self.banners, folder, load_actor, badge, self)
        self.rows = DirectionList()
        self.attributes = AttributePanel(ATTRIBUTE_MARGIN)
        self.places = BookmarkPanel()
        self._places = NamedPlaces(bookmarks or Bookmarks(), self.places, self.banners, self)
        self.morph = MorphPanel()
        self._tick = QTimer(self)
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
        """Where the user is; None without an actor."""
        return self._at

    def set_actor(self, actor: Actor) -> None:
        """Another actor is explored from its mean face on."""
        self._stop_moving()
        self.actor = actor
        self._morphs.set_actor(actor)
        self._last = None
        self._faces = RandomFaces(actor.latents)
        self.worker.set_actor(actor)
        self.worker.take()
        self.pane.clear()
        self._places.set_actor(actor.card)
        there = bases(actor.latents)
        self.stage.basis.clear()
        for basis in there:
            self.stage.basis.addItem(basis.value[0].upper() + basis.value[1:], basis)
        self.attributes.show_attributes(list(actor.latents.directions))
        self.morph.show_actors({path: name for path, name in self._others().items() if name != actor.name})
        self._show_basis(explore(actor.latents))
        self.stage.show_on_actor.setChecked(False)

    def set_live(self, live: bool) -> None:
        """Whether there is a live performance that can be taken over, and an actor on stage that can show this face."""
        self.stage.take_live.setVisible(live)
        self.stage.show_on_actor.setVisible(live)
        if not live:
            self.stage.show_on_actor.setChecked(False)

    def explore_from(self, latent: Latent) -> None:
        """Go on from a live expression, attributes included; the answer to `live_wanted`."""
        if self._at is not None and latent.values.shape == self._at.place.point.shape:
            self._stop_moving()
            self._apply(self._at.jump_to(latent.values))

    def shutdown(self) -> None:
        """End the threads; a film that is being made is ended and kept. Idempotent."""
        if self._over:
            return
        self._over = True
        self._tick.stop()
        self._status.stop()
        self.worker.stop()
        self._morphs.shutdown()

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.shutdown()
        super().closeEvent(a0)

    def hideEvent(self, a0: QHideEvent | None) -> None:
        self._stop_moving()
        self.worker.pause(True)  # what nobody looks at takes nothing from the live actor
        super().hideEvent(a0)

    def showEvent(self, a0: QShowEvent | None) -> None:
        self.worker.pause(False)
        super().showEvent(a0)

    def event(self, a0: QEvent | None) -> bool:
        if a0 is not None and a0.type() == QEvent.Type.ShortcutOverride and typed_command(a0):
            a0.accept()  # R, U ... mean something else to the window around
            return True
        return super().event(a0)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """A command that stands alone is done, the beginning of another one goes to the command line."""
        text = typed_command(a0)
        if text in STARTS:
            self.stage.command.setFocus()
            self.stage.command.setText(f"{text} ")
        elif text:
            self.do(Command(text))
        else:
            super().keyPressEvent(a0)

    # -- what the user does --------------------------------------------------------------------------------------

    def do(self, command: Command) -> None:
        """One command of explore.COMMANDS."""
        if command.key == "q":
            self.quit_wanted.emit()
        elif command.key == "h":
            lines = [f"{typed}  –  {words}" for typed, words in COMMANDS.values()]
            self.banners.say("help", "\n".join(lines))
        elif self._at is not None:
            self._hear_mouse()
            self._do(command, self._at)

    def _do(self, command: Command, at: Exploration) -> None:
        if command.key != "f":
            self._stop_moving(but_walk=command.key == "w")
        if command.key == "d":
            self._apply(at.pick(command.numbers[0], command.numbers[1]))
        elif command.key == "r" and self._faces is not None:
            self._apply(at.jump_to(self._faces.draw(self._random)))
        elif command.key == "f":
            self._stop_moving()
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
            self._places.add(command.name, at.shown, self._last)
        elif command.key == "g":
            self._apply(at.jump_to(self._places.point(command.name)))

    def _type(self) -> None:
        if self._try(lambda: self.do(parse_command(self.stage.command.text()))):
            self.stage.command.clear()

    def _try(self, action: Callable[[], None]) -> bool:
        """Whether it could be done; if not, the user is told why."""
        try:
            action()
        except PuppetError as problem:
            self.banners.say("command", str(problem), "warning")
            return False
        self.banners.dismiss("command")
        return True

    def _hover(self, x: float, y: float) -> None:
        """A mouse may speak a thousand times a second: it is heard once for each picture."""
        self._mouse = x, y
        if not self.worker.busy:
            self._hear_mouse()

    def _hear_mouse(self) -> None:
        mouse, self._mouse = self._mouse, None
        if mouse is not None and self._at is not None and self._walk is None and not self._film:
            self._apply(self._at.hover(*mouse))

    def _slide(self, number: int, value: float) -> None:
        if self._at is not None:
            self._stop_moving()
            self._apply(self._at.set_coordinate(number, value), frozen=True)

    def _set_amount(self, name: str, amount: float) -> None:
        if self._at is not None:
            self._apply(self._at.set_amount(name, amount), frozen=True)

    def _pick(self, number: int, axis: int) -> None:
        if self._at is None:
            return
        right, up = self._at.pair
        pair = (number, up) if axis == 0 else (right, number)
        if pair[0] == pair[1]:  # it takes the other one's place, and gives its own
            pair = (number, right) if axis == 0 else (up, number)
        self._apply(self._at.pick(*pair))

    def _choose_basis(self) -> None:
        if self._at is not None and self.stage.basis.currentData() is not self._at.basis:
            self._show_basis(self._at.with_basis(self.stage.basis.currentData()))

    def _choose_reach(self) -> None:
        if self._at is not None:
            self._apply(self._at.with_reach(self.stage.reach.currentData()))

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self._at is not None and clipboard is not None:
            clipboard.setText(to_text(self._at.shown))
            self.banners.say("text", translate("puppet", "This face's latent is on the clipboard, as text."))

    def _paste(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self._at is None or clipboard is None:
            return
        try:
            self._apply(self._at.jump_to(from_text(clipboard.text(), len(self._at.place.point))))
        except PuppetError as problem:
            self.banners.say("text", str(problem), "warning")
        else:
            self.banners.dismiss("text")

    # -- walk and morph ------------------------------------------------------------------------------------------

    def _toggle_walk(self, at: Exploration) -> None:
        if self._walk is not None:
            self._stop_moving()
            return
        self._stop_moving()
        if not at.frozen:
            self._apply(at.toggle_freeze())
        self._walk = _Glide(at.place.point, walk_target(at, self._random), time.monotonic())
        self.stage.buttons["w"].setText(translate("puppet", "Stop"))
        self._tick.start(TICK_MS)

    def _move_on(self) -> None:
        """A step of whatever moves by itself: the walk or a morph."""
        if self._at is None:
            self._stop_moving()
        elif self._walk is not None:
            share = (time.monotonic() - self._walk.begun) / WALK_SECONDS
            self._apply(self._at.walk_to(self._walk.at(share)))
            if share >= 1:
                self._walk = _Glide(self._walk.end, walk_target(self._at, self._random), time.monotonic())
        elif self._film:
            step = self._film.popleft()
            self.worker.ask(step.point, step.draw)
            if step.draw is None:
                self._tell_live(step.point)
            if not self._film:
                self._stop_moving()
        else:
            self._stop_moving()

    def _stop_moving(self, but_walk: bool = False) -> None:
        self._film = deque()
        if self._walk is not None and but_walk:
            return
        self._walk = None
        self._tick.stop()
        self.stage.buttons["w"].setText(translate("puppet", "Walk"))

    def _place(self, name: str) -> Floats:
        assert self._at is not None
        if name == NOW:
            return self._at.shown
        return self._at.latents.mean if name == MEAN else self._places.point(name)

    def _begin_morph(self, wish: MorphWish, export: bool) -> None:
        if self._at is not None:
            self._stop_moving()
            end = self._at.latents.mean if wish.other != SAME else self._place(wish.end)
            self._morphs.begin(wish, self._place(wish.start), end, export)

    def _play(self, steps: list[Step]) -> None:
        self._stop_moving()
        self._film = deque(steps)
        self._tick.start(TICK_MS)

    # -- showing -------------------------------------------------------------------------------------------------

    def _show_basis(self, at: Exploration) -> None:
        self._stop_moving()
        self._at = None  # nothing that is set up here is a wish of the user
        self.stage.basis.setCurrentIndex(max(0, self.stage.basis.findData(at.basis)))
        self.stage.reach.setCurrentIndex(max(0, self.stage.reach.findData(at.reach)))
        self.rows.show_directions(at.directions)
        self.worker.ask_thumbnails(at.latents.mean, at.directions)
        self._apply(at, all_rows=True)

    def _apply(self, at: Exploration, all_rows: bool = False, frozen: bool = False) -> None:
        """Show where the user is now, and have it drawn if that is another face."""
        if frozen and not at.frozen:  # a slider's face must not be lost on the way back over the picture
            at = at.frozen_here()
        before, self._at = self._at, at
        moved = before is None or before.place is not at.place
        jumped = all_rows or before is None or before.gesture != at.gesture or at.gesture[:1] in ((), ("walk",))
        if moved and jumped:
            self.rows.show_coordinates({d.number: at.coordinate(d.number) for d in at.directions})
        elif moved:
            changed = at.gesture[2:] if at.gesture[0] == "slider" else at.pair
            self.rows.show_coordinates({number: at.coordinate(number) for number in changed})
        self.rows.show_pair(at.pair)
        self.attributes.show_amounts(at.place.amounts)
        self.stage.frozen.blockSignals(True)
        self.stage.frozen.setChecked(at.frozen)
        self.stage.frozen.blockSignals(False)
        self.stage.buttons["u"].setEnabled(bool(at.past))
        self.stage.buttons["y"].setEnabled(bool(at.future))
        self._show_where(at)
        if moved:
            self._asked_at = time.perf_counter()
            self.worker.ask(at.shown)
            self._tell_live(at.shown)

    def _show_where(self, at: Exploration) -> None:
        (right, x), (up, y) = ((number, at.coordinate(number)) for number in at.pair)
        across, upwards = (decimal(place, 2, signed=True) for place in (x, y))
        right_title, up_title = at.direction(right).title, at.direction(up).title
        self.stage.where.setText(f"→ {right_title} {across}     ↑ {up_title} {upwards}")
        self.pane.show_cross((x / at.reach, y / at.reach), hides_mouse=not at.frozen)
        self.pane.set_note(translate("puppet", "Frozen: click to follow the mouse again") if at.frozen else "")

    def _tell_live(self, point: Floats) -> None:
        if self.stage.show_on_actor.isChecked():
            self.shown_live.emit(Latent(point))

    def _show_on_actor(self, on: bool) -> None:
        self.shown_live.emit(Latent(self._at.shown) if on and self._at is not None else None)

    def _drawn(self, latent: Floats, image: Image) -> None:
        self.worker.take()
        if self._over:
            return
        asked_at = self._asked_at
        self._hear_mouse()  # first, so that the next picture is made while this one is painted
        self._last = image
        self.pane.show_image(to_qimage(image, *self.pane.device_size), asked_at)

    def _redraw(self) -> None:
        if self._last is not None:
            self.pane.show_image(to_qimage(self._last, *self.pane.device_size))

    def _thumbnail(self, direction: Direction, before: Image, after: Image) -> None:
        if self._at is not None and direction in self._at.directions:
            self.rows.show_pictures(direction.number, before, after)

    def _show_rate(self) -> None:
        rate, latency = self.worker.rate.rate, self.pane.latency_ms
        set_tip(
            self.stage.where,
            translate("puppet", "{0:.0f} pictures per second, {1:.0f} ms from the mouse to the screen").format(
                rate, latency
            ),
        )

    # -- building ------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        keep = QWidget()
        kept = QVBoxLayout(keep)
        kept.setContentsMargins(8, 8, 8, 8)
        kept.setSpacing(12)
        kept.addWidget(self.places, 1)
        kept.addWidget(self.morph)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.rows, translate("puppet", "Directions"))
        attributes = QWidget()
        room = QVBoxLayout(attributes)
        room.setContentsMargins(0, 0, 0, 0)
        room.addWidget(self.attributes)
        room.addStretch(1)
        self.tabs.addTab(attributes, translate("puppet", "Attributes"))
        self.tabs.addTab(keep, translate("puppet", "Places"))
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(self.stage)
        halves.addWidget(self.tabs)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setChildrenCollapsible(False)
        halves.setHandleWidth(MARGIN)
        whole = QVBoxLayout(self)
        margin = MARGIN if self.isWindow() else 0  # a page has its window's own
        whole.setContentsMargins(margin, margin, margin, margin)
        whole.setSpacing(10)
        whole.addWidget(self.banners)
        whole.addWidget(halves, 1)

    def _connect(self) -> None:
        self._asked_at = time.perf_counter()
        self.pane.hovered.connect(self._hover)
        self.pane.clicked.connect(lambda: self.do(Command("f")))
        self.pane.resized.connect(self._redraw)
        self.stage.command.returnPressed.connect(self._type)
        for key, button in self.stage.buttons.items():
            button.clicked.connect(lambda _, key=key: self.do(Command(key)))
        self.stage.frozen.clicked.connect(lambda: self.do(Command("f")))
        self.stage.copy.clicked.connect(self._copy)
        self.stage.paste.clicked.connect(self._paste)
        self.stage.basis.activated.connect(lambda _: self._choose_basis())
        self.stage.reach.activated.connect(lambda _: self._choose_reach())
        self.rows.moved.connect(self._slide)
        self.rows.picked.connect(self._pick)
        self.attributes.moved.connect(self._set_amount)
        self.places.added.connect(lambda name: self._try(lambda: self.do(Command("b", name=name))))
        self.places.chosen.connect(lambda name: self._try(lambda: self.do(Command("g", name=name))))
        self._places.changed.connect(self.morph.show_places)
        self.morph.play_wanted.connect(lambda wish: self._begin_morph(wish, export=False))
        self.morph.export_wanted.connect(lambda wish: self._begin_morph(wish, export=True))
        self._morphs.playable.connect(self._play)
        self._morphs.busy.connect(self.morph.show_busy)
        self.stage.take_live.clicked.connect(self.live_wanted)
        self.stage.show_on_actor.toggled.connect(self._show_on_actor)
        self.worker.drawn.connect(self._drawn)
        self.worker.thumbnail.connect(self._thumbnail)
        self.worker.failed.connect(lambda text: self.banners.say("decode", text, "error"))
        self._tick.timeout.connect(self._move_on)
        self._status.timeout.connect(self._show_rate)


class _Glide:
    """From one point to another, slow at both ends."""

    def __init__(self, start: Floats, end: Floats, begun: float) -> None:
        self.start, self.end, self.begun = start, end, begun

    def at(self, share: float) -> Floats:
        share = min(1.0, max(0.0, share))
        eased = np.float32(share * share * (3 - 2 * share))
        return self.start + eased * (self.end - self.start)
