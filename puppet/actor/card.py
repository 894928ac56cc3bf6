"""The actor card: what an actor file says about its actor, as a value and as JSON. Stdlib and numpy only.

Every field of the JSON is validated by a parser of its own; unknown and missing fields are refused.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from puppet import __version__
from puppet.core.texts import checked, is_file_name, one_line
from puppet.core.types import LANDMARKS, Floats
from puppet.face.measurements import RESPONSE_REGIONS
from puppet.parsing.plain_json import check_shown, parse_json

FORMAT_VERSION = 3  # 1: a head that turned but did not move, pose (N, 3)
BEFORE_LAYERS = 2  # read as a card with these values
SINCE_LAYERS = {"painted_size": None, "layers": False, "openings": 0, "behind": 0}
# What a card is read as that was made before these were told
SINCE: dict[str, Any] = {"response": {}, "keeps_background": False, "made_from": "footage"}

ActorKind = Literal["mesh", "image"]
EncoderInput = Literal["crop", "landmarks", "pose"]
MESH: ActorKind = "mesh"
IMAGE: ActorKind = "image"
MadeFrom = Literal["footage", "picture"]
FOOTAGE: MadeFrom = "footage"
PICTURE: MadeFrom = "picture"
DECODER_OUTPUTS: dict[ActorKind, tuple[str, ...]] = {MESH: ("texture", "points"), IMAGE: ("image",)}
ENCODER_INPUTS: tuple[EncoderInput, ...] = ("crop", "landmarks", "pose")
GOLDEN_BLOCKS = 16  # blocks per side of the golden picture

MAX_SIDE = 2048  # px, of pictures and textures
MAX_LATENT = 1024
MAX_PIXEL_LATENT = 512  # of an actor that sees the user's pixels: all that it can pass on of them
MAX_TRIANGLES = 40_000
MAX_POINTS = 20_000
MAX_NUMBER = 1_000_000  # px, eye distances and indices are all far below
MAX_FACTS = 200  # entries of `parity`


@dataclass(frozen=True)
class Golden:
    """The portrait of the actor's neutral, for the self-test on loading.

    means uint8 (16, 16, 3) BGR: mean colour of each block; tolerance: allowed difference of any mean, in levels.
    """

    means: NDArray[np.uint8]
    tolerance: int = 3


@dataclass(frozen=True, eq=False)
class ActorCard:
    """What an actor file says about its actor.

    kind: "mesh" (the decoder gives texture and points, puppet/actor/warp.py draws them) or "image".
    image_size, texture_size (mesh only), crop_size (only if the encoder asks for pixels): sides in px.
    encoder_inputs: some of "crop", "landmarks", "pose". neutral f32 (478, 3): canonical landmarks.
    triangles i32 (T, 3) and texture_points f32 (V, 2) px: the mesh, None for the kind "image".
    painted_size: side in px of the RGBA texture that the decoder gives, to which the file's fine detail is added at
    `texture_size` (puppet/actor/layers.py); None where the decoder gives the whole texture. layers: whether the mesh is
    a person without a background, drawn over the file's plate. The last `behind` triangles are seen through the
    `openings` triangles before them alone. keeps_background: whether the plate is a part of the actor's picture, behind
    which no other background is put.
    response: share of a movement that was asked for that a tracker sees on the actor, by region (export/response.py);
    empty when it was not measured.
    parity: how far ONNX Runtime is from torch, by name. training: plain facts (frames, steps, metrics, preset ...).
    made_from: footage of a person, or one picture. consent: whose face it is and that they agreed. created: ISO date.
    sha256: of every member, filled in on writing.
    """

    name: str
    kind: ActorKind
    image_size: int
    latent_size: int
    encoder_inputs: tuple[EncoderInput, ...]
    neutral: Floats
    golden: Golden
    licence: str
    consent: str
    created: str
    crop_size: int | None = None
    texture_size: int | None = None
    painted_size: int | None = None
    layers: bool = False
    openings: int = 0
    behind: int = 0
    keeps_background: bool = False
    made_from: MadeFrom = FOOTAGE
    triangles: NDArray[np.int32] | None = None
    texture_points: Floats | None = None
    response: Mapping[str, float] = field(default_factory=dict[str, float])
    parity: Mapping[str, float] = field(default_factory=dict[str, float])
    training: Mapping[str, Any] = field(default_factory=dict[str, Any])
    sha256: Mapping[str, str] = field(default_factory=dict[str, str])
    puppet_version: str = __version__
    format_version: int = FORMAT_VERSION

    @property
    def decoder_outputs(self) -> tuple[str, ...]:
        """Names of the decoder's outputs."""
        return DECODER_OUTPUTS[self.kind]


