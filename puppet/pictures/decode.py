"""The one place where a picture from outside becomes pixels.

Every file is checked first (`formats.check`), and what no decoder needs is left out. Pillow decodes, and is imported
nowhere else: it checks the bounds of what it decodes, and JPEG, PNG and WebP come out as from OpenCV, to the level.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    _imaging,
)
from PIL.Image import Image as Decoded

from puppet.core.errors import PictureError
from puppet.core.file_types import PICTURE_SUFFIXES
from puppet.core.types import Image
from puppet.pictures.formats import check
from puppet.pictures.limits import MAX_BYTES, ORDINARY, Checked, Limits
from puppet.pictures.pnm import pnm_header

SUFFIXES = {  # of files that are taken for pictures; their first bytes tell the format
    *PICTURE_SUFFIXES,
    *(".apng", ".jpe", ".jfif", ".dib", ".pbm", ".pgm", ".ppm", ".pnm"),
    *(".avif", ".heic", ".heif", ".hif"),  # cannot be read: it is said in words
}
STREAMED = Limits(size=32 << 20, pixels=1 << 25)  # of a camera's pictures
DECODERS: dict[str, Callable[[BytesIO], ImageFile.ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
AT_ONCE = 1 << 22  # px that are written out in one piece
TURNS = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}  # EXIF's orientation
PNG_MODES = {3: ("RGB", 2), 4: ("RGBA", 6)}  # by channels: name and colour type
DIRECT = ("RGB", "RGBA", "RGBX")  # Pillow's modes that are written out as BGR in one step
CONVERTED = ("1", "P", "PA", "CMYK", "YCbCr", "LA")

with contextlib.suppress(OSError, AttributeError):  # libtiff tells stderr what it finds wrong; we say it in one line
    _handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    _handler.argtypes, _handler.restype = [ctypes.c_void_p], ctypes.c_void_p
    _handler(None)


def read_picture(path: Path) -> Image:
    """A picture file's pixels, uint8 (H, W, 3) BGR, upright, read-only; of an animation the first frame.

    Raises PictureError with the file's name, OSError. Any path, also one that is no UTF-8.
    """
    try:
        return decode_picture(read_bytes(path))
    except PictureError as problem:
        raise PictureError(f"{path}: {problem}") from problem


def decode_picture(data: bytes, kinds: tuple[str, ...] = (), limits: Limits = ORDINARY) -> Image:
    """Pixels of a picture file's content, as `read_picture` gives them.

    kinds: the accepted formats ("PNG" ...), all when empty. Raises PictureError in words that can follow a file's name.
    """
    return next(_decoded(check(data, limits, kinds)))


def decode_png_of(data: bytes, side: int, channels: int, most: int) -> Image:
    """Pixels of a square PNG of exactly `side` px and 8 bits a channel, as they are: uint8 (side, side, channels).

    channels: 3, BGR, or 4, BGRA, whose alpha multiplies nothing here. most: bytes that it may have. Raises PictureError
    for any other picture, in words that can follow a file's name.
    """
    checked = check(data, Limits(most, side * side, side), ("PNG",))
    mode, colour = PNG_MODES[channels]
    if (checked.width, checked.height, *checked.kept[24:26]) != (side, side, 8, colour):  # depth, colour type
        raise PictureError(f"it must be {mode} with 8 bits a channel and {side} x {side} pixels")
    with _told_as_damaged(), BytesIO(checked.kept) as file:
        decoder = PngImagePlugin.PngImageFile(file)
        decoder.load()
        return np.frombuffer(decoder.tobytes("raw", "BGRA"[:channels]), np.uint8).reshape(side, side, channels)


def decode_jpeg(data: bytes) -> Image:
    """One picture of a camera's stream of JPEGs, as `decode_picture`."""
    return decode_picture(data, ("JPEG",), STREAMED)


@dataclass(frozen=True)
class Animation:
    """The frames of a picture file."""

    checked: Checked

    @property
    def delays(self) -> tuple[float, ...]:
        """Seconds that each frame is shown; one 0 for a single picture."""
        return self.checked.delays or (0.0,)

    def frames(self) -> Iterator[Image]:
        """Every frame as `read_picture` gives it, at each call from the first on. Raises PictureError."""
        return _decoded(self.checked)


def read_animation(path: Path) -> Animation:
    """All frames of a picture file. Raises PictureError in words that can follow the file's name; OSError."""
    return Animation(check(read_bytes(path), animated=True))


def is_animated(path: Path) -> bool:
    """Whether a picture file has several frames; False for what is no picture."""
    try:
        return path.suffix.lower() in SUFFIXES and path.is_file() and len(read_animation(path).delays) > 1
    except (PictureError, OSError):
        return False


