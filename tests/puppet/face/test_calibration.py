"""Gates and countdown of the guided calibration, on planted faces in planted light."""

from __future__ import annotations

import numpy as np
import pytest
from planted_face import expression, rest_face, tracked

from puppet.core.errors import PuppetError
from puppet.core.types import Frame
from puppet.face import align
from puppet.face.calibration import COUNTDOWN, GuidedCalibration, face_light, face_size, face_speed, gates_of, lid_gap
from puppet.face.neutral_store import NeutralStore, checked_user

REST = rest_face()
MIDDLE = (160.0, 100.0)


def frame(at=0.0, level=128, width=320, height=240) -> Frame:
    return Frame(np.full((height, width, 3), level, np.uint8), 0, at)


def face(canonical=REST, angles=(0, 0, 0), scale=60.0, middle=MIDDLE):
    return tracked(canonical, angles, scale, middle)


def shut_gates(frame_, face_, speed=0.0) -> list[str]:
    return [gate.name for gate in gates_of(frame_, face_, speed) if not gate.open]


def test_a_good_moment_opens_every_gate():
    assert shut_gates(frame(), face()) == []


@pytest.mark.parametrize(
    ("changes", "level", "speed", "name", "advice"),
    [
        ({"scale": 20.0}, 128, 0, "Face size", "nearer"),
        ({"scale": 130.0}, 128, 0, "Face size", "back"),
        ({}, 20, 0, "Light", "more light"),
        ({}, 252, 0, "Light", "too much"),
        ({"angles": (20, 0, 0)}, 128, 0, "Facing", "straight"),
        ({"angles": (0, 30, 0)}, 128, 0, "Facing", "straight"),
        ({"angles": (0, 0, -18)}, 128, 0, "Facing", "straight"),
        ({"canonical": expression(REST, shut=0.9)}, 128, 0, "Eyes open", "Open"),
        ({"canonical": expression(REST, open=0.15)}, 128, 0, "Mouth closed", "Close"),
        ({}, 128, 1.0, "Still", "still"),
    ],
)
def test_each_gate_is_shut_by_what_it_is_there_for_alone(changes, level, speed, name, advice):
    made = face(**changes)
    assert shut_gates(frame(level=level), made, speed) == [name]
    (gate,) = [gate for gate in gates_of(frame(level=level), made, speed) if not gate.open]
    assert advice in gate.advice


def test_without_a_face_there_is_one_gate():
    assert shut_gates(frame(), None) == ["Face"]


def test_figures_behind_the_gates():
    size, too_small = face_size(frame(), face(scale=48.0))
    assert size == pytest.approx(48 / 240, rel=1e-3)
    assert not too_small
    image = np.full((240, 320, 3), 100, np.uint8)
    image[:, :160] = 255  # the left half of the face is burnt
    level, burnt = face_light(Frame(image, 0, 0.0), face())
    assert level == pytest.approx(178, abs=8)
    assert burnt == pytest.approx(0.5, abs=0.05)
    assert lid_gap(face(expression(REST, shut=0.5))) == pytest.approx(lid_gap(face()) / 2, rel=0.05)
    moved = face(middle=(MIDDLE[0] + 30, MIDDLE[1]))
    assert face_speed([(1.0, face()), (1.5, moved)]) == pytest.approx(1.0)  # 30 px = half an eye distance
    assert face_speed([(1.0, face())]) == 0


def see(calibration, seconds, make, begin=0.0, rate=30):
    """The last progress after so many seconds of what `make(t)` gives: (frame, face)."""
    progress = None
    for k in range(round(seconds * rate) + 1):
        at = begin + k / rate
        progress = calibration.update(*make(at))
        if progress.neutral is not None:
            break
    assert progress is not None
    return progress


