"""Whom the data set keeps of several people, and what leaves its crop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from planted_footage import Clip, planted_tools, talking_clip
from prepared import kept_frames, run

from models.data import cleaning
from models.data.coverage import CoverageReport
from models.data.prepare import Options, prepare
from models.data.publishing import report_path
from puppet.core.errors import DataError


def test_a_face_that_wanders_leaves_the_steady_crop_and_the_report_says_so(footage: Path, output: Path) -> None:
    clip = talking_clip()
    for i, points in enumerate(clip.points):
        if points is not None and i >= 130:  # the crop is 40 / 0.325 = 123 px wide, the frame 200 px
            points[:, 0] += min(22.0, 2.0 * (i - 130))
    clip.points = [None if p is None else p - np.array([20, 0, 0], np.float32) for p in clip.points]
    report = run(footage, output, clip, crop="steady")
    assert report.dropped[cleaning.OUTSIDE] == 0
    assert not any("moves too far" in note for note in report.notes)

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
    assert isinstance(report, CoverageReport)
    assert report.looked_at == 200
    assert report.people == pytest.approx([110, 90], abs=3)


def test_a_person_who_is_not_there_is_refused(footage: Path, output: Path) -> None:
    with pytest.raises(DataError, match="--person 2: one person was seen"):
        run(footage, output, talking_clip(), person=2)
    with pytest.raises(DataError, match="--person chooses"):
        run(footage, output, talking_clip(), person=1, many=True)
    assert not output.exists()
