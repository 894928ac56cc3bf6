"""Mattes in a data set: from films, from the network, opaque, of pictures, and none in old files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from planted_films import film, tools_with
from planted_footage import WIDTH, NoPerson, planted_tools, talking_clip
from prepared import run
from tiny_dataset import write_dataset

from models.data.coverage import CoverageReport
from models.data.dataset import open_dataset
from models.data.prepare import Options, prepare
from models.data.publishing import report_path
from models.data.tracking_pass import Tools
from puppet.core.errors import DataError
from puppet.core.types import Image
from puppet.face import align

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "puppet" / "assets" / "demo.mp4"
COUNT = 12


def head_film(count: int = COUNT) -> list[Image]:
    """A white head that moves by a pixel a frame."""
    pictures = film(count)
    for i, picture in enumerate(pictures):
        cv2.ellipse(picture, (92 + i, 95), (60, 75), 0, 0, 360, (255,) * 3, -1)
    return pictures


@pytest.fixture
def alpha(tmp_path: Path) -> Path:
    path = tmp_path / "alpha.mp4"
    path.write_bytes(b"x")
    return path


def test_a_film_becomes_the_matte_of_its_frames(footage: Path, output: Path, alpha: Path) -> None:
    pictures = head_film()
    tools = tools_with({"alpha.mp4": (pictures, COUNT)}, COUNT)
    report = prepare([footage], output, Options(size=64, every=2, alpha=(alpha,)), tools)
    assert isinstance(report, CoverageReport)
    (outline,) = report.outlines
    assert (outline.source, outline.origin) == ("planted.mp4", "film")
    assert "planted.mp4: from its alpha film; " in report.text()
    with open_dataset(output) as dataset:
        assert dataset.has_matte
        assert dataset.frame.tolist() == list(range(0, COUNT, 2))
        for row, matte in enumerate(dataset.mattes()):
            wanted = align.cut(pictures[dataset.frame[row]], dataset.to_crop[row], 64, cv2.INTER_LINEAR).image
            assert np.abs(matte.astype(int) - wanted[..., 0]).max() <= 1
        assert (dataset.mattes(np.array([3, 0, 3])) == dataset.mattes()[[3, 0, 3]]).all()
        assert dataset.report["outlines"][0]["origin"] == "film"


def test_a_film_that_does_not_show_the_face_is_refused(footage: Path, output: Path, alpha: Path) -> None:
    tools = tools_with({"alpha.mp4": ([np.bitwise_not(picture) for picture in head_film()], COUNT)}, COUNT)
    with pytest.raises(DataError, match=r"planted\.mp4: its alpha film shows 0% of the face"):
        prepare([footage], output, Options(size=64, alpha=(alpha,)), tools)
    assert not output.parent.exists()


def test_a_wrong_film_is_refused_before_anything_is_tracked(footage: Path, output: Path, alpha: Path) -> None:
    """And leaves the work of an interrupted run where it is."""
    output.parent.mkdir()
    side_file = output.with_name("data.h5.tracked")
    side_file.write_bytes(b"")
    tools = tools_with({"alpha.mp4": (head_film(COUNT - 1), COUNT - 1)}, COUNT)
    with pytest.raises(DataError, match="it has 11 frames, not 12"):
        prepare([footage], output, Options(alpha=(alpha,)), tools)
    assert [path.name for path in output.parent.iterdir()] == [side_file.name]


@pytest.mark.parametrize("options", [Options(many=True), Options(crop="centre")])
def test_pictures_of_many_people_have_no_alpha(footage: Path, output: Path, alpha: Path, options: Options) -> None:
    from dataclasses import replace

    with pytest.raises(DataError, match="--alpha tells one person from the background"):
        prepare([footage], output, replace(options, alpha=(alpha,)), planted_tools(talking_clip(5)))


def test_without_an_outline_the_pictures_stay_opaque_and_the_report_says_so(footage: Path, output: Path) -> None:
    report = run(footage, output, talking_clip(20))  # the planted matting sees no background
    assert [outline.origin for outline in report.outlines] == ["none"]
    assert (
        "planted.mp4: no outline of a person was found (in 0% of the frames" in report_path(output, ".txt").read_text()
    )
    with open_dataset(output) as dataset:
        assert (dataset.mattes() == 255).all()


class Halves:
    """Finds a person in the left part of every picture but those of a narrow frame, where it finds nothing."""

    def matte(self, frame: Image, to_crop: np.ndarray, picture: Image) -> np.ndarray:
        matte = np.zeros(picture.shape[:2], np.float32)
        if frame.shape[1] == WIDTH:
            matte[:, : int(0.9 * picture.shape[1])] = 1
        return matte


def test_one_source_without_an_outline_leaves_the_other_its_own(tmp_path: Path, output: Path) -> None:
    paths = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for path in paths:
        path.write_bytes(b"x")
    clip = talking_clip(COUNT)
    narrow = [clip.picture(i)[:, : WIDTH - 4] for i in range(COUNT)]
    plain = tools_with({"b.mp4": (narrow, COUNT)}, COUNT)
    tools = Tools(plain.open_source, plain.new_tracker, lambda crop, size: Halves())
    report = prepare(paths, output, Options(size=64), tools)
    assert isinstance(report, CoverageReport)
    assert [outline.origin for outline in report.outlines] == ["network", "none"]
    with open_dataset(output) as dataset:
        assert (dataset.mattes()[dataset.source == 1] == 255).all()
        assert (dataset.mattes()[dataset.source == 0][:, :, -5:] == 0).all()


def test_the_contact_sheet_has_a_row_over_green(footage: Path, output: Path) -> None:
    plain = planted_tools(talking_clip(30))
    for matting, shown in ((Halves(), True), (NoPerson(), False)):
        tools = Tools(plain.open_source, plain.new_tracker, lambda crop, size, it=matting: it)
        prepare([footage], output, Options(size=64, force=True), tools)
        sheet = cv2.imread(str(report_path(output, ".png")))
        assert sheet is not None
        assert bool((sheet == (64, 177, 0)).all(2).sum() > 1000) == shown


def test_pictures_have_mattes_too_each_by_itself(tmp_path: Path, output: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    clip = talking_clip(4)
    for i in range(4):
        cv2.imwrite(str(folder / f"{i}.png"), clip.picture(i))

    class Numbered(Halves):
        """Every second matte is another."""

        calls = 0

        def matte(self, frame: Image, to_crop: np.ndarray, picture: Image) -> np.ndarray:
            self.calls += 1
            return np.clip(super().matte(frame, to_crop, picture) - 0.05 * (self.calls % 2), 0, 1)

    real, numbered = Tools(), Numbered()
    tools = Tools(real.open_source, planted_tools(clip).new_tracker, lambda crop, size: numbered)
    prepare([folder], output, Options(size=64), tools)
    with open_dataset(output) as dataset:
        assert dataset.crop == "upright"
        assert dataset.mattes()[:, 5, 5].tolist() == [242, 255, 242, 255]


def test_many_people_have_none_and_so_have_old_data_sets(tmp_path: Path, footage: Path, output: Path) -> None:
    prepare([footage], output, Options(size=64, many=True), planted_tools(talking_clip(6)))
    for path in (output, write_dataset(tmp_path / "old.h5")):
        with open_dataset(path) as dataset:
            assert not dataset.has_matte
            with pytest.raises(DataError, match="has no mattes"):
                dataset.mattes()
            assert dataset.images(np.array([0])).shape == (1, 64, 64, 3)


def test_mattes_are_compressed_by_frame_and_checked(footage: Path, output: Path) -> None:
    run(footage, output, talking_clip(20), size=64)
    with h5py.File(output, "r+") as file:
        matte = file["matte"]
        assert isinstance(matte, h5py.Dataset)
        assert (matte.dtype, matte.chunks, matte.compression) == (np.uint8, (1, 64, 64), "gzip")
        assert matte.id.get_storage_size() < 0.1 * 20 * 64 * 64
        del file["matte"]
        file["matte"] = np.zeros((20, 64, 32), np.uint8)
    with pytest.raises(DataError, match=r"field matte is uint8 \(20, 64, 32\), expected uint8 \(20, 64, 64\)"):
        open_dataset(output)


@pytest.mark.skipif(not DEMO.exists(), reason="the demo clip is not there")
def test_the_real_network_finds_the_outline_of_a_real_clip(output: Path) -> None:
    report = prepare([DEMO], output, Options(size=128, max_frames=12))
    assert isinstance(report, CoverageReport)
    (outline,) = report.outlines
    assert (outline.origin, outline.found) == ("network", 1.0)
    assert outline.quality == "clean"
    assert json.loads(json.dumps(report.to_json()))["outlines"][0]["source"] == "demo.mp4"
    with open_dataset(output) as dataset:
        for row, matte in enumerate(dataset.mattes()):
            x, y = dataset.points_of(row)[1, :2].astype(int)  # the nose
            assert matte[y - 8 : y + 8, x - 8 : x + 8].min() == 255
            assert matte[:12, :12].max() < 26
