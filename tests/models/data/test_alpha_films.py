"""Alpha films: those that do not belong to the footage are refused in one line, the others lie over it exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from planted_films import film, tools_with
from planted_footage import HEIGHT, WIDTH

from models.data.alpha_films import check_alphas, cut_alpha
from models.data.tracking_pass import Footage
from puppet.core.errors import DataError, SourceError
from puppet.core.types import Image
from puppet.face import align


def check(tmp_path: Path, pictures: list[Image], claimed: int | None, name: str = "alpha.mp4") -> Footage:
    for each in ("planted.mp4", name):
        (tmp_path / each).write_bytes(b"x")
    footage = Footage((tmp_path / "planted.mp4",), every=2)
    return check_alphas((tmp_path / name,), footage, tools_with({name: (pictures, claimed)}))


def test_a_film_of_the_same_frames_is_taken_with_the_footages_options(tmp_path: Path) -> None:
    alphas = check(tmp_path, film(12, WIDTH // 2, HEIGHT // 2), 12)
    assert (alphas.paths, alphas.every) == ((tmp_path / "alpha.mp4",), 2)


@pytest.mark.parametrize("claimed", [None, 13])
def test_frames_are_counted_where_the_files_say_different_numbers(tmp_path: Path, claimed: int | None) -> None:
    assert check(tmp_path, film(12), claimed).paths
    with pytest.raises(DataError, match=r"alpha\.mp4: is no alpha film of planted\.mp4 \(it has 11 frames, not 12\)"):
        check(tmp_path, film(11), claimed)


@pytest.mark.parametrize(
    ("pictures", "claimed", "words"),
    [
        (film(11), 11, "it has 11 frames, not 12"),
        (film(12, WIDTH, WIDTH), 12, "200 x 200 px are not in the ratio of 200 x 180 px"),
        ([], 12, "holds no frame"),
    ],
)
def test_other_films_are_refused_in_one_line(tmp_path: Path, pictures: list[Image], claimed: int, words: str) -> None:
    with pytest.raises(DataError, match=words) as error:
        check(tmp_path, pictures, claimed)
    assert "alpha.mp4" in str(error.value)
    assert "\n" not in str(error.value)


def test_pictures_are_no_alpha_of_a_video(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one is a video, the other is pictures"):
        check(tmp_path, film(12), 12, name="alpha.png")


def test_each_piece_of_footage_needs_its_own(tmp_path: Path) -> None:
    path = tmp_path / "planted.mp4"
    path.write_bytes(b"x")
    with pytest.raises(DataError, match="--alpha: 2 for 1 of footage; name one for each"):
        check_alphas((path, path), Footage((path,)), tools_with({}))
    with pytest.raises(DataError, match="given more than once"):
        check_alphas((path,), Footage((path,)), tools_with({}))
    with pytest.raises(SourceError, match=r"nowhere\.mp4: there is no such file"):
        check_alphas((tmp_path / "nowhere.mp4",), Footage((path,)), tools_with({}))


@pytest.mark.parametrize("smaller", [1, 2, 4])
def test_a_film_of_another_size_lies_over_the_picture(smaller: int) -> None:
    """A disc whose middle and area must come out alike, whatever the size of the film."""
    y, x = np.mgrid[: 360 // smaller, : 480 // smaller] * smaller + (smaller - 1) / 2
    disc = 255 * ((x - 250) ** 2 + (y - 170) ** 2 < 90**2)
    grown = np.repeat(disc.astype(np.uint8)[..., None], 3, 2)
    to_crop = np.array([[0.5, 0, -60.0], [0, 0.5, -20.0]])
    matte = cut_alpha(grown, (360, 480, 3), to_crop, 128)
    assert matte.sum() == pytest.approx(np.pi * 45**2, rel=0.01)
    rows, columns = np.mgrid[:128, :128]
    middle = (columns * matte).sum() / matte.sum(), (rows * matte).sum() / matte.sum()
    assert middle == pytest.approx(
        align.transform_points(np.array([[250, 170, 0]], np.float32), to_crop)[0, :2], abs=0.1
    )
    assert matte.max() <= 1
