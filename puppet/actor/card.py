"""ActorCard: what an actor file promises; and the file itself, read with suspicion. Stdlib and numpy only.

`NAME.actor` is a zip, stored without compression, of exactly `card.json` and MEMBERS. The card holds the SHA-256 of
every other member, so a damaged or edited file is refused before any of it is used. Nothing in it can execute.
Written by export/, read by the app.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppet import __version__
from puppet.core.errors import ActorFileError, reason
from puppet.core.texts import checked, is_file_name, one_line
from puppet.core.types import LANDMARKS, Floats
from puppet.face.measurements import RESPONSE_REGIONS
from puppet.parsing.plain_json import check_shown, parse_json
from puppet.parsing.reading import open_regular
from puppet.parsing.zips import open_zip
from puppet.parsing.zips import read_member as read_zipped
from puppet.storage.files import whole_file

FORMAT_VERSION = 2  # 1: a head that turned but did not move, pose (N, 3)
SUFFIX = ".actor"
CARD = "card.json"
ENCODER, DECODER, PREVIEW, LATENTS = "encoder.onnx", "decoder.onnx", "preview.png", "latents.npz"
MEMBERS = (ENCODER, DECODER, PREVIEW, LATENTS)
MAX_BYTES = {CARD: 1 << 20, ENCODER: 64 << 20, DECODER: 64 << 20, PREVIEW: 4 << 20, LATENTS: 16 << 20}

MESH, IMAGE = "mesh", "image"
DECODER_OUTPUTS = {MESH: ("texture", "points"), IMAGE: ("image",)}
ENCODER_INPUTS = ("crop", "landmarks", "pose")
GOLDEN_BLOCKS = 16  # blocks per side of the golden picture

MAX_SIDE = 2048  # px, of pictures and textures
MAX_LATENT = 1024
MAX_PIXEL_LATENT = 512  # of an actor that sees the user's pixels: all that it can pass on of them
MAX_TRIANGLES = 40_000
MAX_POINTS = 20_000
MAX_NUMBER = 1_000_000  # px, eye distances and indices are all far below
MAX_FACTS = 200  # entries of `parity`
MOST_ENTRIES = 64  # of the zip; which ones is checked afterwards, and told
AGAIN = "get the file again or export it again"


@dataclass(frozen=True)
class Golden:
    """The portrait of the actor's neutral, for the self-test on loading.

    means uint8 (16, 16, 3) BGR: mean colour of each block; tolerance: allowed difference of any mean, in levels.
    """

    means: NDArray[np.uint8]
    tolerance: int = 3


@dataclass(frozen=True, eq=False)
class ActorCard:
    """What an actor file promises.

    kind: "mesh" (the decoder gives texture and points, puppet/actor/warp.py draws them) or "image".
    image_size, texture_size (mesh only), crop_size (only if the encoder asks for pixels): sides in px.
    encoder_inputs: some of "crop", "landmarks", "pose". neutral f32 (478, 3): canonical landmarks.
    triangles i32 (T, 3) and texture_points f32 (V, 2) px: the mesh, None for the kind "image".
    response: share of a movement that was asked for that a tracker sees on the actor, by region (export/response.py);
    empty when it was not measured.
    parity: how far ONNX Runtime is from torch, by name. training: plain facts (frames, steps, metrics, preset ...).
    consent: whose face it is and that they agreed. created: ISO date. sha256: of every member, filled in on writing.
    """

    name: str
    kind: str
    image_size: int
    latent_size: int
    encoder_inputs: tuple[str, ...]
    neutral: Floats
    golden: Golden
    licence: str
    consent: str
    created: str
    crop_size: int | None = None
    texture_size: int | None = None
    triangles: NDArray[np.int32] | None = None
    texture_points: Floats | None = None
    response: Mapping[str, float] = field(default_factory=dict)
    parity: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    puppet_version: str = __version__
    format_version: int = FORMAT_VERSION

    @property
    def decoder_outputs(self) -> tuple[str, ...]:
        """Names of the decoder's outputs."""
        return DECODER_OUTPUTS[self.kind]


class OtherVersionError(ValueError):
    """A card of a format that this puppet does not read. advice: which side is to be renewed."""

    def __init__(self, version: int, made_by: object) -> None:
        newer = version > FORMAT_VERSION
        self.advice = "update puppet" if newer else "get a newer file of this actor, or train it again and export it"
        super().__init__(
            f"format version {version} (made by puppet {one_line(str(made_by), 40)}) is"
            f" {'newer' if newer else 'older'} than this puppet reads, version {FORMAT_VERSION}"
        )


