"""Finds out which encoders this machine's ffmpeg has, and which of them work. Asked once, then remembered."""

from __future__ import annotations

import functools
import logging
import re
import subprocess

from puppet.core.errors import RecordingError
from puppet.media.codecs import (
    ENCODERS,
    X264,
    Codec,
    Encoder,
    Quality,
    device_arguments,
    pixel_filters,
    quality_arguments,
)
from puppet.media.ffmpeg_child import ask_ffmpeg, last_lines

TRIAL_FRAMES = 10
TRIAL_SECONDS = 20.0  # an encoder whose driver hangs is not used
logger = logging.getLogger(__name__)


@functools.cache
def listed_encoders(executable: str) -> frozenset[str]:
    """Names of the video encoders that this ffmpeg was built with; empty when it cannot be asked."""
    done = _run([executable, "-hide_banner", "-encoders"])
    return frozenset(re.findall(r"^ V\S{5} (\S+)", done.stdout, re.M)) if done is not None else frozenset()


@functools.cache
def encoder_works(executable: str, encoder: Encoder) -> bool:
    """Whether an encoder can be used here. Those of hardware are built into ffmpeg in any case: only a trial tells."""
    if encoder.name not in listed_encoders(executable):
        return False
    if not encoder.hardware:
        return True
    done = _run(trial_arguments(executable, encoder))
    works_here = done is not None and done.returncode == 0
    state = "works" if works_here else f"does not work: {last_lines(done.stderr) if done else 'no result'}"
    logger.info("encoder %s %s", encoder.name, state)
    return works_here


def trial_arguments(executable: str, encoder: Encoder) -> list[str]:
    """The command that encodes ten frames of a test picture as a recording would be, to nowhere."""
    # fmt: off
    return [
        executable, "-hide_banner", "-loglevel", "error", "-nostdin", *device_arguments(encoder),
        "-f", "lavfi", "-i", "testsrc2=size=512x256:rate=30", "-frames:v", str(TRIAL_FRAMES),
        "-vf", ",".join(pixel_filters(encoder)), *quality_arguments(encoder, Quality.GOOD, 30.0), "-f", "null", "-",
    ]
    # fmt: on


def choose_encoder(executable: str, codec: Codec, hardware: bool = True) -> Encoder:
    """The best encoder of a codec that works here. Raises RecordingError when there is none."""
    for encoder in ENCODERS:
        if encoder.codec is codec and (hardware or not encoder.hardware) and encoder_works(executable, encoder):
            return encoder
    if codec is Codec.H264:
        return X264  # an ffmpeg that cannot be asked says itself what is wrong, when the recording starts
    raise RecordingError(f"This ffmpeg cannot encode {codec.label}; choose H.264, or set IMAGEIO_FFMPEG_EXE to another")


def available_codecs(executable: str) -> tuple[Codec, ...]:
    """The codecs that this ffmpeg can encode."""
    there = listed_encoders(executable)
    return tuple(codec for codec in Codec if any(e.codec is codec and e.name in there for e in ENCODERS))


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str] | None:
    try:
        return ask_ffmpeg(arguments, TRIAL_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
