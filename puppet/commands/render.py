"""`puppet render`: every frame of a video through the puppeteer, into a file of the same rate and length.

The clip is read twice: first to track the face, so that the driver's neutral is known from the whole clip before the
first picture is made, then to act.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor
from puppet.actor.runtime import load_actor
from puppet.commands.arguments import chosen_outputs, render_options, step_options
from puppet.commands.performance import Performance, frames_in_words, track_clip
from puppet.commands.render_folder import default_jobs, render_folder, videos_in
from puppet.commands.render_target import RenderTarget
from puppet.commands.services import check_background
from puppet.core.addresses import without_secrets
from puppet.core.errors import PuppetError, RecordingError
from puppet.core.progress import progress
from puppet.core.protocols import Source
from puppet.core.providers import AUTO
from puppet.core.texts import one_line
from puppet.core.trackers import TRACKER
from puppet.core.types import Result
from puppet.engine.options import StepOptions
from puppet.engine.puppeteer import Puppeteer
from puppet.media.codecs import Codec, check_suffix
from puppet.media.frame_times import FrameTimes, frame_rate, probe_frame_times
from puppet.media.sound_file import SoundTrack
from puppet.media.video_facts import VideoFacts, probe_video
from puppet.output.crash_recovery import recover_and_report
from puppet.output.recording_sink import RecorderSink, check_alpha, recording_settings
from puppet.output.settings import OutputSettings
from puppet.pictures.decode import SUFFIXES as IMAGE_SUFFIXES
from puppet.sources.registry import DEMO, DEMO_CLIP, open_source
from puppet.storage.file_lock import only_writer

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor


@dataclass(frozen=True)
class Rendered:
    """What came out.

    frames_read: of the driver; frames: in the file; faces: frames read in which a face was seen; strange: frames whose
    expression lies outside the actor's footage. sound: whether the file has sound.
    """

    paths: tuple[Path, ...]
    frames_read: int
    frames: int
    seconds: float
    faces: int
    strange: int
    sound: bool

    def summary(self) -> str:
        """One line for the user."""
        seen = f"face seen in {100 * self.faces / self.frames_read:.1f} % of {frames_in_words(self.frames_read)}"
        strange = f"{100 * self.strange / max(1, self.faces):.0f} % of those beyond what the actor's footage shows"
        where = ", ".join(one_line(str(path.resolve()), None) for path in self.paths)
        return f"{where}: {frames_in_words(self.frames)}, {self.seconds:.2f} s, {seen}, {strange}"


def run_render(arguments: argparse.Namespace) -> int:
    """Render one video, or every video of a folder, as the command line says; the exit code. Raises PuppetError."""
    recover_and_report()
    videos = videos_in(Path(arguments.video))
    outputs = OutputSettings(**chosen_outputs(arguments, None if videos else arguments.output))
    options = step_options(arguments)
    if options.background.wanted.transparent:
        check_alpha(Codec(outputs.codec), outputs.layouts)

    def render_one(video: str | Path, output: Path, force: bool) -> str:
        rendered = render(
            str(video),
            output,
            actor=arguments.actor,
            options=options,
            provider=arguments.provider,
            tracker=arguments.tracker,
            force=force,
            outputs=outputs,
        )
        return rendered.summary()

    if not videos:
        if arguments.resume or arguments.jobs:
            raise PuppetError(f"{arguments.video} is not a folder of videos; --resume and --jobs are for folders")
        print(one_line(render_one(arguments.video, arguments.output, arguments.force), None))
        return 0
    if arguments.actor is not None:
        arguments.actor = str(find_actor(arguments.actor).absolute())  # the processes stand in another folder
    jobs = arguments.jobs or default_jobs()
    given = render_options(arguments)
    render_folder(videos, arguments.output, outputs, render_one, given, jobs, arguments.resume, arguments.force)
    return 0


def render(
    video: str,
    output: Path,
    actor: str | None = None,
    options: StepOptions | None = None,
    provider: str = AUTO,
    force: bool = False,
    outputs: OutputSettings | None = None,
    tracker: str = TRACKER.default,
) -> Rendered:
    """Let an actor (name or file; None: the built-in one) play a video, image folder or image, or "demo".

    The output has the video's rate, length and sound; a video of varying rate gets the constant one at which every
    frame has its place. outputs: layout (several: several files, see `RecorderSink`), size, codec, badge.
    The output has its name only once it is finished. An existing one is replaced only with `force`. After Ctrl-C or an
    error, what was made is kept as a playable NAME.part file.
    Raises PuppetError: unreadable video, no face in it, unknown actor, one that cannot have this background, output
    that cannot be written or show it, or that another process is writing.
    """
    outputs, options = outputs or OutputSettings(), options or StepOptions()
    played = load_actor(find_actor(actor or DEFAULT_ACTOR), provider)
    check_background(played, options.background.wanted, outputs)
    source = open_source(video, paced=False)
    if source.live:
        name = without_secrets(str(video))
        raise PuppetError(f"{name} never ends; record it with: puppet run --source {name} --record OUT.mp4")
    with only_writer(output):
        target = RenderTarget(output, outputs.layouts, video, force)
        check_suffix(output, Codec(outputs.codec))
        source.open()
        try:
            return _render(source, target, played, options, outputs, _film_of(video), tracker)
        finally:
            source.close()


def _render(
    source: Source,
    target: RenderTarget,
    actor: Actor,
    options: StepOptions,
    outputs: OutputSettings,
    film: Path | None,
    tracker: str,
) -> Rendered:
    """Track, act and record; film: the video file, which may have sound, or None for pictures."""
    facts = probe_video(film) if film is not None else VideoFacts()
    times = probe_frame_times(film) if film is not None else FrameTimes()
    sink = RecorderSink(
        recording_settings(outputs, target.draft, actor.name, actor.card.consent, frame_rate(times, facts, source.fps)),
        outputs.layouts,
        height=outputs.height,
        badge=outputs.badge,
        wait=True,
        signed=outputs.sign,
        sound=_sound_of(film, facts, times),
        draft_of=target.output,
    )
    try:
        try:
            performance = track_clip(source, tracker)
            source.open()
            strange = _act(source, sink, performance, actor, options, times.end)
        finally:
            sink.close()
    except KeyboardInterrupt:
        if sink.recording is not None and sink.recording.frames:
            where = " and ".join(str(part) for part in target.keep(sink.paths).values())
            print(f"Stopped; the first {sink.recording.seconds:.1f} s are in {where}", file=sys.stderr)
        raise
    except PuppetError as problem:
        words, kept = str(problem), target.keep(sink.paths)
        for draft, path in zip(sink.paths, target.outputs, strict=True):
            words = words.replace(str(draft), str(kept.get(draft, path)))
        raise problem if words == str(problem) else RecordingError(words) from problem
    except Exception:  # whatever it is, the part that was rendered is kept, and the error goes on
        target.keep(sink.paths)
        raise
    made = sink.recording
    assert made is not None
    read = len(performance.points)
    promised = len(times.times) or source.frame_count or 0
    if read < promised - 1:
        print(f"{source.name} ends early: {read} of {promised} frames can be read", file=sys.stderr)
    paths = target.publish(sink.paths)
    return Rendered(paths, read, made.frames, made.seconds, performance.faces, strange, made.sound)


def _act(
    source: Source,
    recording: RecorderSink,
    performance: Performance,
    actor: Actor,
    options: StepOptions,
    end: float,
) -> int:
    """Play and record the whole clip; returns the number of frames outside the actor's footage.

    end: when the last picture is over, s. Where the file has no picture that can be decoded, the nearest one is shown:
    the first at the beginning, the last at the end.
    """
    strange, result = 0, None
    puppeteer = Puppeteer(performance, actor, options, detects_changes=False)
    neutrals, starts = performance.neutrals(), {shot.start for shot in performance.shots}
    puppeteer.set_neutral(next(iter(neutrals.values())))
    with (
        contextlib.closing(puppeteer),
        progress(total=len(performance.points), label="rendering", unit="frames") as bar,
    ):
        while recording.error is None and (frame := source.read()) is not None:
            if frame.index in starts:
                puppeteer.begin_shot(neutrals.get(frame.index))
            result, before = puppeteer.step(frame), result
            if before is None and frame.captured_at > 0.75 / recording.fps:
                recording.write(_at(result, 0.0))
            strange += result.out_of_domain is not None and result.out_of_domain > 1
            recording.write(result)
            bar.update()
    if result is not None and end - 1 / recording.fps > result.frame.captured_at + 0.5 / recording.fps:
        recording.write(_at(result, end - 1 / recording.fps))
    return strange


def _at(result: Result, moment: float) -> Result:
    """The result as if its frame had been captured at `moment`, s."""
    return replace(result, frame=replace(result.frame, captured_at=moment))


def _sound_of(film: Path | None, facts: VideoFacts, times: FrameTimes) -> SoundTrack | None:
    """The track that a player would choose; where ffmpeg could not tell, the first one if there is any."""
    if film is None or (facts.known and facts.sound is None):
        return None
    return SoundTrack(film, times.start, "a:0" if facts.sound is None else str(facts.sound))


def _film_of(video: str) -> Path | None:
    """The video file, which may have sound; None for pictures."""
    path = DEMO_CLIP if video == DEMO else Path(video)
    return path if path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES else None
