"""A user who does everything wrong, through the commands: code 2, one line that names the culprit, nothing left behind.

Cases that need a look inside are with the part they belong to; here are those that a command must catch.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from driven import PlantedTracker, driver_clip, interrupted_at
from planted_face import expression, rest_face
from tiny_actor import tiny_actor
from tiny_dataset import write_dataset
from video_fixtures import read_video

import export.__main__ as export_command
import models.__main__ as models_command
from models.data import prepare
from models.data.tracking_pass import Tools
from models.networks.puppet.mesh import build_mesh, mesh_size
from models.training import trainer
from puppet import cli
from puppet.commands import performance, render
from puppet.core.trackers import AUTO, ONNX
from puppet.core.types import HeadPose
from puppet.face import align, tracking
from puppet.face.mediapipe_mesh import filter_native_log
from puppet.media import recorder
from puppet.sources.registry import DEMO_CLIP

COMMANDS = {"puppet": cli.main, "models": models_command.main, "export": export_command.main}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything that may be wrong with a file, by name; the current folder."""
    monkeypatch.chdir(tmp_path)
    clip = driver_clip(tmp_path / "clip.mp4").read_bytes()
    good = tiny_actor(tmp_path / "good.actor").read_bytes()
    data = write_dataset(tmp_path / "data.h5").read_bytes()
    for name, content in {
        "empty.mp4": b"",
        "half.mp4": clip[: len(clip) // 2].replace(b"moov", b"free"),
        "zero.actor": b"",
        "text.actor": b"a letter",
        "half.actor": good[: len(good) // 2],
        "edited.actor": good.replace(b'"CC0-1.0"', b'"CC0-2.0"').replace(b'"licence"', b'"licenze"'),
        "text.h5": b"a letter",
        "half.h5": data[: len(data) // 2],
        "file": b"precious",
    }.items():
        (tmp_path / name).write_bytes(content)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(3)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "letters").mkdir()
    for name in ("1.png", "2.jpg"):
        (tmp_path / "letters" / name).write_text("a letter")
    return tmp_path


RENDER, TRAIN = "-o new/out.mp4 --actor good.actor", "-o new/run --preset seed-int8 --steps 1 --device cpu"
CASES = [
    (f"puppet render empty.mp4 {RENDER}", "empty.mp4: not a video that can be read"),
    (f"puppet render half.mp4 {RENDER}", "half.mp4: not a video that can be read"),
    (f"puppet render nothing {RENDER}", "nothing: there is no image in it"),
    (f"puppet render letters {RENDER}", "letters: none of its 2 images can be read"),
    (f"puppet render gopher://there {RENDER}", "gopher:// is no kind of address"),
    ("puppet render clip.mp4 -o nothing --actor good.actor", "nothing is not a file"),
    ("puppet render clip.mp4 -o file/out.mp4 --actor good.actor", "file: there is a file where a folder should be"),
    ("puppet render clip.mp4 -o new/out.mp4 --actor zero.actor", "zero.actor: not an actor file, or cut short"),
    ("puppet render clip.mp4 -o new/out.mp4 --actor text.actor", "text.actor: not an actor file, or cut short"),
    ("puppet render clip.mp4 -o new/out.mp4 --actor half.actor", "half.actor: not an actor file, or cut short"),
    ("puppet render clip.mp4 -o new/out.mp4 --actor edited.actor", "edited.actor: "),
    ("puppet render clip.mp4 -o new/out.mp4 --actor letters/../nothing", "nothing: a folder, not an actor file"),
    ("puppet run --headless --source clip.mp4 --actor good.actor --record clip.mp4", "clip.mp4 exists already"),
    ("models prepare clip.mp4 -o new/data.mp4", "new/data.mp4: a data set is a file whose name ends with .h5"),
    ("models prepare clip.mp4 -o nothing --force", "nothing: a data set is a file"),
    ("models prepare letters -o new/deep/data.h5", "letters: none of its 2 images can be read"),
    ("models prepare half.mp4 -o new/deep/data.h5", "half.mp4: not a video that can be read"),
    (f"models train text.h5 {TRAIN}", "text.h5: not a readable HDF5 file"),
    (f"models train half.h5 {TRAIN}", "half.h5: not a readable HDF5 file"),
    (f"models train other.h5 {TRAIN}", "other.h5: an HDF5 file, but not a data set"),
    (f"models train data.h5 {TRAIN} --driver 0", "0 is not a file or folder"),
    (f"models train data.h5 {TRAIN} --driver empty.mp4", "empty.mp4: not a video that can be read"),
    (
        "models train data.h5 -o file/run --preset seed-int8 --steps 1 --device cpu --driver data.h5",
        "file/run: cannot be written (there is a file where a folder should be)",
    ),
    ("models train data.h5 -o nothing --resume", "nothing: no run to go on with"),
    ("models reconstruct nothing data.h5 -o new/out.mp4", "nothing: no checkpoint in this folder"),
    ("export nothing -o new.actor --consent yes", "nothing: no checkpoint in this folder"),
    ("export nothing -o good.actor --consent yes", "good.actor exists already"),
]


@pytest.mark.parametrize(("line", "said"), CASES, ids=[line for line, _ in CASES])
def test_one_line_code_2_and_nothing_left(
    line: str, said: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    name, *arguments = line.split()
    assert COMMANDS[name](arguments) == 2
    err = capfd.readouterr().err
    told = [text for text in err.splitlines() if text.startswith(("puppet: ", "error: "))]
    assert len(told) == 1, err
    assert said in told[0]
    assert "Traceback" not in err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert not (folder / "new").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("puppet run --headless --frames -1", "'-1' is not a whole number from 1 on"),
        ("puppet render clip.mp4 -o out.mp4 --smoothing strong", "'strong' is not a number from 0 to 1"),
        ("puppet render clip.mp4 -o out.mp4 --smoothing nan", "'nan' is not a number from 0 to 1"),
        ("models prepare clip.mp4 -o d.h5 --max-yaw nan", "a number of degrees from 0 to 180 is expected, not 'nan'"),
        ("models prepare clip.mp4 -o d.h5 --max-yaw wide", "a number of degrees from 0 to 180 is expected, not 'wide'"),
        ("models train data.h5 -o run --seed -1", "'-1' is not a whole number from 0 on"),
        ("models train data.h5 -o run --minutes inf", "invalid positive float value: 'inf'"),
        ("export run -o a.actor --consent=", "say whose face it is"),
    ],
)
def test_values_that_make_no_sense(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, *arguments = line.split()
    with pytest.raises(SystemExit) as end:
        COMMANDS[name](arguments)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


# --- Ctrl-C, and what fails on the way ---


def test_force_and_ctrl_c_keep_the_old_file_and_the_new_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(performance, "video_tracker", lambda still, library: PlantedTracker())
    monkeypatch.setattr(render, "Puppeteer", interrupted_at(12))
    (folder / "out.mp4").write_bytes(b"precious")
    assert cli.main(["render", "clip.mp4", "-o", "out.mp4", "--actor", "good.actor", "--force"]) == 130
    assert (folder / "out.mp4").read_bytes() == b"precious"
    assert "are in out.part.mp4" in capsys.readouterr().err
    assert 12 <= len(read_video(folder / "out.part.mp4")) <= 13


def test_a_recording_that_fails_ends_a_headless_run_with_its_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tracking, "FaceMeshTracker", PlantedTracker)
    monkeypatch.setattr(recorder, "find_ffmpeg", lambda: str(folder / "no-ffmpeg"))
    given = ["run", "--headless", "--source", "clip.mp4", "--loop", "--actor", "good.actor", "--record", "out.mp4"]
    assert cli.main(given) == 2
    said = capsys.readouterr()
    assert "puppet: The recording stopped: ffmpeg could not be started" in said.err
    assert "recorded" not in said.out
    assert not (folder / "out.mp4").exists()


def test_ctrl_c_while_cutting_keeps_what_was_tracked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signal that comes while Python is in a callback would be lost; here it comes in the middle of a crop."""
    cut = align.cut

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        return cut(*arguments)

    tools = Tools(new_tracker=lambda still: PlantedTracker())
    monkeypatch.setattr(prepare, "Tools", lambda: tools)
    monkeypatch.setattr(align, "cut", interrupted)
    before = sorted(path.name for path in folder.iterdir())
    arguments = ["prepare", "clip.mp4", "-o", "new.h5", "--size", "32"]
    assert models_command.main(arguments) == 130
    assert "Stopped; the same command goes on from new.h5.tracked" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == sorted([*before, "new.h5.tracked"])


def test_ctrl_c_while_training_keeps_the_step_and_says_how_to_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    learn = trainer.Trainer._learn

    def interrupted(self, batch):
        if self.step == 2:
            signal.raise_signal(signal.SIGINT)
        return learn(self, batch)

    monkeypatch.setattr(trainer.Trainer, "_learn", interrupted)
    common = ["train", "data.h5", "-o", "run", "--device", "cpu", "--driver", "data.h5"]
    try:
        assert models_command.main([*common, "--preset", "seed-int8", "--steps", "9", "--batch-size", "4"]) == 130
    finally:
        torch.set_flush_denormal(False)
    assert "Stopped at step 3, which is kept: --resume" in capsys.readouterr().err
    assert [path.name for path in (folder / "run" / "checkpoints").iterdir()] == ["step-00000003"]


# --- what native libraries say ---


def test_native_chatter_is_dropped_and_everything_else_comes_out(capfd: pytest.CaptureFixture[str]) -> None:
    chatter = (
        b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        b"W0000 00:00:1795271611.461203   11542 inference_feedback_manager.cc:114] Feedback manager\n"
        b"I0000 00:00:1795271611.461203   11542 gl_context.cc:357] GL version\n"
        b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
    )

    @filter_native_log()
    def work() -> None:
        os.write(2, chatter)
        other = threading.Thread(target=lambda: print("another thread", file=sys.stderr, flush=True))
        other.start()
        other.join()
        os.write(2, b"E0000 00:00:1795271611.461203   11542 graph.cc:1] broken\n" + chatter)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == (
        "another thread\nE0000 00:00:1795271611.461203   11542 graph.cc:1] broken\nafterwards\n"
    )


@pytest.mark.parametrize("library", [AUTO, ONNX])
def test_the_tracker_is_silent(library: str) -> None:
    """In a process of its own, for the libraries say most of it once."""
    look = f"""if True:
        import cv2, numpy, sys
        from puppet.core.types import Frame
        from puppet.face.tracking import FaceMeshTracker
        tracker = FaceMeshTracker(library={library!r})
        capture = cv2.VideoCapture({str(DEMO_CLIP)!r})
        seen = [tracker.track(Frame(numpy.asarray(capture.read()[1]), k, k / 30)) is not None for k in range(3)]
        tracker.close()
        print(seen.count(True))
        print("the end", file=sys.stderr)
    """
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=100, cwd=Path.cwd())
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "the end\n")


# --- footage that is unusual but good ---


@pytest.mark.parametrize(("scale", "y"), [(0.27, 70.0), (0.25, 80.0), (0.33, 66.0)])
def test_a_head_that_reaches_the_edge_of_the_picture_gets_a_mesh(scale: float, y: float) -> None:
    """The rings around it leave the picture, and stay in the texture."""
    pose = HeadPose(np.eye(3), scale * 128, np.array([63.5, y, 0.0]))
    mesh = build_mesh(rest_face(), expression(rest_face(), open=0.25), pose, 128, 96)
    assert (len(mesh.texture_points), len(mesh.triangles)) == mesh_size()
    assert mesh.texture_points.min() >= 0
    assert mesh.texture_points.max() <= 95
