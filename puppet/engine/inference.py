"""The threads of inference: one tracks, one acts, one watches whether an actor stalls.

Two cores work on two frames: one is tracked while the one before it is acted. An actor that stalls is dropped, and its
acting thread replaced (`watchdog`).
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from puppet.core.errors import ActorFailedError
from puppet.core.slot import LatestSlot
from puppet.core.types import Frame, Result
from puppet.engine.helpers import HelperThreads
from puppet.engine.problems import Problems
from puppet.engine.protocols import PuppeteerLike
from puppet.engine.setup import PuppeteerSetup
from puppet.engine.status import Origin
from puppet.engine.watchdog import CHECK_EVERY, STALLED_AFTER, ActingSteps, Watchdog
from puppet.process.log import explained

if TYPE_CHECKING:
    from puppet.engine.puppeteer import Tracked

FAILURES_IN_A_ROW = 10  # steps that may fail one after the other before inference gives up
TRACKING, ACTING = "Tracking", "Acting"  # how messages call the parts
STEP_TIMEOUT = 5.0  # s that a step, or the making of the tracker, may still take after `stop`


class Inference:
    """Takes frames, gives results; gives up after too many failures, and can be started again.

    make_puppeteer: called in the tracking thread, where the puppeteer tracks and is closed.
    frames: the newest frame; closed to end the threads.
    deliver: takes each result, in the acting thread.
    on_failure: called under the lock when inference gives up. lock: the engine's.
    helpers: get the threads that hang in a stalled actor.
    """

    def __init__(
        self,
        make_puppeteer: Callable[[], PuppeteerLike],
        frames: LatestSlot[Frame],
        setup: PuppeteerSetup,
        deliver: Callable[[Result], None],
        problems: Problems,
        helpers: HelperThreads,
        lock: threading.RLock,
        on_failure: Callable[[], None],
    ) -> None:
        self.failed = False
        self.dropped_at_start = 0  # frames that came while the tracker was being made
        self._make_puppeteer = make_puppeteer
        self._frames = frames
        self._setup = setup
        self._deliver = deliver
        self._problems = problems
        self._helpers = helpers
        self._lock = lock
        self._on_failure = on_failure
        self._thread: threading.Thread | None = None
        self._steps = ActingSteps()
        self._acting_thread: threading.Thread  # the newest one

    def ensure_running(self) -> None:
        """Start the threads, or start them again after inference gave up."""
        with self._lock:
            if self._thread is None or self.failed:
                self.failed = False
                self._problems.clear(Origin.STEP)
                self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
                self._thread.start()

    def join(self) -> bool:
        """Wait for the end, once `frames` is closed. False: the last step still runs after STEP_TIMEOUT."""
        if self._thread is None:
            return True
        self._thread.join(STEP_TIMEOUT)
        return not self._thread.is_alive()

    def give_up(self, problem: BaseException, part: str) -> None:
        """End inference and report why. part: TRACKING or ACTING."""
        error = explained(problem, part)
        with self._lock:
            self.failed = True
            self._on_failure()
            self._problems.report(error, Origin.STEP)

    def _run(self) -> None:
        """The tracking thread; the acting thread lives within it. Whatever ends it is reported."""
        with self._guarded(TRACKING):
            self._run_with(self._make_puppeteer())

    def _run_with(self, puppeteer: PuppeteerLike) -> None:
        with self._lock:
            self._setup.attach(puppeteer)
            self.dropped_at_start = self._frames.dropped
        tracked: LatestSlot[Tracked] = LatestSlot()
        over = threading.Event()
        self._start_acting(puppeteer, tracked)
        watch = functools.partial(self._watch, puppeteer, tracked, over)
        watching = threading.Thread(target=watch, name="watchdog", daemon=True)
        watching.start()
        try:
            self._track(puppeteer, tracked)
        finally:
            tracked.close()
            over.set()
            watching.join()
            self._acting_thread.join(STEP_TIMEOUT)
            self._setup.detach(puppeteer)
            puppeteer.close()

    def _track(self, puppeteer: PuppeteerLike, tracked: LatestSlot[Tracked]) -> None:
        """Track the newest frame whenever the acting thread has taken what was tracked before.

        So it never acts on a frame that is older than the work on one frame takes.
        """
        failures = _Failures(self, self._problems, TRACKING)
        while tracked.wait_until_taken() and not self._frames.closed:
            frame = self._frames.take(CHECK_EVERY)  # acting may give up, and the source with it, while this waits
            if frame is None:
                continue
            with failures:
                tracked.put(puppeteer.track(frame))
            if failures.too_many:
                return

    def _start_acting(self, puppeteer: PuppeteerLike, tracked: LatestSlot[Tracked]) -> None:
        self._steps = steps = ActingSteps()
        act = functools.partial(self._act, puppeteer, tracked, steps)
        self._acting_thread = threading.Thread(target=act, name="acting", daemon=True)
        self._acting_thread.start()

    def _act(self, puppeteer: PuppeteerLike, tracked: LatestSlot[Tracked], steps: ActingSteps) -> None:
        failures = _Failures(self, self._problems, ACTING)
        try:
            with self._guarded(ACTING):
                while not failures.too_many and not steps.abandoned and (newest := tracked.take()) is not None:
                    with failures:
                        result = steps.step(self._setup.actors(), functools.partial(puppeteer.act, newest))
                        if result is not None:
                            self._deliver(result)
                    if failures.blamed is not None:
                        self._setup.drop(failures.blamed.actor, str(failures.blamed).partition(";")[0])
                        failures = _Failures(self, self._problems, ACTING)
        finally:
            if not steps.abandoned:
                tracked.close()  # no thread takes what is tracked any more

    def _watch(self, puppeteer: PuppeteerLike, tracked: LatestSlot[Tracked], over: threading.Event) -> None:
        watchdog = Watchdog()
        while not over.wait(CHECK_EVERY):
            call = self._steps.longest_call()
            if watchdog.stalled(call, time.monotonic()) and call is not None and self._steps.abandon(call):
                self._helpers.add(self._acting_thread)  # Python aborts when it comes back from C++ while Python ends
                slow = f"{call[0].name} took longer than {STALLED_AFTER:.0f} s for one picture"
                self._setup.drop(call[0], slow)
                self._start_acting(puppeteer, tracked)
                watchdog = Watchdog()

    @contextlib.contextmanager
    def _guarded(self, part: str) -> Generator[None, None, None]:
        """Around a whole thread: one that ends by an exception of any kind has given up, and reports it."""
        try:
            yield
        except BaseException as problem:  # SystemExit would end the thread without a word
            self.give_up(problem, part)


class _Failures:
    """Catches what one step raises: the first failure in a row is reported, at the tenth inference gives up.

    blamed: at the tenth in a row, the failure of an actor that cannot draw; then inference goes on without it.
    """

    def __init__(self, inference: Inference, problems: Problems, part: str) -> None:
        self._inference, self._problems, self._part = inference, problems, part
        self._in_a_row = 0
        self.blamed: ActorFailedError | None = None

    @property
    def too_many(self) -> bool:
        """Whether FAILURES_IN_A_ROW is reached."""
        return self._in_a_row >= FAILURES_IN_A_ROW

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> bool:
        if problem is None:
            self._in_a_row = 0
            return False
        if not isinstance(problem, Exception):
            return False
        self._in_a_row += 1
        if self.too_many and isinstance(problem, ActorFailedError):
            self.blamed = problem
        elif self.too_many:
            self._inference.give_up(problem, self._part)
        elif self._in_a_row == 1:
            self._problems.report(explained(problem, self._part), Origin.STEP)
        return True
