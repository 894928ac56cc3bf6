"""Mutators of zip files and what is made of them: arrays and actor files; and of safetensors."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from random import Random

from fuzz.mutate_onnx import onnx_file
from fuzz.mutate_png import png
from fuzz.mutate_texts import json_text
from fuzz.values import MENDED, Mutator, canary, number, some_bytes, text


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
    inner |= {name: png for name in ("detail.png", "plate.png") if name in members}
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