def card_to_json(card: ActorCard) -> str:
    """The card as JSON text; arrays become lists."""
    plain = {f.name: getattr(card, f.name) for f in dataclasses.fields(card)}
    plain["decoder_outputs"] = card.decoder_outputs
    plain["golden"] = {"means": card.golden.means, "tolerance": card.golden.tolerance}
    return json.dumps(plain, indent=1, allow_nan=False, default=_plain)


def card_from_json(text: str | bytes) -> ActorCard:
    """The card back. Raises ValueError that says which field is wrong; unknown and missing fields are wrong too."""
    data = parse_json(text)
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    version = data.get("format_version")
    if type(version) is not int or version < 1:
        raise ValueError(f"format_version is {one_line(repr(version), 60)}")
    if version != FORMAT_VERSION:
        raise OtherVersionError(version, data.get("puppet_version", "unknown"))
    data.setdefault("response", {})  # files made before it was measured lack it
    _check_keys(data, {*_FIELDS, "decoder_outputs"})
    outputs = data.pop("decoder_outputs")
    values = {}
    for name, parse in _FIELDS.items():
        try:
            values[name] = parse(data[name])
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"{name}: {error}") from None
    card = ActorCard(**values)
    if outputs != list(card.decoder_outputs):
        raise ValueError(f"decoder_outputs: {one_line(repr(outputs), 100)} is not what a {card.kind} actor gives")
    _check_agreement(card)
    return card


def write_actor(path: Path, card: ActorCard, members: Mapping[str, bytes], replace: bool = True) -> ActorCard:
    """Write an actor file whole or not at all; returns the card with the hashes filled in.

    members: exactly MEMBERS. Raises ActorFileError when it cannot be written or would not be readable again, and
    without `replace` FileExistsError when there is a file of that name.
    """
    if set(members) != set(MEMBERS):
        raise ActorFileError(f"{path.name}: members must be {', '.join(MEMBERS)}, not {', '.join(sorted(members))}")
    card = dataclasses.replace(card, sha256={name: hashlib.sha256(members[name]).hexdigest() for name in MEMBERS})
    try:
        content = {CARD: card_to_json(card).encode(), **{name: members[name] for name in MEMBERS}}
        card_from_json(content[CARD])
    except (ValueError, TypeError) as error:
        raise ActorFileError(f"{path.name}: the card would not be readable: {error}") from error
    for name, data in content.items():
        if len(data) > MAX_BYTES[name]:
            raise ActorFileError(f"{path.name}: {name} has {len(data)} bytes, at most {MAX_BYTES[name]} are allowed")
    try:
        with whole_file(path, replace) as file:
            _write_zip(file, content)
    except FileExistsError:
        raise
    except OSError as error:
        raise ActorFileError(f"{path}: cannot be written ({reason(error)}); choose another folder") from error
    return card


def read_card(path: Path) -> ActorCard:
    """The card of an actor file, after the checks that need no hashing. Raises ActorFileError."""
    with _OpenActor(path) as actor:
        return actor.card


def read_member(path: Path, name: str) -> bytes:
    """One member, its SHA-256 checked against the card. Raises ActorFileError."""
    with _OpenActor(path) as actor:
        return actor.read(name)


def read_actor(path: Path) -> tuple[ActorCard, dict[str, bytes]]:
    """The card and every member, all hashes checked. Raises ActorFileError."""
    with _OpenActor(path) as actor:
        return actor.card, {name: actor.read(name) for name in MEMBERS}


