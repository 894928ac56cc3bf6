"""A process that makes mutants and reads them: `python -m fuzz.worker SCRATCH MODULE`; MODULE holds TARGETS.

It answers each JSON line it is given by one that says it begins, and one with the outcome.

In: {"target": name, "seed": number} or {"target": name, "file": path}. Out: {"outcome": "accepted" or "refused" or
"exception" or "touched", "what": words, "bytes": most memory taken beyond what it had}.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import sys
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from random import Random

from fuzz.target import Target
from fuzz.targets import in_scratch, refused
from fuzz.values import CANARY_VARIABLE, some_bytes

ROOM = 6 << 30  # bytes of addresses a worker may take in all: the machine survives, the campaign counts it
SYSTEM = ("/usr/", "/lib", "/etc/", "/proc/", "/sys/", "/dev/null", "/dev/urandom", "/dev/shm/", "/bin/", "/opt/")


class Watch:
    """Notes files that Python code opens while it is on, outside the scratch folder, the program and the system."""

    def __init__(self, scratch: Path) -> None:
        import puppet

        project = Path(puppet.__file__).parent.parent
        own = (sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), str(project), str(scratch), *sys.path)
        self._allowed = tuple(str(Path(place)) + "/" for place in own if place) + SYSTEM
        self.on = False
        self.found: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple) -> None:
        if not self.on or event != "open" or not arguments or not isinstance(arguments[0], str | bytes):
            return
        path = os.path.abspath(os.fsdecode(arguments[0]))
        if not path.startswith(self._allowed):
            self.found.append(path)


def mutant(target: Target, seed: int, seeds: list[bytes]) -> bytes:
    """The same number gives the same file, in every process."""
    random = Random(f"{target.name}:{seed}")
    data = random.choice(seeds)
    try:
        return target.mutate(random, data)
    except Exception:  # a change that the format's own library does not write
        return some_bytes(random, data)


def valid_files(target: Target, place: Path) -> list[bytes]:
    """What the target's mutants are made from; made once for a scratch folder, for workers come and go."""
    kept = place / "kept"
    if not kept.exists():
        shutil.rmtree(place, ignore_errors=True)
        (place / "work").mkdir(parents=True)
        (place / "new").mkdir()
        for index, data in enumerate(target.seeds(place / "work")):
            (place / "new" / f"{index:03d}").write_bytes(data)
        (place / "new").rename(kept)
    return [path.read_bytes() for path in sorted(kept.iterdir())]


def peak() -> int:
    """Bytes of memory this process had at most since `reset_peak`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    return 0


def reset_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def read(target: Target, folder: Path, data: bytes, watch: Watch, canary: Path) -> dict:
    """Put the mutant into a fresh folder and read it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / f"mutant{target.suffix}"
    path.write_bytes(data)
    os.utime(canary, (1, canary.stat().st_mtime))  # relatime: a read shows, for it is older than the last change
    reset_peak()
    before = peak()
    outcome, what = "accepted", ""
    watch.found.clear()
    watch.on = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target.read(path)
    except MemoryError as error:
        outcome, what = "exception", f"MemoryError: {error}"
    except Exception as error:
        what = f"{type(error).__name__}: {error}"[:300]
        outcome = "refused" if refused(target, error) else "exception"
        if outcome == "exception":
            last = traceback.extract_tb(error.__traceback__)[-1]
            what += f" ({Path(last.filename).name}:{last.lineno})"
        elif "\n" in str(error) or any(ord(letter) < 32 for letter in str(error)):
            outcome, what = "exception", f"a message with control characters: {what!r}"
    finally:
        watch.on = False
    if watch.found or canary.stat().st_atime != 1:
        outcome, what = "touched", ", ".join(watch.found[:3]) or f"the canary was read: {what}"
    return {"outcome": outcome, "what": what, "bytes": max(0, peak() - before)}


def main() -> None:
    scratch = Path(sys.argv[1])
    targets: dict[str, Target] = importlib.import_module(sys.argv[2]).TARGETS
    in_scratch(scratch)
    os.chdir(scratch)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries that talk do not talk into the protocol
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    watch = Watch(scratch)
    canary = Path(os.environ[CANARY_VARIABLE])
    seeds: dict[str, list[bytes]] = {}
    for line in sys.stdin:
        order = json.loads(line)
        target = targets[order["target"]]
        if target.name not in seeds:
            seeds[target.name] = valid_files(target, scratch / "seeds" / target.name)
            for data in seeds[target.name][:1]:  # imports and first allocations happen now, not at the first mutant
                told = read(target, scratch / "mutant", data, watch, canary)
                if told["outcome"] != "accepted":
                    raise SystemExit(f"{target.name}: a valid file is not read: {told}")
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))
        data = (
            Path(order["file"]).read_bytes() if "file" in order else mutant(target, order["seed"], seeds[target.name])
        )
        print(json.dumps({"begun": True}), file=answers, flush=True)
        print(json.dumps(read(target, scratch / "mutant", data, watch, canary)), file=answers, flush=True)


if __name__ == "__main__":
    main()
