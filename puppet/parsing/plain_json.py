"""JSON from outside: of bounded size and depth, finite numbers, unique keys; one exception type for any bytes."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from puppet.core.texts import is_plain
from puppet.parsing.reading import read_limited

DEEPEST = 40  # lists and objects within one another
DEEPEST_SHOWN, LONGEST_SHOWN, LONGEST_KEY, LARGEST_SHOWN = 10, 2000, 200, 1e15  # of facts that are shown
LONGEST_NUMBER = 40  # characters; 17 digits tell every float
LARGEST_WHOLE = 1 << 63


def to_json(values: Any, indent: int) -> str:
    """Values as readable JSON that UTF-8 can hold.

    Lone surrogates, which stand for bytes of file names that are not UTF-8, become escapes; reading gives them back.
    """
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def read_json(path: Path, most: int, finite: bool = True) -> Any:
    """The value in a JSON file of at most `most` bytes. Raises OSError, and ValueError as `parse_json` does."""
    return parse_json(read_limited(path, most), finite)


def parse_json(text: str | bytes, finite: bool = True) -> Any:
    """The value of a JSON text.

    finite: False gives NaN for numbers that are not finite or of unusual size. Raises ValueError for what is no JSON,
    is nested too deeply, names a field twice, or, with `finite`, holds such numbers.
    """

    def number(digits: str) -> float | int:
        value = math.nan
        if len(digits) <= LONGEST_NUMBER:
            value = float(digits) if set(digits) & set(".eE") else int(digits)
        if math.isfinite(value) and (isinstance(value, float) or abs(value) < LARGEST_WHOLE):
            return value
        return constant(digits)

    def constant(name: str) -> float:
        if finite:
            raise ValueError(f"{name[:20]} is not a finite number of ordinary size")
        return math.nan

    try:
        value = json.loads(
            text.decode("utf-8-sig") if isinstance(text, bytes) else text,
            object_pairs_hook=_unique,
            parse_constant=constant,
            parse_float=number,
            parse_int=number,
        )
        _check_depth(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("not a text in UTF-8") from None
    return value


def check_shown(value: Any, deeper: int = DEEPEST_SHOWN) -> None:
    """Raise ValueError unless all texts of a JSON value are short and plain, and its numbers of ordinary size."""
    if deeper < 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not is_plain(key) or len(key) > LONGEST_KEY:
                raise ValueError(f"the name {key[:40]!r} cannot be shown")
            check_shown(inner, deeper - 1)
    elif isinstance(value, list):
        for inner in value:
            check_shown(inner, deeper - 1)
    elif isinstance(value, str):
        if not is_plain(value, lines=True) or len(value) > LONGEST_SHOWN:
            raise ValueError(f"the text {value[:40]!r} cannot be shown")
    elif isinstance(value, (int, float)) and not -LARGEST_SHOWN <= value <= LARGEST_SHOWN:
        raise ValueError(f"numbers must be within {LARGEST_SHOWN:g}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a field is given twice")
    return data


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _parts(outer) if isinstance(inner, (dict, list))]
        if not level:
            return
    raise ValueError("nested too deeply")


def _parts(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
