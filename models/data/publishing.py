"""A finished data set and its report get their names: all of them, or none."""

from __future__ import annotations

import os
from pathlib import Path

from puppet.core.errors import DataError
from puppet.storage.files import publish, publish_whole, write_whole
from puppet.storage.unfinished import register, unregister


def report_path(output: Path, suffix: str) -> Path:
    """DATA.h5 -> DATA.report.txt, DATA.report.png."""
    return output.with_suffix(f".report{suffix}")


def check_free(output: Path) -> None:
    """DataError when a data set or one of its reports has its name already."""
    for path in (output, report_path(output, ".txt"), report_path(output, ".png")):
        if path.exists():
            raise _is_taken(path)


def flush(part: Path) -> None:
    """Wait until a file has reached the disk. Raises OSError."""
    with part.open("rb") as file:
        os.fsync(file.fileno())


def publish_dataset(part: Path, output: Path, text: str, sheet: bytes, force: bool) -> None:
    """Give a data set its name, and write its report (text, and sheet: the content of a PNG file) beside it.

    The report comes first: as long as the data set has no name, the next start of the program removes the report.
    force: replace files that exist. Raises OSError, and DataError for a name that is taken.
    """
    reports = {report_path(output, ".txt"): text.encode(), report_path(output, ".png"): sheet}
    made: list[Path] = []
    try:
        for path, content in reports.items():
            if force:
                write_whole(path, content, private=False)
            else:
                publish_whole(path, content)
                made.append(path)
                register(path)
        publish(part, output, force)
    except FileExistsError as error:
        for path in made:
            path.unlink(missing_ok=True)
        raise _is_taken(error.filename2 or error.filename or output) from error
    finally:
        for path in made:
            unregister(path)


def _is_taken(path: Path | str) -> DataError:
    return DataError(f"{path} exists already; choose another name or add --force to replace it")
