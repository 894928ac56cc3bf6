"""`puppet render` and `puppet run` interrupted, killed or beside other programs: nothing is lost or overwritten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from driven import PlantedTracker, driver_clip
from folders import ROOT, SUPPORT, names, posix, remove
from tiny_actor import tiny_actor
from video_fixtures import read_video, shown_number, until

from puppet import cli
from puppet.commands import performance, render
from puppet.media import recorder
from puppet.output.crash_recovery import recover_unfinished
from puppet.storage import orphaned_files
from puppet.storage.unfinished import lists_folder

pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture
def actor(tmp_path: Path) -> str:
    return str(tiny_actor(tmp_path / "tiny.actor"))


PUPPET = """
import sys
from driven import PlantedTracker
from puppet import cli
from puppet.commands import headless, performance, render
from puppet.face import tracking
performance.video_tracker = lambda still, library: PlantedTracker()
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


@pytest.fixture
def rendering(tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A folder "in" with one video, to be rendered to "out"."""
    monkeypatch.setattr(performance, "video_tracker", lambda still, library: PlantedTracker())
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

    monkeypatch.setattr(performance, "video_tracker", lambda still, library: Losing())
    rendering[1:4] = [tmp_path / "in" / "a.mp4", "-o", tmp_path / "out" / "a.mp4"]
    assert cli.main([*map(str, rendering)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"puppet: Nothing of {tmp_path / 'out' / 'a.mp4'} was written: "
        f"its folder {tmp_path / 'out'} is gone (removed, renamed, or its disk unplugged)"
    )
    assert not (tmp_path / "out").exists()


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
