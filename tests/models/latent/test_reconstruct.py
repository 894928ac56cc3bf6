"""A driver's frames on an actor: frames without a face, and videos that are tracked."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tiny_dataset import write_dataset

from models.data import driver_clip
from models.data.driver_clip import Shot
from models.latent import reconstruct
from models.latent.reconstruct import portraits, side_by_side


class _Echo:
    """An actor that shows the driver's own crop, dimmed; counts what it was asked."""

    image_size = 16

    def encode_clip(self, clip):
        return clip.upright_crops(16) // 2

    def decode(self, points):
        return points


def test_a_frame_without_a_face_keeps_the_last_portrait(tmp_path):
    from models.data.dataset import open_dataset

    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        face, usual = driver_clip.dataset_face(dataset, 0), driver_clip.dataset_neutral(dataset)
    levels = [50, 100, 150, 200]

    class Driver:
        count, fps = 4, 30.0
        neutral = usual

        def shots(self):
            for i, level in enumerate(levels):
                seen = None if i in (0, 2) else face
                yield Shot(np.full((64, 64, 3), level, np.uint8), seen, i / 30)

    made = [int(portrait.mean()) for _, portrait in portraits(_Echo(), Driver())]  # pyright: ignore[reportArgumentType]
    assert made == [0, 50, 50, 100]


def test_side_by_side_is_twice_as_wide():
    portrait = np.full((32, 32, 3), 9, np.uint8)
    pair = side_by_side(np.full((48, 64, 3), 77, np.uint8), portrait)
    assert pair.shape == (32, 64, 3)
    assert np.array_equal(pair[:, 32:], portrait)
    assert (pair[16, :32] == 77).all()


def test_a_video_is_tracked_and_driven(tmp_path, monkeypatch):
    """Faces come from the tracker, pictures from the file; frames without a face are left out of a clip."""
    from models.data.dataset import open_dataset

    with open_dataset(write_dataset(tmp_path / "d.h5")) as dataset:
        faces = [None, *(driver_clip.dataset_face(dataset, row) for row in range(3))]
    folder = tmp_path / "frames"
    folder.mkdir()
    for i in range(4):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((64, 64, 3), 60 * i, np.uint8))

    class Tracker:
        faces_seen = 1

        def __init__(self, still: bool) -> None:
            assert still
            self._faces = iter(faces)

        def track(self, frame):
            return next(self._faces)

        def close(self) -> None:
            pass

    monkeypatch.setattr(driver_clip, "FaceMeshTracker", Tracker)
    clip = driver_clip.video_clip(str(folder), 2)
    assert [int(image.mean()) for image in clip.images] == [60, 180]
    assert clip.faces == [faces[1], faces[3]]
    driver = reconstruct.VideoDriver(str(folder))
    shots = list(driver.shots())
    assert driver.count == len(shots) == 4
    assert [shot.face is None for shot in shots] == [True, False, False, False]
    faces[:] = [None] * 4
    with pytest.raises(Exception, match="no face was seen"):
        driver_clip.video_clip(str(folder), 2)
