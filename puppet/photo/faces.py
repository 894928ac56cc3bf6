"""The face of a picture that an actor is made of; if there is none, one sentence that says what would help."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from puppet.core.errors import PuppetError
from puppet.core.types import Face, Frame, Image
from puppet.face import align
from puppet.face.face_selection import tiles
from puppet.face.measurements import measure
from puppet.face.mirroring import MirrorTracker
from puppet.face.protocols import SAME_PLACE, FaceBox, box_of
from puppet.face.tracking import FaceMeshTracker, face_detector, video_tracker

LEAST_EYES = 40.0  # px between the outer eye corners: a face about 100 px wide
WIDEST_YAW = 40.0  # degrees
DARKEST, PALEST = 18.0, 8.0  # levels: mean of the face; standard deviation of one that shows anything
LEAST_LIDS = 0.04  # outer-eye distances that the lids are apart: less, and no eye is seen
SMALL_BESIDE = 0.4  # of the largest face: smaller ones are passers-by
CUT_OFF = 0.04  # of a face's points that may lie outside of the picture
UNLIKE = 0.07  # root mean square in eye distances of how a face's bone may differ from an average one: people's 0.04


class PhotoError(PuppetError):
    """No actor can be made of this picture."""


def face_in(picture: Image, number: int | None = None) -> Face:
    """The face that an actor can be made of, in a picture uint8 (H, W, 3) BGR.

    number: which one from left to right, from 1. Raises PhotoError: several faces and no number, no such face, or a
    face that is too small, turned away, cut off, dark, or whose eyes are shut.
    """
    faces = faces_of(picture)
    if number is None and len(faces) > 1:
        raise PhotoError(f"{_told(faces)}; choose one with --face N")
    if number is not None and not 1 <= number <= len(faces):
        raise PhotoError(f"there is no face {number}: {_told(faces)}")
    face = faces[(number or 1) - 1]
    require_usable(picture, face)
    return face


def faces_of(picture: Image) -> list[Face]:
    """All faces that are large beside the largest one, from left to right. PhotoError when there is none."""
    found = _found(picture)
    if not found:
        raise PhotoError(
            "no face is seen in the picture; use one that shows a person's, a statue's or a drawn face from the front,"
            " in good light and at least 100 px wide (animals' faces are not found)"
        )
    return found


def _found(picture: Image) -> list[Face]:
    boxes = _boxes(picture)
    if len(boxes) < 2:
        tracker = video_tracker(still=True)
        try:
            face = tracker.track(Frame(picture, 0, 0.0, still=True))
        finally:
            tracker.close()
        return [] if face is None else [face]
    mesh, found = MirrorTracker(lambda: FaceMeshTracker(still=True)), list[Face]()
    try:
        for box in boxes:
            face = mesh.follow(Frame(picture, 0, 0.0, still=True), box, [other for other in boxes if other is not box])
            if face is not None and box_of(face.points).distance(box) <= SAME_PLACE:
                found.append(face)
    finally:
        mesh.close()
    return found


def _boxes(picture: Image) -> list[FaceBox]:
    detector = face_detector()
    try:
        boxes = detector.detect(picture)
        if not boxes:
            for left, top, right, bottom in tiles(*picture.shape[:2]):
                there = detector.detect(np.ascontiguousarray(picture[top:bottom, left:right]))
                moved = [FaceBox(one.x + left, one.y + top, one.size) for one in there]
                boxes += [one for one in moved if all(one.distance(other) > SAME_PLACE for other in boxes)]
    finally:
        detector.close()
    largest = max((box.size for box in boxes), default=0.0)
    return sorted((box for box in boxes if box.size >= SMALL_BESIDE * largest), key=lambda box: box.x)


def _told(faces: Sequence[Face]) -> str:
    if len(faces) == 1:
        return "one face is seen in the picture"
    boxes = [box_of(face.points) for face in faces]
    places = [f"{i} ({box.size:.0f} px at {box.x:.0f}, {box.y:.0f})" for i, box in enumerate(boxes, 1)]
    return f"{len(faces)} faces are seen in the picture, from left to right {', '.join(places)}"


def require_usable(picture: Image, face: Face) -> None:
    """Raise PhotoError for a face of which no actor can be made."""
    height, width = picture.shape[:2]
    x, y = face.points[:468, :2].T
    yaw = float(align.angles_of(face.pose.rotation)[0])
    if face.pose.scale < LEAST_EYES:
        raise PhotoError(
            f"the face is too small ({face.pose.scale:.0f} px between the eyes' outer corners, {LEAST_EYES:.0f} are"
            " needed); use a larger picture or one taken from nearer"
        )
    if abs(yaw) > WIDEST_YAW:
        raise PhotoError(f"the head is turned {abs(yaw):.0f} degrees to the side; use a picture from the front")
    bone = face.canonical[align.STABLE] - align.STABLE_REFERENCE
    if float(np.sqrt((bone**2).sum(1).mean())) > UNLIKE:
        raise PhotoError("what is seen is built unlike a human face; use a picture of a person from the front")
    if float(((x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)).mean()) > CUT_OFF:
        raise PhotoError("the face is cut off by the picture's edge; use a picture that shows all of it")
    left, top = int(max(0, x.min())), int(max(0, y.min()))
    shown = picture[top : int(y.max()) + 1, left : int(x.max()) + 1].mean(2)
    if float(shown.mean()) < DARKEST:
        raise PhotoError("the face is too dark; use a picture in better light")
    if float(shown.std()) < PALEST:
        raise PhotoError("the face shows hardly any contrast; use a picture in softer light")
    lids = measure(face.canonical)
    if max(float(lids["lids_right"]), float(lids["lids_left"])) < LEAST_LIDS:
        raise PhotoError("the eyes are shut; use a picture in which they are open")
