"""The explorer: wander in an actor's latent space with the mouse, sliders and typed commands; a tab or a window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PyQt6.QtCore import Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication, QHideEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QSplitter, QTabWidget, QVBoxLayout, QWidget

from puppet.actor import Actor
from puppet.bookmarks import Bookmarks, checked_name
from puppet.errors import PuppetError
from puppet.explore import (
    COMMANDS,
    REACHES,
    Command,
    Direction,
    Exploration,
    RandomFaces,
    bases,
    explore,
    from_text,
    offset,
    parse_command,
    path,
    to_text,
    walk_target,
)
from puppet.frames import Floats, Image, Latent
from puppet.gui.banners import BannerStack
from puppet.gui.explorer_pane import ExplorerPane
from puppet.gui.explorer_places import MEAN, NOW, SAME, BookmarkPanel, MorphPanel, MorphWish
from puppet.gui.explorer_rows import AttributePanel, DirectionList
from puppet.gui.explorer_worker import DecodeWorker, Draw
from puppet.gui.qimage import to_qimage
from puppet.gui.theme import Colours, colours_for
from puppet.gui.widgets import ChoiceBox, Switch
from puppet.morph import ActorMorph, eased, film
from puppet.recorder import Recording, new_recording_path

FPS = 30.0  # of walks and morphs
TICK_MS = 33
WALK_SECONDS = 0.8  # of one half step of the walk
STATUS_MS = 500
REACH_CHOICES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
assert (REACH_CHOICES[0], REACH_CHOICES[-1]) == REACHES


def _style(c: Colours) -> str:
    """What the window's own style sheet has no need of."""
    return f"""
    ExplorerWidget {{ background: {c.window}; }}
    QLineEdit, QListWidget {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border}; border-radius: 8px; padding: 4px 10px;
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QLineEdit {{ min-height: 28px; }}
    QLineEdit:focus, QListWidget:focus {{ border: 2px solid {c.accent}; padding: 3px 9px; }}
    QPushButton {{ padding: 0 8px; }}
    QPushButton:focus {{ padding: 0 7px; }}
    QPushButton[role="axis"] {{
        min-height: 24px; max-height: 24px; min-width: 30px; max-width: 30px; padding: 0; border-radius: 6px; }}
    QPushButton[role="axis"]:checked {{ background: {c.accent}; color: {c.on_accent}; border-color: {c.accent}; }}
    SigmaSlider QSlider::sub-page:horizontal {{ background: {c.border}; }}
    QScrollArea, QWidget#rows {{ background: transparent; }}
    QTabWidget::pane {{ border: 1px solid {c.border}; border-radius: 10px; background: {c.card}; top: -1px; }}
    QTabBar::tab {{
        background: transparent; color: {c.muted}; border: none; padding: 9px 16px; font-weight: 600; }}
    QTabBar::tab:selected {{ color: {c.accent}; border-bottom: 2px solid {c.accent}; }}
    QTabBar::tab:focus {{ color: {c.text}; }}
    """


LoadActor = Callable[[Path], Actor]


