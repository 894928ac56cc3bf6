"""What the report says about planted distributions."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from planted_footage import planted_face
from tiny_dataset import write_dataset

from models.common.sheets import encode_png
from models.data import coverage
from models.data.contact_sheet import contact_sheet, pick_extremes
from models.data.coverage import GOOD, THIN, USABLE, CoverageReport, make_report
from models.data.dataset import open_dataset
from puppet.core.types import Floats

NEUTRAL = planted_face()


class Person:
    """Frames of a planted person: angles (N, 3) and the arguments of planted_face by frame."""

    def __init__(self, count: int = 1200) -> None:
        """Everything there is to show, in every direction of the head."""
        i = np.arange(count)
        self.angles = np.zeros((count, 3), np.float32)
        self.angles[:, 0] = np.array([0, -20, 20, 0, 0])[i % 5]
        self.angles[:, 1] = np.array([0, 0, 0, 10, -10])[i % 5]
        phase = i // 5 % 8
        self.mouth = np.where(phase % 4 == 1, 0.3, 0.0)
        self.eyes = np.where(phase == 2, 0.1, 1.0)
        self.brow = np.array([0, 0, 0, 0.06, 0, -0.04, 0, 0])[phase]
        self.width = np.array([1, 1, 1, 1, 1.2, 1, 0.8, 1])[phase]
        self.gaze = np.array([(-0.05, 0), (0.05, 0), (0, 0), (0, -0.03), (0, 0.03), (0, 0), (0, 0), (0, 0)])[phase]

    def report(self, **more) -> CoverageReport:
        faces = zip(self.mouth, self.eyes, self.brow, self.gaze, self.width, strict=True)
        canonical: Floats = np.stack([planted_face(*face) for face in faces])
        facts = {"looked_at": len(canonical) + 7, "dropped": {"blurred": 7}, "sources": ["a.mp4"], **more}
        return make_report(canonical, self.angles, NEUTRAL, **facts)


def test_planted_figures_are_measured() -> None:
    face = planted_face(mouth=0.25, eyes=0.7, brow=0.05, gaze=(0.03, -0.02), width=1.1)
    figures = coverage.traits(face[None], NEUTRAL)
    truth = {"mouth": 0.25, "eyes": 0.7, "brow": 0.05, "gaze_x": 0.03, "gaze_y": -0.02, "smile": 1.1}
    assert {name: float(values[0]) for name, values in figures.items()} == pytest.approx(truth, abs=1e-5)


def test_gaze_is_not_read_from_closed_eyes() -> None:
    figures = coverage.traits(planted_face(eyes=0.2, gaze=(0.05, 0.05))[None], NEUTRAL)
    assert (figures["gaze_x"][0], figures["gaze_y"][0]) == (0, 0)


def test_complete_footage_is_good_and_nothing_is_missing() -> None:
    report = Person().report()
    assert (report.missing, report.advice, report.verdict) == ([], [], GOOD)
    assert "Nothing is missing" in report.text()
    assert "Verdict: good" in report.text()


LEFT, RIGHT, UP, DOWN = range(1, 5)  # i % 5 in Person


def no_open_mouth_left(p: Person) -> None:
    p.mouth[p.angles[:, 0] < 0] = 0


def no_closed_eyes_up(p: Person) -> None:
    p.eyes[p.angles[:, 1] > 0] = 1


def eyes_always_open(p: Person) -> None:
    p.eyes[:] = 1


def mouth_always_shut(p: Person) -> None:
    p.mouth[:] = 0


def mouth_always_open(p: Person) -> None:
    p.mouth[:] = 0.2


def hardly_up(p: Person) -> None:
    p.angles[UP + 2 :: 5, 1] = 0
    p.angles[np.flatnonzero(p.angles[:, 1] > 0)[12:], 1] = 0


def never_down(p: Person) -> None:
    p.angles[:, 1] = np.maximum(p.angles[:, 1], 0)


def three_times_left(p: Person) -> None:
    right = np.flatnonzero(p.angles[:, 0] > 0)
    p.angles[right[np.arange(len(right)) % 3 != 0], 0] = 0


def never_right(p: Person) -> None:
    p.angles[:, 0] = np.minimum(p.angles[:, 0], 0)


def brows_still(p: Person) -> None:
    p.brow[:] = np.minimum(p.brow, 0)


def few_smiles(p: Person) -> None:
    p.width[np.flatnonzero(p.width > 1)[10:]] = 1


def eyes_straight(p: Person) -> None:
    p.gaze[:] = 0


GAPS = {
    no_open_mouth_left: ["no open mouth while looking left"],
    no_closed_eyes_up: ["no closed eyes while looking up"],
    eyes_always_open: ["eyes never closed"],
    mouth_always_shut: ["the mouth never opens"],
    mouth_always_open: ["the mouth never closes"],
    hardly_up: ["few frames looking up"],
    never_down: ["no frames looking down"],
    three_times_left: [
        "one-sided: the head turns left three times as often as right; training will show mirrored frames",
    ],
    never_right: [
        "no frames looking right",
        "one-sided: the head turns left but never right; training will show mirrored frames",
    ],
    brows_still: ["brows never raised"],
    few_smiles: ["few frames with a smile"],
    eyes_straight: [f"eyes never glance {side}" for side in ("left", "right", "up", "down")],
}


@pytest.mark.parametrize("plant", GAPS, ids=lambda plant: plant.__name__)
def test_a_planted_gap_is_named_and_nothing_else_is(plant) -> None:
    person = Person()
    plant(person)
    report = person.report()
    assert report.missing == GAPS[plant]
    assert bool(report.one_sided) == (plant in (three_times_left, never_right))
    assert any(report.one_sided in words for words in report.missing)
    assert report.to_json()["one_sided"] == report.one_sided
    assert report.advice
    for words in [*report.missing, *report.advice]:
        assert words in report.text()


def test_verdicts() -> None:
    severe = Person()
    eyes_always_open(severe)
    assert severe.report().verdict == USABLE
    mouth_always_shut(severe)
    assert severe.report().verdict == THIN
    short = Person(600).report()
    assert (short.verdict, short.advice[0][:5]) == (USABLE, "more:")
    assert Person(200).report().verdict == THIN


def test_the_grid_and_the_histograms_count_every_frame() -> None:
    person = Person(1000)
    person.mouth = 1.05 * person.mouth  # off the edge between two bins
    report = person.report()
    head = np.array(report.head)
    assert head.sum() == 1000
    assert head[2].tolist() == [0, 200, 0, 200, 0, 200, 0]  # level: yaw -20, 0, 20
    assert (head[1, 3], head[3, 3]) == (200, 200)  # up is the upper row
    for counts in report.histograms.values():
        assert sum(counts) == 1000
    assert report.histograms["mouth"][12] == (person.mouth > 0).sum()  # 0.315 of 0 .. 0.6 in 24 bins
    assert (report.ranges["mouth"][0], report.ranges["mouth"][2]) == pytest.approx((0, 0.315), abs=1e-4)


def test_the_report_counts_drops_and_survives_json() -> None:
    report = Person(100).report(notes=["a.mp4: the camera wanders"])
    assert "Frames: 100 kept of 107 looked at" in report.text()
    assert "     7 dropped: blurred" in report.text()
    assert "Note: a.mp4: the camera wanders" in report.text()
    assert CoverageReport(**json.loads(json.dumps(report.to_json()))) == report


def test_extremes_are_different_moments() -> None:
    time = np.arange(100) / 25
    values = -np.abs(np.arange(100) - 50).astype(np.float32)
    assert pick_extremes(values, np.zeros(100), time, 3) == [50, 25, 75]
    two_sources = np.repeat([0, 1], 50)
    assert pick_extremes(values, two_sources, time, 2) == [50, 49]
    assert len(pick_extremes(values[:10], np.zeros(10), time[:10], 3)) == 1


def test_the_contact_sheet_shows_the_frame_of_each_cell(tmp_path: Path) -> None:
    """Frames of one colour by direction: the grid's cells must show theirs, empty cells none."""
    path = write_dataset(tmp_path / "d.h5", n=24, size=64)
    with open_dataset(path) as dataset:
        report = make_report(
            dataset.canonical, dataset.pose, dataset.neutral, looked_at=24, dropped={}, sources=["d.mp4"]
        )
        sheet = contact_sheet(report, dataset)
    (tmp_path / "sheet ü.png").write_bytes(encode_png(sheet))
    read = cv2.imdecode(np.frombuffer((tmp_path / "sheet ü.png").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(read, sheet)
    red = (sheet[..., 2] > 180) & (sheet[..., 0] < 80)
    columns = np.flatnonzero(red[:620].any(0))  # the grid's part
    head = np.array(report.head)
    empty = np.flatnonzero(head.sum(0) == 0)
    cells = (columns - 66) // 116  # margin 20, row names 46, cells of 116 px
    assert set(cells[(cells >= 0) & (cells < 7)]) == set(np.flatnonzero(head.sum(0)))
    assert not set(cells) & set(empty)
