"""A valid file and a random number generator -> a hostile one, with the structure of its format kept where that leads
further in: checksums, hashes and lengths are mended afterwards, most of the time."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Mutator = Callable[[Random, bytes], bytes]

CANARY_VARIABLE = "FUZZ_CANARY"  # environment: a file that nothing may open
NUMBERS = (0, 1, 2, 7, 8, 127, 128, 255, 256, 511, 4096, 32767, 32768, 65535, 65536, 10**6, 2**24, 2**31 - 1, 2**31)
NUMBERS = (*NUMBERS, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1)
MENDED = 0.85  # how often a checksum is made right again


def canary() -> str:
    return os.environ.get(CANARY_VARIABLE, "/nonexistent/canary")


def number(random: Random) -> int:
    return random.choice(NUMBERS) * random.choice((1, 1, 1, -1)) + random.choice((0, 0, 0, 1, -1))


def text(random: Random) -> str:
    """What no card, settings file or list should bring anybody to do anything with."""
    path = canary()
    return random.choice((
        "", " ", "\0", "a\0b", "\x1b[2J\x1b]0;x\x07", "\ud800", "\udcff", "\u202egnp", "\u2028", "\r\n", "x" * 70,
        "x" * 100_000, f'<img src="file://{path}">', f'<html><a href="file://{path}">x</a>', path, f"file://{path}",
        "../../../x", "..", ".", "/", "/dev/zero", "CON", "nul.actor", "-o", "%s%n%d", "NaN", "1e999", "0,5", "None",
        "__class__", "𝕏" * 30, "é" * 64, "http://127.0.0.2:9/x", "concat:a|b", "pipe:0",
    ))  # fmt: skip


# --- bytes and JSON ---


def some_bytes(random: Random, data: bytes) -> bytes:
    """A few edits anywhere; half of them near the beginning, where headers are."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        if not changed:
            return random.randbytes(random.randrange(64))
        reach = len(changed) if random.random() < 0.5 else min(len(changed), 200)
        at = random.randrange(reach)
        kind = random.randrange(7)
        if kind == 0:
            changed[at] ^= 1 << random.randrange(8)
        elif kind == 1:
            changed[at] = random.randrange(256)
        elif kind == 2:
            packed = struct.pack(random.choice((">I", "<I")), number(random) & 0xFFFFFFFF)
            changed[at : at + 4] = packed
        elif kind == 3:
            del changed[at : at + random.choice((1, 4, 32, 1000))]
        elif kind == 4:
            changed[at:at] = changed[at : at + random.choice((1, 4, 32, 1000))]
        elif kind == 5:
            changed[at:at] = random.randbytes(random.choice((1, 4, 32)))
        else:
            del changed[at:]
    return bytes(changed)


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


