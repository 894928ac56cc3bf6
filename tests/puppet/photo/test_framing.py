"""Which part of a picture an actor shows."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.core.types import Floats, HeadPose, Image
from puppet.face import align
from puppet.photo import framing
from puppet.photo.framing import SIZE, Frame, framed


@pytest.fixture(autouse=True)
def person_above_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the segmentation network: a person fills each crop's lower three quarters."""

    def matte(picture: Image, to_crop: np.ndarray) -> Floats:
        made = np.zeros((SIZE, SIZE), np.float32)
        made[SIZE // 4 :, SIZE // 4 : -SIZE // 4] = 1
        return made

    monkeypatch.setattr(framing, "_matte", matte)


def head(x: float, y: float, scale: float) -> HeadPose:
    return HeadPose(np.eye(3), scale, np.array((x, y, 0.0)))


def picture(height: int, width: int) -> Image:
    return np.zeros((height, width, 3), np.uint8)


def reach(part: framing.Framed) -> list[float]:
    """Left, top, right, bottom of what is shown, px of the picture."""
    scale = part.to_crop[0, 0]
    corners = (np.array([-0.5, part.shown - 0.5])[:, None] - part.to_crop[:, 2]) / scale + 0.5
    return corners.ravel().tolist()


def test_a_portrait_is_head_and_shoulders() -> None:
    part = framed(picture(1000, 900), head(450, 400, 100), Frame.PORTRAIT)
    side = 100 / align.STEADY_EYES
    assert reach(part) == pytest.approx([450 - side / 2, 396 - side / 2, 450 + side / 2, 396 + side / 2], abs=1)
    assert part.size == SIZE
    assert part.matte.shape == (part.shown, part.shown)
    assert part.within.all()


@pytest.mark.parametrize("place", [(40, 60), (860, 60), (40, 950), (860, 950)])
def test_it_stays_within_the_picture(place: tuple[int, int]) -> None:
    part = framed(picture(1000, 900), head(*place, 60), Frame.PORTRAIT)
    left, top, right, bottom = reach(part)
    assert left > -0.1
    assert top > -0.1
    assert right < 900.1
    assert bottom < 1000.1


def test_of_a_close_up_it_is_all_that_there_is() -> None:
    left, top, right, bottom = reach(framed(picture(520, 500), head(250, 240, 200), Frame.PORTRAIT))
    assert (left, right) == pytest.approx((0, 500), abs=0.2)
    assert bottom - top == pytest.approx(500, abs=0.2)


def test_a_square_is_the_shorter_side_around_the_head_but_no_landscape_with_figures() -> None:
    assert reach(framed(picture(1280, 720), head(360, 300, 90), Frame.SQUARE))[2] == pytest.approx(720, abs=0.2)
    small = framed(picture(3000, 4000), head(2000, 700, 90), Frame.SQUARE)
    left, _, right, _ = reach(small)
    assert right - left == pytest.approx(900, abs=1)
    assert (left + right) / 2 == pytest.approx(2000, abs=1)


def test_the_whole_picture_lies_in_the_middle_of_a_square() -> None:
    part = framed(picture(1200, 800), head(400, 300, 150), Frame.WHOLE)
    assert reach(part) == pytest.approx([-200, 0, 1000, 1200], abs=0.2)
    assert part.size == SIZE
    assert part.within.mean() == pytest.approx(2 / 3, abs=0.01)
    columns = np.flatnonzero(part.within.all(0))
    assert columns[0] == pytest.approx(part.shown / 6, abs=2)


def test_a_small_face_in_a_whole_picture_gets_a_larger_one() -> None:
    assert framed(picture(1000, 1000), head(500, 300, 80), Frame.WHOLE).size == 768
    assert framed(picture(1000, 1000), head(500, 300, 45), Frame.WHOLE).size == 1024


def test_the_matte_of_the_head_lies_where_the_head_is_in_the_whole_picture() -> None:
    pose = head(500, 300, 100)
    part = framed(picture(1000, 1000), pose, Frame.WHOLE)
    portrait = framed(picture(1000, 1000), pose, Frame.PORTRAIT)
    left, top, right, _ = reach(portrait)
    scale = part.to_crop[0, 0]
    row = part.matte[round((top + (right - left) / 2) * scale)]
    inside = np.flatnonzero(row > 0.5)
    assert inside[0] == pytest.approx((left + (right - left) / 4) * scale, abs=3)
    assert inside[-1] == pytest.approx((right - (right - left) / 4) * scale, abs=3)
