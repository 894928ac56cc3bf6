"""A folder of videos: planned, rendered, interrupted, resumed; one after the other and several at once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from driven import PlantedTracker, driver_clip, interrupted_at
from tiny_actor import tiny_actor
from video_fixtures import read_video, shown_number

from puppet import cli
from puppet.commands import performance, render, render_folder
from puppet.core.errors import RecordingError
from puppet.output.settings import OutputSettings
from puppet.storage.folders import IMPORT_FOLDER


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three clips of 12, 14 and 16 frames."""
    monkeypatch.setattr(performance, "video_tracker", lambda still, library: PlantedTracker())
    (tmp_path / "in").mkdir()
    for index, name in enumerate("abc"):
        driver_clip(tmp_path / "in" / f"{name}.mp4", frames=12 + 2 * index)
    (tmp_path / "in" / "notes.txt").write_text("not a video")
    return tmp_path / "in"


@pytest.fixture
def given(folder: Path, tmp_path: Path) -> list[str]:
    actor = str(tiny_actor(tmp_path / "tiny.actor"))
    return [str(folder), "-o", str(tmp_path / "out"), "--actor", actor, "--layout", "driver", "--software"]


def lengths(out: Path) -> dict[str, int]:
    return {path.name: len(read_video(path)) for path in sorted(out.iterdir())}


def test_every_video_of_a_folder_is_rendered(given: list[str], tmp_path: Path, capsys) -> None:
    assert cli.main(["render", *given, "--jobs", "1"]) == 0
    assert lengths(tmp_path / "out") == {"a.mp4": 12, "b.mp4": 14, "c.mp4": 16}
    said = capsys.readouterr()
    assert f"{tmp_path / 'out' / 'b.mp4'}: 14 frames" in said.out
    assert "[3/3] c.mp4, less than a minute left for all" in said.err


def test_what_is_there_is_not_touched_without_a_word(given: list[str], tmp_path: Path, capsys) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.mp4").write_bytes(b"precious")
    assert cli.main(["render", *given]) == 2
    assert "--resume to go on" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["b.mp4"]