class OtherVersionError(ValueError):
    """Raised for a card of a format that this version does not read.

    advice: what to update.
    """

    def __init__(self, version: int, made_by: object) -> None:
        newer = version > FORMAT_VERSION
        self.advice = "update puppet" if newer else "get a newer file of this actor, or train it again and export it"
        super().__init__(
            f"format version {version} (made by puppet {one_line(str(made_by), 40)}) is"
            f" {'newer' if newer else 'older'} than this puppet reads, version {BEFORE_LAYERS} to {FORMAT_VERSION}"
        )


def card_to_json(card: ActorCard) -> str:
    """The card as JSON text; arrays become lists."""
    plain: dict[str, Any] = {f.name: getattr(card, f.name) for f in dataclasses.fields(card)}
    plain["decoder_outputs"] = card.decoder_outputs
    plain["golden"] = {"means": card.golden.means, "tolerance": card.golden.tolerance}
    return json.dumps(plain, indent=1, allow_nan=False, default=_plain)


def card_from_json(text: str | bytes) -> ActorCard:
    """The card of a JSON text. Raises ValueError that says which field is wrong, unknown or missing."""
    data = _object(parse_json(text), "not a JSON object")
    version = data.get("format_version")
    if type(version) is not int or version < 1:
        raise ValueError(f"format_version is {one_line(repr(version), 60)}")
    if not BEFORE_LAYERS <= version <= FORMAT_VERSION:
        raise OtherVersionError(version, data.get("puppet_version", "unknown"))
    if version == BEFORE_LAYERS:
        _check_absent(data, *SINCE_LAYERS)
        data |= {"format_version": FORMAT_VERSION, **SINCE_LAYERS}
    for name, value in SINCE.items():
        data.setdefault(name, value)
    _check_keys(data, {*_FIELDS, "decoder_outputs"})
    outputs = data.pop("decoder_outputs")
    values: dict[str, Any] = {}
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


# --- field parsers: each raises ValueError for what it does not expect ---


def _object(value: Any, otherwise: str = "must be an object") -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(otherwise)
    return cast("dict[str, Any]", value)


def _list(value: Any) -> list[Any] | None:
    return cast("list[Any]", value) if isinstance(value, list) else None


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
            raise ValueError(f"must be a whole number from {low} to {high}, not {one_line(str(value), 40)}")
        return value

    return parse


