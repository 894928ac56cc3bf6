"""Every planted fault of a frame is dropped for its reason, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from planted_footage import WIDTH, Clip, placed, planted_face, talking_clip
from prepared import kept_frames, run

from models.data import cleaning
from puppet.face import align


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
    wrong[align.STABLE] = 0
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
