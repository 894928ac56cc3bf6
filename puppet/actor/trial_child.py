"""`python -m puppet.actor.trial_child FILE`: the child process of `puppet.actor.trial`."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from puppet.actor import trial
from puppet.actor.runtime import try_actor, versions
from puppet.core.errors import ActorFileError

CPU_SECONDS = 60  # of all threads together: it ends by itself if its parent is gone


def main() -> int:
    """Try the actor that the command line names and print the result as JSON; see `trial`. Returns 0."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no file
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    print(trial.READY.decode(), flush=True)
    try:
        response = {"passed": trial.fingerprint(try_actor(Path(sys.argv[1])), ""), "versions": versions()}
    except ActorFileError as problem:
        response = {"refused": str(problem)}
    except MemoryError:
        response = {"refused": "there is not enough memory to load it"}
    print(json.dumps(response), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
