"""The trial of a new actor: it is loaded in a child process first, with limits of time and memory.

A file that hangs, crashes or takes all memory does so there. `graph.check` refuses what can be foreseen; this is for
what cannot. An actor that has passed is remembered by its content, for this version of the program and of ONNX Runtime.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, cast

from puppet.actor.card import ActorCard
from puppet.actor.file import AGAIN, LATENTS, PREVIEW, members_of
from puppet.core.errors import ActorFileError, reason
from puppet.media.ffmpeg_child import CREATION_FLAGS
from puppet.parsing.plain_json import parse_json, read_json
from puppet.storage.files import write_whole
from puppet.storage.folders import IMPORT_FOLDER, config_folder

TIME_LIMIT = 10.0  # s to load the file and to draw its golden picture
START_LIMIT = 60.0  # s for Python and its libraries, which are not the actor's fault
MEMORY_LIMIT = 1 << 30  # bytes of memory in use, where the system tells (Linux)
POLL_EVERY = 0.01  # s between two checks of the child
MAX_RESPONSE = 1 << 16  # bytes
MAX_RECORD = 1 << 20  # bytes
MAX_REMEMBERED = 1000  # actors, the newest
RECORD = "tried-actors.json"  # beside the settings
READY = b"ready"  # the child's first line: its libraries are loaded, its time starts
CHILD = (sys.executable, "-m", "puppet.actor.trial_child")


def require_trial(path: Path, card: ActorCard, versions: str) -> None:
    """Try the actor unless it has passed before with these versions. Raises ActorFileError as `try_in_child` does.

    card: as it was read from `path`. versions: of everything that runs an actor.
    """
    if fingerprint(card, versions) not in _remembered():
        try_in_child(path, card)


def try_in_child(path: Path, card: ActorCard) -> None:
    """Load the actor in a child process and remember that it passed.

    card: as it was read from `path`. Raises ActorFileError when it cannot be loaded within the limits.
    """
    response = _run_child(path)
    if "refused" in response:
        raise ActorFileError(str(response["refused"]))
    if response.get("passed") != fingerprint(card, ""):
        raise ActorFileError(f"{path.name}: it was changed while it was tried out; try again")
    _remember(fingerprint(card, str(response.get("versions"))))


def fingerprint(card: ActorCard, versions: str) -> str:
    """SHA-256 of what loading an actor and drawing with it depend on."""
    sizes = (card.kind, card.image_size, card.latent_size, card.crop_size, card.texture_size, card.encoder_inputs)
    layers = (card.painted_size, card.layers)
    drawn = tuple(card.sha256[name] for name in members_of(card) if name not in (PREVIEW, LATENTS))
    digest = hashlib.sha256(repr((versions, sizes, layers, drawn)).encode())
    for array in (card.neutral, card.triangles, card.texture_points):
        digest.update(b"none" if array is None else repr(array.shape).encode() + array.tobytes())
    return digest.hexdigest()


def _run_child(path: Path) -> dict[str, Any]:
    """What the child reports.

    Either {"passed": fingerprint without versions, "versions": its own} or {"refused": message with the file's name}.
    """
    try:
        child = subprocess.Popen(
            [*CHILD, str(path.absolute())],
            cwd=IMPORT_FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=CREATION_FLAGS,
        )
    except OSError as error:
        raise ActorFileError(f"{path.name}: it cannot be tried out ({reason(error)}); try again") from error
    listener = _Listener(child)
    try:
        listener.start()
        problem = _watch(child, listener)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        listener.join()
    if problem is not None:
        raise ActorFileError(f"{path.name}: {problem}; such a file is not loaded, {AGAIN}")
    try:
        response = parse_json(listener.response)
        if isinstance(response, dict):
            return cast("dict[str, Any]", response)
    except ValueError:  # it ended before it could report
        pass
    ended = f"the process that tried it out ended with code {child.returncode}"
    raise ActorFileError(f"{path.name}: {ended}; such a file is not loaded, {AGAIN}")


class _Listener(threading.Thread):
    """Reads the child's output, so that the child never waits for a reader."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        super().__init__(name="trial", daemon=True)
        self._child = child
        self.ready_at: float | None = None  # on time.monotonic
        self.response = b""

    def run(self) -> None:
        out = self._child.stdout
        assert out is not None
        with out:
            if out.readline(MAX_RESPONSE).strip() == READY:
                self.ready_at = time.monotonic()
            self.response = out.read(MAX_RESPONSE)


def _watch(child: subprocess.Popen[bytes], listener: _Listener) -> str | None:
    """Wait for the child's end; why it has to be ended before, or None."""
    started = time.monotonic()
    while child.poll() is None:
        now = time.monotonic()
        if listener.ready_at is None:
            if now - started > START_LIMIT:
                return f"trying it out could not begin within {START_LIMIT:.0f} s"
        elif now - listener.ready_at > TIME_LIMIT:
            return f"loading it takes longer than {TIME_LIMIT:.0f} s"
        if _memory(child.pid) > MEMORY_LIMIT:
            return f"loading it takes more than {MEMORY_LIMIT >> 20} MiB of memory"
        time.sleep(POLL_EVERY)
    return None


def _memory(process: int) -> int:
    """Bytes of memory that a process uses; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    import resource  # there on every system that has /proc

    return pages * resource.getpagesize()


def _remembered() -> list[str]:
    """Fingerprints of actors that have passed, oldest first; none when the record cannot be read."""
    try:
        stored = read_json(_record(), MAX_RECORD)
    except (OSError, ValueError):
        return []
    if not isinstance(stored, list):
        return []
    return [entry for entry in cast("list[Any]", stored) if isinstance(entry, str) and len(entry) == 64]


def _remember(content: str) -> None:
    passed = [*_remembered(), content][-MAX_REMEMBERED:]
    with contextlib.suppress(OSError):  # then it is tried again next time
        write_whole(_record(), json.dumps(passed, indent=0))


def _record() -> Path:
    return config_folder() / RECORD
