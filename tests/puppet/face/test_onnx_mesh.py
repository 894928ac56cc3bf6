"""FaceMesh in ONNX Runtime: what it gives, and that it gives what MediaPipe does."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import puppet
from puppet.core.errors import PuppetError
from puppet.core.trackers import MEDIAPIPE, ONNX
from puppet.core.types import Floats, Image
from puppet.face import onnx_network
from puppet.face.landmarks import OUTER_EYES
from puppet.face.onnx_mesh import SHORT_RANGE, OnnxDetector, OnnxMesh
from puppet.face.tracking import face_detector, tracker_library

DEMO = Path(puppet.__file__).parent / "assets" / "demo.mp4"
needs_mediapipe = pytest.mark.skipif(tracker_library() != MEDIAPIPE, reason="mediapipe is not installed")


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    """Half a second of the demo clip in which the mouth opens and the head turns."""
    capture = cv2.VideoCapture(str(DEMO))
    read = [np.asarray(capture.read()[1], np.uint8) for _ in range(110)]
    capture.release()
    return read[92:]


def distances(points: Floats, others: Floats) -> Floats:
    """Of each point, in percent of the distance between the outer eye corners."""
    left, right = points[list(OUTER_EYES), :2]
    return 100 * np.linalg.norm((points - others)[:, :2], axis=1) / np.linalg.norm(right - left)


@needs_mediapipe
def test_the_points_are_those_of_mediapipe(clip: list[Image]) -> None:
    """Over time, so each with its own square around the face; the clips of the parity table are longer."""
    from puppet.face.mediapipe_mesh import MediaPipeMesh

    original, ours = MediaPipeMesh(False, 1), OnnxMesh(False, 1)
    apart: list[Floats] = []
    for image in clip:
        (wanted,), (points,) = original.find(image), ours.find(image)
        apart.append(distances(wanted, points))
        depth = np.abs(points - wanted)[:, 2] / np.linalg.norm(np.subtract(*wanted[list(OUTER_EYES), :2]))
        assert np.median(depth) < 0.005
    original.close()
    assert np.median(apart) < 0.2
    assert np.percentile(apart, 95) < 0.6
    assert np.median(np.array(apart)[:, 468:]) < 0.2  # irises


@needs_mediapipe
def test_the_faces_of_the_detector_are_those_of_mediapipe(clip: list[Image]) -> None:
    original, ours = face_detector(MEDIAPIPE), face_detector(ONNX)
    small = cv2.copyMakeBorder(
        cv2.resize(clip[0], (118, 118)), 200, 400, 700, 450, cv2.BORDER_CONSTANT, None, (90,) * 3
    )
    for image in (clip[0], clip[-1], np.asarray(small, np.uint8)):
        (wanted,), (found,) = original.detect(image), ours.detect(image)
        assert wanted.distance(found) < 0.001
        assert found.size == pytest.approx(wanted.size, rel=0.001)
    original.close()
    ours.close()


def test_the_face_is_followed_without_the_detector(clip: list[Image], monkeypatch: pytest.MonkeyPatch) -> None:
    mesh, runs = OnnxMesh(False, 1), []
    detect = mesh._detector.detect
    monkeypatch.setattr(mesh._detector, "detect", lambda image: runs.append(1) or detect(image))
    for image in clip[:4]:
        assert len(mesh.find(image)) == 1
    assert len(runs) == 1
    assert mesh.find(np.zeros_like(clip[0])) == []  # the face is gone: presence says so
    assert mesh.find(clip[5]) != []
    assert len(runs) == 2
    mesh.reset()
    mesh.find(clip[6])
    assert len(runs) == 3


def test_a_mesh_for_single_pictures_searches_each(clip: list[Image]) -> None:
    mesh = OnnxMesh(True, 1)
    width = clip[0].shape[1]
    (here,) = mesh.find(clip[0])
    (there,) = mesh.find(np.hstack([np.zeros_like(clip[0]), clip[0]]))
    assert np.median(there[:, 0] - here[:, 0]) == pytest.approx(width, abs=0.02 * width)


def test_two_faces_are_followed_at_once(clip: list[Image]) -> None:
    mesh = OnnxMesh(False, 2)
    width = clip[0].shape[1]
    for image in clip[:3]:
        faces = mesh.find(np.hstack([image, image[:, ::-1]]))
        left, right = sorted(float(points[:, 0].mean()) for points in faces)
        assert 0 < left < width < right < 2 * width


def test_every_point_is_finite_and_the_irises_lie_in_their_eyes(clip: list[Image]) -> None:
    (points,) = OnnxMesh(True, 1).find(clip[0])
    assert points.shape == (478, 3)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()
    for iris, (outer, inner), lids in ((468, (33, 133), (159, 145)), (473, (263, 362), (386, 374))):
        low, high = sorted((points[outer, 0], points[inner, 0]))
        assert low < points[iris, 0] < high
        assert points[lids[0], 1] - 3 < points[iris, 1] < points[lids[1], 1] + 3
        assert (points[iris : iris + 5, 2] == points[iris, 2]).all()


def test_a_source_that_changes_its_size_is_followed_on(clip: list[Image], monkeypatch: pytest.MonkeyPatch) -> None:
    mesh, runs = OnnxMesh(False, 1), []
    detect = mesh._detector.detect
    monkeypatch.setattr(mesh._detector, "detect", lambda image: runs.append(1) or detect(image))
    for image, side in zip(clip, (480, 240, 720, 300), strict=False):
        (points,) = mesh.find(np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.uint8))
        assert points[:, 0].mean() == pytest.approx(0.49 * side, abs=0.1 * side)
    assert len(runs) == 1


def test_a_file_that_is_no_network_or_another_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = (onnx_network.NETWORKS / SHORT_RANGE).read_bytes()
    monkeypatch.setattr(onnx_network, "NETWORKS", tmp_path)
    with pytest.raises(PuppetError, match=r"face_detector_full\.onnx cannot be loaded .*; install Puppet again"):
        OnnxDetector()
    (tmp_path / "face_detector_full.onnx").write_bytes(b"nothing")
    with pytest.raises(PuppetError, match=r"face_detector_full\.onnx cannot be loaded .*; install Puppet again"):
        OnnxDetector()
    (tmp_path / "face_detector_full.onnx").write_bytes(short)
    with pytest.raises(PuppetError, match=r"face_detector_full\.onnx is another network .*128.*; install Puppet again"):
        OnnxDetector()
