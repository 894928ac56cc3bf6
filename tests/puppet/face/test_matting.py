"""Mattes of planted pictures: a network that knows roughly where the person is, and colours that know exactly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from puppet.core.types import Floats, Image
from puppet.face import align, matting
from puppet.face.matting import Matting
from puppet.face.onnx_segmentation import SEGMENTATION_SIZE

SIDE = 512
UNMOVED = np.eye(2, 3)
SKIN, WALL = (90, 140, 200), (150, 120, 60)  # BGR


class Planted:
    """A network that gives `mask`, whatever it sees, and keeps what it saw."""

    def __init__(self) -> None:
        self.mask_: Floats = np.zeros((SEGMENTATION_SIZE, SEGMENTATION_SIZE), np.float32)
        self.saw: list[Image] = []

    def mask(self, picture: Image) -> Floats:
        self.saw.append(picture)
        return self.mask_


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Planted:
    planted = Planted()
    monkeypatch.setattr(matting, "PersonSegmentation", lambda: planted)
    return planted


def true_alpha(shift: float = 0.0) -> Floats:
    """A head with a fine strand of hair beside it, f32 (SIDE, SIDE)."""
    drawn = np.zeros((4 * SIDE, 4 * SIDE), np.uint8)
    cv2.ellipse(drawn, (round(1024 + 4 * shift), 1024), (600, 760), 0, 0, 360, (255,), -1)
    cv2.line(drawn, (1600, 900), (1680, 1000), (255,), 8)
    return cv2.resize(drawn, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def painted(alpha: Floats, person: tuple[int, int, int] = SKIN, wall: tuple[int, int, int] = WALL) -> Image:
    noise = np.random.default_rng(1).normal(0, 2, (*alpha.shape, 3))
    mixed = alpha[..., None] * np.array(person) + (1 - alpha[..., None]) * np.array(wall) + noise
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def rough(matting: Matting, alpha: Floats) -> Floats:
    """A mask as the network gives it, soft over some px, of a crop's alpha."""
    size = (SEGMENTATION_SIZE, SEGMENTATION_SIZE)
    placed = cv2.warpAffine(alpha, matting._to_network, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(placed, (0, 0), 2.5), np.float32)


def test_colours_find_the_outline_that_the_network_only_guesses(network: Planted) -> None:
    made, alpha = Matting("steady", SIDE), true_alpha()
    network.mask_ = rough(made, true_alpha(shift=2))
    picture = painted(alpha)
    matte = made.matte(picture, UNMOVED, picture)
    assert matte.shape == alpha.shape
    assert matte.dtype == np.float32
    assert (matte >= 0).all()
    assert (matte <= 1).all()
    before = np.abs(made._in_crop(network.mask_) - alpha)
    near = before > 0.05
    assert np.abs(matte - alpha)[near].mean() < 0.2 * before[near].mean()
    assert matte[237, 410] > 0.4  # on the strand, of which the network knows little
    assert made._in_crop(network.mask_)[237, 410] < 0.45


def test_where_both_sides_look_alike_the_mask_stays(network: Planted) -> None:
    made, alpha = Matting("steady", SIDE), true_alpha()
    network.mask_ = rough(made, alpha)
    picture = painted(alpha, wall=(90, 140, 201))
    unsure = (made._in_crop(network.mask_) > matting.SURE) & (made._in_crop(network.mask_) < 1 - matting.SURE)
    change = np.abs(made.matte(picture, UNMOVED, picture) - made._in_crop(network.mask_))[unsure]
    assert change.mean() < 0.05


def test_only_the_largest_person_is_kept(network: Planted) -> None:
    made = Matting("steady", SIDE)
    network.mask_[80:180, 80:180] = 1
    network.mask_[200:240, 200:240] = 1
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    matte = made.matte(picture, UNMOVED, picture)
    assert matte[256, 256] == 1
    assert (matte[420:, 420:] == 0).all()


def test_a_picture_without_a_person_is_background(network: Planted) -> None:
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert (Matting("steady", SIDE).matte(picture, UNMOVED, picture) == 0).all()


@pytest.mark.parametrize(("crop", "wider"), [("steady", 1.25), ("upright", 1.25 * 0.52 / 0.31)])
@pytest.mark.parametrize("size", [64, 512])
def test_the_network_sees_more_than_the_crop_about_the_same_middle(
    network: Planted, crop: str, wider: float, size: int
) -> None:
    frame = np.zeros((700, 900, 3), np.uint8)
    frame[300:, 400:] = 200  # its corner is the crop's middle
    to_crop = np.array([[0.5, 0, (size - 1) / 2 - 0.5 * 399.5], [0, 0.5, (size - 1) / 2 - 0.5 * 299.5]])
    network.mask_[128:, 128:] = 1
    made = Matting(crop, size)  # pyright: ignore[reportArgumentType]
    matte = made.matte(frame, to_crop, align.cut(frame, to_crop, size).image)
    (saw,) = network.saw
    assert (saw[:126, :126] < 100).all()
    assert (saw[130:, 130:] > 100).all()
    assert matte[: size // 2 - 1].max() < 0.5
    assert matte[size // 2 + 1 :, size // 2 + 1 :].min() > 0.5
    assert made._scale == pytest.approx(SEGMENTATION_SIZE / size / wider)
