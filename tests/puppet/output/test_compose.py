"""What a result looks like in files and calls: over its background, over green, or with alpha."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from planted_layers import PERSON, disc, person, transparent_result
from video_fixtures import decode_with_alpha, played

from puppet.core import pixels
from puppet.core.layout import Layout
from puppet.core.types import Image, Result
from puppet.media.codecs import Codec
from puppet.media.recorder import Recorder
from puppet.output.compose import compose
from puppet.output.recording_sink import recording_settings
from puppet.output.settings import OutputSettings

SIDE = 128
ALPHA = disc(SIDE, SIDE / 4, (SIDE / 3, SIDE / 2))  # of `transparent_result()`


@pytest.fixture
def result() -> Result:
    return transparent_result(0, SIDE)


def test_without_alpha_nothing_is_green_never_the_checkerboard(result: Result) -> None:
    made = compose(result, Layout.ACTOR)
    assert made.shape == (SIDE, SIDE, 3)
    assert (made[ALPHA == 0] == (0, 255, 0)).all()
    assert (made[ALPHA == 255] == PERSON).all()


def test_with_alpha_it_is_straight(result: Result) -> None:
    made = compose(result, Layout.ACTOR, alpha=True)
    np.testing.assert_array_equal(made[..., 3], ALPHA)
    strong = ALPHA > 60  # fainter ones are told in few levels
    assert np.abs(made[strong][:, :3].astype(int) - PERSON).max() <= 2
    assert result.portrait is not None
    assert result.portrait.person is not None
    again = made[..., :3] * (made[..., 3:] / 255)
    assert np.abs(again - result.portrait.person[..., :3])[ALPHA > 0].max() <= 0.5


def test_the_colours_of_the_edge_go_on_beyond_it(result: Result) -> None:
    made = compose(result, Layout.ACTOR, alpha=True)
    near = (ALPHA == 0) & (cv2.dilate(ALPHA, np.ones((9, 9), np.uint8)) > 0)
    assert np.abs(made[near][:, :3].astype(int) - PERSON).max() <= 8
    assert not made[near][:, 3].any()


def test_side_by_side_the_driver_is_opaque_and_the_actor_has_alpha(result: Result) -> None:
    made = compose(result, Layout.SIDE_BY_SIDE, alpha=True)
    height = 2 * SIDE
    width = made.shape[1] - height
    assert made.shape == (height, round(160 / 120 * height / 2) * 2 + height, 4)
    assert (made[:, :width] == (77, 77, 77, 255)).all()
    expected = pixels.resize(result.portrait.person, height, height)[..., 3]  # pyright: ignore
    np.testing.assert_array_equal(made[:, width:, 3], expected)


def test_a_driver_alone_and_an_actor_with_a_background_have_three_channels(result: Result) -> None:
    np.testing.assert_array_equal(compose(result, Layout.DRIVER, alpha=True), result.frame.image)
    opaque = played(3, 0.0)
    for layout in Layout:
        np.testing.assert_array_equal(compose(opaque, layout, alpha=True), compose(opaque, layout))


@pytest.mark.parametrize("layout", [Layout.ACTOR, Layout.SIDE_BY_SIDE])
def test_the_badge_is_opaque_wherever_it_is(result: Result, layout: Layout) -> None:
    empty = replace(result, portrait=replace(result.portrait, person=np.zeros((SIDE, SIDE, 4), np.uint8)))  # pyright: ignore
    plain, made = (compose(empty, layout, 720, badge, alpha=True)[:, -720:] for badge in (False, True))
    assert not plain[..., 3].any()
    rows, columns = np.nonzero(made[..., 3])
    box = made[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert rows.min() > 600
    assert columns.min() > 400
    inside = box[8:-8, 8:-8]  # without its round corners
    assert (inside[..., 3] == 255).all()
    levels = inside[..., :3].reshape(-1, 3)
    assert (levels.min(), levels.max() > 180) == (24, True)  # its plate and its letters


def test_the_badge_over_an_opaque_person_is_that_of_a_plain_picture() -> None:
    flat = transparent_result(0, SIDE)
    whole = person(SIDE, np.full((SIDE, SIDE), 255, np.uint8))
    flat = replace(flat, portrait=replace(flat.portrait, person=whole, image=pixels.over(whole, whole[..., :3].copy())))  # pyright: ignore
    with_alpha = compose(flat, Layout.ACTOR, 720, True, alpha=True)
    plain = compose(flat, Layout.ACTOR, 720, True)
    assert (with_alpha[..., 3] == 255).all()
    assert np.abs(with_alpha[..., :3].astype(int) - plain).max() <= 1


def edge_error(pictures: list[Image], path: Path) -> float:
    """Mean error of the colours along the edge, levels, weighted by alpha, after VP9."""
    recorder = Recorder(recording_settings(OutputSettings(codec="vp9-alpha"), path), wait=True)
    for number, picture in enumerate(pictures):
        recorder.write(picture, number / 30)
    recorder.close()
    wanted, got = np.stack(pictures), np.stack(decode_with_alpha(path, Codec.VP9_ALPHA))
    edge = (wanted[..., 3] > 0) & (wanted[..., 3] < 255)
    off = np.abs(got[..., :3].astype(int) - wanted[..., :3]) * (wanted[..., 3:] / 255)
    return float(off[edge].mean())


def test_a_codec_mixes_no_black_into_the_edge(tmp_path: Path) -> None:
    """0.9 instead of 2.8 levels, measured."""
    results = [transparent_result(number, SIDE) for number in range(10)]
    spread = [compose(result, Layout.ACTOR, alpha=True) for result in results]
    cut = [pixels.straight(result.portrait.person) for result in results]  # pyright: ignore
    assert edge_error(spread, tmp_path / "spread.webm") < 0.6 * edge_error(cut, tmp_path / "cut.webm")
