"""Guided calibration: captures a user's neutral once picture, pose and expression are right. No Qt.

Every condition is a gate, a pure function of the frame and the face; all gates must stay open during a countdown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from puppet.core.types import Face, Frame
from puppet.face import align
from puppet.face.landmarks import EYE_GAPS, LIP_GAP, OUTER_EYES, STABLE
from puppet.face.neutral import Neutral, median_pose

LEAST_EYES, MOST_EYES = 0.09, 0.5  # outer-eye distance / shorter side of the picture
LEAST_EYES_PX = 40  # below, FaceMesh trembles by more than an expression moves
DARK, BRIGHT = 45, 225  # mean grey level of the face, 0 .. 255
BURNT_LEVEL, BURNT_SHARE = 250, 0.15  # a level that shows no detail, and the share of the face that may have it
TURNED = 12.0  # degrees of yaw and roll that are still frontal
NODDED = 20.0  # of pitch: cameras hang above screens or stand below faces
STILL_SPEED = 0.25  # eye distances per second
STILL_FOR = 0.3  # s that are looked back on
LEAST_LIDS = 0.13  # gap between the lids / width of the eye
MOST_LIPS = 0.05  # gap between the lips, outer-eye distances
COUNTDOWN = 3.0  # s that all gates must stay open
PATIENCE = 0.25  # s that one may close without a new countdown: a blink
CAPTURED_FOR = 1.0  # s at the end of the countdown whose faces make the neutral


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition of the calibration."""

    name: str
    open: bool  # whether it is met
    advice: str  # what the user does about one that is not met


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the calibration is."""

    gates: tuple[Gate, ...]
    seconds_left: float | None  # of the countdown; None while a gate is shut
    neutral: Neutral | None = None  # once it is over


def gates_of(frame: Frame, face: Face | None, speed: float) -> tuple[Gate, ...]:
    """All gates, in the order in which they should be met. speed: of the face, eye distances per second."""
    if face is None:
        return (Gate("Face", False, "Come into the picture"),)
    yaw, pitch, roll = np.abs(align.angles_of(face.pose.rotation))
    size, too_small = face_size(frame, face)
    level, burnt = face_light(frame, face)
    dim = level < DARK
    return (
        Gate("Face size", LEAST_EYES <= size <= MOST_EYES and not too_small,
             "Move back a little" if size > MOST_EYES else "Come nearer"),
        Gate("Light", not dim and level <= BRIGHT and burnt <= BURNT_SHARE,
             "Get more light on your face" if dim else "There is too much light on your face"),
        Gate("Facing", max(yaw, roll) <= TURNED and pitch <= NODDED, "Look straight into the camera"),
        Gate("Eyes open", lid_gap(face) >= LEAST_LIDS, "Open your eyes"),
        Gate("Mouth closed", lip_gap(face) <= MOST_LIPS, "Close your mouth, lips relaxed"),
        Gate("Still", speed <= STILL_SPEED, "Hold still"),
    )  # fmt: skip


def face_size(frame: Frame, face: Face) -> tuple[float, bool]:
    """Outer-eye distance / shorter side of the picture, and whether it is too few px to track well."""
    eyes = float(np.linalg.norm(face.points[OUTER_EYES[0]] - face.points[OUTER_EYES[1]]))
    return eyes / min(frame.image.shape[:2]), eyes < LEAST_EYES_PX


def face_light(frame: Frame, face: Face) -> tuple[float, float]:
    """Mean grey level of the face, 0 .. 255, and the share of it that is burnt out, from a grid of its pixels."""
    height, width = frame.image.shape[:2]
    low = np.clip(face.points[:, :2].min(0), 0, (width - 1, height - 1)).astype(int)
    high = np.clip(face.points[:, :2].max(0) + 1, low + 1, (width, height)).astype(int)
    step = max(1, (high - low).min() // 40)
    grey = cv2.cvtColor(frame.image[low[1] : high[1] : step, low[0] : high[0] : step], cv2.COLOR_BGR2GRAY)
    return float(grey.mean()), float((grey >= BURNT_LEVEL).mean())


def lid_gap(face: Face) -> float:
    """Gap between the lids / width of the eye, of the eye that is less open."""

    def between(pair: tuple[int, int]) -> float:
        return float(np.linalg.norm(face.points[pair[0], :2] - face.points[pair[1], :2]))

    return min(between(lids) / max(between(corners), 1e-6) for corners, lids in EYE_GAPS)


def lip_gap(face: Face) -> float:
    """Gap between the lips in outer-eye distances."""
    return float(np.linalg.norm(face.canonical[LIP_GAP[0], :2] - face.canonical[LIP_GAP[1], :2]))


def face_speed(faces: Sequence[tuple[float, Face]]) -> float:
    """How fast the bone of a face moves, eye distances per second, from pairs (seconds, face); 0 from only one."""
    if len(faces) < 2 or faces[-1][0] <= faces[0][0]:
        return 0.0
    (begun, first), (ended, last) = faces[0], faces[-1]
    way = np.linalg.norm(last.points[STABLE, :2] - first.points[STABLE, :2], axis=1).mean()
    return float(way) / last.pose.scale / (ended - begun)


class GuidedCalibration:
    """Takes frames until the user has held a neutral face for a whole countdown."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Face]] = deque()  # the last COUNTDOWN seconds
        self._open_since: float | None = None
        self._shut_since: float | None = None

    def update(self, frame: Frame, face: Face | None) -> Progress:
        """The progress after the next frame and the face in it."""
        at = frame.captured_at
        if face is None:
            self._seen.clear()
        else:
            self._seen.append((at, face))
        while self._seen and at - self._seen[0][0] > COUNTDOWN:
            self._seen.popleft()
        recent = [pair for pair in self._seen if at - pair[0] <= STILL_FOR]
        gates = gates_of(frame, face, face_speed(recent))
        if all(gate.open for gate in gates):
            self._shut_since = None
            if self._open_since is None:
                self._open_since = at
        else:
            self._shut_since = at if self._shut_since is None else self._shut_since
            if face is None or at - self._shut_since > PATIENCE:
                self._open_since = None
        if self._open_since is None:
            return Progress(gates, None)
        left = COUNTDOWN - (at - self._open_since)
        if left > 0 or self._shut_since is not None:
            return Progress(gates, max(left, 0.0))
        return Progress(gates, 0.0, held_neutral([one for seen, one in self._seen if at - seen <= CAPTURED_FOR]))


def held_neutral(faces: Sequence[Face]) -> Neutral:
    """The neutral from the faces of a countdown: the median of every landmark, so that a blink does not count."""
    landmarks = np.median([face.canonical for face in faces], axis=0).astype(np.float32)
    return Neutral(landmarks, median_pose([face.points for face in faces], landmarks))
