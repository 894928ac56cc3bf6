"""Keeps workers busy with mutants, and collects what should not happen."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from fuzz.target import Target
from fuzz.targets import TARGETS
from fuzz.values import CANARY_VARIABLE

MEMORY = 1 << 30  # bytes that reading one file may take
START = 120.0  # s for a worker's imports, its first valid file and a mutant, on a busy machine
GOOD = ("accepted", "refused")
BAD = ("crash", "hang", "memory", "exception", "touched")
SUPPORT = Path(__file__).resolve().parents[1]
ROOT = SUPPORT.parents[1]


@dataclass(frozen=True)
class Finding:
    """Something a reader did that it should not: kind is one of BAD; seed gives the file again (None: a kept case)."""

    target: str
    seed: int | None
    kind: str
    what: str
    file: Path | None = None


@dataclass
class Tally:
    """What became of the mutants, by target."""

    counts: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    findings: list[Finding] = field(default_factory=list)
    most_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    most_bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def mutants(self) -> int:
        return sum(sum(counter.values()) for counter in self.counts.values())

    def table(self) -> str:
        head = f"{'target':<12}{'mutants':>9}{'accepted':>10}{'refused':>9}" + "".join(f"{kind:>11}" for kind in BAD)
        rows = [head + f"{'slowest s':>11}{'most MB':>9}"]
        everything: Counter = Counter()
        for name, counter in self.counts.items():
            everything += counter
            rows.append(self._row(name, counter, self.most_seconds[name], self.most_bytes[name]))
        most = max(self.most_seconds.values(), default=0.0), max(self.most_bytes.values(), default=0)
        return "\n".join([*rows, self._row("all", everything, *most)])

    @staticmethod
    def _row(name: str, counter: Counter, seconds: float, size: int) -> str:
        told = "".join(f"{counter[kind]:>11}" for kind in BAD)
        numbers = f"{sum(counter.values()):>9}{counter['accepted']:>10}{counter['refused']:>9}"
        return f"{name:<12}{numbers}{told}{seconds:>11.1f}{size / 1e6:>9.0f}"


class Worker:
    """A worker process, started again after it died or was stopped."""

    def __init__(self, scratch: Path, module: str = "fuzz.targets") -> None:
        self.scratch = scratch
        self._module = module  # that holds TARGETS
        scratch.mkdir(parents=True, exist_ok=True)
        self._canary = scratch.parent / f"canary-{scratch.name}"
        self._canary.write_bytes(b"a file that nothing may read " * 40_000)
        self._process: subprocess.Popen[bytes] | None = None
        self._read = b""  # of the worker's answers, not looked at yet

    def read(self, target: Target, order: dict) -> dict:
        """The worker's answer, or a crash or a hang; "seconds" is how long the reading took."""
        if self._process is None:
            self._start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps({"target": target.name, **order}).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return self._ended("died between two files")
        begun = self._line(process, START)
        if begun is None:
            return self._ended("did not make its mutant")
        start = time.monotonic()
        told = self._line(process, target.limit)
        seconds = time.monotonic() - start
        if told is None:
            if process.poll() is None and seconds >= target.limit:
                self.close()
                return {"outcome": "hang", "what": f"over {target.limit:.0f} s", "bytes": 0, "seconds": seconds}
            return {**self._ended("crashed"), "seconds": seconds}
        return {**told, "seconds": seconds}

    def _ended(self, how: str) -> dict:
        process, self._process, self._read = self._process, None, b""
        assert process is not None
        process.kill()
        process.communicate()
        errors = (self.scratch / "stderr").read_text(encoding="utf-8", errors="replace")
        lines = [line for line in errors.splitlines() if line.strip()]
        words = f"{how} (code {process.returncode}): {lines[-1][:200] if lines else ''}"
        return {"outcome": "crash", "what": words, "bytes": 0}

    def _line(self, process: subprocess.Popen[bytes], patience: float) -> dict | None:
        """The next line it writes within `patience` seconds; None when there is none."""
        assert process.stdout is not None
        deadline = time.monotonic() + patience
        while b"\n" not in self._read:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            more = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
            if not more:
                return None
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return json.loads(line)

    def _start(self) -> None:
        environment = {**os.environ, CANARY_VARIABLE: str(self._canary), "TMPDIR": str(self.scratch)}
        places = [str(ROOT), str(SUPPORT)]
        environment["PYTHONPATH"] = os.pathsep.join(places)
        environment.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", QT_QPA_PLATFORM="offscreen")
        with (self.scratch / "stderr").open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fuzz.worker", str(self.scratch), self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                cwd=self.scratch,
            )

    def close(self) -> None:
        process, self._process, self._read = self._process, None, b""
        if process is not None:
            process.kill()
            process.communicate()


def run(
    orders: Iterator[tuple[Target, int]], scratch: Path, keep: Path | None = None, workers: int = 2, until: float = inf
) -> Tally:
    """Read mutants until `orders` end, or until the monotonic time `until`; files of findings go to `keep`."""
    tally, lock = Tally(), threading.Lock()

    def next_order() -> tuple[Target, int] | None:
        with lock:
            return None if time.monotonic() >= until else next(orders, None)

    failures: list[BaseException] = []

    def drive(number: int) -> None:
        worker = Worker(scratch / f"worker-{number}")
        try:
            while (order := next_order()) is not None:
                target, seed = order
                told = worker.read(target, {"seed": seed})
                with lock:
                    count(tally, target, seed, told, worker.scratch / "mutant" / f"mutant{target.suffix}", keep)
        except BaseException as problem:
            failures.append(problem)
        finally:
            worker.close()

    threads = [threading.Thread(target=drive, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return tally


def count(tally: Tally, target: Target, seed: int | None, told: dict, mutant: Path, keep: Path | None) -> None:
    """Add one answer to the tally."""
    outcome = told["outcome"]
    if outcome in GOOD and told["bytes"] > MEMORY:
        outcome, told["what"] = "memory", f"{told['bytes'] / 1e6:.0f} MB"
    tally.counts[target.name][outcome] += 1
    tally.most_seconds[target.name] = max(tally.most_seconds[target.name], told.get("seconds", 0.0))
    tally.most_bytes[target.name] = max(tally.most_bytes[target.name], told["bytes"])
    if outcome in GOOD:
        return
    kept = None
    if keep is not None and mutant.exists():
        keep.mkdir(parents=True, exist_ok=True)
        kept = keep / f"{target.name}-{seed}{target.suffix}"
        shutil.copyfile(mutant, kept)
    tally.findings.append(Finding(target.name, seed, outcome, told["what"], kept))


def in_turn(names: list[str], first: int) -> Iterator[tuple[Target, int]]:
    """Every target in turn, for ever, with growing seeds."""
    seed = first
    while True:
        for name in names:
            yield TARGETS[name], seed
        seed += 1
