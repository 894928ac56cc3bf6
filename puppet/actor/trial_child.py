"""`python -m puppet.actor.trial_child FILE`: the process that loads and tries out a new actor; see `trial`."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from puppet.actor import trial
from puppet.actor.runtime import try_actor
from puppet.core.errors import ActorFileError

CPU_SECONDS = 60  # of all threads together: an end of its own, should nobody be there to end it


def main() -> int:
    with contextlib.suppress(ImportError):  # Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no file
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    print(trial.READY.decode(), flush=True)
    try:
        answer = {"passed": trial.fingerprint(try_actor(Path(sys.argv[1])), "")}
    except ActorFileError as problem:
        answer = {"refused": str(problem)}
    except MemoryError:
        answer = {"refused": "there is not enough memory to load it"}
    print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
