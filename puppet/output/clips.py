"""Saves the last seconds as a small animation, GIF or WebP, with its provenance."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from puppet.core import pixels
from puppet.core.errors import RecordingError
from puppet.core.types import Result
from puppet.media.ffmpeg_arguments import FrameClock, literal
from puppet.media.ffmpeg_child import find_ffmpeg, run_ffmpeg
from puppet.output.compose import compose, is_transparent
from puppet.output.new_files import save_new
from puppet.provenance.xmp import Provenance, in_gif, in_webp
from puppet.storage.names import new_recording_path
from puppet.storage.unfinished import temporary_folder

SECONDS = 3.0
FPS = 15.0
HEIGHT = 320  # px
KINDS = ("gif", "webp")
TIMEOUT = 120.0  # s


def save_clip(results: Sequence[Result], folder: Path, kind: str, about: Provenance) -> Path:
    """Save results as a new animation that repeats for ever; kind: one of KINDS. May take a second or two.

    It has alpha where nothing is behind the actor: in a GIF, a pixel is seen or it is not. Raises RecordingError.
    """
    if not results:
        raise RecordingError("There is nothing to save yet: no picture has come")
    clock = FrameClock(FPS)
    picture, pictures = b"", []
    height, width = 0, 0
    alpha = any(map(is_transparent, results))
    for result in results:
        repeats, wanted = clock.advance(result.frame.captured_at)
        pictures += [picture] * repeats
        if wanted:
            image = compose(result, about.layout, HEIGHT, bool(about.badge), alpha)
            if alpha and image.shape[2] == 3:
                image = pixels.opaque(image)
            if not height:
                height, width = image.shape[:2]
            picture = pixels.fit(image, width, height).tobytes()
            pictures.append(picture)
    data = _encode(b"".join(pictures), width, height, kind, alpha)
    path = new_recording_path(folder, about.actor, f".{kind}")
    return save_new(path, in_gif(data, about) if kind == "gif" else in_webp(data, about))


def clip_arguments(executable: str, width: int, height: int, kind: str, target: Path, alpha: bool = False) -> list[str]:
    """Raw BGR pictures, BGRA with alpha, on standard input -> an animation. A GIF gets its own palette of 256 colours.

    The palette is that of what changes. With alpha it is that of everything: what changes misses colours by 87 levels
    then, on a plain disc that moves, instead of 13.
    """
    chosen = "palettegen=stats_mode=" + ("full" if alpha else "diff")
    palette = f"split[a][b];[a]{chosen}[p];[b][p]paletteuse=dither=bayer:bayer_scale=4"
    how = {
        "gif": ["-filter_complex", palette, "-f", "gif"],
        "webp": ["-c:v", "libwebp_anim", "-quality", "80", "-compression_level", "3", "-f", "webp"],
    }
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "error", "-nostats", "-y",
        "-f", "rawvideo", "-pixel_format", "bgra" if alpha else "bgr24", "-video_size", f"{width}x{height}",
        "-framerate", f"{FPS:g}", "-i", "pipe:0", "-loop", "0", *how[kind], literal(target),
    ]
    # fmt: on


def _encode(pictures: bytes, width: int, height: int, kind: str, alpha: bool) -> bytes:
    with temporary_folder() as folder:
        target = folder / f"clip.{kind}"
        try:
            arguments = clip_arguments(find_ffmpeg(), width, height, kind, target, alpha)
            run_ffmpeg(arguments, TIMEOUT, given=pictures).check_returncode()
            return target.read_bytes()
        except subprocess.CalledProcessError as problem:
            said = problem.stderr.decode(errors="replace").strip().splitlines()
            raise RecordingError(f"The clip could not be encoded; ffmpeg says: {said[0] if said else '?'}") from problem
        except (OSError, subprocess.SubprocessError) as problem:
            raise RecordingError(f"The clip could not be encoded: {problem}") from problem
