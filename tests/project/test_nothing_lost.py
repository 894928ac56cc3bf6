"""Whatever ends the program, and whoever works beside it: nothing is lost, overwritten or left lying about."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from driven import PlantedTracker, driver_clip
from planted_microphone import PlantedMicrophone
from tiny_actor import tiny_actor
from video_fixtures import numbered, read_video, result_of, shown_number, sound_of, until

from puppet import cli
from puppet.actor import library
from puppet.actor.file import read_card, write_actor
from puppet.commands import performance, render
from puppet.core.errors import ActorFileError, PuppetError
from puppet.core.layout import Layout
from puppet.media import recorder
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder
from puppet.output.crash_recovery import recover_unfinished
from puppet.output.recording_sink import RecorderSink
from puppet.output.snapshot import save_snapshot
from puppet.provenance.xmp import Provenance
from puppet.settings import Settings, SettingsFile, load_settings, save_settings
from puppet.storage import orphaned_files
from puppet.storage.file_lock import only_writer
from puppet.storage.unfinished import lists_folder

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests" / "support"
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and open files are different there")


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's own folder."""
    monkeypatch.setenv("PUPPET_CONFIG_DIR", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture
def actor(tmp_path: Path) -> str:
    return str(tiny_actor(tmp_path / "tiny.actor"))


PUPPET = """
import sys
from driven import PlantedTracker
from puppet import cli
from puppet.commands import headless, performance, render
from puppet.face import tracking
performance.video_tracker = lambda still: PlantedTracker()
tracking.live_tracker = PlantedTracker
class Slow(render.Puppeteer):
    def step(self, frame):
        if frame.index == 12:
            print("at 12", flush=True)
            sys.stdin.readline()
        return super().step(frame)
if sys.argv.pop(1) == "slow":
    render.Puppeteer = Slow
sys.exit(cli.main(sys.argv[1:]))
"""


@contextmanager
def puppet(*arguments: object, slow: bool = False) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, in which faces are planted. slow: waits for a line at frame 12, having said
    so."""
    with subprocess.Popen(
        [sys.executable, "-c", PUPPET, "slow" if slow else "", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(ROOT)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def reach_12(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "at 12\n", process.communicate()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- rendering ---


@pytest.fixture
def rendering(tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A folder "in" with one video, to be rendered to "out"."""
    monkeypatch.setattr(performance, "video_tracker", lambda still: PlantedTracker())
    (tmp_path / "in").mkdir()
    driver_clip(tmp_path / "in" / "a.mp4", frames=20)
    return ["render", tmp_path / "in", "-o", tmp_path / "out", "--actor", actor, "--layout", "driver", "--software"]


@pytest.mark.parametrize("how", [[], ["--resume"], ["--force"]])
def test_a_stranger_s_files_beside_the_output_stay(rendering: list[object], tmp_path: Path, how: list[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    strangers = ["a.part.mp4", ".a.mp4", "a.new.mp4", ".a.tidy.mp4", ".a.part.tidy.mp4", "a.sound.wav"]
    for name in strangers:
        (out / name).write_text("precious")
    assert cli.main([*map(str, rendering), "--jobs", "1", *how]) == 0
    assert {name: (out / name).read_text() for name in strangers} == dict.fromkeys(strangers, "precious")
    assert names(out) == {"a.mp4", *strangers}
    assert len(read_video(out / "a.mp4")) == 20


def test_a_part_that_somebody_replaced_stays_when_the_rest_is_rendered(rendering: list[object], tmp_path: Path) -> None:
    out = tmp_path / "out"
    for replaced in (False, True):  # as it was left, and after somebody put another file there
        with puppet(*rendering, "--jobs", "1", slow=True) as process:
            reach_12(process)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        assert names(out) == {"a.part.mp4"}
        if replaced:
            (out / "a.part.mp4").write_text("precious")
        assert cli.main([*map(str, rendering), "--jobs", "1", "--resume"]) == 0
        assert names(out) == ({"a.mp4", "a.part.mp4"} if replaced else {"a.mp4"})
        (out / "a.mp4").unlink()


@posix
@pytest.mark.parametrize("both", ["folder", "file"])
def test_of_two_renders_of_one_output_the_second_is_told_who_has_it(
    rendering: list[object], tmp_path: Path, both: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    if both == "file":
        rendering[1:4] = [tmp_path / "in" / "a.mp4", "-o", out / "a.mp4"]
    with puppet(*rendering, slow=True) as first:
        reach_12(first)
        before = names(out)
        assert cli.main([*map(str, rendering), "--force"]) == 2
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1
        assert f"{out / 'a.mp4'} is being written by process {first.pid} on " in said[0]
        assert names(out) == before
        _, errors = first.communicate("\n", 60)
        assert first.returncode == 0, errors
    assert names(out) == {"a.mp4"}
    assert len(read_video(out / "a.mp4")) == 20


@posix
def test_a_name_that_is_taken_while_it_is_rendered_is_left_and_so_is_the_video(
    rendering: list[object], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with puppet(*rendering, "--jobs", "1", slow=True) as process:
        reach_12(process)
        (out / "a.mp4").write_text("precious")
        _, errors = process.communicate("\n", 60)
    assert process.returncode == 2
    assert "was made by another program meanwhile; the finished video is kept as" in errors
    assert (out / "a.mp4").read_text() == "precious"
    assert len(read_video(out / "a.part.mp4")) == 20


@posix
def test_after_a_killed_render_a_start_leaves_nothing_of_it(rendering: list[object], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with puppet(*rendering, "--jobs", "1", slow=True) as process:
        reach_12(process)
        assert not (out / "a.mp4").exists()
        process.kill()
    until(lambda: recover_unfinished() == [] and not list(lists_folder().iterdir()))  # its ffmpeg may take a moment
    assert names(out) == set()
    assert cli.main([*map(str, rendering), "--jobs", "1"]) == 0
    assert names(out) == {"a.mp4"}


@posix
@pytest.mark.parametrize("both", [False, True], ids=["SIGTERM", "SIGTERM and SIGHUP"])
def test_a_render_that_is_told_to_end_leaves_a_playable_part(
    rendering: list[object], tmp_path: Path, both: bool
) -> None:
    with puppet(*rendering, "--jobs", "1", slow=True) as process:
        reach_12(process)
        process.send_signal(signal.SIGTERM)
        if both:  # as systems do; Python heeds the lower number first
            process.send_signal(signal.SIGHUP)
        _, errors = process.communicate(timeout=60)
    assert process.returncode in ((143, 129) if both else (143,)), errors
    assert "Traceback" not in errors
    shown = [shown_number(image) for image in read_video(tmp_path / "out" / "a.part.mp4")]
    assert shown[:12] == list(range(12))


@posix
@pytest.mark.parametrize("how", ["removed", "renamed"])
def test_a_rendering_whose_folder_goes_is_kept_under_its_own_name(
    rendering: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, how: str
) -> None:
    """What the user gets is no hidden file with a draft's name."""
    out, new = tmp_path / "out", tmp_path / ("videos" if how == "removed" else "new")
    if how == "renamed" and not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells the new name of an open file")

    class Losing(render.Puppeteer):
        def step(self, frame):
            if frame.index == 12:
                until(lambda: any(path.stat().st_size for path in out.iterdir()))
                remove(out) if how == "removed" else out.rename(new)
            return super().step(frame)

    monkeypatch.setattr(recorder, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(render, "Puppeteer", Losing)
    monkeypatch.setattr(orphaned_files, "videos_folder", lambda: tmp_path / "videos")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").write_text("precious")
    rendering[1:4] = [driver_clip(tmp_path / "long.mp4", frames=150), "-o", out / "a.mp4"]
    assert cli.main([*map(str, rendering)]) == 2
    kept = new / ("a_2.mp4" if how == "removed" else "a.mp4")
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        f"puppet: The video stopped: its folder {out} is gone (removed, renamed, or its disk unplugged). "
        f"What was written until then is kept in {kept}."
    )
    assert names(new) == ({"a.mp4", "a_2.mp4"} if how == "removed" else {"a.mp4"})
    assert (tmp_path / "videos" / "a.mp4").read_text() == "precious"
    shown = [shown_number(image) for image in read_video(kept)]
    assert shown == list(range(len(shown)))
    assert not out.exists()


@posix
def test_a_folder_that_goes_before_the_first_picture_is_told_in_one_sentence(
    rendering: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    class Losing(PlantedTracker):
        def track(self, frame):
            if frame.index == 3:
                remove(tmp_path / "out")
            return super().track(frame)

    monkeypatch.setattr(performance, "video_tracker", lambda still: Losing())
    rendering[1:4] = [tmp_path / "in" / "a.mp4", "-o", tmp_path / "out" / "a.mp4"]
    assert cli.main([*map(str, rendering)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"puppet: Nothing of {tmp_path / 'out' / 'a.mp4'} was written: "
        f"its folder {tmp_path / 'out'} is gone (removed, renamed, or its disk unplugged)"
    )
    assert not (tmp_path / "out").exists()


# --- recordings ---


@posix
def test_a_headless_recording_that_is_told_to_end_is_finished(tmp_path: Path, actor: str) -> None:
    number = signal.SIGTERM
    clip, take = driver_clip(tmp_path / "in.mp4", frames=30), tmp_path / "take.mp4"
    given = ["run", "--headless", "--source", clip, "--loop", "--actor", actor, "--record", take]
    with puppet(*given, "--layout", "driver", "--software") as process:
        until(lambda: take.exists() and take.stat().st_size > 3000)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    assert b"moof" not in take.read_bytes()
    assert len(read_video(take)) > 5
    assert not lists_folder().exists() or not list(lists_folder().iterdir())


def record(take: Recorder, start: int = 0, count: int = 60) -> None:
    for number in range(start, start + count):
        take.write(numbered(number), number / 30)


def remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@posix
@pytest.mark.parametrize("goes_on", [True, False], ids=["with pictures", "without"])
def test_a_folder_that_goes_while_recording_is_noticed_and_the_take_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goes_on: bool
) -> None:
    monkeypatch.setattr(orphaned_files, "videos_folder", lambda: tmp_path / "videos")
    take = Recorder(RecordingSettings(tmp_path / "stick" / "take.mp4"), wait=True)
    record(take)
    until(lambda: take.path.stat().st_size > 0)
    remove(tmp_path / "stick")
    gone_at, number = time.monotonic(), 60
    while take.error is None and time.monotonic() < gone_at + 30:
        if goes_on:
            record(take, number, 1)
            number += 1
        time.sleep(0.02)
    recording = take.close()
    assert take.error is not None
    assert f"its folder {tmp_path / 'stick'} is gone" in str(take.error)
    assert f"kept in {tmp_path / 'videos' / 'take.mp4'}" in str(take.error)
    assert recording.path == tmp_path / "videos" / "take.mp4"
    kept = [shown_number(image) for image in read_video(recording.path)]
    assert kept[:60] == list(range(60))
    assert names(tmp_path / "videos") == {"take.mp4"}
    assert not (tmp_path / "stick").exists()


@posix
def test_an_ffmpeg_that_dies_is_noticed_though_no_picture_comes(tmp_path: Path) -> None:
    """As on a disk that can be written no more."""
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\nhead -c 40000 > /dev/null\nexit 3\n")
    fake.chmod(0o755)
    take = Recorder(RecordingSettings(tmp_path / "take.mp4"), executable=str(fake))
    take.write(numbered(0), 0.0)
    until(lambda: take.error is not None)
    assert recorder.LOOK_EVERY <= 1  # s; so within two
    take.close()
    assert not (tmp_path / "take.mp4").exists()


@posix
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the new name of an open file")
def test_a_folder_that_is_renamed_while_recording_keeps_the_take(tmp_path: Path) -> None:
    take = Recorder(RecordingSettings(tmp_path / "a" / "take.mp4"), wait=True)
    record(take)
    until(lambda: take.path.stat().st_size > 0)
    (tmp_path / "a").rename(tmp_path / "b")
    until(lambda: take.error is not None)
    assert take.close().path == tmp_path / "b" / "take.mp4"
    assert [shown_number(image) for image in read_video(tmp_path / "b" / "take.mp4")][:60] == list(range(60))


@posix
def test_the_sound_of_a_take_whose_folder_goes_is_kept_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphaned_files, "videos_folder", lambda: tmp_path / "videos")
    device = PlantedMicrophone([50.5, 51.2], 4.0, start=49.5)
    take = RecorderSink(
        RecordingSettings(tmp_path / "stick" / "take.mp4"), (Layout.DRIVER,), microphone=device, wait=True
    )
    for number in range(60):
        at = 50 + number / 30
        device.hear(at + 0.03)
        take.write(result_of(numbered(number), number, at))
    until(lambda: take.path.stat().st_size > 0)
    remove(tmp_path / "stick")
    until(lambda: take.error is not None)
    with pytest.raises(PuppetError, match="is gone"):
        take.close()
    assert take.sound_left is None
    assert names(tmp_path / "videos") == {"take.mp4"}
    assert len(read_video(take.path)) >= 60
    assert np.abs(sound_of(take.path)).max() > 1000


TAKE = """
import sys
from pathlib import Path
from planted_microphone import PlantedMicrophone
from video_fixtures import numbered, result_of
from puppet.core.layout import Layout
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.provenance.xmp import Provenance
from puppet.output.recording_sink import RecorderSink
device = PlantedMicrophone([50.5, 51.2], 4.0, start=49.5)
settings = RecordingSettings(Path(sys.argv[1]), about=Provenance("marble", "Marble agreed."))
take = RecorderSink(settings, (Layout.DRIVER,), microphone=device, wait=True)
for number in range(90):
    device.hear(50 + number / 30 + 0.03)
    take.write(result_of(numbered(number), number, 50 + number / 30))
take.recorder._changed.acquire()
take.recorder._changed.wait_for(lambda: not take.recorder._queue)
print("recorded", flush=True)
sys.stdin.read()
"""


@posix
def test_a_take_of_a_killed_window_is_finished_by_the_next_start_with_its_sound(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    path = folder / "take.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(ROOT)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "recorded\n"
        assert names(folder) == {"take.mp4", "take.sound.wav"}
        assert recover_unfinished() == []  # it lives
        process.kill()
    until(lambda: any("take.mp4 was interrupted" in told for told in recover_unfinished()))
    assert names(folder) == {"take.mp4"}
    assert b"moof" not in path.read_bytes()
    shown = [shown_number(image) for image in read_video(path)]
    assert shown[:89] == list(range(89))
    sound = sound_of(path)
    assert np.abs(sound).max() > 1000
    assert list(lists_folder().iterdir()) == []
    assert recover_unfinished() == []


@posix
def test_a_sound_that_cannot_be_joined_is_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "take.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(ROOT)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    path.unlink()
    path.write_text("somebody else's")
    until(lambda: recover_unfinished() == [] and not list(lists_folder().iterdir()))
    assert path.read_text() == "somebody else's"
    with wave.open(str(tmp_path / "take.sound.wav")) as sound:
        assert sound.getframerate() == 48_000


def test_pictures_saved_in_one_second_all_stay(tmp_path: Path) -> None:
    results = [result_of(np.full((8, 8, 3), value, np.uint8)) for value in range(12)]
    about = Provenance("marble", layout=Layout.DRIVER)
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda result: save_snapshot(result, tmp_path / "out", about), results))
    assert len(set(made)) == 12
    assert names(tmp_path / "out") == {path.name for path in made}


# --- actors ---


def test_actors_admitted_at_once_under_one_name_are_all_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "try_in_child", lambda file, card: None)
    files = []
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        files.append(tiny_actor(folder / "carl.actor", licence=f"number {number}"))
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda file: library.admit(file, tmp_path / "actors"), files))
    assert len(set(made)) == 12
    assert [read_card(path).licence for path in made] == [f"number {number}" for number in range(12)]
    assert names(tmp_path / "actors") == {"carl.actor", *(f"carl {number}.actor" for number in range(2, 13))}


def test_an_actor_that_is_moved_at_once_is_there_once(tmp_path: Path) -> None:
    folder = tmp_path / "actors"
    folder.mkdir()

    def attempt(number: int) -> bool:
        try:
            library.rename(folder / "carl.actor", f"new {number}") if number % 2 else library.remove(
                folder / "carl.actor"
            )
        except ActorFileError:
            return False
        return True

    for _ in range(3):
        tiny_actor(folder / "carl.actor")
        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(attempt, range(6))) == 1
        left = [path for path in folder.rglob("*") if path.is_file()]
        assert len(left) == 1
        left[0].unlink()


def test_an_actor_file_is_not_written_over_another(tmp_path: Path, actor: str) -> None:
    from puppet.actor.file import read_actor

    card, members = read_actor(Path(actor))
    (tmp_path / "taken.actor").write_text("precious")
    with pytest.raises(FileExistsError):
        write_actor(tmp_path / "taken.actor", card, members, replace=False)
    assert (tmp_path / "taken.actor").read_text() == "precious"


# --- settings ---


def test_what_two_windows_change_is_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    start = Settings(recent=("old.mp4", "older.mp4"), users=("Me", "Ann"))
    save_settings(start, path)
    first, second = SettingsFile(path, start), SettingsFile(path, start)
    from dataclasses import replace

    one = replace(
        start,
        source="a.mp4",
        recent=("a.mp4", "old.mp4"),
        users=("Me", "Ann", "Bob"),
        motion=replace(start.motion, smoothing=0.25),
    )
    first.save(one)
    two = replace(
        start,
        actor="ada",
        recent=("b.mp4", "old.mp4", "older.mp4"),
        users=("Me",),
        motion=replace(start.motion, pose_gain=1.5),
    )
    second.save(two)
    first.save(replace(one, provider="cpu"))
    kept, notices = load_settings(path)
    assert notices == []
    assert (kept.source, kept.actor, kept.provider) == ("a.mp4", "ada", "cpu")
    assert (kept.motion.smoothing, kept.motion.pose_gain) == (0.25, 1.5)
    assert kept.users == ("Me", "Bob")
    assert set(kept.recent) == {"a.mp4", "b.mp4", "old.mp4"}
    second.save(replace(two, actor="marble"))
    assert load_settings(path)[0].source == "a.mp4"


def test_settings_that_vanished_or_broke_meanwhile_are_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    file = SettingsFile(path, Settings(source="a.mp4"))
    file.save(Settings(source="a.mp4", actor="ada"))
    assert load_settings(path)[0].source == "a.mp4"
    path.write_text("{")
    file.save(Settings(source="a.mp4", actor="marble"))
    assert load_settings(path)[0].actor == "marble"
    assert (tmp_path / "settings.json.broken").read_text() == "{"


def test_settings_that_another_window_is_writing_are_waited_for(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("puppet.settings.PATIENCE", 0.1)
    path = tmp_path / "settings.json"
    with only_writer(path), pytest.raises(OSError, match="is being written by process"):
        SettingsFile(path, Settings()).save(Settings(source="a.mp4"))
