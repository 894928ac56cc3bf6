"""The actors that ship: whole, honest about themselves, and really driven by a face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from puppet.actor.catalogue import BUILT_IN, DEFAULT_ACTOR
from puppet.actor.runtime import load_actor
from puppet.actor.warp import MeshWarp
from puppet.core.types import POSE_NAMES, Drive, Face, Frame
from puppet.engine.options import StepOptions
from puppet.engine.puppeteer import Puppeteer
from puppet.face import measurements
from puppet.face.landmarks import INNER_LIPS, OUTER_LIPS
from puppet.face.measurements import measure
from puppet.face.neutral import infer_neutral
from puppet.face.retarget import Gains, Retargeter
from puppet.face.tracking import FaceMeshTracker
from puppet.sources.registry import DEMO_CLIP, open_source

ACTORS = sorted(BUILT_IN.glob("*.actor"))
LARGEST = 12 * 2**20  # bytes
LARGER = 4  # than the actor's picture, to look at the edges of its lips
EDGE = 256  # lips have an edge of one part in so many of the picture's side, which is skin
FOOT_BEGINS = 7 / 8  # of the texture, downwards: there lie eyeballs and teeth
STRIDE = 3  # of the demo clip's frames
# Between what the driver did and what the tracker sees of the actor; measured: mouth .98 and more, lids .90, brows .84
LEAST_CORRELATION = {
    "mouth_open": 0.95,
    "mouth_width": 0.95,
    "lids_right": 0.85,
    "lids_left": 0.85,
    "brow_inner_left": 0.8,
}


def test_the_default_actor_ships() -> None:
    assert DEFAULT_ACTOR in [path.stem for path in ACTORS]


@pytest.mark.parametrize("path", ACTORS, ids=lambda path: path.stem)
def test_file_is_whole_small_and_says_what_it_is(path: Path) -> None:
    actor = load_actor(path, "cpu")
    assert path.stat().st_size <= LARGEST
    assert actor.golden_difference() <= actor.card.golden.tolerance
    assert actor.card.image_size == (512 if actor.card.layers else 256)
    assert actor.card.licence == "CC0-1.0"
    assert "no person" in actor.card.consent
    assert actor.card.parity["image_levels"] <= 2


@pytest.mark.parametrize("path", ACTORS, ids=lambda path: path.stem)
def test_the_head_moves_as_well_as_turns(path: Path) -> None:
    """A tenth of an eye distance to the right, down, and nearer: the face goes there, as far as its footage lets it."""
    actor = load_actor(path, "cpu")

    def shown(**movement: float) -> NDArray[np.float64]:
        pose = np.array([movement.get(name, 0.0) for name in POSE_NAMES], np.float32)
        portrait = actor.decode(actor.encode(Drive(actor.neutral, pose, 0.0), None))
        return cv2.cvtColor(portrait.image, cv2.COLOR_BGR2GRAY).astype(np.float64)

    def shift(before: NDArray[np.float64], after: NDArray[np.float64], left: int, right: int) -> NDArray[np.float64]:
        window = (slice(80, 180), slice(left, right))
        moved, _ = cv2.phaseCorrelate(before[window], after[window], cv2.createHanningWindow((right - left, 100), 6))
        return np.array(moved)

    rest = shown()
    right, down = (shift(rest, shown(**{axis: 0.1}), 70, 186) for axis in ("x", "y"))
    assert right[0] > 0.5 > abs(right[1])
    assert down[1] > 0.5 > abs(down[0])
    nearer = shown(log_size=0.1)
    assert shift(rest, nearer, 128, 186)[0] > shift(rest, nearer, 70, 128)[0] + 0.5


@pytest.mark.parametrize("path", ACTORS, ids=lambda path: path.stem)
def test_the_actor_does_what_the_demo_driver_does(path: Path) -> None:
    """What a tracker sees of the actor's face follows what it saw of the driver's: mouth, both eyes, brows."""
    puppeteer = Puppeteer(FaceMeshTracker(), load_actor(path, "cpu"), StepOptions(smoothing=0))
    audience, source = FaceMeshTracker(), open_source(str(DEMO_CLIP), paced=False)
    source.open()
    asked, shown, portraits = [], [], []
    while (frame := source.read()) is not None:
        if frame.index % STRIDE:
            continue
        result = puppeteer.step(frame)
        assert result.face is not None
        assert result.portrait is not None
        seen = audience.track(Frame(result.portrait.image, frame.index, frame.captured_at))
        assert seen is not None
        asked.append(result.face.canonical)
        shown.append(seen.canonical)
        portraits.append(cv2.cvtColor(result.portrait.image, cv2.COLOR_BGR2GRAY))
    puppeteer.close()
    audience.close()
    source.close()
    driver, actor = (measurements.measure(np.stack(faces)) for faces in (asked, shown))
    for name, least in LEAST_CORRELATION.items():
        assert np.corrcoef(driver[name], actor[name])[0, 1] > least, name
    opening = driver["mouth_open"]
    closed, opened = opening < np.quantile(opening, 0.3), opening > np.quantile(opening, 0.95)
    pictures = np.stack(portraits).astype(float)
    change = np.abs(pictures[opened].mean(0) - pictures[closed].mean(0))
    mouth = np.unravel_index(np.argmax(cv2.GaussianBlur(change, (0, 0), 4)), change.shape)
    down, right = np.divide(mouth, change.shape)
    assert 0.45 < down < 0.8  # the largest change lies where a mouth is
    assert 0.35 < right < 0.65


@pytest.fixture(scope="module")
def demo_faces() -> list[Face]:
    tracker, source = FaceMeshTracker(), open_source(str(DEMO_CLIP), paced=False)
    source.open()
    faces = []
    while (frame := source.read()) is not None:
        if frame.index % STRIDE == 0:
            faces.append(tracker.track(frame))
    tracker.close()
    source.close()
    return [face for face in faces if face is not None]


@pytest.mark.parametrize("path", ACTORS, ids=lambda path: path.stem)
def test_lips_that_shout_have_no_holes(path: Path, demo_faces: list[Face]) -> None:
    """The demo's widest mouth, made half an eye distance high: wider than any actor's footage shows it.

    All of the lips is drawn from the lips' texels, and what is between them from the pictures behind.
    """
    actor, user = load_actor(path, "cpu"), infer_neutral(demo_faces)
    retargeter, opened = Retargeter(actor.neutral), [float(measure(f.canonical)["mouth_open"]) for f in demo_faces]
    widest, rest = demo_faces[int(np.argmax(opened))], float(measure(user.landmarks)["mouth_open"])
    landmarks, _ = retargeter.drive(widest, user, Gains(mouth=0.5 / (max(opened) - rest)))
    assert measure(landmarks)["mouth_open"] > 0.4
    _, points = actor.parts(actor.encode(Drive(landmarks, np.zeros(6, np.float32), 0.0), None))
    triangles, texture_points, texture_size = actor.card.triangles, actor.card.texture_points, actor.card.texture_size
    assert triangles is not None
    assert texture_points is not None
    assert texture_size is not None
    points, size = LARGER * (points + 0.5) - 0.5, LARGER * actor.card.image_size
    card = actor.card
    _, rows = MeshWarp(triangles, texture_points, size, card.openings, card.behind).field(points.astype(np.float32))
    behind = rows > FOOT_BEGINS * texture_size
    outer, inner = (np.zeros(behind.shape, np.uint8) for _ in range(2))
    for mask, rim in ((outer, OUTER_LIPS), (inner, INNER_LIPS)):
        cv2.fillPoly(mask, [np.round(points[list(rim), :2]).astype(np.int32)], (1,))
    edge = 2 * size // EDGE
    lips = outer > cv2.dilate(inner, np.ones((3, 3), np.uint8))
    between = cv2.erode(inner, np.ones((2 * edge + 1, 2 * edge + 1), np.uint8)) > 0
    assert lips.sum() > 100 * (size / 256) ** 2
    assert between.sum() > 500 * (size / 256) ** 2
    assert not behind[lips].any()
    assert behind[between].mean() > 0.99  # the edge of a lip is wider in its corners
