"""Pictures of any number: CelebA's layout is understood, nothing piles up in memory, readers of landmarks say no."""

from __future__ import annotations

import shutil
import weakref
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from planted_celeba import ATTRIBUTES, colour_of, file_of, has, write_celeba
from planted_footage import placed, planted_face, planted_tools, talking_clip
from tiny_dataset import write_dataset

import export.__main__
from models import __main__ as cli
from models.data import cleaning
from models.data import driver_clip as driver
from models.data.dataset import open_dataset
from models.data.prepare import Options, prepare
from models.data.publishing import report_path
from models.data.tracking_pass import Tools
from models.networks.config import PRESETS
from models.training.run_folder import data_facts
from models.training.trainer import train
from puppet.actor.runtime import load_actor
from puppet.core.errors import DataError, SourceError
from puppet.core.types import Face, Frame
from puppet.face import align
from puppet.sources.files import Pictures

pytestmark = pytest.mark.usefixtures("one_torch_thread")

CENTRE = Options(size=32, crop="centre")


@pytest.mark.parametrize("csv", [False, True], ids=["txt", "csv"])
def test_celebas_layout(tmp_path: Path, output: Path, csv: bool) -> None:
    report = prepare([write_celeba(tmp_path / "celeba", csv=csv)], output, CENTRE)
    with open_dataset(output) as dataset:
        assert (len(dataset), dataset.size, dataset.crop, dataset.has_landmarks) == (24, 32, "centre", False)
        assert dataset.sources == ("img_align_celeba",)
        assert dataset.files == tuple(file_of(i) for i in range(24))
        assert dataset.label_names == ATTRIBUTES
        assert dataset.labels is not None
        assert dataset.labels.tolist() == [list(map(int, has(i))) for i in range(24)]
        train_rows, held = dataset.split(0.5)
        assert (train_rows.tolist(), held.tolist()) == (list(range(18)), list(range(18, 24)))
        for i, image in enumerate(dataset.images()):
            assert np.abs(image.reshape(-1, 3).astype(int) - colour_of(i)).max() <= 1
    assert (report.kept, report.looked_at) == (24, 24)
    assert "Held out by the pictures' own partition: 6\nLabels: Male, Smiling" in report.text()
    assert report_path(output, ".png").stat().st_size > 1000
    assert sorted(p.name for p in output.parent.iterdir()) == ["data.h5", "data.report.png", "data.report.txt"]


def test_the_middle_square_is_kept(tmp_path: Path, output: Path) -> None:
    """A white disc in the middle of a wide picture is in the middle of the crop, as large as the scale says."""
    picture = np.zeros((60, 100, 3), np.uint8)
    cv2.circle(picture, (50, 30), 15, (255, 255, 255), -1)
    folder = tmp_path / "wide"
    folder.mkdir()
    cv2.imwrite(str(folder / "disc.png"), picture)
    prepare([folder], output, replace(CENTRE, size=120))
    with open_dataset(output) as dataset:
        y, x = np.nonzero(dataset.image(0)[..., 0] > 127)
        assert (x.mean(), y.mean()) == (pytest.approx(60.5, abs=0.2), pytest.approx(60.5, abs=0.2))
        assert np.ptp(x) + 1 == pytest.approx(62, abs=2)
        assert dataset.to_crop[0] @ [49.5, 29.5, 1] == pytest.approx([59.5, 59.5])
        assert dataset.split(0.5)[1].size == 0  # one picture, and no partition


def test_lists_where_celebas_archives_have_them(tmp_path: Path, output: Path) -> None:
    """Img/img_align_celeba beside Anno and Eval; and the folder in a folder of its own name."""
    flat = write_celeba(tmp_path / "flat")
    official, nested = tmp_path / "CelebA", tmp_path / "archive"
    for source, target in (("img_align_celeba", "Img/img_align_celeba"), ("list_attr_celeba.txt", "Anno"),
                           ("list_eval_partition.txt", "Eval")):  # fmt: skip
        (official / target).parent.mkdir(parents=True, exist_ok=True)
        if "list" in source:
            (official / target).mkdir()
            shutil.copy(flat / source, official / target)
        else:
            shutil.copytree(flat / source, official / target)
    shutil.copytree(flat / "img_align_celeba", nested / "img_align_celeba" / "img_align_celeba")
    for name in ("list_attr_celeba.txt", "list_eval_partition.txt"):
        shutil.copy(flat / name, nested)
    for number, folder in enumerate((official / "Img", nested, flat / "img_align_celeba")):
        report = prepare([folder], output.with_name(f"{number}.h5"), CENTRE)
        assert report.kept == 24
        assert "own partition: 6\nLabels: Male, Smiling" in report.text()


