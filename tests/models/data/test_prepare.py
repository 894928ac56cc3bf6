"""Footage -> data set: every planted fault is dropped for its reason, a killed run leaves nothing half-done."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pytest
from planted_footage import HEIGHT, WIDTH, Clip, frame_number, placed, planted_face, planted_tools, talking_clip

from models.data import cleaning
from models.data.coverage import Report
from models.data.dataset import open_dataset
from models.data.prepare import Options, add_prepare_arguments, prepare, report_path, run_prepare
from models.data.tracking_pass import Tools
from puppet.core.errors import DataError, PuppetError, SourceError
from puppet.face import align
from puppet.face.landmarks import STABLE
from puppet.output.crash_recovery import recover_unfinished
from puppet.sources.files import VideoFile
from puppet.storage.file_lock import only_writer

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "puppet" / "assets" / "demo.mp4"


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    """Named footage; the fakes decide what it shows."""
    path = tmp_path / "planted.mp4"
    path.write_bytes(b"planted")
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "data.h5"


def run(footage: Path, output: Path, clip: Clip, **options: Any) -> Report:
    report = prepare([footage], output, replace(Options(size=48), **options), planted_tools(clip))
    assert isinstance(report, Report)
    return report


def kept_frames(output: Path) -> list[int]:
    with open_dataset(output) as dataset:
        return dataset.frame.tolist()


def test_a_clean_clip_is_kept_whole(footage: Path, output: Path) -> None:
    report = run(footage, output, talking_clip())
    assert report.kept == report.looked_at == 160
    assert set(report.dropped) == set(cleaning.REASONS)
    assert not any(report.dropped.values())
    assert sorted(p.name for p in output.parent.iterdir()) == ["data.h5", "data.report.png", "data.report.txt"]


def no_face(clip: Clip) -> list[int]:
    clip.faces[20] = 0
    clip.points[21] = None
    return [20, 21]


def two_faces(clip: Clip) -> list[int]:
    clip.faces[30:33] = [2, 2, 3]
    return [30, 31, 32]


def at_the_edge(clip: Clip) -> list[int]:
    points = clip.points[40]
    assert points is not None
    clip.points[40] = points + np.array([WIDTH + 10 - points[:, 0].max(), 0, 0], np.float32)
    return [40]


def blur(clip: Clip) -> list[int]:
    clip.blurred = {50, 51}
    return [50, 51]


def turned_away(clip: Clip) -> list[int]:
    clip.points[60] = placed(planted_face(), np.array([62.0, 0, 0]))
    clip.points[61] = placed(planted_face(), np.array([0.0, -48, 0]))
    return [60, 61]


def jump(clip: Clip) -> list[int]:
    points = clip.points[70]
    assert points is not None
    clip.points[70] = points + np.array([0, 15, 0], np.float32)
    return [70]


def hand_before_the_mouth(clip: Clip) -> list[int]:
    """FaceMesh draws a mouth on the hand as if nothing were there."""
    clip.covered = set(range(110, 125))
    return list(range(110, 125))


def landmarks_of_no_face(clip: Clip) -> list[int]:
    wrong = np.random.default_rng(5).normal(0, 0.06, (478, 2)) * 40  # px
    wrong[STABLE] = 0
    for i in range(80, 90):
        points = clip.points[i]
        assert points is not None
        points[:, :2] += wrong
    return list(range(80, 90))


def standing_still(clip: Clip) -> list[int]:
    clip.points[101:105] = [clip.points[100]] * 4
    return [101, 102, 103, 104]


FAULTS = {
    cleaning.NO_FACE: no_face,
    cleaning.MANY_FACES: two_faces,
    cleaning.CUT_OFF: at_the_edge,
    cleaning.BLURRED: blur,
    cleaning.TURNED: turned_away,
    cleaning.JUMP: jump,
    cleaning.OCCLUDED: landmarks_of_no_face,
    cleaning.DUPLICATE: standing_still,
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_planted_fault_is_dropped_for_its_reason_and_nothing_else_is(
    reason: str, footage: Path, output: Path
) -> None:
    clip = talking_clip()
    bad = FAULTS[reason](clip)
    report = run(footage, output, clip)
    assert {r: n for r, n in report.dropped.items() if n} == {reason: len(bad)}
    assert kept_frames(output) == [i for i in range(clip.count) if i not in bad]


def test_a_hand_before_the_mouth_is_seen_by_its_colour(footage: Path, output: Path) -> None:
    clip = talking_clip()
    bad = hand_before_the_mouth(clip)
    report = run(footage, output, clip)
    assert {r: n for r, n in report.dropped.items() if n} == {cleaning.OCCLUDED: len(bad)}
    assert kept_frames(output) == [i for i in range(clip.count) if i not in bad]


def test_all_faults_together_are_told_apart(footage: Path, output: Path) -> None:
    clip = talking_clip()
    counts = {reason: len(plant(clip)) for reason, plant in FAULTS.items()}
    report = run(footage, output, clip)
    assert report.dropped == {**dict.fromkeys(cleaning.REASONS, 0), **counts}
    assert report.kept == clip.count - sum(counts.values())
    for reason, count in counts.items():
        assert f"{count:6d} dropped: {reason}\n" in report.text()


def test_a_face_that_wanders_leaves_the_steady_crop_and_the_report_says_so(footage: Path, output: Path) -> None:
    clip = talking_clip()
    for i, points in enumerate(clip.points):
        if points is not None and i >= 130:  # the crop is 40 / 0.325 = 123 px wide, the frame 200 px
            points[:, 0] += min(22.0, 2.0 * (i - 130))
    clip.points = [None if p is None else p - np.array([20, 0, 0], np.float32) for p in clip.points]
    report = run(footage, output, clip, crop="steady")
    assert report.dropped[cleaning.OUTSIDE] == 0
    assert not any("wander" in note for note in report.notes)

    other = output.with_name("far.h5")
    shifted = talking_clip()
    for i in range(100, 160):
        points = shifted.points[i]
        assert points is not None
        points[:, 0] += 4.0 * (i - 100) if i < 110 else 40.0
    shifted.points = [None if p is None else p - np.array([30, 0, 0], np.float32) for p in shifted.points]
    report = run(footage, other, shifted, crop="steady", size=32)
    assert report.dropped[cleaning.OUTSIDE] > 5
    assert any("planted.mp4" in note and "--crop upright" in note for note in report.notes)


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


HANG = """
import sys
from pathlib import Path
import models.data.prepare
from models.data.prepare import Options, prepare
from planted_footage import planted_tools, talking_clip

