"""Finds ffmpeg and starts it: the only module that makes an ffmpeg process.

Every child has a session of its own, because Ctrl-C in the terminal is for the program, which then ends its children
in order; it has no console window, and reads from nothing unless it is given something.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import IO

from puppet.core.errors import RecordingError
from puppet.storage.installing import pip_command

CREATION_FLAGS = 0  # Windows: no console window, and no Ctrl-C from ours
if sys.platform == "win32":
    CREATION_FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
LOGGED_LINES = 10  # of what ffmpeg says


def find_ffmpeg() -> str:
    """Path of the ffmpeg that `imageio-ffmpeg` brings, or of the one that IMAGEIO_FFMPEG_EXE names.

    Raises RecordingError.
    """
    import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as problem:
        command = pip_command("install", "--force-reinstall imageio-ffmpeg")
        raise RecordingError(f"No ffmpeg was found; reinstall it with: {command}") from problem


def run_ffmpeg(
    arguments: Sequence[str], timeout: float, given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command line of ffmpeg to its end; what it wrote on standard output and error is in the result.

    timeout: s. given: bytes for its standard input. Raises OSError, or subprocess.TimeoutExpired once it is killed; a
    return code other than 0 raises nothing.
    """
    return subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL if given is None else None,
        input=given,
        capture_output=True,
        timeout=timeout,
        start_new_session=True,
        creationflags=CREATION_FLAGS,
    )


def ask_ffmpeg(arguments: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
    """As `run_ffmpeg`, for output that is text; what is not UTF-8 in it is replaced."""
    return subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        start_new_session=True,
        creationflags=CREATION_FLAGS,
    )


def start_ffmpeg(
    arguments: Sequence[str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    folder: str | None = None,
    environment: Mapping[str, str] | None = None,
    pipe_bytes: int = -1,
    inherited: Collection[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a command line of ffmpeg; the caller ends it and closes its pipes. Raises OSError.

    folder: its working folder. pipe_bytes: size of its pipes, -1 for the system's own. inherited: file descriptors of
    ours that it keeps open, which Windows cannot do.
    """
    return subprocess.Popen(
        arguments,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=folder,
        env=environment,
        pipesize=pipe_bytes,
        pass_fds=tuple(inherited),
        start_new_session=True,
        creationflags=CREATION_FLAGS,
    )


def loggable(arguments: Sequence[str]) -> str:
    """A command line for the log, without what its metadata says about people."""
    words = zip(["", *arguments], arguments, strict=False)
    return shlex.join(f"{word.partition('=')[0]}=..." if before == "-metadata" else word for before, word in words)


def last_lines(said: str) -> str:
    """The last LOGGED_LINES of what ffmpeg said, in one line for the log."""
    return " | ".join([line.strip() for line in said.splitlines() if line.strip()][-LOGGED_LINES:])