class ExplorerWidget(QWidget):
    """Everything about one actor's latent space. `shutdown` ends its threads; a closed window does that by itself.

    bookmarks: where named places are kept. folder: where films go. others: files of actors to morph into, by name, and
    `load_actor` that loads one (in a helper thread).
    """

    live_wanted = pyqtSignal()  # the user wants to go on from the live expression: answer with `explore_from`
    freeze_changed = pyqtSignal(object)  # Latent | None: what the live actor is to show instead of the performance
    offset_changed = pyqtSignal(object)  # f32 (D,) | None: attributes to add to the live performance
    quit_wanted = pyqtSignal()
    _filmed = pyqtSignal(object)  # a Future[Recording] is done
    _loaded = pyqtSignal(object)  # a Future[ActorMorph] is done

    def __init__(
        self,
        actor: Actor | None = None,
        bookmarks: Bookmarks | None = None,
        folder: Callable[[], Path] = Path.cwd,
        load_actor: LoadActor | None = None,
        others: Callable[[], Mapping[str, str]] = dict,
        seed: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`actor` may come later, by `set_actor`. seed: of random faces and walks, None for other ones each time."""
        super().__init__(parent)
        self.actor: Actor | None = None
        self._bookmarks = bookmarks or Bookmarks()
        self._folder, self._load_actor, self._others = folder, load_actor, others
        self._random = np.random.default_rng(seed)
        self._at: Exploration | None = None
        self._faces: RandomFaces | None = None
        self._places: dict[str, Floats] = {}
        self._walk: _Glide | None = None
        self._film: list[Floats] = []  # what is left of a morph that is being played
        self._film_draws: list[Draw] | None = None
        self._morphs: dict[str, ActorMorph] = {}
        self._pending: MorphWish | None = None
        self._exporting: threading.Event | None = None  # set: stop
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="explorer films")
        self._live = False
        self._last: Image | None = None
        self._over = False

        self.worker = DecodeWorker(self)
        self.pane = ExplorerPane("Explored face")
        self.banners = BannerStack()
        self.basis = ChoiceBox("Directions")
        self.reach = ChoiceBox("Range")
        self.where = QLabel()
        self.command = QLineEdit()
        self.rows = DirectionList()
        self.attributes = AttributePanel()
        self.places = BookmarkPanel()
        self.morph = MorphPanel()
        self.buttons = {
            "r": QPushButton("Random"),
            "w": QPushButton("Walk"),
            "u": QPushButton("Undo"),
            "y": QPushButton("Redo"),
            "0": QPushButton("Reset"),
        }
        self.copy, self.paste = QPushButton("Copy"), QPushButton("Paste")
        self.frozen = Switch("Frozen")
        self.take_live = QPushButton("Take the live expression")
        self.show_on_actor = Switch("Show on the live actor")
        self._tick = QTimer(self)
        self._status = QTimer(self)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._arrange()
        self._connect()
        self.apply_theme()
        hints = QGuiApplication.styleHints()
        if hints is not None and hasattr(hints, "colorSchemeChanged"):  # Qt 6.5
            hints.colorSchemeChanged.connect(self.apply_theme)
        self.set_live(False)
        self._status.start(STATUS_MS)
        if actor is not None:
            self.set_actor(actor)

    def apply_theme(self) -> None:
        """Take the system's light or dark scheme."""
        self.setStyleSheet(_style(colours_for(QGuiApplication.palette())))

    # -- for the owner -------------------------------------------------------------------------------------------

    @property
    def exploration(self) -> Exploration | None:
        """Where the user is; None without an actor."""
        return self._at

    def set_actor(self, actor: Actor) -> None:
        """Another actor is explored from its mean face on."""
        self._stop_moving()
        self.actor = actor
        self._places = {}
        self._morphs = {}
        self._last = None
        self._faces = RandomFaces(actor.latents)
        self.worker.set_actor(actor)
        self.worker.take()
        self.pane.clear()
        try:
            self._places = self._bookmarks.load(actor.card)
        except PuppetError as problem:
            self.banners.say("bookmarks", str(problem), "warning")
        there = bases(actor.latents)
        self.basis.clear()
        for basis in there:
            self.basis.addItem(basis.value[0].upper() + basis.value[1:], basis)
        self.attributes.show_attributes(list(actor.latents.directions))
        self._show_places()
        self.morph.show_actors({path: name for path, name in self._others().items() if name != actor.name})
        self._show_basis(explore(actor.latents))
        if self._live:
            self.show_on_actor.setChecked(False)
            self.offset_changed.emit(None)

    def set_live(self, live: bool) -> None:
        """Whether there is a live performance that can be frozen, and that attributes can be added to."""
        self._live = live
        self.take_live.setVisible(live)
        self.show_on_actor.setVisible(live)
        if not live:
            self.show_on_actor.setChecked(False)

    def explore_from(self, latent: Latent) -> None:
        """Go on from a live expression; the answer to `live_wanted`."""
        if self._at is not None and latent.values.shape == self._at.place.point.shape:
            amounts = self._at.place.amounts
            self._apply(self._at.go(latent.values))
            for name, amount in amounts.items():  # they were, and stay, on top of the performance
                self._apply(self._at.set_amount(name, amount))

    def shutdown(self) -> None:
        """End the threads; a film that is being made is ended and kept. Idempotent."""
        if self._over:
            return
        self._over = True
        self._tick.stop()
        self._status.stop()
        if self._exporting is not None:
            self._exporting.set()
        self.worker.stop()
        self._pool.shutdown(cancel_futures=True)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.shutdown()
        super().closeEvent(a0)

    def hideEvent(self, a0: QHideEvent | None) -> None:
        self._stop_moving()
        super().hideEvent(a0)

    # -- what the user does --------------------------------------------------------------------------------------

    def do(self, command: Command) -> None:
        """One command of explore.COMMANDS."""
        if command.key == "q":
            self.quit_wanted.emit()
        elif command.key == "h":
            lines = [f"{typed}  –  {words}" for typed, words in COMMANDS.values()]
            self.banners.say("help", "\n".join(lines))
        elif self._at is not None:
            self._do(command, self._at)

    def _do(self, command: Command, at: Exploration) -> None:
        if command.key != "f":
            self._stop_moving(but_walk=command.key == "w")
        if command.key == "d":
            self._apply(at.pick(command.numbers[0], command.numbers[1]))
        elif command.key == "r" and self._faces is not None:
            self._apply(at.go(self._faces.draw(self._random)))
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
            self._add_place(command.name)
        elif command.key == "g":
            self._go_to(command.name)

    def _type(self) -> None:
        text = self.command.text()
        try:
            self.do(parse_command(text))
        except PuppetError as problem:
            self.banners.say("command", str(problem), "warning")
        else:
            self.banners.dismiss("command")
            self.command.clear()

    def _hover(self, x: float, y: float) -> None:
        if self._at is not None and self._walk is None and not self._film:
            self._apply(self._at.hover(x, y))

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
        if self._at is not None and self.basis.currentData() is not self._at.basis:
            self._show_basis(self._at.with_basis(self.basis.currentData()))

    def _choose_reach(self) -> None:
        if self._at is not None:
            self._apply(self._at.with_reach(self.reach.currentData()))

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self._at is not None and clipboard is not None:
            clipboard.setText(to_text(self._at.shown))
            self.banners.say("text", "This face's latent is on the clipboard, as text.")

    def _paste(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self._at is None or clipboard is None:
            return
        try:
            self._apply(self._at.go(from_text(clipboard.text(), len(self._at.place.point))))
        except PuppetError as problem:
            self.banners.say("text", str(problem), "warning")
        else:
            self.banners.dismiss("text")

    # -- bookmarks -----------------------------------------------------------------------------------------------

    def _add_place(self, name: str) -> None:
        if self._at is None:
            return
        taken = len(self._places) + 1
        while not name.strip() and f"face {taken}" in self._places:
            taken += 1
        try:
            name = checked_name(name if name.strip() else f"face {taken}")
            if name in self._places or name in (NOW, MEAN):
                raise PuppetError(f"There is a place called {name} already; choose another name")
        except PuppetError as problem:
            self.banners.say("bookmarks", str(problem), "warning")
            return
        self._keep_places({**self._places, name: self._at.shown})
        if self._last is not None:
            self.places.show_picture(name, self._last)

    def _delete_place(self, name: str) -> None:
        before = dict(self._places)
        self._keep_places({other: point for other, point in before.items() if other != name})

        def bring_back() -> None:
            self.banners.dismiss("bookmarks")
            self._keep_places({**before, **self._places})

        self.banners.say("bookmarks", f"The bookmark {name} was deleted.", action=("Bring it back", bring_back))

    def _keep_places(self, places: dict[str, Floats]) -> None:
        if self.actor is None:
            return
        self._places = places
        self._show_places()
        try:
            self._bookmarks.save(self.actor.card, places)
        except PuppetError as problem:
            self.banners.say("bookmarks", str(problem), "error")

    def _go_to(self, name: str) -> None:
        if self._at is None:
            return
        if name in self._places:
            self._apply(self._at.go(self._places[name]))
        else:
            self.banners.say("bookmarks", f"There is no bookmark called {name}", "warning")

    def _show_places(self) -> None:
        self.places.show_names(list(self._places))
        self.morph.show_places(list(self._places))

    # -- walk and morph ------------------------------------------------------------------------------------------

    def _toggle_walk(self, at: Exploration) -> None:
        if self._walk is not None:
            self._stop_moving()
            return
        self._stop_moving()
        if not at.frozen:
            self._apply(at.toggle_freeze())
        self._walk = _Glide(at.place.point, walk_target(at, self._random), time.monotonic())
        self.buttons["w"].setText("Stop")
        self._tick.start(TICK_MS)

    def _move_on(self) -> None:
        """A step of whatever moves by itself: the walk or a morph."""
        if self._at is None:
            self._stop_moving()
        elif self._walk is not None:
            share = (time.monotonic() - self._walk.begun) / WALK_SECONDS
            self._apply(self._at.wander(self._walk.at(share)))
            if share >= 1:
                self._walk = _Glide(self._walk.end, walk_target(self._at, self._random), time.monotonic())
        elif self._film:
            draw = self._film_draws.pop(0) if self._film_draws else None
            self.worker.ask(self._film.pop(0), draw)
            if not self._film:
                self._stop_moving()
        else:
            self._stop_moving()

    def _stop_moving(self, but_walk: bool = False) -> None:
        self._film, self._film_draws = [], None
        if self._walk is not None and but_walk:
            return
        self._walk = None
        self._tick.stop()
        self.buttons["w"].setText("Walk")

    def _place(self, name: str) -> Floats:
        assert self._at is not None
        if name == NOW:
            return self._at.shown
        return self._at.latents.mean if name == MEAN else self._places[name]

    def _play_morph(self, wish: MorphWish) -> None:
        if self._at is None or not self._ready(wish, self._play_morph):
            return
        self._stop_moving()
        points, draws = self._pictures_of(wish)
        self._film, self._film_draws = points, draws
        self._tick.start(TICK_MS)

    def _pictures_of(self, wish: MorphWish) -> tuple[list[Floats], list[Draw] | None]:
        """Points of a morph and, between two actors, how each of them is drawn."""
        assert self._at is not None
        count = max(2, round(wish.seconds * FPS))
        start = self._place(wish.start)
        if wish.other == SAME:
            ways = path(start, self._place(wish.end), 1001, wish.spherical, self._at.latents)
            return [ways[round(1000 * share)] for share in eased(count)], None
        morph = self._morphs[wish.other]
        end = Latent(morph.b.latents.mean)

        def drawer(share: float) -> Draw:
            return lambda latent: morph.draw(Latent(latent), end, share).image

        return [start] * count, [drawer(share) for share in eased(count)]

    def _ready(self, wish: MorphWish, again: Callable[[MorphWish], None]) -> bool:
        """Whether the other actor is there; otherwise it is loaded, and `again` is called then."""
        if wish.other == SAME or wish.other in self._morphs:
            return True
        actor, load = self.actor, self._load_actor
        if actor is None or load is None:
            return False
        self.banners.say("morph", f"Loading {Path(wish.other).stem}…")
        future = self._pool.submit(lambda: ActorMorph(actor, load(Path(wish.other))))
        self._pending, self._again = wish, again
        future.add_done_callback(self._loaded.emit)
        return False

    def _other_came(self, future: Future[ActorMorph]) -> None:
        wish, self._pending = self._pending, None
        if self._over or wish is None:
            return
        problem = future.exception()
        if problem is not None:
            self.banners.say("morph", str(problem), "error")
            return
        morph = future.result()
        if morph.a is self.actor:
            self.banners.dismiss("morph")
            self._morphs[wish.other] = morph
            self._again(wish)

    def _export_morph(self, wish: MorphWish) -> None:
        if self._exporting is not None:
            self._exporting.set()
            return
        if self.actor is None or not self._ready(wish, self._export_morph):
            return
        self._stop_moving()
        actor = self.actor
        points, draws = self._pictures_of(wish)
        name = actor.name if wish.other == SAME else f"{actor.name}-{Path(wish.other).stem}"
        target = new_recording_path(self._folder(), f"{name}-morph")
        stop = self._exporting = threading.Event()

        def work() -> Recording:
            if draws is None:
                pictures = (actor.decode(Latent(point)).image for point in points)
            else:
                pictures = (draw(point) for point, draw in zip(points, draws, strict=True))
            return film(pictures, target, FPS, name, stop.is_set)

        self.morph.show_busy(True)
        self.banners.say("morph", f"Making {target.name}…")
        self._pool.submit(work).add_done_callback(self._filmed.emit)

    def _film_done(self, future: Future[Recording]) -> None:
        self._exporting = None
        if self._over or future.cancelled():
            return
        self.morph.show_busy(False)
        problem = future.exception()
        if problem is not None:
            self.banners.say("morph", str(problem), "error")
            return
        made = future.result()

        def open_folder() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(made.path.parent)))

        self.banners.say("morph", f"Saved {made.path.name} ({made.seconds:.1f} s)", action=("Open folder", open_folder))

    # -- showing -------------------------------------------------------------------------------------------------

    def _show_basis(self, at: Exploration) -> None:
        self._stop_moving()
        self._at = None  # nothing that is set up here is a wish of the user
        self.basis.setCurrentIndex(max(0, self.basis.findData(at.basis)))
        self.reach.setCurrentIndex(max(0, self.reach.findData(at.reach)))
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
        self.frozen.blockSignals(True)
        self.frozen.setChecked(at.frozen)
        self.frozen.blockSignals(False)
        self.buttons["u"].setEnabled(bool(at.past))
        self.buttons["y"].setEnabled(bool(at.future))
        self._show_where(at)
        if moved:
            self._asked_at = time.perf_counter()
            self.worker.ask(at.shown)
            self._tell_live(before, at)

    def _show_where(self, at: Exploration) -> None:
        (right, x), (up, y) = ((number, at.coordinate(number)) for number in at.pair)
        self.where.setText(f"→ {at.direction(right).name} {x:+.2f}     ↑ {at.direction(up).name} {y:+.2f}")
        self.pane.show_cross((x / at.reach, y / at.reach), hides_mouse=not at.frozen)
        self.pane.set_note("Frozen: click to follow the mouse again" if at.frozen else "")

    def _tell_live(self, before: Exploration | None, at: Exploration) -> None:
        if not self._live:
            return
        if before is not None and before.place.amounts != at.place.amounts:
            self.offset_changed.emit(offset(at.latents, at.place.amounts))
        if self.show_on_actor.isChecked():
            self.freeze_changed.emit(Latent(at.place.point))

    def _show_on_actor(self, on: bool) -> None:
        if self._at is not None:
            self.freeze_changed.emit(Latent(self._at.place.point) if on else None)

    def _drawn(self, latent: Floats, image: Image) -> None:
        self.worker.take()
        if self._over:
            return
        self._last = image
        self.pane.show_image(to_qimage(image, *self.pane.device_size), self._asked_at)

    def _redraw(self) -> None:
        if self._last is not None:
            self.pane.show_image(to_qimage(self._last, *self.pane.device_size))

    def _thumbnail(self, direction: Direction, before: Image, after: Image) -> None:
        if self._at is not None and direction in self._at.directions:
            self.rows.show_pictures(direction.number, before, after)

    def _show_rate(self) -> None:
        rate, latency = self.worker.rate.rate, self.pane.latency_ms
        self.where.setToolTip(f"{rate:.0f} pictures per second, {latency:.0f} ms from the mouse to the screen")

    # -- building ------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        for reach in REACH_CHOICES:
            self.reach.addItem(f"± {reach:g} σ", reach)
        self.reach.setCurrentIndex(REACH_CHOICES.index(1.0))
        self.reach.setToolTip("What the picture's edges stand for, in standard deviations of the actor's footage")
        self.basis.setToolTip("What the mouse and the sliders move the face along")
        self.command.setPlaceholderText("Type a command: d 0 1 chooses two directions, r a random face, h lists all")
        self.command.setAccessibleName("Command")
        self.where.setProperty("role", "value")
        for key, button in self.buttons.items():
            button.setToolTip(f"{COMMANDS[key][1][0].upper()}{COMMANDS[key][1][1:]} ({key.upper()})")
        self.frozen.setToolTip("The mouse changes nothing (a click on the picture, or F)")
        self.copy.setToolTip("Copy this face's latent as text")
        self.paste.setToolTip("Go to the latent that is on the clipboard as text")
        choices, actions, live = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        choices.addWidget(self.basis, 3)
        choices.addWidget(self.reach, 2)
        for button in (*self.buttons.values(), self.copy, self.paste):
            actions.addWidget(button)
        for widget in (self.take_live, self.show_on_actor):
            live.addWidget(widget)
        live.addStretch(1)
        below = QHBoxLayout()
        below.addWidget(self.where, 1)
        below.addWidget(self.frozen)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(choices)
        column.addWidget(self.pane, 1)
        column.addLayout(below)
        column.addWidget(self.command)
        column.addLayout(actions)
        column.addLayout(live)
        keep = QWidget()
        kept = QVBoxLayout(keep)
        kept.setContentsMargins(8, 8, 8, 8)
        kept.setSpacing(12)
        kept.addWidget(self.places, 1)
        kept.addWidget(self.morph)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.rows, "Directions")
        self.tabs.addTab(self.attributes, "Attributes")
        self.tabs.addTab(keep, "Places")
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(left)
        halves.addWidget(self.tabs)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 12, 12, 12)
        whole.setSpacing(10)
        whole.addWidget(self.banners)
        whole.addWidget(halves, 1)

    def _connect(self) -> None:
        self._asked_at = time.perf_counter()
        self.pane.hovered.connect(self._hover)
        self.pane.clicked.connect(lambda: self.do(Command("f")))
        self.pane.typed.connect(lambda key: self.do(Command(key)))
        self.pane.resized.connect(self._redraw)
        self.command.returnPressed.connect(self._type)
        for key, button in self.buttons.items():
            button.clicked.connect(lambda _, key=key: self.do(Command(key)))
        self.frozen.clicked.connect(lambda: self.do(Command("f")))
        self.copy.clicked.connect(self._copy)
        self.paste.clicked.connect(self._paste)
        self.basis.activated.connect(lambda _: self._choose_basis())
        self.reach.activated.connect(lambda _: self._choose_reach())
        self.rows.moved.connect(self._slide)
        self.rows.picked.connect(self._pick)
        self.attributes.moved.connect(self._set_amount)
        self.places.added.connect(self._add_place)
        self.places.chosen.connect(self._go_to)
        self.places.deleted.connect(self._delete_place)
        self.morph.play_wanted.connect(self._play_morph)
        self.morph.export_wanted.connect(self._export_morph)
        self.take_live.clicked.connect(self.live_wanted)
        self.show_on_actor.toggled.connect(self._show_on_actor)
        self.worker.drawn.connect(self._drawn)
        self.worker.thumbnail.connect(self._thumbnail)
        self.worker.failed.connect(lambda text: self.banners.say("decode", text, "error"))
        self._filmed.connect(self._film_done)
        self._loaded.connect(self._other_came)
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