def read_bytes(path: Path) -> bytes:
    """The content of a file, at most one byte more than a picture may have.

    Raises PictureError for what is no file, as a pipe that never ends; OSError.
    """
    if path.exists() and not path.is_file():
        raise PictureError("it is no file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _decoded(checked: Checked) -> Iterator[Image]:
    """The frames of an animation, or the one picture."""
    with _told_as_damaged():
        for image in _pnm(checked) if checked.kind == "PNM" else _frames(checked):
            yield _upright(image, checked.orientation)


@contextlib.contextmanager
def _told_as_damaged() -> Iterator[None]:
    """Raises PictureError for whatever a decoder raises."""
    try:
        yield
    except PictureError:
        raise
    except Exception as problem:  # Pillow's decoders have no common base for what they find wrong
        raise PictureError("the picture is damaged: it cannot be decoded") from problem


def _frames(checked: Checked) -> Iterator[Image]:
    with BytesIO(checked.kept) as file:
        decoder = DECODERS[checked.kind](file)
        if decoder.size != (checked.width, checked.height):
            raise PictureError("the picture is damaged: its size is told in two ways")
        yield from _each(decoder, checked)


def _each(decoder: ImageFile.ImageFile, checked: Checked) -> Iterator[Image]:
    if not checked.delays:
        decoder.load()
        yield _pixels(decoder)
        return
    for number in range(len(checked.delays)):
        decoder.seek(checked.hidden + number)
        decoder.load()
        yield _pixels(decoder)


def _pixels(image: Decoded) -> Image:
    """Pixels, uint8 (H, W, 3) BGR, transparency ignored. Raises PictureError for rare colour modes."""
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)  # pyright: ignore[reportReturnType]
    if image.mode == "L":
        return cv2.cvtColor(np.asarray(image), cv2.COLOR_GRAY2BGR)  # pyright: ignore[reportReturnType]
    if image.mode in CONVERTED:
        image = image.convert("RGB")
    if image.mode not in DIRECT:
        raise PictureError("the colours of the picture are of a rare kind; save it as JPEG or PNG")
    if image.width * image.height <= AT_ONCE:
        return np.frombuffer(image.tobytes("raw", "BGR"), np.uint8).reshape(image.height, image.width, 3)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, AT_ONCE // image.width)
    for top in range(0, image.height, rows):  # in one piece, a large picture would be held three times
        part = image.crop((0, top, image.width, min(top + rows, image.height)))
        pixels[top : top + rows] = np.frombuffer(part.tobytes("raw", "BGR"), np.uint8).reshape(part.height, -1, 3)
    return pixels


def _upright(image: Image, orientation: int) -> Image:
    """Turned and mirrored as EXIF's orientation (1 to 8) says."""
    if orientation in (2, 4):
        image = cv2.flip(image, 1 if orientation == 2 else 0)  # pyright: ignore[reportAssignmentType]
    elif orientation in (5, 7):
        image = cv2.transpose(image)  # pyright: ignore[reportAssignmentType]
        image = cv2.rotate(image, cv2.ROTATE_180) if orientation == 7 else image  # pyright: ignore[reportAssignmentType]
    elif orientation in TURNS:
        image = cv2.rotate(image, TURNS[orientation])  # pyright: ignore[reportAssignmentType]
    image.setflags(write=False)
    return image


def _pnm(checked: Checked) -> Iterator[Image]:
    """Pillow reads most of these number by number, in Python."""
    head, data = pnm_header(checked.kept), checked.kept
    size, colours = head.width * head.height, 3 if head.kind in (3, 6) else 1
    if head.kind == 4:
        rows = np.frombuffer(data, np.uint8, -(-head.width // 8) * head.height, head.at).reshape(head.height, -1)
        values = 1 - np.unpackbits(rows, axis=1, count=head.width)
    elif head.kind > 4:
        values = np.frombuffer(data, ">u2" if head.largest > 255 else np.uint8, size * colours, head.at)
    elif head.kind == 1:
        values = 1 - np.array(list(data[head.at :].translate(None, b" \t\r\n\v\f")), np.int64)[:size] + ord("0")
    else:
        values = np.array(data[head.at :].split(), np.int64)[: size * colours]
    if values.size != size * colours or values.min() < 0:
        raise PictureError("the picture is damaged: its file ends too early")
    if head.largest != 255:
        table = np.rint(np.arange(head.largest + 1) * 255 / head.largest).astype(np.uint8)
        values = table[np.minimum(values, head.largest)]
    levels = np.minimum(values, 255).astype(np.uint8).reshape(head.height, head.width, colours)
    yield cv2.cvtColor(levels, cv2.COLOR_RGB2BGR if colours == 3 else cv2.COLOR_GRAY2BGR)  # pyright: ignore[reportReturnType]
