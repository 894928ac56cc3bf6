"""Making an actor: films, starts the child process, follows it, and finds it again at the next start."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from puppet.core.types import Image, Result
from puppet.engine.engine import Status
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Area, Desk
from puppet.new_actor.job import CHECKED, CHECKING, DONE, FAILED, TRAINING, Job
from puppet.new_actor.prompts import cue_at
from puppet.output.recording_sink import RecorderSink

LOOK_EVERY = 1.0  # s between looks at a job
PAGE = "new"


class NewActorArea(Area):
    def __init__(self, desk: Desk, casting: Callable[[str], None]) -> None:
        """casting: brings the actor of that path on stage."""
        super().__init__(desk)
        self._casting = casting
        self._job: Job | None = None
        self._looked = 0.0
        self._shown: tuple[Path, tuple[int, int]] | None = None  # the picture that is up, and for which size
        self._film: RecorderSink | None = None
        self._film_begins = False  # looking for an encoder may take seconds, and a click comes twice
        self._filming_since: float | None = None
        page = desk.window.new_actor
        page.footage_chosen.connect(lambda files: self._begin([Path(file) for file in files]))
        page.film_clicked.connect(self._start_film)
        page.film_ended.connect(self._end_film)
        page.train_clicked.connect(self._train)
        page.stop_clicked.connect(lambda: self._with_job("stop", desk.services.making.stop))
        page.go_on_clicked.connect(self._go_on)
        page.discard_clicked.connect(self._discard)
        page.another_clicked.connect(self._leave)
        page.play_clicked.connect(self._play)

    def start(self, source: str, actor: Path | None) -> None:
        """Find what an earlier window began."""
        making = self.desk.services.making

        def found(result: tuple[str, list[Job]]) -> None:
            missing, jobs = result
            self.desk.window.new_actor.show_start(missing)
            open_ones = [job for job in jobs if job.state != DONE]
            if open_ones:
                self._take_up(open_ones[-1])
                told = self.desk.window.banners.say(PAGE, _found(open_ones[-1]), "notice", ("Show", self._show_page))
                told.setAccessibleDescription(translate("puppet", "making an actor"))

        self.desk.background.run(PAGE, lambda: (making.what_is_missing(), making.find_jobs()), found)

    def show_result(self, result: Result, again: bool) -> None:
        page = self.desk.window.new_actor
        if self._film is not None and page.isVisible():
            page.picture.set_mirrored(True)
            page.picture.show_image(to_qimage(result.frame.image, *page.picture.device_size))
            page.picture.set_note("" if result.face is not None else translate("puppet", "No face in view"))

    def show_status(self, status: Status) -> None:
        page = self.desk.window.new_actor
        page.show_camera(status.source_live)
        now = time.monotonic()
        if self._job is not None and now - self._looked >= LOOK_EVERY and (self._job.running or page.isVisible()):
            self._looked = now
            self._look(self._job.folder)

    def keep_up(self) -> None:
        if self._film is None or self._filming_since is None:
            return
        cue = cue_at(time.monotonic() - self._filming_since)
        if self._film.error is not None:
            self._say(str(self._film.error))
            self._end_film(False)
        elif cue is None:
            self._end_film(True)
        else:
            self.desk.window.new_actor.show_cue(cue)

    def shutdown(self) -> list[str]:
        if self._film is not None:
            self.desk.engine.remove_sink(self._film)
            self._film.close()
        return []  # the child goes on

    # -- filming -------------------------------------------------------------------------------------------------

    def _start_film(self) -> None:
        if self._film_begins or self._film is not None:
            return
        self._film_begins = True
        desk = self.desk
        path = desk.settings.folder() / f"footage-{datetime.now():%Y-%m-%d-%H%M%S}.mp4"

        def begin(sink: RecorderSink) -> None:
            self._film_begins = False
            self._film, self._filming_since = sink, time.monotonic()
            desk.engine.add_sink(sink)

        def refused(problem: Exception) -> None:
            self._film_begins = False
            self._say(str(problem))

        desk.background.run("film", lambda: desk.services.film(path), begin, refused)

    def _end_film(self, use: bool) -> None:
        sink, self._film, self._filming_since = self._film, None, None
        if sink is None:
            return
        page = self.desk.window.new_actor
        self.desk.engine.remove_sink(sink)
        page.picture.set_mirrored(False)
        page.picture.set_note("")
        page.show_start("")

        def closed(_: None) -> None:
            if use:
                self._begin([sink.path])
            else:
                self.desk.say_saved(
                    PAGE, translate("puppet", "What was filmed is kept as {0}").format(sink.path.name), sink.path
                )

        self.desk.background.run("film", sink.close, closed, lambda problem: self._say(str(problem)), awaited=True)

    # -- the job -------------------------------------------------------------------------------------------------

    def _begin(self, footage: list[Path]) -> None:
        making = self.desk.services.making
        self._start("begin", lambda: making.look(making.begin(footage)))

    def _train(self, name: str, consent: str, minutes: int) -> None:
        making, library = self.desk.services.making, self.desk.services.library

        def work(folder: Path) -> None:
            making.train(folder, library.checked_name(name), consent, minutes)

        self._with_job("train", work)

    def _go_on(self) -> None:
        """From where it ended: the training, or the look through the footage."""
        job, making = self._job, self.desk.services.making
        if job is not None and job.wish.minutes:
            wish = job.wish
            self._with_job("train", lambda folder: making.train(folder, wish.name, wish.consent, wish.minutes))
        elif job is not None:
            self._begin([Path(file) for file in job.wish.footage])

    def _discard(self) -> None:
        job, making = self._job, self.desk.services.making
        self._leave()
        if job is not None:
            self.desk.background.run("making discard", lambda: making.discard(job.folder), lambda _: None, self._failed)

    def _leave(self) -> None:
        self._job = self._shown = None
        self.desk.window.new_actor.show_start("")

    def _play(self) -> None:
        if self._job is not None and self._job.actor is not None:
            self._casting(str(self._job.actor))
            self.desk.window.show_page("live")

    def _with_job(self, what: str, work: Callable[[Path], object]) -> None:
        job, making = self._job, self.desk.services.making
        if job is not None:

            def whole() -> Job:
                work(job.folder)
                return making.look(job.folder)

            self._start(what, whole)

    def _start(self, what: str, work: Callable[[], Job]) -> None:
        self.desk.background.run(f"making {what}", work, self._take_up, self._failed)

    def _failed(self, problem: Exception) -> None:
        self._say(str(problem))

    def _take_up(self, job: Job) -> None:
        self._job = job
        self.desk.window.new_actor.show_job(job)

    def _look(self, folder: Path) -> None:
        desk, size = self.desk, self.desk.window.new_actor.picture.device_size
        making, read = desk.services.making, desk.services.read_picture

        def look() -> tuple[Job, tuple[Path, tuple[int, int]] | None, Image | None]:
            job = making.look(folder)
            path = job.sample or job.report_picture
            wanted = (path, size) if path is not None else None
            return job, wanted, read(path) if path is not None and wanted != self._shown else None

        def show(result: tuple[Job, tuple[Path, tuple[int, int]] | None, Image | None]) -> None:
            job, wanted, picture = result
            if self._job is None or self._job.folder != folder or self._film is not None:
                return
            before = self._job.state
            self._take_up(job)
            if picture is not None and wanted is not None:
                self._shown = wanted
                desk.window.new_actor.picture.show_image(to_qimage(picture, *size))
            if job.state != before and job.state in (CHECKED, DONE, FAILED):
                desk.window.banners.say(PAGE, _found(job), "notice", ("Show", self._show_page))
                desk.window.actor.list_wanted.emit()

        desk.background.run("making look", look, show, lambda _: None)

    def _show_page(self) -> None:
        self.desk.window.banners.dismiss(PAGE)
        self.desk.window.show_page(PAGE)

    def _say(self, words: str) -> None:
        self.desk.window.banners.say(PAGE, words, "error")


def _found(job: Job) -> str:
    """One line about a job for a banner."""
    name = job.wish.name or "The new actor"
    if job.state == CHECKING:
        return translate("puppet", "The footage of a new actor is being looked through.")
    if job.state == TRAINING:
        return translate("puppet", "{0} is being trained.").format(name)
    return {
        CHECKED: "The footage of a new actor has been looked through.",
        DONE: f"{name} has joined your actors.",
        FAILED: f"{name} is not finished: {job.error}",
    }.get(job.state, f"{name} is nearly done.")
