"""Writers of pictures: an MP4 file, an HDF5 file, a folder of PNG files or one PNG; none replaces a file."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

from models.common.sheets import encode_png, write_png
from models.common.types import DATASET_SUFFIXES
from puppet.core import pixels
from puppet.core.errors import DataError, reason
from puppet.core.types import Image
from puppet.media.codecs import Codec
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder
from puppet.storage.files import publish, publish_whole
from puppet.storage.unfinished import drop_draft, make_draft

OTHER_VIDEO_SUFFIXES = {".avi", ".gif", ".mpeg", ".mpg", ".webm", ".wmv"}

Write = Callable[[Image, float], None]  # a picture uint8 (H, W, 3) BGR, its time in seconds


def is_video(out: Path) -> bool:
    """Whether the name is a video's. Raises DataError for a kind of video that is not written here."""
    if out.suffix.lower() in OTHER_VIDEO_SUFFIXES:
        raise DataError(f"{out}: videos are MP4, MOV or MKV files; choose a name that ends with .mp4")
    return out.suffix.lower() in Codec.H264.suffixes


def is_picture(out: Path) -> bool:
    """Whether the name is a picture's. Raises DataError for a kind of picture that is not written here."""
    if out.suffix.lower() in (".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"):
        raise DataError(f"{out}: pictures are PNG files; choose a name that ends with .png")
    return out.suffix.lower() == ".png"


def check_free(out: Path) -> None:
    """DataError for a file that exists, or a folder that is not empty; called before the work begins."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out}: already exists; choose a new folder, or a new file name that ends with .mp4 or .png")


@contextlib.contextmanager
def open_output(out: Path, fps: float) -> Iterator[Write]:
    """A function that writes one picture after the other, all of one size, to the kind of output that `out` names.

    Raises DataError.
    """
    check_free(out)
    if is_video(out):
        opened = _video(out, fps)
    elif out.suffix.lower() in DATASET_SUFFIXES:
        opened = _hdf5(out)
    else:
        opened = _folder(out)
    with opened as write:
        yield write


def save_picture(out: Path, image: Image) -> None:
    """Write one new PNG file, uint8 (H, W, 3) BGR. Raises DataError."""
    check_free(out)
    try:
        publish_whole(out, encode_png(image))
    except OSError as error:
        raise _not_written(out, error) from error


@contextlib.contextmanager
def _folder(out: Path) -> Iterator[Write]:
    numbers = itertools.count()
    yield lambda image, _time: write_png(out / f"{next(numbers):06d}.png", image)


@contextlib.contextmanager
def _video(out: Path, fps: float) -> Iterator[Write]:
    recorder = Recorder(RecordingSettings(out, fps=fps), wait=True)

    def write(image: Image, time: float) -> None:
        if recorder.error is not None:  # every further picture would fail too
            raise recorder.error
        recorder.write(image, time)

    try:
        yield write
    finally:
        recorder.close()
    if recorder.error is not None:
        raise recorder.error


@contextlib.contextmanager
def _hdf5(out: Path) -> Iterator[Write]:
    """The seeds' layout: one data set `data`, uint8 (N, H, W, 3) RGB. The file gets its name when it is whole."""
    partial = out
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = make_draft(out)
        with h5py.File(partial, "w", libver="earliest") as file:

            def write(image: Image, _time: float) -> None:
                shape = image.shape
                if "data" not in file:
                    file.create_dataset(
                        "data", (0, *shape), np.uint8, maxshape=(None, *shape), chunks=(1, *shape), compression="gzip"
                    )
                data = file["data"]
                assert isinstance(data, h5py.Dataset)
                data.resize(len(data) + 1, axis=0)
                data[-1] = pixels.swap_red_blue(image)

            yield write
        publish(partial, out)
    except OSError as error:
        raise _not_written(out, error) from error
    finally:
        if partial != out:
            drop_draft(partial)


def _not_written(out: Path, error: OSError) -> DataError:
    if isinstance(error, FileExistsError) and out.exists():  # another process has made it since `check_free`
        return DataError(f"{out}: already exists; choose a new file name")
    return DataError(f"{out}: cannot be written ({reason(error)}); choose another folder")
