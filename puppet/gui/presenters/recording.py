"""Recordings and snapshots."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from puppet.core.errors import PuppetError
from puppet.engine.engine import Problem
from puppet.gui.kit.words import decimal, translate
from puppet.gui.presenters.base import Area, Desk, folder_action
from puppet.media.recorder import Recording
from puppet.output.gate import ResultGate
from puppet.output.recording_sink import RecorderSink
from puppet.process.log import explained


class RecordingArea(Area):
    """finished: files of takes that are over, in order; last: the take that was begun last; failure: why one that is
    over is not whole.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.finished: list[Recording] = []
        self.take: RecorderSink | None = None
        self.last: RecorderSink | None = None
        self.failure: PuppetError | None = None
        self._gate = ResultGate()
        self._beginning = self._over = False
        self._saving: tuple[RecorderSink, Future[None]] | None = None
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="finish recording")
        desk.own_words.append(self._tells)
        desk.window.transport.record_clicked.connect(self._toggle)
        desk.window.transport.snapshot_clicked.connect(self._snapshot)

    def record(self, path: Path | None = None, frames: int | None = None) -> None:
        """Start a recording: to `path`, or to a new file in the user's folder; of at most so many frames.

        Raises RecordingError. Pictures without an actor are left out.
        """
        if self.take is None and self._saving is None and not self._beginning:
            desk = self.desk
            self._begin(desk.services.make_recorder(path, desk.settings, desk.actor_name()), frames)

    def _begin(self, take: RecorderSink, frames: int | None = None) -> None:
        desk = self.desk
        self._beginning = False
        self.take = self.last = take
        self._gate = ResultGate(frames, take)
        desk.window.banners.dismiss("recording")
        desk.engine.add_sink(self._gate)
        desk.window.transport.show_recording(0.0)

    def keep_up(self) -> None:
        desk = self.desk
        if self.take is not None:
            desk.window.transport.show_recording(self.take.seconds)
            if self.take.error is not None:  # the engine has let go of it, and reports why
                self._finish()
        if self._saving is not None and self._saving[1].done():
            (sink, closing), self._saving = self._saving, None
            desk.window.transport.show_recording(None)
            self._keep(sink)
            problem = closing.exception()
            recording = sink.recording  # the first file; with several, all have the same pictures at the same times
            if problem is not None:
                self.failure = explained(problem, "Finishing the recording")
                desk.window.banners.say("recording", str(self.failure), "error", folder_action(sink.path))
            elif recording is not None and recording.frames == 0:
                desk.window.banners.say(
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
                desk.say_saved("recording", text, recording.path)

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
        desk = self.desk
        if self.take is not None:
            self._finish()
        elif desk.result is None or desk.result.portrait is None:
            desk.window.banners.say(
                "recording", translate("puppet", "There is nothing to record yet: no actor is playing."), "warning"
            )
        else:
            self._begin_soon()

    def _begin_soon(self) -> None:
        """As `record`, beside the window's thread: looking for an encoder and making the file may take a moment."""
        if self._saving is not None or self._beginning:
            return
        self._beginning = True
        desk, settings, name = self.desk, self.desk.settings, self.desk.actor_name()

        def make() -> RecorderSink:
            take = desk.services.make_recorder(None, settings, name)
            if self._over:
                take.close()
            return take

        def refused(problem: Exception) -> None:
            self._beginning = False
            desk.window.banners.say("recording", str(problem), "error")

        desk.background.run("record", make, self._begin, refused, awaited=True)

    def _snapshot(self) -> None:
        desk = self.desk
        if desk.result is None:
            desk.window.banners.say(
                "snapshot", translate("puppet", "There is nothing to save yet: no picture has come."), "warning"
            )
            return
        result, settings, name = desk.result, desk.settings, desk.actor_name()
        desk.background.run(
            "snapshot",
            lambda: desk.services.save_snapshot(result, settings, name),
            lambda path: desk.say_saved("snapshot", translate("puppet", "Saved {0}").format(path.name), path),
            lambda problem: desk.window.banners.say("snapshot", str(problem), "error"),
            awaited=True,
        )

    def _tells(self, problem: Problem) -> bool:
        """Told when the take is finished, with what became of the file."""
        return problem.origin == "sink" and self.last is not None and str(self.last.error) == problem.message

    def _finish(self) -> None:
        take, self.take = self.take, None
        if take is None:
            return
        self.desk.engine.remove_sink(self._gate)
        self._saving = take, self._closer.submit(take.close)
        self.desk.window.transport.show_recording(None, saving=True)

    def _keep(self, sink: RecorderSink) -> None:
        self.finished += [recording for recording in sink.recordings if recording.frames]
