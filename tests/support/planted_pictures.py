"""Picture files of every kind, made on the spot, and mutants of them that keep their format's structure."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from puppet.core.types import Image
from puppet.sources.registry import open_source

EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def scene(width: int = 48, height: int = 32, seed: int = 0) -> Image:
    """uint8 (H, W, 3) BGR: smooth colours, each corner of its own; red at the top left, blue at the top right."""
    corners = np.array([[[20, 30, 230], [230, 40, 30]], [[30, 220, 40], [200, 200, 210]]], np.uint8)
    image = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR).astype(int)
    noise = np.random.default_rng(seed).integers(-3, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def encoded(image: Image, kind: str, **options) -> bytes:
    """A file of Pillow's `kind` ("PNG", "WEBP" ...), with its options."""
    file = io.BytesIO()
    mode = options.pop("mode", "RGB")
    Pillow.fromarray(np.ascontiguousarray(image[..., ::-1])).convert(mode).save(file, kind, **options)
    return file.getvalue()


def film(kind: str, images: Sequence[Image], delays: Sequence[int], **options) -> bytes:
    """An animation of Pillow's `kind`; delays in ms."""
    first, *others = [Pillow.fromarray(np.ascontiguousarray(image[..., ::-1])) for image in images]
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=others, duration=list(delays), **options)
    return file.getvalue()


def exif(turn: int, order: str = "<") -> bytes:
    """EXIF with an orientation, without the six bytes that come before it in a JPEG."""
    begin = b"II*\0" if order == "<" else b"MM\0*"
    return begin + struct.pack(f"{order}IHHHIHHI", 8, 1, 274, 3, 1, turn, 0, 0)


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these chunks."""
    body = b"".join(name + struct.pack("<I", len(c)) + c + b"\0" * (len(c) % 2) for name, c in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def png_parts(data: bytes) -> list[tuple[bytes, bytes]]:
    parts, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        parts.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return parts


def riff_parts(data: bytes) -> list[tuple[bytes, bytes]]:
    parts, at = [], 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        parts.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return parts


def jpeg_parts(data: bytes) -> list[tuple[bytes, bytes]]:
    """(marker, content with its length), the last with all that follows."""
    parts, at = [], 2
    while data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        parts.append((data[at : at + 2], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return [*parts, (b"", data[at:])]


def jpeg(parts: Sequence[tuple[bytes, bytes]]) -> bytes:
    pieces = (m + (struct.pack(">H", min(len(c) + 2, 65535)) if m else b"") + c for m, c in parts)
    return b"\xff\xd8" + b"".join(pieces)


def samples() -> dict[str, bytes]:
    """Small files of every kind that is read, by name."""
    image = scene()
    frames = [scene(seed=n) for n in range(3)]
    made = {
        "png": encoded(image, "PNG"),
        "png palette": encoded(image, "PNG", mode="P", exif=exif(6)),
        "png alpha": encoded(image, "PNG", mode="RGBA"),
        "png 16": cv2.imencode(".png", image.astype(np.uint16) * 257)[1].tobytes(),
        "apng": film("PNG", frames, [40, 80, 200]),
        "apng hidden": film("PNG", frames, [40, 80], default_image=True),
        "jpeg": encoded(image, "JPEG", exif=b"Exif\0\0" + exif(6)),
        "jpeg progressive": encoded(image, "JPEG", progressive=True),
        "jpeg grey": encoded(image, "JPEG", mode="L"),
        "jpeg cmyk": encoded(image, "JPEG", mode="CMYK"),
        "webp": encoded(image, "WEBP", exif=exif(8)),
        "webp lossless": encoded(image, "WEBP", lossless=True),
        "webp alpha": encoded(image, "WEBP", mode="RGBA"),
        "webp film": film("WEBP", frames, [40, 80, 200]),
        "gif": encoded(image, "GIF"),
        "gif film": film("GIF", frames, [40, 80, 200], disposal=2),
        "tiff": encoded(image, "TIFF"),
        "tiff big": encoded(image, "TIFF", big_tiff=True),
        "tiff 16": cv2.imencode(".tif", image.astype(np.uint16) * 257)[1].tobytes(),
        "bmp": encoded(image, "BMP"),
        "bmp palette": encoded(image, "BMP", mode="P"),
        "bmp 32": cv2.imencode(".bmp", np.dstack([image, image[..., 0]]))[1].tobytes(),
        "pgm": cv2.imencode(".pgm", image[..., 0])[1].tobytes(),
        "ppm": cv2.imencode(".ppm", image)[1].tobytes(),
        "ppm 16": cv2.imencode(".ppm", image.astype(np.uint16) * 257)[1].tobytes(),
        "ppm text": cv2.imencode(".ppm", image, [cv2.IMWRITE_PXM_BINARY, 0])[1].tobytes(),
        "pbm": cv2.imencode(".pbm", image[..., 0] // 128 * 255)[1].tobytes(),
    }
    for packing in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        made[f"tiff {packing}"] = encoded(image, "TIFF", compression=packing)
    made["tiff fax"] = encoded(image, "TIFF", mode="1", compression="group4")
    return made


def mutant(data: bytes, rng: random.Random) -> bytes:
    """A file with one to three changes: fields, whole parts (with lengths and checksums that fit), or single bytes."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        structured = rng.random() < 0.6
        try:
            if data[:4] == b"\x89PNG" and structured:
                data = png(*_shuffled(png_parts(data), rng))
            elif data[:4] == b"RIFF" and structured:
                data = riff(*_shuffled(riff_parts(data), rng))
            elif data[:2] == b"\xff\xd8" and structured:
                data = jpeg(_shuffled(jpeg_parts(data), rng))
            else:
                data = _edited(data, rng)
        except (struct.error, IndexError, ValueError):  # an earlier change took its structure
            data = _edited(data, rng)
    return data


