"""Mutators of JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from fuzz.values import number, some_bytes, text


class _Raw(str):
    """Text that goes into JSON as it is, without quotes."""


def hostile_value(random: Random, old: Any = None) -> Any:
    kind = random.randrange(10)
    if kind == 0:
        return text(random)
    if kind == 1:
        return number(random)
    if kind == 2:
        numbers = ("NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "-0", "1e30", "0.1e-999", "1" * 5000)
        return _Raw(random.choice(numbers))
    if kind == 3:
        return random.choice((None, True, False, [], {}, [[]], 0.5, -1.5))
    if kind == 4:
        depth = random.choice((3, 50, 2000, 100_000))
        return _Raw("[" * depth + "]" * depth)
    if kind == 5:
        return [old] * min(1000, 1 + 100_000 // len(str(old) or "x"))
    if kind == 6:
        return {text(random): old}
    if kind == 7 and isinstance(old, list) and old:
        changed = list(old)
        changed[random.randrange(len(changed))] = hostile_value(random, old[0])
        return changed
    if kind == 8 and isinstance(old, list | str):
        return old[: random.randrange(len(old) + 1)]
    if isinstance(old, int | float) and not isinstance(old, bool):
        return random.choice((-old, old + 1, old - 1, old * 2, old * 1000, float(old), str(old)))
    return random.choice((str(old)[:1000], [old]))


def json_text(random: Random, data: bytes) -> bytes:
    """Values, keys and nesting changed; it stays JSON, but for a few that no longer are."""
    if random.random() < 0.1:
        return some_bytes(random, data)
    try:
        root = json.loads(data)
    except ValueError:
        return some_bytes(random, data)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        places = list(_places(root))
        if not places:
            return dumped(hostile_value(random, root))
        holder, key = random.choice(places)
        kind = random.randrange(8)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[text(random)] = hostile_value(random, holder[key])
        elif kind == 2 and isinstance(holder, dict):
            holder[text(random)] = holder.pop(key)
        else:
            holder[key] = hostile_value(random, holder[key])
    written = dumped(root)
    if random.random() < 0.05 and written.startswith(b"{"):  # a field given twice
        written = written[:-1] + b"," + written[1:]
    return written


def dumped(value: Any) -> bytes:
    """JSON, with raw texts as they are."""
    raws: list[str] = []

    def plain(value: Any) -> Any:
        if isinstance(value, _Raw):
            raws.append(str(value))
            return f"\x01raw{len(raws) - 1}\x02"
        if isinstance(value, dict):
            return {str(key): plain(one) for key, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list) else value

    written = json.dumps(plain(value), allow_nan=True)
    for index, raw in enumerate(raws):
        written = written.replace(f'"\\u0001raw{index}\\u0002"', raw)
    return written.encode("utf-8", "surrogatepass")


def _places(value: Any, left: int = 4000) -> Iterator[tuple[Any, Any]]:
    """Every (container, key); of long lists a few."""
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from _places(value[key], left)
    elif isinstance(value, list):
        for index in range(min(len(value), 5)):
            yield value, index
            yield from _places(value[index], left)


def csv_text(random: Random, data: bytes) -> bytes:
    """Fields, lines and separators of a list changed."""
    if random.random() < 0.3:
        return some_bytes(random, data)
    lines = data.decode("utf-8", "replace").split("\n")
    for _ in range(random.choice((1, 2, 5))):
        at = random.randrange(len(lines))
        fields = lines[at].split(",")
        place = random.randrange(len(fields))
        fields[place] = random.choice((text(random), str(number(random)), '"', "", "yes" * 1000))
        lines[at] = random.choice((",".join(fields), lines[at] * 2, "", ";".join(fields)))
    return "\n".join(lines).encode("utf-8", "surrogatepass")
