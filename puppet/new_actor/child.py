"""`python -m puppet.new_actor.child FOLDER checking|training`: the process that makes an actor; see `making`.

It runs the training tools as commands, one after the other, writes down how it goes, and stops when it is asked to.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from puppet.core.errors import PuppetError
from puppet.new_actor import job
from puppet.process.log import explained, start
from puppet.storage.file_lock import acquire

LOOK_EVERY = 0.2  # s between looks for the wish to stop
LAST_WORDS = 5.0  # s that a tool's output may still take after its end; a process it left behind may hold it open
PATIENCE = 2.0  # s; longer than any window looks at the lock
TOOLS = (sys.executable, "-m")


class Stopped(Exception):
    """The user wanted it to end, and there is nothing to keep."""


def check_command(folder: Path, wish: job.Wish, tools: Sequence[str] = TOOLS) -> list[str]:
    """Footage -> data set and report."""
    return [*tools, "models", "prepare", *wish.footage, "-o", str(folder / job.DATA), "--force"]


def train_command(folder: Path, wish: job.Wish, tools: Sequence[str] = TOOLS) -> list[str]:
    """Data set -> run; a run that is there already is gone on with."""
    run = folder / job.RUN
    resume = ["--resume"] if (run / "run.json").exists() else []
    data = str(folder / job.DATA)
    return [*tools, "models", "train", data, "-o", str(run), "--minutes", f"{wish.minutes:g}", *resume]


def export_command(folder: Path, wish: job.Wish, tools: Sequence[str] = TOOLS) -> list[str]:
    """Run -> actor file."""
    file = str(folder / f"{wish.name}.actor")
    told = [f"--consent={wish.consent}", f"--name={wish.name}"]
    return [*tools, "export", str(folder / job.RUN), "-o", file, *told, "--force"]


def work(folder: Path, what: str, tools: Sequence[str] = TOOLS) -> None:
    """Raises PuppetError when a tool fails, Stopped."""
    wish = job.look(folder).wish
    if what == job.CHECKING:
        if run(folder, check_command(folder, wish, tools)):
            raise Stopped("You stopped it")
        job.tell(folder, job.CHECKED)
        return
    stopped = run(folder, train_command(folder, wish, tools))
    if stopped and not list((folder / job.RUN / "checkpoints").glob("step-*")):
        raise Stopped("You stopped it before anything was learnt")
    job.tell(folder, job.EXPORTING)
    (folder / job.STOP).unlink(missing_ok=True)
    run(folder, export_command(folder, wish, tools))
    from puppet.actor import library  # ONNX Runtime is slow to import, and not needed until now

    job.tell(folder, job.DONE, actor=library.admit(folder / f"{wish.name}.actor"))


def run(folder: Path, command: Sequence[str]) -> bool:
    """Run a tool to its end, or until the user wants it to stop; whether that was so. Raises PuppetError."""
    print(f"\n$ {' '.join(command)}", flush=True)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said: list[bytes] = []
    listener = threading.Thread(target=_pass_on, args=(process, said), name="listener", daemon=True)
    listener.start()
    stopping = False
    while process.poll() is None:
        if not stopping and (folder / job.STOP).exists():
            stopping = True
            process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
        time.sleep(LOOK_EVERY)
    listener.join(LAST_WORDS)
    if process.returncode and not stopping:
        words = b"".join(said).decode("utf-8", errors="replace")
        raise PuppetError(why(words) or f"{command[2]} ended with code {process.returncode}; see {folder / job.LOG}")
    return stopping


def why(said: str) -> str:
    """What a tool gave as its reason: its last line that begins with "error: "."""
    errors = [line.partition("error: ")[2] for line in said.splitlines() if line.startswith("error: ")]
    return errors[-1].strip() if errors else ""


def _pass_on(process: subprocess.Popen[bytes], said: list[bytes]) -> None:
    """Keep what the tool says, and write it into our own log too, as soon as it is said.

    A log that cannot be written (no room on the disk) stops nothing: a tool that nobody listened to would hang.
    """
    out = cast(io.BufferedReader, process.stdout)
    while data := out.read1():
        said.append(data)
        with contextlib.suppress(OSError):
            sys.stdout.buffer.write(data)
            sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    folder, what = (sys.argv[1:] if arguments is None else arguments)[:2]
    place = Path(folder)
    lock = acquire(place / job.LOCK, PATIENCE)
    if lock is None:
        return 3
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # the window's picture comes first
    with lock:
        start(f"new actor, {what}")
        (place / job.PID).write_text(str(os.getpid()))  # for people who look; the lock is what counts
        try:
            work(place, what)
        except (PuppetError, Stopped) as problem:
            job.tell(place, job.FAILED, str(problem))
            return 2
        except Exception as problem:  # nobody sees a traceback; the window shows the state
            job.tell(place, job.FAILED, str(explained(problem, "Making the actor")))
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
