"""A new actor is loaded and tried out in a process of its own first, with limits of time and memory.

What hangs, crashes or takes all memory does so there. `graph_check` refuses what can be foreseen; this is for what
cannot. An actor that has passed is remembered by its content, for this version of the program and of ONNX Runtime.
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
from typing import Any

import puppet
from puppet.actor.card import AGAIN, DECODER, ENCODER, ActorCard
from puppet.core.errors import ActorFileError, reason
from puppet.media.ffmpeg_child import CREATION_FLAGS
from puppet.parsing.plain_json import parse_json, read_json
from puppet.storage.files import write_whole
from puppet.storage.folders import config_folder

TIME_LIMIT = 10.0  # s to load the file and to draw its golden picture
START_LIMIT = 60.0  # s for Python and its libraries, which are not the actor's fault
MEMORY_LIMIT = 1 << 30  # bytes of memory in use, where the system tells (Linux)
LOOK_EVERY = 0.01  # s between looks at the child
MAX_ANSWER = 1 << 16  # bytes
MAX_RECORD = 1 << 20  # bytes
REMEMBERED = 1000  # actors, the newest
RECORD = "tried-actors.json"  # beside the settings
READY = b"ready"  # the child's first line: its libraries are loaded, the time begins
CHILD = (sys.executable, "-m", "puppet.actor.trial_child")


def prove(path: Path, card: ActorCard, versions: str) -> None:
    """Raises ActorFileError when the actor cannot be loaded within the limits.

    card: as it was read from `path`. versions: of all that runs an actor; another one tries it again.
    """
    content = fingerprint(card, versions)
    tried = _remembered()
    if content in tried:
        return
    answer = _ask(path)
    if "refused" in answer:
        raise ActorFileError(str(answer["refused"]))
    if answer.get("passed") != fingerprint(card, ""):
        raise ActorFileError(f"{path.name}: it was changed while it was tried out; try again")
    _remember([*tried, content][-REMEMBERED:])


def fingerprint(card: ActorCard, versions: str) -> str:
    """SHA-256 of what loading an actor and drawing with it depend on."""
    sizes = (card.kind, card.image_size, card.latent_size, card.crop_size, card.texture_size, card.encoder_inputs)
    digest = hashlib.sha256(repr((versions, sizes, card.sha256[ENCODER], card.sha256[DECODER])).encode())
    for array in (card.neutral, card.triangles, card.texture_points):
        digest.update(b"none" if array is None else repr(array.shape).encode() + array.tobytes())
    return digest.hexdigest()


def _ask(path: Path) -> dict[str, Any]:
    """What the child says: {"passed": fingerprint} or {"refused": words with the file's name}."""
    home = Path(puppet.__file__).parent.parent  # Python looks for modules where it is started: not where the user is
    try:
        child = subprocess.Popen(
            [*CHILD, str(path.absolute())],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=CREATION_FLAGS,
        )
    except OSError as problem:
        raise ActorFileError(f"{path.name}: it cannot be tried out ({reason(problem)}); try again") from problem
    listener = _Listener(child)
    try:
        listener.start()
        why = _watch(child, listener)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        listener.join()
    if why is not None:
        raise ActorFileError(f"{path.name}: {why}; such a file is not loaded, {AGAIN}")
    try:
        answer = parse_json(listener.answer)
        if isinstance(answer, dict):
            return answer
    except ValueError:  # it ended before it could say anything
        pass
    ended = f"the process that tried it out ended with code {child.returncode}"
    raise ActorFileError(f"{path.name}: {ended}; such a file is not loaded, {AGAIN}")


class _Listener(threading.Thread):
    """Reads what the child says, so that it never waits."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        super().__init__(name="trial", daemon=True)
        self._child = child
        self.ready_at: float | None = None  # on time.monotonic
        self.answer = b""

    def run(self) -> None:
        out = self._child.stdout
        assert out is not None
        with out:
            if out.readline(MAX_ANSWER).strip() == READY:
                self.ready_at = time.monotonic()
            self.answer = out.read(MAX_ANSWER)


def _watch(child: subprocess.Popen[bytes], listener: _Listener) -> str | None:
    """Wait for the child's end; why it must be ended before, or None."""
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
        time.sleep(LOOK_EVERY)
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
    """Fingerprints of actors that have passed, oldest first. With a record that cannot be read all are tried again."""
    try:
        stored = read_json(_record(), MAX_RECORD)
    except (OSError, ValueError):
        return []
    if not isinstance(stored, list):
        return []
    return [one for one in stored if isinstance(one, str) and len(one) == 64]


def _remember(tried: list[str]) -> None:
    with contextlib.suppress(OSError):  # then they are tried again next time
        write_whole(_record(), json.dumps(tried, indent=0))


def _record() -> Path:
    return config_folder() / RECORD
