"""`make fuzz MINUTES=20`: mutants of every format for so long, then a table. Code 1 when anything was found."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from pathlib import Path

from fuzz import campaign
from fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long (20)")
    parser.add_argument("--mutants", type=int, help="end after so many")
    parser.add_argument("--first", type=int, help="first seed; without: another one each time")
    parser.add_argument("--only", nargs="+", choices=sorted(TARGETS), default=list(TARGETS), help="targets")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="folder for files of findings")
    arguments = parser.parse_args()
    first = int(time.time()) if arguments.first is None else arguments.first
    print(f"seeds from {first} on", flush=True)
    orders = itertools.islice(campaign.in_turn(arguments.only, first), arguments.mutants)
    with tempfile.TemporaryDirectory(prefix="puppet-fuzz-") as scratch:
        until = time.monotonic() + 60 * arguments.minutes
        tally = campaign.run(orders, Path(scratch), arguments.keep, arguments.workers, until)
    print(tally.table())
    for finding in tally.findings:
        print(f"{finding.kind}: {finding.target} {finding.seed}: {finding.what}")
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
