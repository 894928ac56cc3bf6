"""Footage -> data set: every planted fault is dropped for its reason, a killed run leaves nothing half-done."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from planted_footage import HEIGHT, WIDTH, Clip, frame_number, planted_tools, talking_clip
from prepared import kept_frames, run

from models.data import cleaning
from models.data.dataset import open_dataset
from models.data.prepare import Options, add_prepare_arguments, prepare, run_prepare
from models.data.publishing import report_path
from models.data.tracking_pass import Tools
from puppet.core.errors import DataError, SourceError
from puppet.face import align
from puppet.output.crash_recovery import recover_unfinished
from puppet.sources.files import VideoFile

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "puppet" / "assets" / "demo.mp4"


def test_a_clean_clip_is_kept_whole(footage: Path, output: Path) -> None:
    report = run(footage, output, talking_clip())
    assert report.kept == report.looked_at == 160
    assert set(report.dropped) == set(cleaning.REASONS)
    assert not any(report.dropped.values())
    assert sorted(p.name for p in output.parent.iterdir()) == ["data.h5", "data.report.png", "data.report.txt"]


def test_the_fields_belong_together(footage: Path, output: Path) -> None:
    clip = talking_clip(60)
    run(footage, output, clip, size=64)
    with open_dataset(output) as dataset:
        assert dataset.crop == "steady"
        assert dataset.sources == ("planted.mp4",)
        assert (dataset.to_crop == dataset.to_crop[0]).all()
        for row, i in enumerate(dataset.frame):
            truth = clip.points[i]
            assert truth is not None
            assert dataset.points[row] == pytest.approx(align.transform_points(truth, dataset.to_crop[row]), abs=1e-3)
            canonical, pose = align.canonicalise(truth, dataset.neutral)
            assert dataset.canonical[row] == pytest.approx(canonical, abs=1e-4)
            assert dataset.pose[row] == pytest.approx(align.angles_of(pose.rotation), abs=1e-3)
            assert dataset.time[row] == pytest.approx(i / 25)
            crop = align.cut(clip.picture(i), dataset.to_crop[row], 64).image
            assert (dataset.image(row) == crop[..., ::-1]).all()


def test_upright_crops_are_those_of_the_live_pipeline(footage: Path, output: Path) -> None:
    clip = talking_clip(60)
    run(footage, output, clip, crop="upright")
    with open_dataset(output) as dataset:
        points = clip.points[dataset.frame[7]]
        assert points is not None
        tracker = planted_tools(clip).new_tracker(False)
        face = tracker.track(next_frame(clip, int(dataset.frame[7])))
        assert face is not None
        assert dataset.to_crop[7] == pytest.approx(align.upright_transform(face, 48), abs=1e-6)


def next_frame(clip: Clip, i: int):
    from puppet.core.types import Frame

    return Frame(clip.picture(i), i, i / 25)


def test_a_plain_hdf5_reader_can_read_the_pictures(footage: Path, output: Path) -> None:
    run(footage, output, talking_clip(20))
    with h5py.File(output, "r") as file:
        data = file["data"]
        assert isinstance(data, h5py.Dataset)
        assert data.shape == (20, 48, 48, 3)
        assert data.dtype == np.uint8
        assert data.chunks == (1, 48, 48, 3)
        assert data.compression == "gzip"


def test_every_and_max_frames(footage: Path, output: Path) -> None:
    report = run(footage, output, talking_clip(), every=3, max_frames=20)
    assert report.looked_at == 20
    assert kept_frames(output) == list(range(0, 60, 3))


def test_two_sources_are_kept_apart(tmp_path: Path, output: Path) -> None:
    paths = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for path in paths:
        path.write_bytes(b"x")
    prepare(paths, output, Options(size=32), planted_tools(talking_clip(30)))
    with open_dataset(output) as dataset:
        assert dataset.sources == ("a.mp4", "b.mp4")
        assert dataset.source.tolist() == [0] * 30 + [1] * 30
        assert dataset.frame.tolist() == [*range(30), *range(30)]


@pytest.mark.parametrize("hang_at", [40, 160 + 1 + 40], ids=["tracking", "cutting"])
def test_a_killed_run_leaves_no_data_set_and_is_taken_up_again(footage: Path, output: Path, hang_at: int) -> None:
    command = [
        sys.executable,
        str(ROOT / "tests" / "support" / "planted_footage.py"),
        str(footage),
        str(output),
        str(hang_at),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"hanging\n"
        child.kill()
    assert not output.exists()

    recover_unfinished()  # as every command does when it starts
    tracked: list[int] = []
    report = prepare([footage], output, Options(size=32), planted_tools(talking_clip(), tracked))
    done = report.looked_at - len(tracked)
    assert 0 < done <= hang_at
    assert tracked == list(range(done, 160))
    assert kept_frames(output) == list(range(160))
    assert sorted(p.name for p in output.parent.iterdir()) == ["data.h5", "data.report.png", "data.report.txt"]


def test_footage_without_a_face_leaves_nothing_behind(footage: Path, output: Path) -> None:
    clip = talking_clip(20)
    clip.points = [None] * 20
    with pytest.raises(DataError, match=r"no face was found in planted\.mp4 \(20 frames"):
        run(footage, output, clip)
    assert not output.parent.exists()


def test_footage_without_a_usable_face_says_why(footage: Path, output: Path) -> None:
    clip = talking_clip(20)
    clip.faces = [2] * 20
    with pytest.raises(DataError, match="more than one face: 20"):
        run(footage, output, clip)
    assert not output.parent.exists()


def test_one_usable_frame_is_a_data_set_though_too_thin(footage: Path, output: Path) -> None:
    report = run(footage, output, talking_clip(1))
    assert (report.kept, report.verdict) == (1, "too thin")


def test_bad_footage_is_refused_and_leaves_nothing(tmp_path: Path, output: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a video")
    with pytest.raises(SourceError, match="notes.mp4"):
        prepare([text], output, Options())
    with pytest.raises(SourceError, match="nowhere.mp4"):
        prepare([tmp_path / "nowhere.mp4"], output, Options())
    with pytest.raises(DataError, match="more than once"):
        prepare([text, text], output, Options())
    with pytest.raises(DataError, match="is the footage itself"):
        prepare([text], text, Options(force=True))
    assert text.read_text() == "not a video"
    assert not output.parent.exists()


def test_an_unwritable_folder_is_named(footage: Path) -> None:
    folder = footage.parent / "file"
    folder.write_text("a file where a folder should be")
    with pytest.raises(DataError, match=r"data\.h5: cannot be written"):
        run(footage, folder / "data.h5", talking_clip(10))
    assert folder.read_text() == "a file where a folder should be"


def test_a_picture_without_a_face(tmp_path: Path, output: Path) -> None:
    """The real tracker, on a real picture."""
    picture = tmp_path / "wall.png"
    cv2.imwrite(str(picture), np.random.default_rng(0).integers(90, 120, (HEIGHT, WIDTH, 3), np.uint8))
    with pytest.raises(DataError, match=r"no face was found in wall\.png \(1 frames\)"):
        prepare([picture], output, Options())
    assert not output.parent.exists()


@pytest.mark.parametrize("bad", [["--size", "0"], ["--size", "x"], ["--every", "0"], ["--crop", "round"], []])
def test_bad_arguments_are_refused(bad: list[str]) -> None:
    parser = argparse.ArgumentParser()
    add_prepare_arguments(parser)
    with pytest.raises(SystemExit) as exit_:
        parser.parse_args(["clip.mp4", *bad] if not bad else ["clip.mp4", "-o", "d.h5", *bad])
    assert exit_.value.code == 2


@pytest.mark.skipif(not DEMO.exists(), reason="the demo clip is not there")
def test_a_real_clip_from_the_command_line(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_prepare_arguments(parser)
    args = ["--size", "64", "--every", "2", "--max-frames", "40"]
    assert run_prepare(parser.parse_args([str(DEMO), "-o", str(output), *args])) == 0
    assert "Verdict: too thin" in capsys.readouterr().out
    assert report_path(output, ".png").stat().st_size > 10_000
    with open_dataset(output) as dataset:
        assert 20 <= len(dataset) <= 40
        assert (dataset.points[..., :2] > 0).all()
        assert (dataset.points[..., :2] < 63).all()
        assert np.abs(dataset.pose).max() < 45


def test_the_real_tracker_is_the_default() -> None:
    assert isinstance(Tools().open_source(str(DEMO.resolve())), VideoFile)


def test_frame_numbers_can_be_read() -> None:
    assert frame_number(talking_clip(1).picture(300)) == 300