def test_an_interrupted_folder_goes_on_where_it_stopped(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(render, "Puppeteer", interrupted_at(13))  # in the second video
        assert cli.main(["render", *given, "--jobs", "1"]) == 130
    assert sorted(p.name for p in out.iterdir()) == ["a.mp4", "b.part.mp4"]
    assert [shown_number(image) for image in read_video(out / "b.part.mp4")][:13] == list(range(13))
    before = (out / "a.mp4").stat().st_mtime_ns
    assert cli.main(["render", *given, "--jobs", "1", "--resume"]) == 0
    assert lengths(out) == {"a.mp4": 12, "b.mp4": 14, "c.mp4": 16}
    assert (out / "a.mp4").stat().st_mtime_ns == before
    assert "1 of 3 are finished already" in capsys.readouterr().err


def test_a_video_that_fails_does_not_keep_the_others(given: list[str], folder: Path, tmp_path: Path, capsys) -> None:
    (folder / "b.mp4").write_text("this is no video")
    assert cli.main(["render", *given, "--jobs", "1"]) == 2
    assert lengths(tmp_path / "out") == {"a.mp4": 12, "c.mp4": 16}
    said = capsys.readouterr().err
    assert "b.mp4: not a video that can be read" in said
    assert "1 of 3 videos could not be rendered: b.mp4" in said.splitlines()[-1]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_that_was_made_for_nothing_goes_again(
    given: list[str], folder: Path, tmp_path: Path, jobs: str, capsys
) -> None:
    for name in "abc":
        (folder / f"{name}.mp4").write_text("this is no video")
    given[2] = str(tmp_path / "new" / "m2.mp4")
    assert cli.main(["render", *given, "--jobs", jobs]) == 2
    assert "3 of 3 videos could not be rendered" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    (tmp_path / "new" / "m2.mp4").mkdir(parents=True)  # the user's own stays
    assert cli.main(["render", *given, "--jobs", jobs]) == 2
    assert (tmp_path / "new" / "m2.mp4").is_dir()


def test_a_bug_with_one_video_does_not_keep_the_others(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def make_tracker(still: bool, library: str) -> PlantedTracker:
        made.append(None)
        if len(made) == 2:
            raise KeyError("planted")
        return PlantedTracker()

    made: list[None] = []
    monkeypatch.setattr(performance, "video_tracker", make_tracker)
    assert cli.main(["render", *given, "--jobs", "1"]) == 2
    assert lengths(tmp_path / "out") == {"a.mp4": 12, "c.mp4": 16}
    assert "puppet: Rendering b.mp4 failed unexpectedly (KeyError: 'planted'); its log is " in capsys.readouterr().err


class Child:
    """Stands for a process: ends at its second look, having copied the video; fails for c."""

    started: list[list[str]] = []
    interrupted: list[str] = []

    def __init__(self, command: list[str], cwd: Path, **_: object) -> None:
        assert cwd == IMPORT_FOLDER  # nothing that lies where the user stands is imported
        self.command, self.looks = command, 0
        self.video, self.output = Path(command[4]), Path(command[6])
        self.returncode: int | None = None
        Child.started.append(command)

    def poll(self) -> int | None:
        self.looks += 1
        if self.looks > 1:
            self.returncode = 2 if self.video.stem == "c" else 0
            if not self.returncode:
                self.output.write_bytes(self.video.read_bytes())
        return self.returncode

    def wait(self, timeout: float) -> None:
        raise subprocess.TimeoutExpired("puppet", timeout)

    def communicate(self) -> tuple[str, str]:
        return f"{self.output}: done\n", "tracking: 0\npuppet: c.mp4: no face was seen\n" if self.returncode else ""

    def send_signal(self, number: int) -> None:
        Child.interrupted.append(self.video.stem)


def test_several_at_once_get_the_same_options(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(Child, "started", [])
    monkeypatch.setattr(render_folder.subprocess, "Popen", Child)
    monkeypatch.setattr(render_folder, "claimed_frames", lambda video: 8)  # it asks ffmpeg, by the same Popen
    assert cli.main(["render", *given, "--jobs", "2", "--eyes-gain", "1.5", "--no-badge"]) == 2
    assert [command[4][-5:] for command in Child.started] == ["a.mp4", "b.mp4", "c.mp4"]
    actor = str(tmp_path / "tiny.actor")
    assert Child.started[0][7:] == [
        *[
            "--actor",
            actor,
            "--provider",
            "auto",
            "--tracker",
            "auto",
            "--layout",
            "driver",
            "--eyes-gain",
            "1.5",
            "--software",
            "--no-badge",
        ]
    ]
    assert cli.build_parser().parse_args(Child.started[0][3:]).eyes_gain == 1.5
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.mp4", "b.mp4"]
    said = capsys.readouterr()
    assert "c.mp4: no face was seen" in said.err
    assert f"{tmp_path / 'out' / 'a.mp4'}: done" in said.out


def test_an_actor_that_is_named_from_here_is_found_by_the_processes(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Child, "started", [])
    monkeypatch.setattr(render_folder.subprocess, "Popen", Child)
    monkeypatch.setattr(render_folder, "claimed_frames", lambda video: 8)
    monkeypatch.chdir(tmp_path)
    given[given.index("--actor") + 1] = "tiny.actor"
    cli.main(["render", *given, "--jobs", "2"])
    assert {command[command.index("--actor") + 1] for command in Child.started} == {str(tmp_path / "tiny.actor")}


def test_ctrl_c_is_handed_on_to_every_process(
    given: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def pressed(self: Child, timeout: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Child, "interrupted", [])
    monkeypatch.setattr(Child, "wait", pressed)
    monkeypatch.setattr(render_folder.subprocess, "Popen", Child)
    monkeypatch.setattr(render_folder, "claimed_frames", lambda video: 8)  # it asks ffmpeg, by the same Popen
    assert cli.main(["render", *given, "--jobs", "2"]) == 130
    assert Child.interrupted == ["a", "b"]


def test_names_that_differ_in_their_ending_only_stay_apart(tmp_path: Path) -> None:
    videos = [tmp_path / name for name in ("a.mov", "a.mp4", "b.mp4")]
    jobs, finished = render_folder.plan(videos, tmp_path / "out", OutputSettings(codec="ffv1"), False, False)
    assert [job.output.name for job in jobs] == ["a.mov.mkv", "a.mp4.mkv", "b.mkv"]
    assert finished == 0


def test_three_files_of_a_video_are_finished_together(tmp_path: Path) -> None:
    separate = OutputSettings("separate")
    for layout in ("driver", "actor"):
        (tmp_path / f"a_{layout}.mp4").touch()
    with pytest.raises(RecordingError, match="exists already"):
        render_folder.plan([tmp_path / "a.mov"], tmp_path, separate, False, False)
    assert len(render_folder.plan([tmp_path / "a.mov"], tmp_path, separate, True, False)[0]) == 1
    (tmp_path / "a_side-by-side.mp4").touch()
    assert render_folder.plan([tmp_path / "a.mov"], tmp_path, separate, True, False) == ([], 1)


@pytest.mark.parametrize("how", ["--force", "--resume"])
def test_the_videos_themselves_are_never_replaced(folder: Path, given: list[str], how: str, capsys) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert cli.main(["render", *given, "-o", str(folder), how]) == 2
    assert "a.mp4 is one of the videos that are to be read" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_options_for_folders_are_refused_for_a_file(folder: Path, tmp_path: Path, capsys) -> None:
    assert cli.main(["render", str(folder / "a.mp4"), "-o", str(tmp_path / "x.mp4"), "--resume"]) == 2
    assert "is not a folder of videos" in capsys.readouterr().err
