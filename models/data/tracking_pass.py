"""First pass over the footage: track every frame, and keep the records in a side file that survives a kill.

The side file is one line of JSON (which footage, which options) and fixed-size records, appended as frames are
tracked; a torn last record is cut off when the work is taken up again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.dataset import Crop
from puppet.core.errors import DataError, SourceError, reason
from puppet.core.progress import progress
from puppet.core.protocols import Source
from puppet.core.texts import one_line
from puppet.core.types import LANDMARKS, Face, Floats, Frame, Image
from puppet.face.cuts import CutDetector
from puppet.face.identity import landmark_colours
from puppet.face.matting import Matting
from puppet.face.protocols import Tracker
from puppet.face.tracking import FaceMeshTracker
from puppet.parsing.plain_json import parse_json
from puppet.pictures.decode import SUFFIXES as IMAGE_SUFFIXES
from puppet.pictures.decode import is_animated
from puppet.sources.files import Pictures
from puppet.sources.registry import open_source

ALIGNED_CELEBA = "img_align_celeba"
SHARPNESS_SIZE = 128  # px; the face is brought to this size first, so that the figure does not depend on distance
RECORD = np.dtype(
    [
        ("source", np.int16),
        ("frame", np.int32),  # number within the source; a frame with several faces has a record for each
        ("scene", np.int32),  # number of the picture within the source, which a cut changes (`cuts.CutDetector`)
        ("time", np.float64),  # s
        ("faces", np.int8),  # how many were seen
        ("width", np.int32),  # px, of the frame
        ("height", np.int32),
        ("sharpness", np.float32),  # variance of the Laplacian over the face, SHARPNESS_SIZE px wide
        ("points", np.float32, (LANDMARKS, 3)),  # px; NaN where no face was seen
        ("colours", np.uint8, (LANDMARKS, 3)),  # BGR of the picture at the landmarks; show what covers the face
    ]
)


SIDE_FILE_KEYS = ("files", "every", "max_frames", "record")  # of its first line, JSON


@dataclass(frozen=True)
class Footage:
    """The files and frames to look at.

    paths: videos and folders of pictures. every: only each n-th frame. max_frames: stop after so many (0: all).
    """

    paths: tuple[Path, ...]
    every: int = 1
    max_frames: int = 0

    @property
    def names(self) -> list[str]:
        """Names of the files, one line each, as reports show them and data sets keep them."""
        return [one_line(path.name) for path in self.paths]

    def fingerprint(self) -> str:
        """One line of JSON that changes when a file or an option that tracking depends on changes."""
        files = [[str(path.resolve()), *_size_and_change(path)] for path in self.paths]
        values = (files, self.every, self.max_frames, RECORD.itemsize)
        return json.dumps(dict(zip(SIDE_FILE_KEYS, values, strict=True)))


def _size_and_change(path: Path) -> list[int]:
    """Total size in bytes, newest change in ns and number of files, of a file or of a folder's files."""
    stats = [p.stat() for p in ([path] if path.is_file() else sorted(path.iterdir())) if p.is_file()]
    return [sum(s.st_size for s in stats), max((s.st_mtime_ns for s in stats), default=0), len(stats)]


class FacesTracker(Tracker, Protocol):
    """A tracker that also gives the faces that it does not follow."""

    @property
    def others(self) -> Sequence[Face]:
        """Faces in the last frame beside the one that `track` returned."""
        ...


class MattesMaker(Protocol):
    """Makes mattes as `Matting` does."""

    def matte(self, frame: Image, to_crop: NDArray[np.float64], picture: Image) -> Floats:
        """The matte f32 (S, S), 0 background to 1 person, of a picture that `to_crop` cuts from a frame; both BGR."""
        ...


@dataclass(frozen=True)
class Tools:
    """How footage is opened, tracked and told from its background; tests put fakes here.

    new_tracker(still): still for folders of pictures. new_matting(crop, size): as for `Matting`.
    """

    open_source: Callable[[str], Source] = lambda spec: open_source(spec, paced=False)
    new_tracker: Callable[[bool], FacesTracker] = lambda still: FaceMeshTracker(still=still, max_faces=2)
    new_matting: Callable[[Crop, int], MattesMaker] = Matting


def is_still(path: Path) -> bool:
    """Whether a path is single pictures (a folder, or one image), which are not tracked over time."""
    return path.is_dir() or (_is_picture(path) and not is_animated(path))


def pictures_folder(path: Path) -> Path:
    """The folder that holds the pictures of `path`.

    It is CelebA's folder of aligned pictures, once or twice inside (as archives have it), if `path` itself holds none.
    """
    while path.is_dir() and (inner := path / ALIGNED_CELEBA).is_dir() and not any(map(_is_picture, path.iterdir())):
        path = inner
    return path


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def frames_of(footage: Footage, number: int, tools: Tools, skip_to: int = 0) -> Iterator[tuple[Frame, str]]:
    """Every `footage.every`-th frame of one source, from frame number `skip_to` on, and its file's name.

    The name is "" for the frames of a video. Raises SourceError.
    """
    source = tools.open_source(str(footage.paths[number].resolve()))
    source.open()
    with closing(source):
        index = 0
        while (frame := source.read()) is not None:
            if index % footage.every == 0 and index >= skip_to:
                shown = source.shown if isinstance(source, Pictures) else None
                # HDF5 has UTF-8
                name = "" if shown is None else shown.name.encode("utf-8", "backslashreplace").decode()
                yield Frame(frame.image, index, frame.captured_at), name
            index += 1


