"""metrics.jsonl: one JSON object a line; a killed run loses at most its last line, a resumed one goes on seamlessly."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FILE = "metrics.jsonl"


class MetricsLog:
    """Appends rows; opening drops rows later than `step` (written after the checkpoint one resumes from)."""

    def __init__(self, run: Path, step: int) -> None:
        path = run / FILE
        if path.exists():
            kept = [row for row in read_metrics(run) if row["step"] <= step]
            partial = path.with_suffix(".partial")
            partial.write_text("".join(f"{json.dumps(row)}\n" for row in kept), encoding="utf-8")
            os.replace(partial, path)
        self._file = path.open("a", encoding="utf-8", buffering=1)  # by line: readable while training

    def write(self, step: int, kind: str, **values: Any) -> None:
        """kind: "train" or "evaluate"; values: plain numbers and dicts of them."""
        self._file.write(json.dumps({"step": step, "kind": kind, **values}) + "\n")

    def close(self) -> None:
        self._file.close()


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """The rows of a run, a torn last line left out."""
    rows = []
    for line in (run / FILE).read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "step" in row:
            rows.append(row)
    return rows