def test_the_countdown_ends_with_the_neutral_that_was_held():
    planted = expression(REST, smile=0.03)
    calibration = GuidedCalibration()
    progress = see(calibration, COUNTDOWN - 1, lambda at: (frame(at), face(planted)))
    assert progress.seconds_left == pytest.approx(1.0, abs=0.05)
    assert progress.neutral is None
    progress = see(calibration, 2, lambda at: (frame(at), face(planted)), COUNTDOWN - 1 + 1 / 30)
    assert progress.neutral is not None
    np.testing.assert_allclose(progress.neutral.landmarks, face(planted).canonical, atol=1e-5)
    assert progress.neutral.pose.scale == pytest.approx(60, rel=1e-3)
    np.testing.assert_allclose(align.angles_of(progress.neutral.pose.rotation), 0, atol=0.1)


def test_a_blink_neither_stops_the_countdown_nor_gets_into_the_neutral():
    def make(at):
        blinks = 2.4 < at < 2.55
        return frame(at), face(expression(REST, shut=1.0) if blinks else REST)

    progress = see(GuidedCalibration(), COUNTDOWN + 0.2, make)
    assert progress.neutral is not None
    np.testing.assert_allclose(progress.neutral.landmarks, face().canonical, atol=1e-5)


@pytest.mark.parametrize("what", ["turns away", "leaves"])
def test_somebody_who_does_not_stay_starts_anew(what):
    def make(at):
        if 2.0 < at < 2.6:
            return frame(at), None if what == "leaves" else face(angles=(40, 0, 0))
        return frame(at), face()

    calibration = GuidedCalibration()
    assert see(calibration, 2.5, make).seconds_left is None
    progress = see(calibration, 2.0, make, 2.5 + 1 / 30)
    assert progress.neutral is None
    assert progress.seconds_left == pytest.approx(COUNTDOWN - 1.9, abs=0.4)
    assert see(calibration, 2.0, make, 4.5 + 2 / 30).neutral is not None


# -- what is kept --------------------------------------------------------------------------------------------------


def test_a_neutral_survives_for_its_user_and_camera_only(tmp_path):
    progress = see(GuidedCalibration(), COUNTDOWN + 0.2, lambda at: (frame(at), face()))
    assert progress.neutral is not None
    NeutralStore(tmp_path).save("Ada", "HD Webcam", progress.neutral, (320, 240))
    store = NeutralStore(tmp_path)  # after a restart
    stored = store.load("Ada", "HD Webcam")
    assert stored is not None
    np.testing.assert_array_equal(stored.neutral.landmarks, progress.neutral.landmarks)
    again = stored.for_size(320, 240)
    np.testing.assert_allclose(align.place(again.landmarks, again.pose), face().points, atol=0.01)
    larger = stored.for_size(1280, 960)
    np.testing.assert_allclose(align.place(larger.landmarks, larger.pose), face().points * 4, atol=0.05)
    assert store.load("Ada", "Other") is None
    assert store.load("Bob", "HD Webcam") is None
    store.forget("Ada", "HD Webcam")
    store.forget("Ada", "HD Webcam")
    assert store.load("Ada", "HD Webcam") is None


@pytest.mark.parametrize("damage", ["cut", "text", "nan", "shape", "empty", "kind"])
def test_a_damaged_neutral_is_none(tmp_path, damage):
    store = NeutralStore(tmp_path)
    neutral = see(GuidedCalibration(), COUNTDOWN + 0.2, lambda at: (frame(at), face())).neutral
    assert neutral is not None
    store.save("Ada", "Cam", neutral, (320, 240))
    path = store.file("Ada", "Cam")
    with np.load(path) as stored:
        arrays = dict(stored)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    elif damage == "text":
        path.write_text("milk, bread")
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        bad = {"nan": np.full((478, 3), np.nan), "shape": np.zeros((5, 3)), "kind": np.full((478, 3), "x")}
        arrays["landmarks"] = bad[damage]
        np.savez(path, **arrays)
    assert store.load("Ada", "Cam") is None


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    neutral = see(GuidedCalibration(), COUNTDOWN + 0.2, lambda at: (frame(at), face())).neutral
    assert neutral is not None
    with pytest.raises(PuppetError, match="file"):
        NeutralStore(tmp_path / "file").save("Ada", "Cam", neutral, (320, 240))


def test_users_names():
    assert checked_user("  Ada ") == "Ada"
    for bad in ("", "   ", "x" * 41, "a\nb"):
        with pytest.raises(PuppetError):
            checked_user(bad)
