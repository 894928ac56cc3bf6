"""metrics.jsonl: one JSON object a line; a killed run loses at most its last line, a resumed one goes on seamlessly."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from puppet.core.errors import DataError, reason
from puppet.parsing.plain_json import parse_json
from puppet.parsing.reading import read_limited
from puppet.storage.files import write_whole

FILE = "metrics.jsonl"
MAX_BYTES = 256 << 20


class MetricsLog:
    """Appends rows; opening drops rows later than `step` (written after the checkpoint one resumes from).

    All of it raises DataError when the file cannot be written.
    """

    def __init__(self, run: Path, step: int) -> None:
        self._path = run / FILE
        with self._writing():
            if self._path.exists():
                kept = [row for row in read_metrics(run) if row["step"] <= step]
                write_whole(self._path, "".join(f"{json.dumps(row)}\n" for row in kept), private=False)
            self._file = self._path.open("a", encoding="utf-8", buffering=1)  # by line: readable while training

    def write(self, step: int, kind: Literal["train", "evaluate"], **values: Any) -> None:
        """Append one row. values: plain numbers and dicts of them."""
        with self._writing():
            self._file.write(json.dumps({"step": step, "kind": kind, **values}) + "\n")

    def close(self) -> None:
        """Close the file."""
        with self._writing():
            self._file.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            told = f"{self._path}: cannot be written ({reason(error)}); free some space, then --resume"
            raise DataError(told) from error


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """The rows of a run, a torn last line and what is no row left out. Raises OSError."""
    rows = []
    for line in read_limited(run / FILE, MAX_BYTES).splitlines():
        try:
            row = parse_json(line, finite=False)  # a loss that is no number ends a run, and is written before
        except ValueError:
            continue
        if isinstance(row, dict) and type(row.get("step")) is int:
            rows.append(row)
    return rows
