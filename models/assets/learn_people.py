"""Learn `puppet/assets/people.npz` from synthetic people.

puppet/face/identity.py and puppet/face/neutral_from_picture.py use it.

`python -m models.assets.learn_people PEOPLE/p*  FOOTAGE/marble FOOTAGE/ada -o puppet/assets/people.npz`

NAME stands for NAME.mp4 and NAME.npz, as in `models/assets/learn_rest.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.assets.synthetic_clips import read_truth
from models.common.arguments import learn_from_people
from puppet.core.errors import DataError, reason
from puppet.core.rows import evenly_spread
from puppet.core.types import Face, Floats, Frame
from puppet.face import align
from puppet.face.identity import SHAPE_LANDMARKS, turn_terms
from puppet.face.landmarks import BONE
from puppet.face.tracking import FaceMeshTracker
from puppet.media.opencv_video import OpenCvVideo

FRAMES = 400  # of each person at most, evenly spread
EQUAL = 60  # frames from which on all people have the same weight
AXES = 20  # principal axes of a person's variation that are kept
RIDGE = 1.0  # of the regression of shape on head pose
REST_RIDGE = 0.02  # eye distances; of the regression of the face at rest on its bony points
REST_AXES = 12  # singular vectors of that regression that are kept


@dataclass(frozen=True)
class TrackedPerson:
    """N tracked frames of one synthetic person.

    rest f32 (478, 3), shapes f32 (N, 478, 3): canonical landmarks; angles f32 (N, 3): yaw, pitch, roll in degrees.
    """

    rest: Floats
    shapes: Floats
    angles: Floats


def read_tracked_person(path: Path) -> TrackedPerson:
    """Track PATH.mp4, whose ground truth is PATH.npz. Raises DataError."""
    video, truth = path.with_suffix(".mp4"), read_truth(path.with_suffix(".npz"))
    calm = (truth["weights"].max(1) < 0.02) & (np.abs(truth["rot"]).max(1) < 6) & (np.abs(truth["gaze"]).max(1) < 6)
    wanted = set(evenly_spread(len(calm), FRAMES).tolist()) | set(np.flatnonzero(calm)[:25])
    faces: dict[int, Face] = {}
    try:
        capture = OpenCvVideo(video)
    except OSError as error:
        raise DataError(f"{video}: {reason(error)}") from error
    tracker = FaceMeshTracker(still=True)
    for index in range(len(calm)):
        if index in wanted and capture.grab():
            face = tracker.track(Frame(np.asarray(capture.retrieve()[1], np.uint8), index, index / 25))
            if face is not None:
                faces[index] = face
        elif index not in wanted:
            capture.grab()
    capture.release()
    tracker.close()
    resting = [face.canonical for index, face in faces.items() if calm[index]]
    if not resting:
        raise DataError(f"{video.name}: no frame shows the person at rest")
    angles = np.stack([align.angles_of(face.pose.rotation) for face in faces.values()])
    return TrackedPerson(np.mean(resting, 0), np.stack([face.canonical for face in faces.values()]), angles)


def learn(people: Sequence[TrackedPerson]) -> dict[str, NDArray]:
    """The arrays of `people.npz`, in half precision where that is enough."""
    return {**_varying(people), **_resting(people)}


def _varying(people: Sequence[TrackedPerson]) -> dict[str, NDArray]:
    """How head pose changes a face's tracked shape, and the principal axes of what else varies in one person."""
    shapes = [one.shapes[:, list(SHAPE_LANDMARKS)].reshape(len(one.shapes), -1).astype(np.float64) for one in people]
    poses = [turn_terms(one.angles).astype(np.float64) for one in people]
    counts = [np.sqrt(min(1.0, EQUAL / len(one))) for one in shapes]
    x = np.concatenate([(pose - pose.mean(0)) * count for pose, count in zip(poses, counts, strict=True)])
    y = np.concatenate([(shape - shape.mean(0)) * count for shape, count in zip(shapes, counts, strict=True)])
    turned = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    left = y - x @ turned
    _, singular, axes = np.linalg.svd(left / np.sqrt(len(left)), full_matrices=False)
    kept = min(AXES, len(singular))
    return {
        "turned": turned.astype(np.float16),
        "axes": axes[:kept].astype(np.float16),
        "spread": singular[:kept].astype(np.float32),
    }


def _resting(people: Sequence[TrackedPerson]) -> dict[str, NDArray]:
    """The average face at rest, and a ridge regression of a person's whole face on their bony points."""
    rests = np.stack([align.canonicalise(one.rest)[0] for one in people])
    average = rests.mean(0)
    rests = np.stack([align.canonicalise(rest, average)[0] for rest in rests]) - average
    offsets, bone = rests.reshape(len(rests), -1), rests[:, list(BONE)].reshape(len(rests), -1)
    gram = bone @ bone.T / bone.shape[1]
    weights = bone.T @ np.linalg.solve(gram + REST_RIDGE**2 * np.eye(len(gram)), offsets) / bone.shape[1]
    left, singular, right = np.linalg.svd(weights, full_matrices=False)
    kept = min(REST_AXES, len(singular))
    return {
        "average": average.astype(np.float32),
        "bones": (left[:, :kept] * singular[:kept]).astype(np.float16),
        "rests": right[:kept].astype(np.float16),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code (`learn_from_people`)."""
    return learn_from_people(__doc__, read_tracked_person, learn, argv)


if __name__ == "__main__":
    sys.exit(main())
