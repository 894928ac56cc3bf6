"""The log: records of Python's logging in a rotating file, and unexpected errors in one line for the user.

Every module logs to `logging.getLogger(__name__)`; `start` makes a program's records go to the file. Nothing secret is
written: addresses lose user and password, as on the screen.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import platform
import re
import stat
import sys
import threading
import time
import traceback
from argparse import ArgumentParser
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from puppet import __version__
from puppet.core.addresses import text_without_secrets
from puppet.core.errors import PuppetError, UnexpectedError, reason
from puppet.core.texts import one_line
from puppet.storage.file_lock import NONBLOCKING, acquire
from puppet.storage.folders import log_folder

NAME, OLDER, LOCK = "puppet.log", ("puppet.1.log", "puppet.2.log"), "puppet.lock"
LARGEST = 2 << 20  # bytes of a file; the next record begins a new one, and the oldest is removed
LONGEST = 4000  # characters of a message
LONGEST_TRACE = 16 << 10  # characters of a traceback; its end counts most
LOOKED_AT = 4  # times as many characters are searched for secrets: what is hidden makes a text shorter
PATIENCE = 0.5  # s to wait for another process that writes
IMPATIENT = 10.0  # s without waiting after that was in vain: the other process may be stopped
MOST_ERRORS = 1000  # different tracebacks that a process writes
ROOTS = ("puppet", "models", "export")  # of all loggers of this project
FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | NONBLOCKING | getattr(os, "O_NOFOLLOW", 0)

logger = logging.getLogger(__name__)


def add_verbose(parser: ArgumentParser) -> None:
    """The option -v, --verbose; `start` takes its value."""
    parser.add_argument("-v", "--verbose", action="store_true", help="also show the log on the screen (stderr)")


def command_first(given: Sequence[str]) -> list[str]:
    """The arguments, those of `add_verbose` moved behind the first word where they stand before it.

    The parsers of the commands have the option, those above them have not.
    """
    rest = list(given)
    while rest and rest[0] in ("-v", "--verbose"):
        del rest[0]
    if not rest or rest[0].startswith("-"):
        return list(given)
    return [rest[0], *given[: len(given) - len(rest)], *rest[1:]]


def start(command: str, verbose: bool = False) -> None:
    """Write this process's records to the log file from here on, the first with versions and platform.

    command: what runs, such as "puppet render", without its arguments, which name files. verbose: show the records on
    stderr, too. May be called again.
    """
    _write_to(_file, True)
    _write_to(_screen, verbose)
    logger.info("%s, puppet %s, Python %s, %s", command, __version__, platform.python_version(), platform.platform())


def log_file() -> Path:
    """The newest file of the log; it need not exist."""
    return log_folder() / NAME


def writing_problem() -> str:
    """Why the last record could not be written to the file; empty when it could."""
    return _file.problem


def hidden(text: str) -> str:
    """A text without user and password of any address in it, and without the values of queries, "pwd=" and the like."""
    return text_without_secrets(text, queries=True)


def explained(problem: BaseException, part: str) -> PuppetError:
    """What to show for an exception of any kind, in one line.

    A PuppetError is its own explanation. Anything else is logged with its traceback, and the line says which part
    failed ("Tracking", "Reading clip.mp4") and where the log is. From any thread; never raises.
    """
    if isinstance(problem, PuppetError):
        return problem
    words = one_line(" ".join(text_without_secrets(_beginning(str(problem), LONGEST)).split()))
    what = type(problem).__name__ + (f": {words}" if words else "")
    error = UnexpectedError(f"{part} failed unexpectedly ({what}); {_log_error(problem, part)}")
    error.__cause__ = problem
    return error


@contextlib.contextmanager
def uncaught(tell: Callable[[PuppetError], object]) -> Generator[None, None, None]:
    """Within the block, exceptions that nothing catches in a thread or a slot of Qt are told, each once.

    They end nothing then. PyQt aborts the process for an exception in a slot, unless there is a hook.
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


class _Lines(logging.Formatter):
    """A record as one line, and its traceback below it, all without secrets and control characters."""

    def format(self, record: logging.LogRecord) -> str:
        moment = self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        where = f"{record.name} [{record.process} {one_line((record.threadName or '').partition(' ')[0])}]"
        # hidden before the last cut: half an address hides no secret any more
        message = one_line(hidden(_beginning(record.getMessage(), LONGEST)), LONGEST)
        lines = [f"{moment} {record.levelname} {where}: {message}"]
        if record.exc_info and record.exc_info[1] is not None:
            trace = hidden(_end("".join(traceback.format_exception(*record.exc_info)), LONGEST_TRACE))[-LONGEST_TRACE:]
            lines += [one_line(line, None) for line in trace.splitlines()]
        return "\n".join(lines)