footage, output, name, count = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
there = getattr(models.data.prepare, name)

def hang(*arguments):
    global count
    count -= 1
    if not count:
        print("hanging", flush=True)
        sys.stdin.read()
    return there(*arguments)

setattr(models.data.prepare, name, hang)
prepare([footage], output, Options(size=32), planted_tools(talking_clip(20)))
"""


@pytest.mark.parametrize(("name", "count"), [("_flush", 1), ("publish_whole", 1), ("publish_whole", 2), ("publish", 1)])
def test_killed_at_any_moment_nothing_half_has_the_name_and_a_second_run_succeeds(
    footage: Path, output: Path, name: str, count: int
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])}
    with subprocess.Popen(
        [sys.executable, "-c", HANG, str(footage), str(output), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"hanging\n"
        child.kill()
    assert not output.exists()
    recover_unfinished()
    assert [path.name for path in output.parent.iterdir()] == ["data.h5.tracked"]  # to go on from
    prepare([footage], output, Options(size=32), planted_tools(talking_clip(20)))
    assert sorted(p.name for p in output.parent.iterdir()) == ["data.h5", "data.report.png", "data.report.txt"]
    assert kept_frames(output) == list(range(20))


@pytest.mark.parametrize("name", ["data.h5.tracked", "data.report.txt", "data.report.png", "data.h5.part"])
def test_a_stranger_s_file_beside_the_data_set_stays(footage: Path, output: Path, name: str) -> None:
    output.parent.mkdir(parents=True)
    stranger = output.with_name(name)
    stranger.write_text("precious")
    with contextlib.suppress(DataError):
        prepare([footage], output, Options(size=32), planted_tools(talking_clip(20)))
    assert stranger.read_text() == "precious"
    assert output.exists() == (name == "data.h5.part")


def test_of_two_runs_with_one_output_the_second_is_told(footage: Path, output: Path) -> None:
    with only_writer(output), pytest.raises(PuppetError, match=r"data\.h5 is being written by process \d+ on"):
        prepare([footage], output, Options(size=32), planted_tools(talking_clip(20)))
    assert not output.parent.exists()


def interrupted(footage: Path, output: Path) -> Path:
    """A run that stopped while tracking; returns the side file."""

    def stop(i: int) -> None:
        if i == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([footage], output, Options(size=32), planted_tools(talking_clip(), on_read=stop))
    return output.with_name("data.h5.tracked")


def test_a_torn_record_is_tracked_again(footage: Path, output: Path) -> None:
    side_file = interrupted(footage, output)
    with side_file.open("r+b") as file:
        file.truncate(side_file.stat().st_size - 100)
    tracked: list[int] = []
    prepare([footage], output, Options(size=32), planted_tools(talking_clip(), tracked))
    assert tracked == list(range(49, 160))
    assert kept_frames(output) == list(range(160))


def test_other_footage_or_options_start_anew(footage: Path, output: Path) -> None:
    interrupted(footage, output)
    tracked: list[int] = []
    prepare([footage], output, Options(size=32, every=2), planted_tools(talking_clip(), tracked))
    assert tracked == list(range(0, 160, 2))
    for path in output.parent.iterdir():
        path.unlink()

    interrupted(footage, output)
    footage.write_bytes(b"replaced")
    tracked.clear()
    prepare([footage], output, Options(size=32), planted_tools(talking_clip(), tracked))
    assert tracked == list(range(160))


def test_an_existing_data_set_is_only_replaced_by_force(footage: Path, output: Path) -> None:
    run(footage, output, talking_clip(20))
    before = output.read_bytes()
    with pytest.raises(DataError, match=r"exists already.*--force"):
        run(footage, output, talking_clip(30))
    assert output.read_bytes() == before
    assert run(footage, output, talking_clip(30), force=True).kept == 30
    assert len(kept_frames(output)) == 30


def test_a_failing_write_keeps_the_old_data_set(footage: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(footage, output, talking_clip(20))
    before = output.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("models.data.prepare.write", full)
    with pytest.raises(DataError, match="No space left"):
        run(footage, output, talking_clip(30), force=True)
    assert output.read_bytes() == before
    assert not list(output.parent.glob("*.part"))
    assert not list(output.parent.glob("*.tracked"))


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


# --- several people ---


def stranger(points: Any, x: float = 0.0) -> Any:
    """Somebody with a longer face who does the same, `x` px further to the right."""
    middle = points[:, :2].mean(0)
    longer = points.copy()
    longer[:, 1] = middle[1] + 1.14 * (points[:, 1] - middle[1])
    longer[:, 0] += x
    return longer.astype(np.float32)


def joined(mine: int, theirs: int) -> Clip:
    """So many frames of one person, then of another one."""
    clip = talking_clip(mine + theirs)
    clip.points[mine:] = [stranger(points) for points in clip.points[mine:]]
    return clip


@pytest.mark.parametrize(("person", "kept"), [(0, range(110)), (1, range(110)), (2, range(110, 200))])
def test_of_two_people_in_one_clip_the_one_with_most_frames_or_the_chosen_one_is_kept(
    person: int, kept: range, footage: Path, output: Path
) -> None:
    report = run(footage, output, joined(110, 90), person=person)
    assert report.people == pytest.approx([110, 90], abs=3)
    assert report.dropped[cleaning.OTHER_PERSON] == pytest.approx(200 - len(kept), abs=3)
    assert len(set(kept_frames(output)) & set(kept)) > 0.9 * len(kept)
    assert len(set(kept_frames(output)) - set(kept)) <= 3
    assert any("2 people were seen" in note and "--person" in note for note in report.notes)
    assert "2 people were seen" in report_path(output, ".txt").read_text()


def test_the_others_are_shown_in_the_picture(footage: Path, output: Path, tmp_path: Path) -> None:
    run(footage, output, joined(110, 90))
    alone = tmp_path / "alone.h5"
    run(footage, alone, talking_clip(110))
    heights = [cv2.imread(str(report_path(path, ".png"))).shape[0] for path in (output, alone)]
    assert heights[0] > heights[1] + 100


def test_one_person_in_another_place_and_another_size_is_one(footage: Path, output: Path) -> None:
    clip = talking_clip(200)
    clip.points[100:] = [0.8 * points + np.array([30, 10, 0], np.float32) for points in clip.points[100:]]  # pyright: ignore
    report = run(footage, output, clip, crop="upright")
    assert report.people == [200]
    assert not report.dropped[cleaning.OTHER_PERSON]
    assert not any("people" in note for note in report.notes)


def test_of_two_people_side_by_side_one_is_kept(footage: Path, output: Path) -> None:
    clip = talking_clip(120)
    clip.faces = [2] * 120
    clip.others = [[stranger(points, 400)] for points in clip.points]
    report = run(footage, output, clip)
    assert report.people == [120, 120]
    assert report.looked_at == 120
    assert kept_frames(output) == list(range(120))


def test_a_stranger_in_the_crop_still_costs_the_frame(footage: Path, output: Path) -> None:
    clip = talking_clip(120)
    clip.faces = [2] * 120
    clip.others = [[stranger(points, 400 if i < 80 else 40)] for i, points in enumerate(clip.points)]
    assert run(footage, output, clip).dropped[cleaning.MANY_FACES] == 40


def test_two_people_in_a_run_that_was_killed_are_counted_once(footage: Path, output: Path) -> None:
    clip = joined(110, 90)
    tools = planted_tools(clip)
    reads = iter(range(10_000))

    def stop(_: int) -> None:
        if next(reads) == 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([footage], output, Options(size=48), planted_tools(clip, on_read=stop))
    report = prepare([footage], output, Options(size=48), tools)
    assert isinstance(report, Report)
    assert report.looked_at == 200
    assert report.people == pytest.approx([110, 90], abs=3)


def test_a_person_who_is_not_there_is_refused(footage: Path, output: Path) -> None:
    with pytest.raises(DataError, match="--person 2: one person was seen"):
        run(footage, output, talking_clip(), person=2)
    with pytest.raises(DataError, match="--person chooses"):
        run(footage, output, talking_clip(), person=1, many=True)
    assert not output.exists()
