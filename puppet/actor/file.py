"""The actor file: written whole or not at all, and every part checked before it is used.

`NAME.actor` is a zip, stored without compression, of exactly `card.json` and what `members_of` its card names. The card
holds the SHA-256 of every other member, so a damaged or edited file is refused before any of it is used. Nothing in it
can execute. Written by export/, read by the app.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from puppet.actor.card import ActorCard, OtherVersionError, card_from_json, card_to_json
from puppet.core.errors import ActorFileError, reason
from puppet.parsing.reading import open_regular
from puppet.parsing.zips import open_zip
from puppet.parsing.zips import read_member as read_zipped
from puppet.storage.files import whole_file

SUFFIX = ".actor"
CARD = "card.json"
ENCODER, DECODER, PREVIEW, LATENTS = "encoder.onnx", "decoder.onnx", "preview.png", "latents.npz"
DETAIL, PLATE = "detail.png", "plate.png"
MEMBERS = (ENCODER, DECODER, PREVIEW, LATENTS)  # of every actor
MAX_BYTES = {
    **{CARD: 1 << 20, ENCODER: 64 << 20, DECODER: 64 << 20, PREVIEW: 4 << 20, LATENTS: 16 << 20},
    **{DETAIL: 20 << 20, PLATE: 16 << 20},
}
MAX_OVERHEAD = 1 << 16  # bytes of the zip beside its members
MAX_ENTRIES = 64  # of the zip; which ones they are is checked afterwards, with a message of its own
AGAIN = "get the file again or export it again"


def members_of(card: ActorCard) -> tuple[str, ...]:
    """The members that a file with this card holds beside the card: MEMBERS, and pictures where it has layers."""
    detail = () if card.painted_size is None else (DETAIL,)
    return MEMBERS + detail + ((PLATE,) if card.layers else ())


def write_actor(path: Path, card: ActorCard, members: Mapping[str, bytes], replace: bool = True) -> ActorCard:
    """Write an actor file whole or not at all; returns the card with the hashes filled in.

    members: exactly `members_of(card)`. Raises ActorFileError when it cannot be written or would not be readable again,
    and without `replace` FileExistsError when there is a file of that name.
    """
    names = members_of(card)
    if set(members) != set(names):
        raise ActorFileError(f"{path.name}: members must be {', '.join(names)}, not {', '.join(sorted(members))}")
    card = dataclasses.replace(card, sha256={name: hashlib.sha256(members[name]).hexdigest() for name in names})
    try:
        content = {CARD: card_to_json(card).encode(), **{name: members[name] for name in names}}
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
    """One of MEMBERS, its SHA-256 checked against the card. Raises ActorFileError."""
    with _OpenActor(path) as actor:
        return actor.read(name)


def read_actor(path: Path) -> tuple[ActorCard, dict[str, bytes]]:
    """The card and every member, all hashes checked. Raises ActorFileError."""
    with _OpenActor(path) as actor:
        return actor.card, {name: actor.read(name) for name in members_of(actor.card)}


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
            if size > sum(MAX_BYTES.values()) + MAX_OVERHEAD:
                raise ActorFileError(f"{path.name}: {size} bytes are too many for an actor file; {AGAIN}")
            self._zip = open_zip(self._file, MAX_ENTRIES)
            self._check_contents()
            self.card = self._read_card()
            self._check_members(members_of(self.card))
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
        if CARD not in names:  # also when a cut file ends in the zip that is inside latents.npz
            raise ActorFileError(f"{self.path.name}: not an actor file, or cut short ({CARD} is missing); {AGAIN}")
        if len(names) != len(set(names)):
            raise ActorFileError(
                f"{self.path.name}: holds a member twice, which does not belong in an actor file; {AGAIN}"
            )
        self._check_names(MEMBERS, tuple(MAX_BYTES))
        for info in infos:
            if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
                raise ActorFileError(f"{self.path.name}: {info.filename} is compressed or encrypted; {AGAIN}")
            if info.file_size > MAX_BYTES[info.filename]:
                size = f"{info.filename} has {info.file_size} bytes, at most {MAX_BYTES[info.filename]} are allowed"
                raise ActorFileError(f"{self.path.name}: {size}; {AGAIN}")

    def _check_names(self, needed: tuple[str, ...], allowed: tuple[str, ...]) -> None:
        names = self._zip.namelist()
        missing = [name for name in needed if name not in names]
        extra = [name for name in names if name not in allowed]
        if missing:
            raise ActorFileError(f"{self.path.name}: {', '.join(missing)} is missing; {AGAIN}")
        if extra:
            words = f"holds {extra[0][:80]!r}, which does not belong in an actor file"
            raise ActorFileError(f"{self.path.name}: {words}; {AGAIN}")

    def _check_members(self, members: tuple[str, ...]) -> None:
        """The card is known: what is there besides MEMBERS is what it needs."""
        self._check_names(members, (CARD, *members))
        if set(self.card.sha256) != set(members):
            raise ActorFileError(f"{self.path.name}: {CARD}: sha256 does not name every member; {AGAIN}")

    def _bytes(self, name: str) -> bytes:
        try:
            return read_zipped(self._zip, self._zip.getinfo(name))
        except ValueError as error:
            raise ActorFileError(f"{self.path.name}: {name} is damaged ({error}); {AGAIN}") from error

    def _read_card(self) -> ActorCard:
        try:
            return card_from_json(self._bytes(CARD))
        except ValueError as error:
            advice = error.advice if isinstance(error, OtherVersionError) else AGAIN
            raise ActorFileError(f"{self.path.name}: {CARD}: {error}; {advice}") from error

    def read(self, name: str) -> bytes:
        data = self._bytes(name)
        if hashlib.sha256(data).hexdigest() != self.card.sha256[name]:
            raise ActorFileError(f"{self.path.name}: {name} was changed after it was exported; {AGAIN}")
        return data


def _write_zip(file: IO[bytes], content: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # dated 1980: equal content, equal file
