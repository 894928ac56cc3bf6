"""Pictures and videos."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from fuzz.mutate_png import picture
from fuzz.target import Target
from fuzz.values import canary, some_bytes


def _pictures(folder: Path) -> list[bytes]:
    import numpy as np
    from PIL import Image

    small = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8))
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("PNG", {}), ("PNG", {"save_all": True, "append_images": [small, small], "duration": 40}), ("JPEG", {}),
        ("WEBP", {}), ("WEBP", {"save_all": True, "append_images": [small.rotate(90)], "duration": 40}), ("GIF", {}),
        ("GIF", {"save_all": True, "append_images": [small.rotate(90)], "duration": 40}), ("BMP", {}), ("PPM", {}),
        ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}),
    ]  # fmt: skip
    found = []
    for kind, options in kinds:
        buffer = io.BytesIO()
        small.save(buffer, kind, **options)
        found.append(buffer.getvalue())
    return found


def _read_picture(path: Path) -> None:
    from puppet.sources.registry import open_source

    source = open_source(str(path), paced=False)
    source.open()
    try:
        for _ in range(20):
            if source.read() is None:
                break
    finally:
        source.close()


def _films(folder: Path) -> list[bytes]:
    import subprocess

    import imageio_ffmpeg

    found = []
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    for name, codec in (("a.mp4", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mjpeg"), ("a.mkv", "ffv1")):
        command = [
            ffmpeg,
            "-nostdin",
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=64x48:rate=10:duration=0.5",
        ]
        subprocess.run([*command, "-c:v", codec, "-pix_fmt", "yuv420p", str(folder / name)], check=True)
        found.append((folder / name).read_bytes())
    lists = (
        b"ffconcat version 1.0\nfile '%s'\n",
        b"#EXTM3U\n#EXTINF:1,\n%s\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.2\r\n%s",
    )
    return found + [text.replace(b"%s", canary().encode()) for text in lists]


TARGETS = (
    Target("picture", _pictures, picture, _read_picture, ".png"),
    Target("film", _films, some_bytes, _read_picture, ".mp4"),
)
