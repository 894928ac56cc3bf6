"""Actors from one picture: looks for its faces, has the actor made, and plays it until it is kept or dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from puppet.actor.library import LONGEST_NAME
from puppet.core.errors import PuppetError
from puppet.core.texts import FORBIDDEN
from puppet.core.types import Image, Result
from puppet.gui.actors.picture_dialog import MAKING, PictureDialog
from puppet.gui.kit.past_messages import Kind
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Presenter, WindowContext
from puppet.new_actor.picture import Draft, PictureRequest

KEY = "picture actor"
SHOWN = 1200  # px, longest side of the picture in the dialog


class PictureActorPresenter(Presenter):
    """One picture at a time.

    play_actor: loads and remembers the actor of that path, which plays then. chosen_actor: path of the one that plays
    beside what is tried here, or empty.
    """

    def __init__(
        self, context: WindowContext, play_actor: Callable[[str], None], chosen_actor: Callable[[], str]
    ) -> None:
        super().__init__(context)
        self._play_actor, self._chosen_actor = play_actor, chosen_actor
        self._dialog: PictureDialog | None = None
        self._draft: Draft | None = None
        self._taken: Path | None = None  # picture of the camera
        page = context.window.new_actor
        page.picture_chosen.connect(lambda file: self.open(Path(file)))
        page.camera_picture_clicked.connect(self._take_picture)

    def start(self, source: str, actor: Path | None) -> None:
        """Keep what an earlier window that was ended had made."""

        def kept(paths: list[Path]) -> None:
            if paths:
                names = ", ".join(path.stem for path in paths)
                self._say(translate("puppet", "Made from a picture before, and kept: {0}").format(names))
                self.context.window.actor.list_wanted.emit()

        self.context.background.run(
            f"{KEY} before", self.context.services.picture_actors.keep_left_over, kept, self._failed
        )

    def show_result(self, result: Result, again: bool) -> None:
        if (
            self._draft is not None
            and self._dialog is not None
            and self._dialog.isVisible()
            and result.portrait is not None
        ):
            pane = self._dialog.pane
            pane.show_image(to_qimage(result.portrait.image, *pane.device_size))

    def shutdown(self) -> list[str]:
        """Keep an actor that nobody has decided about."""
        if self._draft is None:
            return []
        draft, self._draft = self._draft, None
        try:
            self.context.services.picture_actors.keep(draft)
        except PuppetError as problem:
            return [str(problem)]
        return []

    def open(self, picture: Path, from_camera: bool = False) -> None:
        """Show the dialog for a picture file."""
        if self._dialog is not None and self._dialog.state == MAKING:
            self._say(
                translate("puppet", "An actor is being made of another picture; wait until it is there"), "warning"
            )
            return
        if self._draft is not None:
            self._keep()
        self._forget()
        self._taken = picture if from_camera else None
        read, find = self.context.services.open_picture, self.context.services.find_faces
        letters = (letter for letter in picture.stem.replace("_", " ") if letter not in FORBIDDEN)
        name = "".join(letters)[:LONGEST_NAME].strip(" .")

        def show(image: Image) -> None:
            dialog = self._shown_dialog()
            shown = to_qimage(image, *dialog.pane.device_size)
            dialog.show_picture(picture, translate("puppet", "Me") if from_camera else name, shown, from_camera)
            self.context.background.run(f"{KEY} faces", lambda: find(image), dialog.show_faces, refused)

        def refused(problem: PuppetError) -> None:
            self._shown_dialog().show_refusal(str(problem))

        self.context.background.run(f"{KEY} picture", lambda: read(picture), show, self._failed)

    def _shown_dialog(self) -> PictureDialog:
        if self._dialog is None:
            self._dialog = dialog = PictureDialog(self.context.window)
            dialog.make_clicked.connect(self._make)
            dialog.keep_clicked.connect(self._keep)
            dialog.drop_clicked.connect(self._drop)
            dialog.again_clicked.connect(self._take_picture)
            dialog.given_up.connect(self._give_up)
        return self._dialog

    def _take_picture(self) -> None:
        """Make an actor of what the camera sees now."""
        result = self.context.result
        if result is None:
            self._say(translate("puppet", "No picture comes from the camera"), "error")
            return
        image, write = result.frame.image, self.context.services.write_camera_picture
        self.context.background.run(
            f"{KEY} camera", lambda: write(image), lambda path: self.open(path, True), self._failed
        )

    def _make(self, request: PictureRequest) -> None:
        dialog, make = self._shown_dialog(), self.context.services.picture_actors.make
        dialog.show_making()

        def made(draft: Draft) -> None:
            if self._draft is not None:
                self._keep()
            self._draft = draft
            self._forget()
            self.context.engine.set_actor(draft.actor)
            dialog.show_made(draft.actor.stem)
            if not dialog.isVisible():  # closed meanwhile
                self._keep()

        self.context.background.run(
            f"{KEY} make", lambda: make(request), made, lambda problem: dialog.show_refusal(str(problem)), awaited=True
        )

    def _keep(self) -> None:
        draft, self._draft = self._draft, None
        if draft is None:
            return
        keep = self.context.services.picture_actors.keep

        def kept(path: Path) -> None:
            self._say(translate("puppet", "{0} has joined your actors").format(path.stem))
            self._play_actor(str(path))
            self.context.window.actor.list_wanted.emit()

        self._close()
        self.context.window.show_page("live")
        self.context.background.run(f"{KEY} keep", lambda: keep(draft), kept, self._failed, awaited=True)

    def _give_up(self) -> None:
        self._keep()
        if self._shown_dialog().state != MAKING:  # which reads it
            self._forget()

    def _forget(self) -> None:
        """Delete the picture of the camera."""
        if self._taken is not None:
            taken, self._taken = self._taken, None
            forget = self.context.services.picture_actors.forget
            self.context.background.run(f"{KEY} forget", lambda: forget(taken), lambda _: None, awaited=True)

    def _drop(self) -> None:
        draft, self._draft = self._draft, None
        if draft is not None:
            if self._chosen_actor():
                self._play_actor(self._chosen_actor())
            drop = self.context.services.picture_actors.drop
            self.context.background.run(f"{KEY} drop", lambda: drop(draft), lambda _: None, self._failed, awaited=True)
        self._close()

    def _close(self) -> None:
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.hide()

    def _failed(self, problem: Exception) -> None:
        self._say(str(problem), "error")

    def _say(self, words: str, kind: Kind = "notice") -> None:
        self.context.window.banners.say(KEY, words, kind)