class _Handler(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(_Lines())

    def handleError(self, record: logging.LogRecord) -> None:
        """Errors of the log are no errors of the program."""


class _LogFile(_Handler):
    """Appends each record to the file of `log_file`, which several processes may do at once.

    The file is opened for each record under a lock, so that a rotation takes it away from no one. Without the lock,
    where the disk has none, or another process holds it too long, records are appended all the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problem = ""  # why the last record could not be written
        self._impatient_until = -math.inf

    def emit(self, record: logging.LogRecord) -> None:
        path = log_file()
        try:
            line = (self.format(record) + "\n").encode("utf-8", errors="backslashreplace")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked(path.with_name(LOCK)) as alone:
                if alone and _is_file(path) and path.stat().st_size + len(line) >= LARGEST:
                    with contextlib.suppress(OSError):  # on Windows, somebody reads it; the next record tries again
                        _rotate(path)
                _append(path, line)
            self.problem = ""
        except OSError as problem:
            self.problem = reason(problem)
        except Exception:  # a message whose arguments do not fit, or a path that no file can have
            self.problem = "unexpected error"

    @contextlib.contextmanager
    def _locked(self, path: Path) -> Generator[bool, None, None]:
        lock = None
        patient = time.monotonic() >= self._impatient_until
        with contextlib.suppress(OSError):
            lock = acquire(path, PATIENCE if patient else 0.0)
            if lock is None and patient:
                self._impatient_until = time.monotonic() + IMPATIENT
        with lock or contextlib.nullcontext():
            yield lock is not None


class _Screen(_Handler):
    """Shows records on stderr, whatever that is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):  # no console, or one that was closed
            print(self.format(record), file=sys.stderr, flush=True)


def _beginning(text: str, longest: int) -> str:
    """As much of a text as is searched for secrets; of a word that is cut, nothing that may be one."""
    if len(text) <= LOOKED_AT * longest:
        return text
    text = text[: LOOKED_AT * longest]
    word = "" if text[-1].isspace() else text.rsplit(maxsplit=1)[-1]
    return text[: len(text) - len(word)] + re.split(r":|%3[aA]", word, maxsplit=1)[0]


def _end(text: str, longest: int) -> str:
    """As `_beginning`, of the end of a text."""
    if len(text) <= LOOKED_AT * longest:
        return text
    word, _, rest = text[-LOOKED_AT * longest :].partition("\n")
    return rest or word.rpartition("@")[2]


def _is_file(path: Path) -> bool:
    """Whether it is a file itself, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _append(path: Path, line: bytes) -> None:
    """Add a line to a plain file; behind a line that a full disk has cut, it begins a new one. Raises OSError."""
    if path.is_symlink() or (path.exists() and not path.is_dir() and not _is_file(path)):
        raise OSError("it is a link, a pipe or a device, and no plain file")
    descriptor = os.open(path, FLAGS, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        there = os.fstat(descriptor)
        if not stat.S_ISREG(there.st_mode):
            raise OSError("it is a link, a pipe or a device, and no plain file")
        if there.st_size:
            os.lseek(descriptor, -1, os.SEEK_END)
            line = line if os.read(descriptor, 1) == b"\n" else b"\n" + line
        file.write(line)


def _rotate(path: Path) -> None:
    """puppet.1.log becomes puppet.2.log, puppet.log puppet.1.log."""
    names = [path, *(path.with_name(name) for name in OLDER)]
    for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
        if newer.exists():
            newer.replace(older)


def _write_to(handler: logging.Handler, wanted: bool) -> None:
    for name in ROOTS:
        root = logging.getLogger(name)
        root.setLevel(logging.DEBUG)
        (root.addHandler if wanted else root.removeHandler)(handler)


_file, _screen = _LogFile(), _Screen()
_errors: dict[str, str] = {}  # traceback -> where it is; the same error sixty times a second is one record
_guard = threading.Lock()


def _log_error(problem: BaseException, part: str) -> str:
    """Log an exception, in a program that has not called `start`, too; says where, or why it could not be written."""
    trace = "".join(traceback.format_exception(type(problem), problem, problem.__traceback__))
    with _guard:
        if trace not in _errors and len(_errors) < MOST_ERRORS:
            _write_to(_file, True)
            logger.error("%s failed", part, exc_info=(type(problem), problem, problem.__traceback__))
            failed = f"its log {log_file()} could not be written: {_file.problem}"
            _errors[trace] = failed if _file.problem else f"its log is {log_file()}"
        return _errors.get(trace, f"its log is {log_file()}")
