"""Recordings and snapshots: the buttons Record and Snapshot."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from puppet.core.errors import PuppetError
from puppet.engine.status import Problem
from puppet.gui.kit.words import decimal, translate
from puppet.gui.presenters.base import Presenter, WindowContext
from puppet.media.recorder import Recording
from puppet.output.gate import ResultGate
from puppet.output.recording_sink import RecorderSink
from puppet.process.log import explained


class RecordingPresenter(Presenter):
    """Starts and finishes one recording at a time, and tells what became of it.

    finished: the files of finished recordings, in order. take: the recording that is running. last: the one that was
    begun last. failure: why a finished recording is not complete.
    """

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self.finished: list[Recording] = []
        self.take: RecorderSink | None = None
        self.last: RecorderSink | None = None
        self.failure: PuppetError | None = None
        self._gate = ResultGate()
        self._beginning = self._over = False
        self._saving: tuple[RecorderSink, Future[None]] | None = None
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="finish recording")
        context.told_elsewhere.append(self._is_own)
        context.window.transport.record_clicked.connect(self._toggle)
        context.window.transport.snapshot_clicked.connect(self._snapshot)

    def record(self, path: Path | None = None, frames: int | None = None) -> None:
        """Start a recording to `path`, or to a new file in the user's folder, of at most so many frames.

        Raises RecordingError. Pictures without an actor are left out.
        """
        if self.take is None and self._saving is None and not self._beginning:
            context = self.context
            self._begin(context.services.make_recorder(path, context.settings, context.actor_name()), frames)

    def _begin(self, take: RecorderSink, frames: int | None = None) -> None:
        context = self.context
        self._beginning = False
        self.take = self.last = take
        self._gate = ResultGate(frames, take)
        context.window.banners.dismiss("recording")
        context.engine.add_sink(self._gate)
        context.window.transport.show_recording(0.0)

    def keep_up(self) -> None:
        context = self.context
        if self.take is not None:
            context.window.transport.show_recording(self.take.seconds)
            if self.take.error is not None:  # the engine has removed it, and reports why
                self._finish()
        if self._saving is not None and self._saving[1].done():
            (sink, closing), self._saving = self._saving, None
            context.window.transport.show_recording(None)
            self._keep(sink)
            problem = closing.exception()
            recording = sink.recording  # the first file; with several, all have the same pictures at the same times
            if problem is not None:
                self.failure = explained(problem, "Finishing the recording")
                banners = context.window.banners
                banners.say("recording", str(self.failure), "error", banners.open_folder(sink.path))
            elif recording is not None and recording.frames == 0:
                context.window.banners.say(
                    "recording", translate("puppet", "Nothing was recorded: no picture came."), "warning"
                )
            elif recording is not None:
                left_out = translate("puppet", ", {0} pictures left out").format(recording.dropped)
                names = ", ".join(file.path.name for file in sink.recordings)
                length = f"{decimal(recording.seconds)} s{left_out if recording.dropped else ''}"
                text = translate("puppet", "Saved {0} ({1})").format(names, length)
                if sink.sound_left is not None:
                    words = translate("puppet", "Its sound could not be put into it, and is kept as {0}")
                    text += f". {words.format(sink.sound_left.name)}"
                context.say_saved("recording", text, recording.path)

    def shutdown(self) -> list[str]:
        problems: list[str] = []
        self._over = True
        if self.take is not None:
            self._finish()
        if self._saving is not None:
            sink, closing = self._saving
            try:
                closing.result()
            except PuppetError as problem:
                self.failure = problem
                problems.append(str(problem))
            self._keep(sink)
        self._closer.shutdown()
        return problems

    def _toggle(self) -> None:
        context = self.context
        if self.take is not None:
            self._finish()
        elif context.result is None or context.result.portrait is None:
            context.window.banners.say(
                "recording", translate("puppet", "There is nothing to record yet: no actor is playing."), "warning"
            )
        else:
            self._begin_soon()

    def _begin_soon(self) -> None:
        """Do as `record`, in a thread: to look for an encoder and to make the file may take a moment."""
        if self._saving is not None or self._beginning:
            return
        self._beginning = True
        context, settings, name = self.context, self.context.settings, self.context.actor_name()

        def make() -> RecorderSink:
            take = context.services.make_recorder(None, settings, name)
            if self._over:
                take.close()
            return take

        def refused(problem: Exception) -> None:
            self._beginning = False
            choose = translate("puppet", "Choose folder…"), context.window.output.choose_folder
            context.window.banners.say("recording", str(problem), "error", choose)

        context.background.run("record", make, self._begin, refused, awaited=True)

    def _snapshot(self) -> None:
        context = self.context
        if context.result is None:
            context.window.banners.say(
                "snapshot", translate("puppet", "There is nothing to save yet: no picture has come."), "warning"
            )
            return
        result, settings, name = context.result, context.settings, context.actor_name()
        context.background.run(
            "snapshot",
            lambda: context.services.save_snapshot(result, settings, name),
            lambda path: context.say_saved("snapshot", translate("puppet", "Saved {0}").format(path.name), path),
            lambda problem: context.window.banners.say("snapshot", str(problem), "error"),
            awaited=True,
        )

    def _is_own(self, problem: Problem) -> bool:
        """Whether it is the recording's error, which is told when the file is finished, with what became of it."""
        return self.last is not None and any(problem.error is error for error in self.last.errors)

    def _finish(self) -> None:
        take, self.take = self.take, None
        if take is None:
            return
        self.context.engine.remove_sink(self._gate)
        self._saving = take, self._closer.submit(take.close)
        self.context.window.transport.show_recording(None, saving=True)

    def _keep(self, sink: RecorderSink) -> None:
        self.finished += [recording for recording in sink.recordings if recording.frames]