def _shuffled(parts: list[tuple[bytes, bytes]], rng: random.Random) -> list[tuple[bytes, bytes]]:
    number = rng.randrange(len(parts))
    name, content = parts[number]
    what = rng.randrange(6)
    if what == 0:
        del parts[number]
    elif what == 1:
        parts.insert(rng.randrange(len(parts) + 1), parts[number])
    elif what == 2:
        other = rng.randrange(len(parts))
        parts[number], parts[other] = parts[other], parts[number]
    elif what == 3:
        parts[number] = (parts[rng.randrange(len(parts))][0], content)
    else:
        parts[number] = (name, _edited(content, rng))
    return parts


def _edited(data: bytes, rng: random.Random) -> bytes:
    if not data:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(9)))
    early = rng.random() < 0.6  # headers are at the beginning
    at = rng.randrange(min(len(data), 80) if early else len(data))
    what = rng.randrange(7)
    if what == 0:
        return data[:at]
    if what == 1:
        return data[:at] + data[at : at + rng.randrange(1, 64)] * rng.randrange(2, 20) + data[at:]
    if what == 2:
        return data[:at] + data[at + rng.randrange(1, 32) :]
    if what in (3, 4):
        width = rng.choice((1, 2, 4))
        value = rng.choice(EDGES) if rng.random() < 0.7 else rng.randrange(1 << 32)
        number = (value & (1 << 8 * width) - 1).to_bytes(width, rng.choice(("big", "little")))
        return data[:at] + number + data[at + width :]
    if what == 5:
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    return data[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9))) + data[at + 1 :]


def frames_of(path: Path, limit: int = 50) -> list[tuple[Image, float]]:
    source = open_source(str(path), paced=False)
    source.open()
    read = iter(source.read, None)
    frames = [(frame.image, frame.captured_at) for frame, _ in zip(read, range(limit), strict=False)]
    assert source.frame_count == len(frames) or limit != 50
    source.close()
    return frames