def test_what_the_lists_do_not_name_is_told(tmp_path: Path, output: Path) -> None:
    root = write_celeba(tmp_path / "celeba")
    for name in ("list_attr_celeba.txt", "list_eval_partition.txt"):
        lines = (root / name).read_text().splitlines()
        (root / name).write_text("\n".join(line for line in lines if not line.startswith("000002")) + "\n")
    text = prepare([root], output, CENTRE).text()
    assert "list_eval_partition.txt does not name 1 pictures; they are trained on" in text
    assert "list_attr_celeba.txt does not say everything of 1 pictures" in text
    with open_dataset(output) as dataset:
        assert dataset.labels is not None
        assert dataset.labels[1].tolist() == [-1, -1]
        assert 1 in dataset.split(0.1)[0]


def test_unreadable_pictures_are_counted(tmp_path: Path, output: Path) -> None:
    root = write_celeba(tmp_path / "celeba")
    (root / "img_align_celeba" / file_of(4)).write_bytes(b"no picture")
    report = prepare([root], output, CENTRE)
    assert (report.kept, report.looked_at) == (23, 24)
    assert "1 dropped: cannot be read" in report.text()
    with open_dataset(output) as dataset:
        assert file_of(4) not in dataset.files
        assert dataset.image(4)[16, 16].tolist() == pytest.approx(colour_of(5), abs=1)


def test_every_and_max_frames(tmp_path: Path, output: Path) -> None:
    prepare([write_celeba(tmp_path / "celeba")], output, replace(CENTRE, every=3, max_frames=5))
    with open_dataset(output) as dataset:
        assert dataset.files == tuple(file_of(i) for i in range(0, 15, 3))


def test_videos_can_be_taken_as_they_are(tmp_path: Path, output: Path) -> None:
    footage = tmp_path / "planted.mp4"
    footage.write_bytes(b"planted")
    prepare([footage], output, CENTRE, planted_tools(talking_clip(20)))
    with open_dataset(output) as dataset:
        assert (len(dataset), dataset.files) == (20, ())
        assert dataset.time.tolist() == pytest.approx([i / 25 for i in range(20)])