# --- zip and the files made of it ---


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def zip_structure(random: Random, data: bytes) -> bytes:
    """Members renamed, doubled, compressed, added; sizes and offsets in the tables changed."""
    kind = random.randrange(5)
    members = members_of(data)
    names = list(members)
    chosen = random.choice(names)
    if kind == 0:
        members[text(random).replace("\ud800", "").replace("\udcff", "")] = members.pop(chosen)
        return zipped(members)
    if kind == 1:
        return zipped(members, zipfile.ZIP_DEFLATED)
    if kind == 2:
        members[random.choice(("../x", "x" * 300, f"{chosen}/", canary()))] = random.randbytes(10)
        return zipped(members)
    if kind == 3:
        bomb = bytes(random.choice((10**5, 10**7)))
        return zipped({**members, chosen: bomb}, zipfile.ZIP_DEFLATED)
    changed = bytearray(data)  # a table entry: sizes, flags, offsets
    signature = random.choice((b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"))
    places = [i for i in range(len(changed) - 46) if changed[i : i + 4] == signature] or [0]
    at = random.choice(places) + random.randrange(4, 46)
    width = random.choice((1, 2, 4))
    changed[at : at + width] = (number(random) % 256**width).to_bytes(width, "little")
    return bytes(changed)


def actor_file(random: Random, data: bytes) -> bytes:
    """One member changed, its hash in the card mended: what a hostile author would do."""
    share = random.random()
    if share < 0.1:
        return some_bytes(random, data)
    if share < 0.2:
        return zip_structure(random, data)
    members = members_of(data)
    inner: dict[str, Mutator] = {"preview.png": png, "latents.npz": npz, "encoder.onnx": onnx_file}
    inner["decoder.onnx"] = onnx_file
    if share < 0.5:
        members["card.json"] = json_text(random, members["card.json"])
        return zipped(members)
    for name in random.sample(sorted(inner), random.choice((1, 1, 2))):
        members[name] = inner[name](random, members[name])
    if random.random() < MENDED:
        card = json.loads(members["card.json"])
        card["sha256"] = {name: hashlib.sha256(members[name]).hexdigest() for name in inner}
        members["card.json"] = json.dumps(card).encode()
    return zipped(members)


def npy(random: Random, data: bytes) -> bytes:
    """The header's shape, type and length changed, or the numbers."""
    if random.random() < 0.2 or data[:6] != b"\x93NUMPY":
        return some_bytes(random, data)
    (length,) = struct.unpack("<H", data[8:10])
    header, body = data[10 : 10 + length].decode("latin-1"), data[10 + length :]
    kind = random.randrange(6)
    if kind == 0:
        shape = random.choice(
            ("(2147483648, 4096)", "(-1,)", "()", "(0,)", f"({number(random)},)", "(1,)" * 2, "[3]", "(1e3,)")
        )
        before, _, rest = header.partition("(")
        header = before + shape + rest.partition(")")[2]
    elif kind == 1:
        types = ("|O", "<f8", ">f4", "<U100000000", "|V8", "<M8[s]", "|S4", "<f2", "<c16", "|b1", "<i8", "(2,)<f4", "x")
        old = header.split("'descr': '")[-1].split("'")[0]
        header = header.replace(f"'{old}'", f"'{random.choice(types)}'", 1)
    elif kind == 2:
        header = header.replace("False", random.choice(("True", "None", "0", "__import__('os')")))
    elif kind == 3:
        header = random.choice(
            ("{", "{}", "(" * 3000, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}")
        )
    elif kind == 4:
        body = random.choice(
            (b"", body[: len(body) // 2], body * 2, struct.pack("<f", float("nan")) * (len(body) // 4))
        )
    else:
        value = random.choice((float("nan"), float("inf"), 3e38, -1.0, 1e-45))
        at = 4 * random.randrange(max(1, len(body) // 4))
        body = body[:at] + struct.pack("<f", value) + body[at + 4 :]
    written = header.encode("latin-1", "replace")
    size = len(written) if random.random() < MENDED else number(random) & 0xFFFF
    return data[:8] + struct.pack("<H", size & 0xFFFF) + written + body


def npz(random: Random, data: bytes) -> bytes:
    """One array changed, or the zip around them."""
    if random.random() < 0.25:
        return zip_structure(random, data) if random.random() < 0.6 else some_bytes(random, data)
    members = members_of(data)
    name = random.choice(list(members))
    kind = random.randrange(5)
    if kind == 0:
        del members[name]
    elif kind == 1:
        fresh = random.choice(
            ("direction_x.npy", "direction_.npy", f"direction_{'x' * 500}.npy", "direction_\x1b[2J.npy")
        )
        members[fresh] = members[name]
    else:
        members[name] = npy(random, members[name])
    return zipped(members, random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def safetensors(random: Random, data: bytes) -> bytes:
    """Names, types, shapes and offsets of the header changed."""
    if random.random() < 0.2:
        return some_bytes(random, data)
    (length,) = struct.unpack("<Q", data[:8])
    header = json_text(random, data[8 : 8 + length])
    size = len(header) if random.random() < MENDED else number(random) & (2**64 - 1)
    return struct.pack("<Q", size) + header + data[8 + length :]


# --- PNG ---


def png(random: Random, data: bytes) -> bytes:
    """Chunks dropped, doubled, moved, made up; sizes and frames changed; checksums mended."""
    if random.random() < 0.1:
        return some_bytes(random, data)
    chunks = list(_chunks(data))
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(chunks)) if chunks else 0
        kind = random.randrange(7)
        if kind == 0 and chunks:
            del chunks[at]
        elif kind == 1 and chunks:
            chunks.insert(at, random.choice(chunks))
        elif kind == 2 and chunks:
            name, content = chunks[at]
            chunks[at] = name, some_bytes(random, content)
        elif kind == 3 and chunks and len(chunks[0][1]) == 13:
            sides = [random.choice((0, 1, 64, 65535, 30000, 2**31 - 1, 2**32 - 1)) for _ in range(2)]
            tail = bytes(random.choice(range(17)) for _ in range(5)) if random.random() < 0.3 else chunks[0][1][8:]
            chunks[0] = b"IHDR", struct.pack(">II", *sides) + tail
        elif kind == 4:
            frames = struct.pack(">II", random.choice((0, 1, 2, 2**31)), 0)
            region = [random.choice((0, 1, 8, 64, 5000, 2**31 - 1)) for _ in range(4)]
            control = struct.pack(
                ">IIIIIHHBB", random.randrange(3), *region, 1, 10, random.randrange(4), random.randrange(3)
            )
            chunks[1:1] = [(b"acTL", frames), (b"fcTL", control)]
            picture = next((content for name, content in chunks if name == b"IDAT"), b"")
            chunks[-1:-1] = [(b"fcTL", control), (b"fdAT", struct.pack(">I", 2) + picture)]
        elif kind == 5:
            names = (
                b"tEXt",
                b"zTXt",
                b"iTXt",
                b"eXIf",
                b"iCCP",
                b"PLTE",
                b"tRNS",
                b"sBIT",
                b"gAMA",
                b"XXXX",
                b"\0\0\0\0",
            )
            content = random.choice(
                (b"", zlib.compress(bytes(10**6)), b"x\0\0" + zlib.compress(bytes(10**7)), b"\0" * 768)
            )
            chunks.insert(random.randrange(len(chunks) + 1), (random.choice(names), content))
        else:
            chunks = [
                (n, zlib.compress(bytes(random.choice((0, 10, 10**7)))) if n == b"IDAT" else c) for n, c in chunks
            ]
    made = bytearray(b"\x89PNG\r\n\x1a\n")
    for name, content in chunks:
        length = len(content) if random.random() < 0.97 else number(random) & 0xFFFFFFFF
        crc = zlib.crc32(name + content) if random.random() < 0.97 else random.getrandbits(32)
        made += struct.pack(">I", length) + name + content + struct.pack(">I", crc)
    return bytes(made)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def picture(random: Random, data: bytes) -> bytes:
    return png(random, data) if data.startswith(b"\x89PNG") else some_bytes(random, data)


# --- ONNX ---


def onnx_file(random: Random, data: bytes) -> bytes:
    """The protobuf's tags, types and lengths changed, or what the graph computes."""
    share = random.random()
    if share < 0.1:
        return some_bytes(random, data)
    if share < 0.5:
        return protobuf(random, data)
    return _graph(random, data)


def varint(value: int, at_least: int = 1) -> bytes:
    """A varint, of more bytes than needed where asked for."""
    made = bytearray()
    value &= 2**64 - 1
    while value > 0x7F or len(made) + 1 < at_least:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def protobuf(random: Random, data: bytes, depth: int = 0) -> bytes:
    """One field of a message, or of one within it, changed; the lengths around it follow."""
    fields = _fields(data)
    if not fields:
        return some_bytes(random, data)
    at = random.randrange(len(fields))
    tag, value = fields[at]
    if isinstance(value, bytes) and depth < 8 and random.random() < 0.75 and _fields(value):
        fields[at] = tag, protobuf(random, value, depth + 1)
        return _message(fields)
    kind = random.randrange(9)
    if kind == 0:
        del fields[at]
    elif kind == 1:
        fields.insert(at, random.choice(fields))
    elif kind == 2:
        fields[at] = random.randrange(1, 40) << 3 | tag & 7, value
    elif kind == 3:
        fields[at] = tag & ~7 | random.randrange(8), value
    elif kind == 4:
        place = canary().encode()
        external = _message([(0x0A, b"location"), (0x12, place)])
        hidden = random.choice((0x6A, 0x6A | 1 << 32, 0x6A | 1 << 35))  # 13: external data; more bits than a tag has
        fields += [(hidden, external), (random.choice((0x70, 0x70 | 1 << 32)), 1)]
    elif kind == 5 and isinstance(value, int):
        fields[at] = tag, number(random)
    elif kind == 6 and isinstance(value, bytes):
        fields[at] = tag, random.choice((b"", some_bytes(random, value), text(random).encode("utf-8", "replace")))
    elif kind == 7:
        return _message(fields, longer=random.choice((2, 5, 9, 10)))
    else:
        fields.append((random.getrandbits(random.choice((8, 29, 32, 35, 40))), random.choice((1, b"x", b"ORTM" * 4))))
    return _message(fields)


def _fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """Tag and value of a message's fields; empty when it is none."""
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    try:
        while at < len(data):
            tag, at = _read_varint(data, at)
            if tag & 7 == 0:
                value, at = _read_varint(data, at)
                fields.append((tag, value))
                continue
            size = {1: 8, 5: 4}.get(tag & 7)
            if tag & 7 == 2:
                size, at = _read_varint(data, at)
            if size is None or at + size > len(data) or tag >> 3 == 0:
                return []
            fields.append((tag, data[at : at + size]))
            at += size
    except IndexError:
        return []
    return fields


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 63:
            return value, at


def _message(fields: list[tuple[int, int | bytes]], longer: int = 1) -> bytes:
    made = bytearray()
    for tag, value in fields:
        made += varint(tag, longer)
        if isinstance(value, int):
            made += varint(value, longer)
        else:
            made += (b"" if tag & 7 in (1, 5) else varint(len(value), longer)) + value
    return bytes(made)


OPERATORS = (
    "Loop", "If", "Scan", "ConstantOfShape", "Expand", "Tile", "Range", "Resize", "Pad", "OneHot", "RandomNormal",
    "Gemm", "Conv", "ConvTranspose", "MatMul", "Gather", "Concat", "Upsample", "SequenceConstruct", "NonZero",
    "Identity", "Constant", "DequantizeLinear", "LSTM", "Einsum", "CumSum", "TopK", "SpaceToDepth", "Softmax", "Mul",
)  # fmt: skip


def _graph(random: Random, data: bytes) -> bytes:
    """Operators, attributes, constants and shapes changed; gigabytes asked for on the way."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.ModelProto()
    model.ParseFromString(data)
    graph = model.graph
    kind = random.randrange(9)
    if kind == 0 and graph.node:
        random.choice(graph.node).op_type = random.choice(OPERATORS)
    elif kind == 1 and graph.node:
        random.choice(graph.node).domain = random.choice(("com.microsoft", "ai.onnx.ml", "x" * 1000, "ai.onnx"))
    elif kind == 2 and graph.initializer:
        stored = random.choice(graph.initializer)
        del stored.dims[:]
        stored.dims.extend([number(random) for _ in range(random.randrange(5))])
    elif kind == 3 and graph.initializer:
        import numpy as np

        stored = random.choice(graph.initializer)
        array = numpy_helper.to_array(stored)
        if array.size and array.dtype.kind in "iu":
            values = np.full(array.shape, number(random) % 2**31, array.dtype)
        else:
            values = np.full(array.shape, random.choice((np.nan, np.inf, 3e38, 0)), np.float32).astype(array.dtype)
        stored.CopyFrom(numpy_helper.from_array(values, stored.name))
    elif kind in (4, 5) and graph.node:
        import numpy as np

        node = random.choice(graph.node)
        shape = [random.choice((1, 2**16, 2**20, 2**31)) for _ in range(random.randrange(1, 4))]
        graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), "fuzz_shape"))
        graph.initializer.append(numpy_helper.from_array(np.ones(1, np.float32), "fuzz_one"))
        makers = {
            "ConstantOfShape": ["fuzz_shape"], "Expand": ["fuzz_one", "fuzz_shape"], "Tile": ["fuzz_one", "fuzz_shape"],
            "Reshape": ["fuzz_one", "fuzz_shape"],
        }  # fmt: skip
        name = random.choice(list(makers))
        big = [
            helper.make_node(name, makers[name], ["fuzz_big"]),
            helper.make_node("ReduceMean", ["fuzz_big"], ["fuzz_mean"], keepdims=0),
        ]
        for one in reversed(big):
            graph.node.insert(0, one)
        if node.input:
            graph.node.insert(2, helper.make_node("Mul", [node.input[0], "fuzz_mean"], ["fuzz_in"]))
            node.input[0] = "fuzz_in"
    elif kind == 6 and graph.node:
        node = random.choice(graph.node)
        if node.attribute:
            attribute = random.choice(node.attribute)
            if attribute.ints:
                attribute.ints[random.randrange(len(attribute.ints))] = max(-(2**63), min(number(random), 2**63 - 1))
            attribute.i = max(-(2**63), min(number(random), 2**63 - 1))
        else:
            node.attribute.append(helper.make_attribute("body", graph if random.random() < 0.5 else [1, 2]))
    elif kind == 7:
        place = random.choice([*graph.input, *graph.output])
        place.type.tensor_type.shape.dim.add().dim_value = number(random) % 2**31
    else:
        model.opset_import[0].version = random.choice((0, 1, 6, 99, 2**31))
        model.ir_version = random.choice((1, 3, 8, 99))
    return model.SerializeToString()


# --- HDF5 ---


def hdf5(random: Random, data: bytes) -> bytes:
    """Links, storage, types, shapes and attributes of a data set changed."""
    if random.random() < 0.25:
        return some_bytes(random, data)
    import h5py
    import numpy as np

    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        name = random.choice(list(file))
        old = file[name]
        kind = random.randrange(11)
        if kind == 10:
            attribute = random.choice(list(file.attrs))
            value = file.attrs[attribute]
            if isinstance(value, str) and random.random() < 0.5:
                file.attrs[attribute] = json_text(random, value.encode()).decode("utf-8", "replace").replace("\0", "")
            else:
                values = (1, -1, 2**62, 0.5, "", "x" * 30_000, np.zeros(5), np.nan, np.array([b"x"]), True)
                file.attrs[attribute] = random.choice(values)
            file.flush()
            return buffer.getvalue()
        assert isinstance(old, h5py.Dataset)
        shape, kept = old.shape, old.dtype
        del file[name]
        if kind == 0:
            file[name] = h5py.SoftLink(random.choice(("/data", "/nothing", f"/{name}", "/")))
        elif kind == 1:
            file[name] = h5py.ExternalLink(random.choice((canary(), "other.h5", "/dev/zero")), "/data")
        elif kind == 2:
            size = int(np.prod(shape)) * kept.itemsize
            file.create_dataset(name, shape, kept, external=[(canary(), 0, size)])
        elif kind == 3:
            layout = h5py.VirtualLayout(shape, kept)
            layout[...] = h5py.VirtualSource(random.choice((canary(), ".")), random.choice(("data", name)), shape)
            file.create_virtual_dataset(name, layout)
        elif kind == 4:
            file.create_group(name)
        elif kind == 5:
            types = (
                h5py.string_dtype(),
                "f8",
                "i8",
                "S4",
                h5py.vlen_dtype(np.float32),
                [("a", "f4")],
                "f2",
                h5py.ref_dtype,
            )
            file.create_dataset(name, shape, random.choice(types))
        elif kind == 6:
            huge = tuple(random.choice((side, 0, 1, side + 1, 2**30)) for side in shape)
            file.create_dataset(name, huge, kept, chunks=tuple(min(side, 8) or 1 for side in huge) if huge else None)
        elif kind == 7:
            values = np.zeros(shape, kept)
            values[...] = random.choice((np.nan, np.inf, -1, 1e30)) if kept.kind == "f" else random.choice((0, 127))
            file[name] = values
        elif kind == 8 and len(list(file)) > 1:
            file[name] = file[random.choice(list(file))]  # a hard link
        else:
            side = random.choice((1, 5, len(shape) + 1))
            file.create_dataset(name, (side,) * min(side, 5), kept)
        file.flush()
    return buffer.getvalue()