class _OpenActor:
    """An actor file whose table of contents and card have been checked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = open_regular(path)
        except FileNotFoundError:
            raise ActorFileError(f"{path}: no such actor file") from None
        except OSError as error:
            raise ActorFileError(f"{path}: cannot be read ({error.strerror})") from error
        try:
            size = os.fstat(self._file.fileno()).st_size
            if size > sum(MAX_BYTES.values()) + (1 << 16):
                raise ActorFileError(f"{path.name}: {size} bytes are too many for an actor file; {AGAIN}")
            self._zip = open_zip(self._file, MOST_ENTRIES)
            self._check_contents()
            self.card = self._read_card()
        except ValueError as error:
            self._file.close()
            raise ActorFileError(f"{path.name}: not an actor file, or cut short ({error}); {AGAIN}") from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> _OpenActor:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def _check_contents(self) -> None:
        infos = self._zip.infolist()
        names = [info.filename for info in infos]
        missing = [name for name in MAX_BYTES if name not in names]
        extra = [name for name in names if name not in MAX_BYTES]
        if CARD in missing:  # also when a cut file ends in the zip that is inside latents.npz
            raise ActorFileError(f"{self.path.name}: not an actor file, or cut short ({CARD} is missing); {AGAIN}")
        if missing:
            raise ActorFileError(f"{self.path.name}: {', '.join(missing)} is missing; {AGAIN}")
        if extra or len(names) != len(set(names)):
            what = f"holds {extra[0][:80]!r}, which" if extra else "holds a member twice, which"
            raise ActorFileError(f"{self.path.name}: {what} does not belong in an actor file; {AGAIN}")
        for info in infos:
            if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
                raise ActorFileError(f"{self.path.name}: {info.filename} is compressed or encrypted; {AGAIN}")
            if info.file_size > MAX_BYTES[info.filename]:
                size = f"{info.filename} has {info.file_size} bytes, at most {MAX_BYTES[info.filename]} are allowed"
                raise ActorFileError(f"{self.path.name}: {size}; {AGAIN}")

    def _bytes(self, name: str) -> bytes:
        try:
            return read_zipped(self._zip, self._zip.getinfo(name))
        except ValueError as error:
            raise ActorFileError(f"{self.path.name}: {name} is damaged ({error}); {AGAIN}") from error

    def _read_card(self) -> ActorCard:
        try:
            card = card_from_json(self._bytes(CARD))
        except ValueError as error:
            advice = error.advice if isinstance(error, OtherVersionError) else AGAIN
            raise ActorFileError(f"{self.path.name}: {CARD}: {error}; {advice}") from error
        if set(card.sha256) != set(MEMBERS):
            raise ActorFileError(f"{self.path.name}: {CARD}: sha256 does not name every member; {AGAIN}")
        return card

    def read(self, name: str) -> bytes:
        data = self._bytes(name)
        if hashlib.sha256(data).hexdigest() != self.card.sha256[name]:
            raise ActorFileError(f"{self.path.name}: {name} was changed after it was exported; {AGAIN}")
        return data


def _write_zip(file: io.BufferedWriter, content: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # dated 1980: equal content, equal file


# --- parsing: every field by a function that refuses what it does not expect ---


def _text(longest: int, lines: bool = False) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        return checked(value.replace("\r\n", "\n") if isinstance(value, str) else value, longest, lines)

    return parse


def _name(value: Any) -> str:
    name = _text(64)(value)
    if not is_file_name(name.rstrip(".")):  # a dot at its end is refused of new names alone
        raise ValueError(f"{name!r} cannot be a file name")
    return name


def _integer(low: int, high: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {str(value)[:40]}")
        return value

    return parse


def _optional(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else parse(value)


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, not {str(value)[:40]!r}")
        return value

    return parse


def _array(columns: int, most: int, whole: bool = False, rows: int | None = None) -> Callable[[Any], NDArray]:
    """A list of at most `most` rows (exactly `rows`) of `columns` numbers each -> f32, or i32 if `whole`."""

    def parse(value: Any) -> NDArray:
        kind = (int,) if whole else (int, float)
        if not isinstance(value, list) or not 1 <= len(value) <= most or (rows is not None and len(value) != rows):
            raise ValueError(f"must be a list of {rows or f'1 to {most}'} rows")
        for row in value:
            if not isinstance(row, list) or len(row) != columns or not all(type(v) in kind for v in row):
                raise ValueError(f"every row must be {columns} {'whole ' if whole else ''}numbers")
        if not all(-MAX_NUMBER <= v <= MAX_NUMBER for row in value for v in row):
            raise ValueError(f"numbers must be within {MAX_NUMBER}")
        return np.array(value, np.int32 if whole else np.float32)

    return parse


def _inputs(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
        raise ValueError("must be a list of different names")
    return tuple(map(_one_of(*ENCODER_INPUTS), value))


def _golden(value: Any) -> Golden:
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    _check_keys(value, {"means", "tolerance"})
    means, count = value["means"], GOLDEN_BLOCKS * GOLDEN_BLOCKS * 3
    if not isinstance(means, list) or len(means) != count or not all(type(v) is int and 0 <= v <= 255 for v in means):
        raise ValueError(f"means must be {count} whole numbers from 0 to 255")
    array = np.array(means, np.uint8).reshape(GOLDEN_BLOCKS, GOLDEN_BLOCKS, 3)
    return Golden(array, _integer(0, 32)(value["tolerance"]))


def _numbers(value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or not all(type(v) in (int, float) for v in value.values()):
        raise ValueError("must be numbers by name")
    if len(value) > MAX_FACTS:
        raise ValueError(f"must be at most {MAX_FACTS} numbers")
    return _facts(value)


def _response(value: Any) -> dict[str, float]:
    shares = _numbers(value)
    if unknown := sorted(set(shares) - set(RESPONSE_REGIONS)):
        raise ValueError(f"unknown region {unknown[0][:40]!r}")
    if not all(-MAX_NUMBER <= share <= MAX_NUMBER for share in shares.values()):
        raise ValueError(f"numbers must be within {MAX_NUMBER}")
    return shares


def _facts(value: Any) -> dict[str, Any]:
    """What is shown, never used: any JSON will do of which every text and number can be shown."""
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    check_shown(value)
    return value


def _hashes(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(v, str) and len(v) == 64 and not set(v) - set("0123456789abcdef") for v in value.values()
    ):
        raise ValueError("must be hexadecimal SHA-256 digests by member")
    return value


def _date(value: Any) -> str:
    text = _text(40)(value)
    datetime.fromisoformat(text)
    return text


_FIELDS: dict[str, Callable[[Any], Any]] = {
    "format_version": _integer(FORMAT_VERSION, FORMAT_VERSION),
    "puppet_version": _text(40),
    "name": _name,
    "kind": _one_of(MESH, IMAGE),
    "image_size": _integer(16, MAX_SIDE),
    "latent_size": _integer(1, MAX_LATENT),
    "crop_size": _optional(_integer(16, MAX_SIDE)),
    "texture_size": _optional(_integer(16, MAX_SIDE)),
    "encoder_inputs": _inputs,
    "neutral": _array(3, LANDMARKS, rows=LANDMARKS),
    "triangles": _optional(_array(3, MAX_TRIANGLES, whole=True)),
    "texture_points": _optional(_array(2, MAX_POINTS)),
    "golden": _golden,
    "response": _response,
    "parity": _numbers,
    "training": _facts,
    "licence": _text(200),
    "consent": _text(2000, lines=True),
    "created": _date,
    "sha256": _hashes,
}


def _check_agreement(card: ActorCard) -> None:
    """What one field says about another."""
    if ("crop" in card.encoder_inputs) != (card.crop_size is not None):
        raise ValueError("crop_size must be given exactly when the encoder asks for a crop")
    if card.crop_size is not None and card.latent_size > MAX_PIXEL_LATENT:
        raise ValueError(
            f"latent_size is {card.latent_size}; an actor that sees pixels may have at most {MAX_PIXEL_LATENT}, so that"
            " they cannot pass through it"
        )
    mesh = card.texture_size, card.triangles, card.texture_points
    if any((part is not None) != (card.kind == MESH) for part in mesh):
        raise ValueError("texture_size, triangles and texture_points must be given exactly for mesh actors")
    if card.triangles is not None and card.texture_points is not None:
        low, high = int(card.triangles.min()), int(card.triangles.max())
        if low < 0 or high >= len(card.texture_points):
            raise ValueError(f"triangles name points {low} to {high}, there are {len(card.texture_points)}")


def _check_keys(data: dict, expected: set[str]) -> None:
    if unknown := sorted(set(data) - expected):
        raise ValueError(f"unknown field {unknown[0][:80]!r}")
    if missing := sorted(expected - set(data)):
        raise ValueError(f"field {missing[0]!r} is missing")


def _plain(value: Any) -> Any:
    """What json does not know: numpy values and tuples' cousins."""
    if isinstance(value, np.ndarray):
        if value.dtype == np.uint8:
            return value.ravel().tolist()
        return [[_short(v) for v in row] for row in value.tolist()]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a card")


def _short(value: float) -> float:
    """The shortest decimal that gives the same float32."""
    return value if isinstance(value, int) else float(np.format_float_positional(np.float32(value), unique=True))