def test_pictures_do_not_pile_up(tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, no more than a few are alive at a time."""
    alive: list[weakref.ref] = []
    most = 0

    class Counted(Pictures):
        def read(self) -> Frame | None:
            nonlocal most
            frame = super().read()
            if frame is not None:
                alive.append(weakref.ref(frame.image))
            most = max(most, sum(image() is not None for image in alive))
            return frame

    monkeypatch.setattr("models.data.prepare_many.GROWTH", 7)
    write_celeba(tmp_path / "celeba", count=60, size=(40, 40))
    tools = Tools(open_source=lambda spec: Counted(Path(spec), paced=False, loop=False))
    assert prepare([tmp_path / "celeba"], output, CENTRE, tools).kept == 60
    assert 0 < most <= 3


def test_a_killed_run_leaves_nothing(tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = iter(range(100))

    class Stopped(Pictures):
        def read(self) -> Frame | None:
            if next(reads) == 9:
                raise KeyboardInterrupt
            return super().read()

    tools = Tools(open_source=lambda spec: Stopped(Path(spec), paced=False, loop=False))
    with pytest.raises(KeyboardInterrupt):
        prepare([write_celeba(tmp_path / "celeba")], output, CENTRE, tools)
    assert not list(output.parent.iterdir())


def test_a_folder_without_pictures_is_refused(tmp_path: Path, output: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="there is no image in it"):
        prepare([tmp_path / "empty"], output, CENTRE)
    assert not output.parent.exists()


# --- by the face in each ---


def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.mp4"
    path.write_bytes(b"planted")
    return path


def test_faces_of_many_people_are_cut_one_by_one(tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every face lands where upright crops have it, and its landmarks are those of the picture; in several parts."""
    monkeypatch.setattr("models.data.prepare_many.GROWTH", 7)
    monkeypatch.setattr("models.data.prepare_many.ROWS_AT_ONCE", 9)
    clip = talking_clip(40)
    report = prepare([people(tmp_path)], output, Options(size=48, many=True), planted_tools(clip))
    assert (report.kept, report.looked_at, report.dropped) == (40, 40, {})
    with open_dataset(output) as dataset:
        assert (dataset.crop, dataset.has_landmarks, len(dataset)) == ("upright", True, 40)
        for row, i in enumerate(dataset.frame):
            truth = clip.points[i]
            assert truth is not None
            canonical, pose = align.canonicalise(truth)
            to_crop = align.upright_transform(Face(truth, pose, canonical), 48)
            assert dataset.to_crop[row] == pytest.approx(to_crop, abs=1e-6)
            assert dataset.points[row] == pytest.approx(align.transform_points(truth, to_crop), abs=1e-3)
            assert (dataset.image(row) == align.cut(clip.picture(i), to_crop, 48).image[..., ::-1]).all()
            canonical, pose = align.canonicalise(truth, dataset.neutral)
            assert dataset.canonical[row] == pytest.approx(canonical, abs=1e-3)
            assert dataset.pose[row] == pytest.approx(align.angles_of(pose.rotation), abs=0.05)


def test_what_one_picture_tells_is_judged_and_nothing_else(tmp_path: Path, output: Path) -> None:
    """No face, two faces, a face cut off, a head turned away; but pictures that are alike, or blurred, are kept."""
    clip = talking_clip(20)
    clip.points[3], clip.faces[5] = None, 2
    clip.points[7] = placed(planted_face(), np.array([62.0, 0, 0]))
    clip.points[9] = placed(planted_face(), np.zeros(3), x=-20)
    clip.points[12] = clip.points[11]
    clip.blurred = {14}
    report = prepare([people(tmp_path)], output, Options(size=48, many=True), planted_tools(clip))
    reasons = (cleaning.NO_FACE, cleaning.MANY_FACES, cleaning.TURNED, cleaning.CUT_OFF)
    assert report.dropped == dict.fromkeys(reasons, 1)
    assert "1 dropped: more than one face" in report.text()
    with open_dataset(output) as dataset:
        assert dataset.frame.tolist() == [i for i in range(20) if i not in (3, 5, 7, 9)]


def test_no_usable_face_leaves_nothing(tmp_path: Path, output: Path) -> None:
    clip = talking_clip(5)
    clip.points = [None] * 5
    with pytest.raises(DataError, match=r"not one of 5 pictures is usable \(no face: 5\)"):
        prepare([people(tmp_path)], output, Options(size=48, many=True), planted_tools(clip))
    assert not output.parent.exists()
    with pytest.raises(DataError, match="a steady crop needs one person's video"):
        prepare([people(tmp_path)], output, Options(crop="steady", many=True), planted_tools(clip))


# --- readers ---


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    prepare([write_celeba(tmp_path / "celeba", size=(64, 64))], tmp_path / "plain.h5", CENTRE)
    return tmp_path / "plain.h5"


def test_what_needs_landmarks_says_that_there_are_none(plain: Path, tmp_path: Path) -> None:
    words = r"plain\.h5: has no landmarks.*--crop centre"
    with open_dataset(plain) as dataset:
        for name in ("points", "canonical", "pose", "neutral"):
            with pytest.raises(DataError, match=words):
                getattr(dataset, name)
        with pytest.raises(DataError, match=words):
            driver.dataset_clip(dataset, np.arange(3))
        with pytest.raises(DataError, match=words):
            list(dataset.in_parts("canonical"))
        assert data_facts(dataset)["sha256"] == data_facts(dataset)["sha256"]
    config = replace(PRESETS["puppet-128"], steps=1, minutes=None)
    with pytest.raises(DataError, match=words):
        train(plain, tmp_path / "run", config, driver_spec=str(write_dataset(tmp_path / "driver.h5")), threads=1)
    assert not (tmp_path / "run").exists()


def test_other_pictures_are_another_data_set(plain: Path, tmp_path: Path) -> None:
    folder = tmp_path / "celeba" / "img_align_celeba"
    cv2.imwrite(str(folder / file_of(3)), np.zeros((64, 64, 3), np.uint8))
    prepare([folder], tmp_path / "other.h5", CENTRE)
    with open_dataset(plain) as one, open_dataset(tmp_path / "other.h5") as other:
        assert data_facts(one)["sha256"] != data_facts(other)["sha256"]


def test_a_pixel_vae_learns_from_it_and_becomes_an_actor(plain: Path, tmp_path: Path) -> None:
    """Trained on the partition's rows, judged on the others; the actor's preview is its mean face."""
    run, out = tmp_path / "run", tmp_path / "celeb.actor"
    arguments = ["train", str(plain), "-o", str(run), "--preset", "seed-int8", "--steps", "2", "--batch-size", "6"]
    driver = str(write_dataset(tmp_path / "driver.h5"))
    assert cli.main([*arguments, "--threads", "1", "--device", "cpu", "--driver", driver]) == 0
    assert export.__main__.main([str(run), "-o", str(out), "--consent", "Nobody: plain colours."]) == 0
    actor = load_actor(out, "cpu", threads=1)
    assert not actor.neutral.any()
    assert len(actor.latents.samples) == 24
