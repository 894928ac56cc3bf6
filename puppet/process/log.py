"""Errors that nobody foresaw: one line for people, which names the part that failed, and the whole in a log file."""

from __future__ import annotations

import contextlib
import platform
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime

from puppet import __version__
from puppet.core.errors import PuppetError, UnexpectedError, reason
from puppet.core.texts import one_line
from puppet.storage.file_lock import acquire
from puppet.storage.folders import log_folder

NAME, BEFORE, LOCK = "errors.log", "errors.1.log", "errors.lock"
LARGEST = 256 << 10  # bytes; a log so large takes the place of the one before, and a new one begins
LONGEST = 16 << 10  # characters of one entry; its end counts most
PATIENCE = 0.5  # s for another process that writes

_written: dict[str, str] = {}  # traceback -> where it is; the same error sixty times a second is one entry
_guard = threading.Lock()


def explained(problem: BaseException, part: str) -> PuppetError:
    """What to show for an exception of any kind, in one line.

    A PuppetError is its own explanation. Anything else goes into the log with its traceback, and the line says which
    part failed ("Tracking", "Reading clip.mp4") and where the log is. From any thread; never raises.
    """
    if isinstance(problem, PuppetError):
        return problem
    words = one_line(" ".join(str(problem).split()))
    what = type(problem).__name__ + (f": {words}" if words else "")
    error = UnexpectedError(f"{part} failed unexpectedly ({what}); {_write(problem, part)}")
    error.__cause__ = problem
    return error


@contextlib.contextmanager
def uncaught(tell: Callable[[PuppetError], object]) -> Iterator[None]:
    """Within, what nobody catches in a thread or in one of Qt's slots is told, each error once, and ends nothing.

    PyQt aborts the process for an exception in a slot, unless somebody has put in a hook of their own.
    """
    told: set[str] = set()

    def explain(problem: BaseException | None, part: str) -> None:
        if problem is not None and not isinstance(problem, SystemExit):
            error = explained(problem, part)
            if str(error) not in told:
                told.add(str(error))
                tell(error)

    before, threads_before = sys.excepthook, threading.excepthook
    sys.excepthook = lambda kind, problem, trace: explain(problem, "The window")
    threading.excepthook = lambda args: explain(args.exc_value, f"The thread {args.thread.name if args.thread else ''}")
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before, threads_before


def _write(problem: BaseException, part: str) -> str:
    """Append to the log; says where that is, or why there is none."""
    trace = "".join(traceback.format_exception(type(problem), problem, problem.__traceback__))
    with _guard:
        if trace not in _written and len(_written) < 1000:
            _written[trace] = _append(trace, part)
        return _written.get(trace, f"its log is {log_folder() / NAME}")


def _append(trace: str, part: str) -> str:
    path = log_folder() / NAME
    where = f"puppet {__version__}, Python {platform.python_version()}, {platform.platform()}"
    head = f"{datetime.now():%Y-%m-%d %H:%M:%S}  {part}  [{threading.current_thread().name}]  {where}\n"
    entry = (head + trace[-LONGEST:] + "\n").encode("utf-8", errors="backslashreplace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with acquire(path.with_name(LOCK), PATIENCE) or contextlib.nullcontext():
            if path.exists() and path.stat().st_size + len(entry) > LARGEST:
                path.replace(path.with_name(BEFORE))
            with path.open("ab") as file:
                file.write(entry)
    except OSError as error:
        return f"its log {path} could not be written: {reason(error)}"
    return f"its log is {path}"