def _switch(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(f"must be true or false, not {one_line(str(value), 40)}")
    return value


def _optional(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else parse(value)


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, not {str(value)[:40]!r}")
        return value

    return parse


def _array(columns: int, most: int, whole: bool = False, rows: int | None = None) -> Callable[[Any], NDArray[Any]]:
    """A list of at most `most` rows (exactly `rows`) of `columns` numbers each -> f32, or i32 if `whole`."""

    def parse(value: Any) -> NDArray[Any]:
        kind = (int,) if whole else (int, float)
        table = _list(value)
        if table is None or not 1 <= len(table) <= most or (rows is not None and len(table) != rows):
            raise ValueError(f"must be a list of {rows or f'1 to {most}'} rows")
        for row in map(_list, table):
            if row is None or len(row) != columns or not all(type(v) in kind for v in row):
                raise ValueError(f"every row must be {columns} {'whole ' if whole else ''}numbers")
        if not all(-MAX_NUMBER <= v <= MAX_NUMBER for row in table for v in row):
            raise ValueError(f"numbers must be within {MAX_NUMBER}")
        return np.array(table, np.int32 if whole else np.float32)

    return parse


def _inputs(value: Any) -> tuple[EncoderInput, ...]:
    names = _list(value)
    if not names or len(set(map(str, names))) != len(names):
        raise ValueError("must be a list of different names")
    parse = _one_of(*ENCODER_INPUTS)
    return cast("tuple[EncoderInput, ...]", tuple(map(parse, names)))


def _golden(value: Any) -> Golden:
    golden = _object(value)
    _check_keys(golden, {"means", "tolerance"})
    means, count = _list(golden["means"]), GOLDEN_BLOCKS * GOLDEN_BLOCKS * 3
    if means is None or len(means) != count or not all(type(v) is int and 0 <= v <= 255 for v in means):
        raise ValueError(f"means must be {count} whole numbers from 0 to 255")
    array = np.array(means, np.uint8).reshape(GOLDEN_BLOCKS, GOLDEN_BLOCKS, 3)
    return Golden(array, _integer(0, 32)(golden["tolerance"]))


def _numbers(value: Any) -> dict[str, float]:
    numbers = _object(value, "must be numbers by name")
    if not all(type(v) in (int, float) for v in numbers.values()):
        raise ValueError("must be numbers by name")
    if len(numbers) > MAX_FACTS:
        raise ValueError(f"must be at most {MAX_FACTS} numbers")
    return _facts(numbers)


def _response(value: Any) -> dict[str, float]:
    shares = _numbers(value)
    if unknown := sorted(set(shares) - set(RESPONSE_REGIONS)):
        raise ValueError(f"unknown region {unknown[0][:40]!r}")
    if not all(-MAX_NUMBER <= share <= MAX_NUMBER for share in shares.values()):
        raise ValueError(f"numbers must be within {MAX_NUMBER}")
    return shares


def _facts(value: Any) -> dict[str, Any]:
    """Facts that are only shown: any JSON object whose texts and numbers can all be shown."""
    facts = _object(value)
    check_shown(facts)
    return facts


def _hashes(value: Any) -> dict[str, str]:
    wanted = "must be hexadecimal SHA-256 digests by member"
    digests = _object(value, wanted)
    if not all(isinstance(v, str) and len(v) == 64 and not set(v) - set("0123456789abcdef") for v in digests.values()):
        raise ValueError(wanted)
    return digests


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
    "painted_size": _optional(_integer(16, MAX_SIDE)),
    "layers": _switch,
    "openings": _integer(0, MAX_TRIANGLES),
    "behind": _integer(0, MAX_TRIANGLES),
    "keeps_background": _switch,
    "made_from": _one_of(FOOTAGE, PICTURE),
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
    """Raise ValueError where two fields contradict each other."""
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
    if card.painted_size is not None and not card.painted_size <= (card.texture_size or 0):
        raise ValueError(f"painted_size is {card.painted_size}; it must be at most texture_size, {card.texture_size}")
    if card.layers and card.painted_size is None:
        raise ValueError("layers needs painted_size")
    if card.keeps_background and not card.layers:
        raise ValueError("keeps_background needs layers")
    triangles = 0 if card.triangles is None else len(card.triangles)
    if card.openings + card.behind > triangles:
        raise ValueError(f"openings and behind are {card.openings} and {card.behind}; there are {triangles} triangles")
    if card.triangles is not None and card.texture_points is not None:
        low, high = int(card.triangles.min()), int(card.triangles.max())
        if low < 0 or high >= len(card.texture_points):
            raise ValueError(f"triangles name points {low} to {high}, there are {len(card.texture_points)}")


def _check_absent(data: dict[str, Any], *names: str) -> None:
    if unknown := [name for name in names if name in data]:
        raise ValueError(f"unknown field {unknown[0]!r} in a card of version {BEFORE_LAYERS}")


def _check_keys(data: dict[str, Any], expected: set[str]) -> None:
    if unknown := sorted(set(data) - expected):
        raise ValueError(f"unknown field {unknown[0][:80]!r}")
    if missing := sorted(expected - set(data)):
        raise ValueError(f"field {missing[0]!r} is missing")


def _plain(value: Any) -> Any:
    """Values that json does not know: arrays, numpy's numbers, mappings."""
    if isinstance(value, np.ndarray):
        array = cast("NDArray[Any]", value)
        if array.dtype == np.uint8:
            return array.ravel().tolist()
        return [[_short(v) for v in row] for row in array.tolist()]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    raise TypeError(f"{type(value).__name__} has no place in a card")


def _short(value: float) -> float:
    """The shortest decimal that gives the same float32."""
    return value if isinstance(value, int) else float(np.format_float_positional(np.float32(value), unique=True))
