"""Image folders and single images as sources."""

from pathlib import Path

import cv2
import pytest
from source_readers import frames_of, trouble_with
from video_fixtures import numbered, shown_number

from puppet.sources.registry import open_source


def test_a_folder_in_natural_order_without_what_is_no_image(tmp_path: Path):
    for n in (1, 2, 10, 9, 100):
        cv2.imwrite(str(tmp_path / f"Shot {n}.png"), numbered(n, 80 + n, 48))  # sizes may differ
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "Shot 3.png").write_text("no image either")
    (tmp_path / "folder.png").mkdir()
    source = open_source(str(tmp_path), paced=False)
    frames = frames_of(source)
    assert [shown_number(frame.image) for frame in frames] == [1, 2, 9, 10, 100]
    assert [frame.captured_at for frame in frames] == pytest.approx([n / 30 for n in range(5)])
    assert frames[0].image.shape == (48, 81, 3)


def test_one_image_is_a_source_of_one_frame_and_may_loop(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "face.png"), numbered(7)[:, :, 0])  # grey: comes as BGR
    assert [shown_number(f.image) for f in frames_of(open_source(str(tmp_path / "face.png"), paced=False))] == [7]
    looped = frames_of(open_source(str(tmp_path / "face.png"), paced=False, loop=True), 4)
    assert [frame.captured_at for frame in looped] == pytest.approx([n / 30 for n in range(4)])


def test_a_folder_without_images_is_empty(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no image")
    error = trouble_with(open_source(str(tmp_path)))
    assert error.kind == "empty"
    assert str(tmp_path) in str(error)
