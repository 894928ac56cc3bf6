"""Compares the two trackers on clips: MediaPipe, and its networks in ONNX Runtime.

`python -m export.tracker_parity [CLIP ...]` prints a table (Python 3.10 to 3.12, with mediapipe). Distances are in
percent of the distance between the outer eye corners. Times are of the processor, of all threads, a frame.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from puppet.core.errors import PuppetError
from puppet.core.trackers import MEDIAPIPE, ONNX
from puppet.core.types import Floats
from puppet.face.landmarks import OUTER_EYES
from puppet.face.protocols import FaceBox
from puppet.face.tracking import FaceMeshTracker, face_detector
from puppet.sources.registry import DEMO, open_source

LIBRARIES = (MEDIAPIPE, ONNX)
WARM_UP = 10  # frames whose times do not count
DETECT_EVERY = 10  # frames from one run of the detectors to the next
SAME_BOX = 0.02  # sizes of a face: boxes nearer together than that are equal
Given, Found = TypeVar("Given"), TypeVar("Found")


@dataclass(frozen=True)
class Parity:
    """What a clip showed. All per frame; ms: processor time by library, in the order of LIBRARIES."""

    name: str
    frames: int
    seen: tuple[int, int]  # frames with a face, by library
    seen_by_one: int  # frames in which only one of the two sees a face
    distances: Floats  # f32 (F, 478) percent, of the frames in which both do
    boxes: tuple[int, int]  # faces that the detectors find, and those that only one of them finds
    ms: tuple[float, float]
    detector_ms: tuple[float, float]

    def row(self) -> str:
        """A line of the table."""
        median, most, worst = (
            (np.median(self.distances), np.percentile(self.distances, 95), self.distances.max())
            if len(self.distances)
            else (np.nan,) * 3
        )
        return (
            f"{self.name[:28]:<28} {self.frames:6d} {self.seen[0]:6d} {self.seen[1]:6d} {self.seen_by_one:5d}"
            f" {median:7.3f} {most:7.3f} {worst:7.2f} {self.boxes[0]:6d} {self.boxes[1]:5d}"
            f" {self.ms[0]:7.2f} {self.ms[1]:6.2f} {self.detector_ms[0]:7.2f} {self.detector_ms[1]:6.2f}"
        )


HEADER = (
    f"{'':28} {'':6} {'seen by':>13} {'by':>5} {'points, % of eye distance':>23} {'boxes':>6} {'by':>5}"
    f" {'mesh, ms':>14} {'detector, ms':>14}\n"
    f"{'clip':<28} {'frames':>6} {'mp':>6} {'onnx':>6} {'one':>5} {'median':>7} {'95 %':>7} {'worst':>7}"
    f" {'':6} {'one':>5} {'mp':>7} {'onnx':>6} {'mp':>7} {'onnx':>6}"
)


def compare(spec: str) -> Parity:
    """Track a video, image folder or "demo" with both. Raises PuppetError."""
    ms: tuple[list[float], list[float]] = ([], [])
    detector_ms: tuple[list[float], list[float]] = ([], [])
    seen, by_one, boxes, boxes_by_one, frames = [0, 0], 0, 0, 0, 0
    distances: list[Floats] = []
    with ExitStack() as stack:
        detectors = [stack.enter_context(closing(face_detector(library))) for library in LIBRARIES]
        trackers = [stack.enter_context(closing(FaceMeshTracker(library=library))) for library in LIBRARIES]
        source = stack.enter_context(closing(open_source(spec, paced=False)))
        source.open()
        while (frame := source.read()) is not None:
            faces = [_timed(times, tracker.track, frame) for times, tracker in zip(ms, trackers, strict=True)]
            seen = [count + (face is not None) for count, face in zip(seen, faces, strict=True)]
            first, second = faces
            if first is not None and second is not None:
                distances.append(_distances(first.points, second.points))
            by_one += (first is None) != (second is None)
            if frames % DETECT_EVERY == 0:
                one, other = (
                    _timed(times, detector.detect, frame.image)
                    for times, detector in zip(detector_ms, detectors, strict=True)
                )
                boxes += len(one)
                boxes_by_one += _unmatched(one, other) + _unmatched(other, one)
            frames += 1
    return Parity(
        Path(source.name).name,
        frames,
        (seen[0], seen[1]),
        by_one,
        np.array(distances, np.float32),
        (boxes, boxes_by_one),
        (_median(ms[0][WARM_UP:]), _median(ms[1][WARM_UP:])),
        (_median(detector_ms[0][1:]), _median(detector_ms[1][1:])),
    )


def _timed(times: list[float], run: Callable[[Given], Found], given: Given) -> Found:
    began = time.process_time()
    result = run(given)
    times.append(1000 * (time.process_time() - began))
    return result


def _median(times: Sequence[float]) -> float:
    return float(np.median(times)) if times else float("nan")


def _distances(points: Floats, others: Floats) -> Floats:
    """Of every landmark in the picture's plane, percent, f32 (478,)."""
    left, right = points[list(OUTER_EYES), :2]
    return (100 * np.linalg.norm((points - others)[:, :2], axis=1) / np.linalg.norm(right - left)).astype(np.float32)


def _unmatched(boxes: Sequence[FaceBox], others: Sequence[FaceBox]) -> int:
    return sum(all(box.distance(other) > SAME_BOX for other in others) for box in boxes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m export.tracker_parity", description=__doc__)
    parser.add_argument("clips", nargs="*", default=[DEMO], metavar="CLIP", help="videos or image folders (demo)")
    print(HEADER)
    try:
        for clip in parser.parse_args(arguments).clips:
            print(compare(clip).row(), flush=True)
    except PuppetError as problem:
        print(f"export.tracker_parity: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
