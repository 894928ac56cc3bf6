"""Metadata of files: that they are synthetic, whose face they show, who agreed. Pure but for `append_xmp`.

XMP (ISO 16684-1) carries IPTC's digitalSourceType; where it goes in each container: XMP Specification Part 3.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from puppet.core.layout import Layout

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # of the box in MP4 files, XMP Part 3, 1.2.7.1
PACKET_ID = "W5M0MpCehiHzreSzNTczkc9d"  # of every XMP packet, Part 1, 7.3.2


@dataclass(frozen=True)
class Provenance:
    """Where the pictures of a file come from.

    layout: what they show. consent: the statement in the actor's file. badge: whether they carry the visible badge;
    None where there never is one (a driver alone).
    """

    actor: str = ""
    consent: str = ""
    layout: Layout = Layout.SIDE_BY_SIDE
    badge: bool | None = None

    @property
    def synthetic(self) -> bool:
        """Whether the pictures show an actor."""
        return self.layout is not Layout.DRIVER

    @property
    def source_type(self) -> str:
        """IPTC's digital source type; empty for a driver alone, whose pictures may come from anywhere."""
        names = {Layout.ACTOR: "trainedAlgorithmicMedia", Layout.SIDE_BY_SIDE: "compositeWithTrainedAlgorithmicMedia"}
        return names.get(self.layout, "")

    @property
    def title(self) -> str:
        """The title in the file's properties."""
        if not self.synthetic:
            return "The driver of a performance with Puppet"
        return f"{self.actor}, played with Puppet" if self.actor else "Played with Puppet"

    @property
    def statement(self) -> str:
        """Sentences that say so in the file's properties."""
        if not self.synthetic:
            return "The driver's own pictures, recorded with Puppet; nothing in them was made by it."
        whose = f" of the actor '{self.actor}'" if self.actor else ""
        said = f"Synthetic performance{whose}, made with Puppet: the face shown did not do or say this."
        if self.badge is not None:
            said += f" Visible badge: {'on' if self.badge else 'switched off by the user'}."
        return said


def metadata_arguments(about: Provenance, container: str = "mp4") -> list[str]:
    """Arguments of ffmpeg that write it into the file.

    Title, comment, description (the consent); XMP in mov, a tag for the source type in matroska and webm.
    """
    tags = {"title": about.title, "comment": about.statement}
    if about.consent and about.synthetic:
        tags["description"] = f"Consent: {about.consent}"
    if container == "mov":
        tags["xmp"] = xmp_packet(about)
    if container in ("matroska", "webm") and about.source_type:
        tags["DIGITAL_SOURCE_TYPE"] = SOURCE_TYPE + about.source_type
    return [argument for name, text in tags.items() for argument in ("-metadata", f"{name}={text}")]


def xmp_packet(about: Provenance) -> str:
    """The XMP packet, to be encoded as UTF-8."""
    kind = f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}{about.source_type}</Iptc4xmpExt:DigitalSourceType>"
    consent = f"<dc:rights>{_alternative(f'Consent: {about.consent}')}</dc:rights>"
    badge = f"<puppet:VisibleBadge>{'True' if about.badge else 'False'}</puppet:VisibleBadge>"
    person = f"<puppet:Actor>{escape(about.actor)}</puppet:Actor>"
    return (
        f'<?xpacket begin="\ufeff" id="{PACKET_ID}"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' xmlns:puppet="urn:puppet-live:provenance">'
        f"<dc:title>{_alternative(about.title)}</dc:title>"
        f"<dc:description>{_alternative(about.statement)}</dc:description>"
        f"{consent if about.consent and about.synthetic else ''}"
        "<xmp:CreatorTool>Puppet</xmp:CreatorTool>"
        f"{kind if about.source_type else ''}{person if about.actor else ''}{badge if about.badge is not None else ''}"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def _alternative(text: str) -> str:
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt>'


def append_xmp(path: Path, about: Provenance) -> None:
    """Append the XMP packet to a finished MP4 file, as a top-level box, so that no offset changes. Raises OSError."""
    packet = xmp_packet(about).encode()
    with path.open("ab") as file:
        file.write(struct.pack(">I", 24 + len(packet)) + b"uuid" + XMP_UUID + packet)


def in_png(png: bytes, about: Provenance) -> bytes:
    """A PNG with a comment and the XMP packet as iTXt chunks (PNG specification, 11.3.3.4) after the header chunk."""
    header_end = 8 + 25  # signature; IHDR: length, type, 13 bytes, checksum
    texts = {"Title": about.title, "Comment": about.statement, "XML:com.adobe.xmp": xmp_packet(about)}
    chunks = b"".join(_text_chunk(keyword, text) for keyword, text in texts.items())
    return png[:header_end] + chunks + png[header_end:]


def _text_chunk(keyword: str, text: str) -> bytes:
    body = b"iTXt" + keyword.encode() + b"\0" + b"\0\0" + b"\0" + b"\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def in_gif(gif: bytes, about: Provenance) -> bytes:
    """A GIF with a comment and the XMP packet (XMP Part 3, 1.1.2) as extensions before its trailer."""
    comment = about.statement.encode()
    blocks = b"".join(bytes([len(part)]) + part for part in _parts(comment, 255))
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"  # leads any reader of sub-blocks to the end, wherever it is
    xmp = b"\x21\xff\x0bXMP DataXMP" + xmp_packet(about).encode() + trailer
    end = gif.rindex(b"\x3b")
    return gif[:end] + b"\x21\xfe" + blocks + b"\0" + xmp + gif[end:]


def _parts(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def in_webp(webp: bytes, about: Provenance) -> bytes:
    """An extended WebP (as every animation is) with the XMP packet as its last chunk. Raises ValueError for others."""
    if webp[:4] != b"RIFF" or webp[8:16] != b"WEBPVP8X":
        raise ValueError("not an extended WebP file")
    has_xmp = 0x04  # flag of the VP8X chunk
    packet = xmp_packet(about).encode()
    body = bytearray(webp[8:])
    body[12] |= has_xmp  # after "WEBP", "VP8X" and the chunk's size
    body += b"XMP " + struct.pack("<I", len(packet)) + packet + b"\0" * (len(packet) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + bytes(body)
