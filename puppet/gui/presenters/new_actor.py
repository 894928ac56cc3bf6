"""The page New actor: records footage, starts the child process that trains, follows it, and finds it again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from puppet.core.types import Image, Result
from puppet.engine.status import Status
from puppet.gui.actors.sheet_dialog import SheetDialog
from puppet.gui.kit.qimage import to_qimage
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Presenter, WindowContext
from puppet.new_actor.job import Job, JobState
from puppet.new_actor.prompts import cue_at
from puppet.output.recording_sink import RecorderSink

LOOK_EVERY = 1.0  # s between two looks at a job
PAGE = "new"
Shown = tuple[Path, int, tuple[int, int]]  # a picture, when it was written (ns), and for which size it was scaled


class NewActorPresenter(Presenter):
    """Follows one job at a time. play_actor: loads the actor of that path, which plays then."""

    def __init__(self, context: WindowContext, play_actor: Callable[[str], None]) -> None:
        super().__init__(context)
        self._play_actor = play_actor
        self._job: Job | None = None
        self._looked = 0.0
        self._shown: Shown | None = None
        self._footage: RecorderSink | None = None
        self._recording_begins = False  # a second click may come while an encoder is looked for, which takes seconds
        self._recording_since: float | None = None
        self._only = ""  # what is filmed, if not all prompts
        self._sheet: SheetDialog | None = None
        page = context.window.new_actor
        page.footage_chosen.connect(lambda *chosen: self._begin(*([Path(file) for file in files] for files in chosen)))
        page.sheet_clicked.connect(self._show_sheet)
        page.film_clicked.connect(self._start_recording)
        page.film_ended.connect(self._end_recording)
        page.train_clicked.connect(self._train)
        page.train_on_clicked.connect(self._train_on)
        page.stop_clicked.connect(lambda: self._with_job("stop", context.services.jobs.stop))
        page.go_on_clicked.connect(self._go_on)
        page.discard_clicked.connect(self._discard)
        page.another_clicked.connect(self._leave)
        page.play_clicked.connect(self._play)

    def start(self, source: str, actor: Path | None) -> None:
        """Find a job that an earlier window began."""
        jobs = self.context.services.jobs

        def found(result: tuple[str, list[Job]]) -> None:
            missing, known = result
            self.context.window.new_actor.show_start(missing)
            open_ones = [job for job in known if job.state != JobState.DONE]
            if open_ones:
                self._take_up(open_ones[-1])
                told = self.context.window.banners.say(PAGE, _found(open_ones[-1]), "notice", ("Show", self._show_page))
                told.setAccessibleDescription(translate("puppet", "making an actor"))

        self.context.background.run(PAGE, lambda: (jobs.what_is_missing(), jobs.find_jobs()), found)

    def show_result(self, result: Result, again: bool) -> None:
        page = self.context.window.new_actor
        if self._footage is not None and page.isVisible():
            page.picture.set_mirrored(True)
            page.picture.show_image(to_qimage(result.frame.image, *page.picture.device_size))
            page.picture.set_note("" if result.face is not None else translate("puppet", "No face in view"))

    def show_status(self, status: Status) -> None:
        page = self.context.window.new_actor
        page.show_camera(status.source_live)
        now = time.monotonic()
        if self._job is not None and now - self._looked >= LOOK_EVERY and (self._job.running or page.isVisible()):
            self._looked = now
            self._look(self._job.folder)

    def keep_up(self) -> None:
        if self._footage is None or self._recording_since is None:
            return
        cue = cue_at(time.monotonic() - self._recording_since, self._only)
        if self._footage.error is not None:
            self._say(str(self._footage.error))
            self._end_recording(False)
        elif cue is None:
            self._end_recording(True)
        else:
            self.context.window.new_actor.show_cue(cue)

    def shutdown(self) -> list[str]:
        if self._footage is not None:
            self.context.engine.remove_sink(self._footage)
            self._footage.close()
        return []  # the child process goes on

    # -- footage -------------------------------------------------------------------------------------------------

    def _start_recording(self, only: str = "") -> None:
        """Film; what is filmed is added to the footage that has been looked through. only: one thing to do."""
        if self._recording_begins or self._footage is not None:
            return
        self._recording_begins, self._only = True, only
        context = self.context
        path = context.settings.folder() / f"footage-{datetime.now():%Y-%m-%d-%H%M%S}.mp4"

        def begin(sink: RecorderSink) -> None:
            self._recording_begins = False
            self._footage, self._recording_since = sink, time.monotonic()
            context.engine.add_sink(sink)

        def refused(problem: Exception) -> None:
            self._recording_begins = False
            self._say(str(problem))

        context.background.run("footage", lambda: context.services.record_footage(path), begin, refused)

    def _end_recording(self, use: bool) -> None:
        sink, self._footage, self._recording_since = self._footage, None, None
        if sink is None:
            return
        page = self.context.window.new_actor
        self.context.engine.remove_sink(sink)
        page.picture.set_mirrored(False)
        page.picture.set_note("")
        before = self._job
        if before is None:
            page.show_start("")
        else:
            page.show_job(before)
            self._shown = None

        def closed(_: None) -> None:
            if use:
                self._begin([*map(Path, before.request.footage if before is not None else ()), sink.path])
                if before is not None:
                    self._drop(before)
            else:
                self.context.say_saved(
                    PAGE, translate("puppet", "What was filmed is kept as {0}").format(sink.path.name), sink.path
                )

        self.context.background.run("footage", sink.close, closed, self._failed, awaited=True)

    # -- the job -------------------------------------------------------------------------------------------------

    def _begin(self, footage: list[Path], alpha: Sequence[Path] = ()) -> None:
        jobs = self.context.services.jobs
        self._start("begin", lambda: jobs.read_job(jobs.begin(footage, alpha)))

    def _train(self, name: str, consent: str, minutes: int) -> None:
        jobs, library = self.context.services.jobs, self.context.services.library

        def work(folder: Path) -> None:
            jobs.train(folder, library.checked_name(name), consent, minutes)

        self._with_job("train", work)

    def _train_on(self, minutes: int) -> None:
        self._with_job("train", lambda folder: self.context.services.jobs.train_on(folder, minutes))

    def _go_on(self) -> None:
        """Go on with the training, or with the look through the footage, from where it ended."""
        job, jobs = self._job, self.context.services.jobs
        if job is not None and job.request.minutes:
            request = job.request
            self._with_job("train", lambda folder: jobs.train(folder, request.name, request.consent, request.minutes))
        elif job is not None:
            self._begin([*map(Path, job.request.footage)], [*map(Path, job.request.alpha)])

    def _discard(self) -> None:
        job = self._job
        self._leave()
        if job is not None:
            self._drop(job)

    def _drop(self, job: Job) -> None:
        jobs = self.context.services.jobs
        self.context.background.run("job discard", lambda: jobs.discard(job.folder), lambda _: None, self._failed)

    def _show_sheet(self) -> None:
        """Open the sheet of the footage in a window of its own."""
        context, path = self.context, self._job.report_picture if self._job is not None else None
        if path is None:
            return

        def show(picture: Image | None) -> None:
            if picture is not None:
                self._sheet = self._sheet or SheetDialog(translate("puppet", "What the footage shows"), context.window)
                self._sheet.show_picture(to_qimage(picture, picture.shape[1], picture.shape[0]))

        context.background.run("sheet", lambda: context.services.read_picture(path), show, self._failed)

    def _leave(self) -> None:
        self._job = self._shown = None
        self.context.window.new_actor.show_start("")

    def _play(self) -> None:
        if self._job is not None and self._job.actor is not None:
            self._play_actor(str(self._job.actor))
            self.context.window.show_page("live")

    def _with_job(self, what: str, work: Callable[[Path], object]) -> None:
        job, jobs = self._job, self.context.services.jobs
        if job is not None:

            def whole() -> Job:
                work(job.folder)
                return jobs.read_job(job.folder)

            self._start(what, whole)

    def _start(self, what: str, work: Callable[[], Job]) -> None:
        self.context.background.run(f"job {what}", work, self._take_up, self._failed)

    def _failed(self, problem: Exception) -> None:
        self._say(str(problem))
        if self._job is not None:
            self.context.window.new_actor.show_job(self._job)  # its buttons can be used again

    def _take_up(self, job: Job) -> None:
        self._job = job
        self.context.window.new_actor.show_job(job)

    def _look(self, folder: Path) -> None:
        context, size = self.context, self.context.window.new_actor.picture.device_size
        jobs, read = context.services.jobs, context.services.read_picture

        def look() -> tuple[Job, Shown | None, Image | None]:
            job = jobs.read_job(folder)
            path = job.sample or job.report_picture
            wanted = None
            if path is not None:
                with contextlib.suppress(OSError):
                    wanted = path, path.stat().st_mtime_ns, size
            return job, wanted, read(path) if path is not None and wanted not in (None, self._shown) else None

        def show(result: tuple[Job, Shown | None, Image | None]) -> None:
            job, wanted, picture = result
            if self._job is None or self._job.folder != folder or self._footage is not None:
                return
            before = self._job.state
            self._take_up(job)
            if picture is not None and wanted is not None:
                self._shown = wanted
                context.window.new_actor.picture.show_image(to_qimage(picture, *size))
                context.window.new_actor.picture.set_note(_about(job))
            if job.state != before and job.state in (JobState.CHECKED, JobState.DONE, JobState.FAILED):
                context.window.banners.say(PAGE, _found(job), "notice", ("Show", self._show_page))
                context.window.actor.list_wanted.emit()

        context.background.run("job look", look, show, lambda _: None)

    def _show_page(self) -> None:
        self.context.window.banners.dismiss(PAGE)
        self.context.window.show_page(PAGE)

    def _say(self, words: str) -> None:
        self.context.window.banners.say(PAGE, words, "error")


def _about(job: Job) -> str:
    """What the picture beside a job shows."""
    if job.sample is None:
        return ""
    name = job.request.name
    return translate("puppet", "Each pair of rows: above what was filmed, below what {0} makes of it").format(name)


def _found(job: Job) -> str:
    """One line about a job, for a banner."""
    name = job.request.name or "The new actor"
    if job.state == JobState.CHECKING:
        return translate("puppet", "The footage of a new actor is being looked through.")
    if job.state == JobState.TRAINING:
        return translate("puppet", "{0} is being trained.").format(name)
    return {
        JobState.CHECKED: "The footage of a new actor has been looked through.",
        JobState.DONE: translate("puppet", "{0} is ready, and has joined your actors.").format(name),
        JobState.FAILED: f"{name} is not finished: {job.error}",
    }.get(job.state, f"{name} is nearly done.")