def track_footage(footage: Footage, side_file: Path, tools: Tools) -> NDArray[np.void]:
    """Track all footage, or the rest after an interrupted run: records (F,) of RECORD, by source and frame.

    Raises SourceError for footage that cannot be read, DataError for a side file that cannot be written.
    """
    try:
        done = _resume(footage, side_file)
        with side_file.open("ab") as out:
            fresh = list(_track_rest(footage, done, out, tools))
    except OSError as error:
        raise DataError(f"{side_file}: cannot be written ({reason(error)}); choose another folder") from error
    return np.concatenate([done, np.array(fresh, RECORD)])


def is_side_file(path: Path) -> bool:
    """Whether a file is the side file of an interrupted run, of any footage, or empty."""
    with suppress(OSError, ValueError), path.open("rb") as file:
        first = file.readline(1 << 20)
        told = parse_json(first) if first else None
        return not first or (isinstance(told, dict) and tuple(told) == SIDE_FILE_KEYS)
    return False


def _resume(footage: Footage, side_file: Path) -> NDArray[np.void]:
    """Records of an interrupted run over the same footage; otherwise a new, empty side file."""
    header = footage.fingerprint().encode() + b"\n"
    with suppress(FileNotFoundError), side_file.open("r+b") as file:
        if file.readline() == header:
            records = np.frombuffer(body := file.read(), RECORD, len(body) // RECORD.itemsize)
            file.truncate(len(header) + records.nbytes)
            return records
    if side_file.exists() and not is_side_file(side_file):
        raise DataError(f"{side_file}: is in the way, and not of this program; give it another name")
    side_file.write_bytes(header)
    return np.empty(0, RECORD)


def _track_rest(footage: Footage, done: NDArray[np.void], out: BinaryIO, tools: Tools) -> Iterator[NDArray[np.void]]:
    seen = len(np.unique(done[["source", "frame"]]))
    first = int(done["source"][-1]) if seen else 0
    start = int(done["frame"][-1]) + 1 if seen else 0
    with progress(total=frame_total(footage, tools), initial=seen, label="tracking", unit="frames") as bar:
        for number in range(first, len(footage.paths)):
            cuts = CutDetector(int(done["scene"].max()) + 1 if number == first and seen else 0)
            with closing(tools.new_tracker(is_still(footage.paths[number]))) as tracker:
                for frame, _ in frames_of(footage, number, tools, start if number == first else 0):
                    if footage.max_frames and seen >= footage.max_frames:
                        return
                    face = tracker.track(frame)
                    cuts.update(frame.image)
                    shown = [face, *(tracker.others if face is not None else ())]
                    records = [_record(number, frame, one, tracker.faces_seen, cuts.scene) for one in shown]
                    out.write(b"".join(record.tobytes() for record in records))
                    seen += 1
                    bar.update()
                    yield from records


def frame_total(footage: Footage, tools: Tools) -> int | None:
    """Number of frames that will be looked at, None when a source does not know it. Raises SourceError.

    Opens every source, so that one that cannot be read is found at once.
    """
    counts = []
    for path in footage.paths:
        source = tools.open_source(str(path.resolve()))
        source.open()
        counts.append(source.frame_count)
        source.close()
    if any(count is None for count in counts):
        return footage.max_frames or None
    total = sum(-(-count // footage.every) for count in counts)
    return min(total, footage.max_frames) if footage.max_frames else total


def _record(source: int, frame: Frame, face: Face | None, faces: int, scene: int) -> NDArray[np.void]:
    record = np.zeros((), RECORD)
    record["source"], record["frame"], record["time"] = source, frame.index, frame.captured_at
    record["scene"] = scene
    record["faces"] = min(faces, 100) if face else 0
    record["height"], record["width"] = frame.image.shape[:2]
    record["points"] = face.points if face else np.nan
    if face:
        record["sharpness"] = sharpness(frame.image, face.points)
        record["colours"] = landmark_colours(frame.image, face)
    return record


def sharpness(image: Image, points: Floats) -> float:
    """Variance of the Laplacian over the face's box, 0 when it is out of frame. Pech-Pacheco et al. 2000.

    image: uint8 (H, W, 3) BGR; points: f32 (478, 3) px.
    """
    height, width = image.shape[:2]
    x0, y0 = np.clip(np.floor(points[:, :2].min(0)), 0, (width, height)).astype(int)
    x1, y1 = np.clip(np.ceil(points[:, :2].max(0)) + 1, 0, (width, height)).astype(int)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return 0.0
    grey = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    scale = SHARPNESS_SIZE / (x1 - x0)
    tall = max(2, round((y1 - y0) * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return float(cv2.Laplacian(cv2.resize(grey, (SHARPNESS_SIZE, tall), interpolation=method), cv2.CV_32F).var())


def check_footage(paths: Sequence[Path]) -> None:
    """DataError for an empty list or a file named twice, SourceError for a missing file.

    A file named twice would put held-out frames among those that are trained on.
    """
    if not paths:
        raise DataError("no footage was given: name video files or image folders")
    resolved = [path.resolve() for path in paths]
    for path in paths:
        try:
            path.stat()
        except OSError as problem:
            absent = isinstance(problem, FileNotFoundError)
            why = "there is no such file or folder" if absent else reason(problem)
            raise SourceError(f"{path}: {why}", "absent") from problem
        if resolved.count(path.resolve()) > 1:
            raise DataError(f"{path}: given more than once; name each piece of footage once")
