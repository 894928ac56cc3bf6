"""`python -m puppet.new_actor.child FOLDER checking|training`: the process that makes an actor; see `job`.

It runs the training tools as commands, one after the other, writes the state of the job, and stops on request.
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
from puppet.new_actor import job, steps
from puppet.process.log import explained, start
from puppet.storage.file_lock import acquire

POLL_EVERY = 0.2  # s between two checks for the request to stop
OUTPUT_TIMEOUT = 5.0  # s that a tool's output may still take after its end; a process it left behind may hold it open
LOCK_TIMEOUT = 2.0  # s; longer than any window looks at the lock
PUPPET = (sys.executable, "-m", "puppet")  # in `IMPORT_FOLDER`, where `job` starts this process


class Stopped(Exception):
    """Raised when the user stopped the job and there is nothing to keep."""


def check_command(folder: Path, request: job.JobRequest) -> list[str]:
    """The command of puppet that makes a data set and a report of the footage."""
    alpha = ["--alpha", *request.alpha] if request.alpha else []
    return ["prepare", *request.footage, "-o", str(folder / job.DATA), "--force", *alpha]


def train_command(folder: Path, request: job.JobRequest) -> list[str]:
    """The command of puppet that trains on the data set; it continues a run that has begun."""
    run = folder / job.RUN
    resume = ["--resume"] if (run / "run.json").exists() else []
    data = str(folder / job.DATA)
    return ["train", data, "-o", str(run), "--minutes", f"{request.minutes:g}", *resume]


def export_command(folder: Path, request: job.JobRequest) -> list[str]:
    """The command of puppet that exports the run to an actor file."""
    file = str(folder / f"{request.name}.actor")
    facts = [f"--consent={request.consent}", f"--name={request.name}"]
    return ["export", str(folder / job.RUN), "-o", file, *facts, "--force"]


def work(folder: Path, task: job.JobState, puppet: Sequence[str] = PUPPET) -> None:
    """Check the footage, or train and export, and write the states. Raises PuppetError when a tool fails, Stopped."""
    request = job.read_job(folder).request
    if task is job.JobState.CHECKING:
        if run(folder, check_command(folder, request), puppet):
            raise Stopped("You stopped it")
        job.write_state(folder, job.JobState.CHECKED)
        return
    stopped = run(folder, train_command(folder, request), puppet)
    if stopped and not list((folder / job.RUN / "checkpoints").glob("step-*")):
        raise Stopped("You stopped it before anything was learnt")
    job.write_state(folder, job.JobState.EXPORTING)
    (folder / job.STOP).unlink(missing_ok=True)
    run(folder, export_command(folder, request), puppet)
    from puppet.actor import library  # numpy and OpenCV would take memory during hours of training

    print(f"{steps.EXPORT[-1]} …", flush=True)
    made, before = folder / f"{request.name}.actor", job.read_job(folder).actor
    job.write_state(folder, job.JobState.DONE, actor=library.renew(made, before) if before else library.admit(made))


def run(folder: Path, command: Sequence[str], puppet: Sequence[str] = PUPPET) -> bool:
    """Run a command to its end, or until the user stops the job; whether it was stopped. Raises PuppetError."""
    print(f"\n{steps.mark(command)}", flush=True)
    process = subprocess.Popen(
        [*puppet, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output: list[bytes] = []
    listener = threading.Thread(target=_pass_on, args=(process, output), name="listener", daemon=True)
    listener.start()
    stopping = False
    while process.poll() is None:
        if not stopping and (folder / job.STOP).exists():
            stopping = True
            process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
        time.sleep(POLL_EVERY)
    listener.join(OUTPUT_TIMEOUT)
    if process.returncode and not stopping:
        text = b"".join(output).decode("utf-8", errors="replace")
        raise PuppetError(
            reason_in(text) or f"{command[0]} ended with code {process.returncode}; see {folder / job.LOG}"
        )
    return stopping


def reason_in(output: str) -> str:
    """The reason that a tool printed, its last line that begins with "error: "; empty without one."""
    errors = [line.partition("error: ")[2] for line in output.splitlines() if line.startswith("error: ")]
    return errors[-1].strip() if errors else ""


def _pass_on(process: subprocess.Popen[bytes], output: list[bytes]) -> None:
    """Keep what the tool prints, and write it to our own log too, at once.

    A log that cannot be written (no room on the disk) stops nothing: a tool whose output nobody reads would hang.
    """
    with cast(io.BufferedReader, process.stdout) as out:
        while data := out.read1():
            output.append(data)
            with contextlib.suppress(OSError):
                sys.stdout.buffer.write(data)
                sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the task that the command line names; 0, 2 when it failed or was stopped, 3 when another child works on it."""
    folder, task = (sys.argv[1:] if arguments is None else arguments)[:2]
    place = Path(folder)
    lock = acquire(place / job.LOCK, LOCK_TIMEOUT)
    if lock is None:
        return 3
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # the window's picture comes first
    with lock:
        start(f"new actor, {task}")
        (place / job.PID).write_text(str(os.getpid()))  # for people who look; the lock is what counts
        try:
            work(place, job.JobState(task))
        except (PuppetError, Stopped) as problem:
            job.write_state(place, job.JobState.FAILED, str(problem))
            return 2
        except Exception as problem:  # nobody sees a traceback; the window shows the state
            job.write_state(place, job.JobState.FAILED, str(explained(problem, "Making the actor")))
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
