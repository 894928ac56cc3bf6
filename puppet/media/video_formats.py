"""Recognises the format of a video file by its first bytes, and refuses what does not hold its own pictures.

A playlist, under whatever name, would have the decoder open other files, or the network.
"""

from __future__ import annotations

import io
import os
import re
import stat
from pathlib import Path

from puppet.core.errors import SourceError

HEAD = 1 << 20  # bytes that are looked at, as many as ffmpeg looks at
SIGNATURES = (  # ffmpeg's name of the format, where its mark lies, the mark
    ("matroska", 0, b"\x1aE\xdf\xa3"),
    ("avi", 8, b"AVI "),
    ("avi", 8, b"AVI\x19"),
    ("ogg", 0, b"OggS"),
    ("flv", 0, b"FLV\x01"),
    ("gif", 0, b"GIF8"),
    ("asf", 0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("mxf", 0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01"),
    ("nut", 0, b"nut/multimedia container\0"),
    ("ivf", 0, b"DKIF"),
    ("yuv4mpegpipe", 0, b"YUV4MPEG2 "),
    ("rm", 0, b".RMF"),
    ("wtv", 0, b"\xb7\xd8\x00\x20\x37\x49\xda\x11"),
    ("dv", 0, b"\x1f\x07\x00"),
    ("dhav", 0, b"DHAV"),
    ("mjpeg", 0, b"\xff\xd8\xff"),
    ("obu", 0, b"\x12\x00\x0a"),
    ("mpeg", 0, b"\0\0\x01\xba"),
)
BOXES = (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"sidx", b"emsg", b"uuid")
RAW = ("mpegvideo", "m4v", "h264", "hevc", "vvc")  # start codes at once
FORMATS = tuple(dict.fromkeys([name for name, _, _ in SIGNATURES] + ["mov", "mpegts", *RAW]))
TS_PACKETS = (188, 192, 204)  # bytes, ISO 13818-1 and two that add to it
TS_SYNC = 0x47
LISTS = (b"#extm3u", b"ffconcat", b"[playlist]", b"[reference]", b"<asx", b"<smil", b"concat:", b"v=0", b"rtsptext")
NAMED = re.compile(rb"(?:https?|rtsps?|rtmp|file|ftp|udp|tcp|data|pipe)://?")  # a file that begins with an address


def format_of(head: bytes) -> str | None:
    """Ffmpeg's name of the format that begins with `head`, or None. Any codec without a container is "h264"."""
    if head[4:8] in BOXES:
        return "mov"
    for name, place, mark in SIGNATURES:
        if head.startswith(mark, place):
            return name
    if re.match(rb"\0\0+\x01", head):
        return "h264"
    if head.startswith(b"ID3"):  # ffmpeg passes over such a tag, and would take what follows for anything
        return None
    return "mpegts" if is_transport_stream(head) else None


def is_transport_stream(head: bytes) -> bool:
    """Whether there are three packets of an MPEG transport stream in a row; `head` may begin within the first."""
    head = head[: 4 * max(TS_PACKETS)]
    return any(
        all(head[start + n * size : start + n * size + 1] == bytes([TS_SYNC]) for n in range(3))
        for size in TS_PACKETS
        for start in range(min(size, len(head)))
    )


def is_playlist(head: bytes) -> bool:
    """Whether it is a text that names other files or addresses: M3U, ffconcat, DASH, SDP, PLS, ASX, SMIL."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return (
        text.startswith(LISTS)
        or re.search(rb"(?:^|\n)\r?c=in ip", text.partition(b"\0")[0]) is not None  # SDP, wherever in a text it begins
        or NAMED.match(text) is not None
        or (
            text.startswith((b"<?xml", b"<mpd"))
            and re.search(rb"<(?:\w+:)?(?:mpd|smil|asx|playlist)\b", text) is not None
        )
    )


def index_comes_last(head: bytes) -> bool:
    """Whether it is an MP4 whose index comes after its pictures."""
    place = 0
    while place + 8 <= len(head):
        name, size = head[place + 4 : place + 8], int.from_bytes(head[place : place + 4], "big")
        if name in (b"mdat", b"moov", b"moof") or size < 8:
            return name == b"mdat"
        place += size
    return False


def open_checked(path: Path) -> io.BufferedReader:
    """The file, open at its beginning. Raises OSError, or SourceError for what is no video with its own pictures."""
    if not stat.S_ISREG(os.stat(path).st_mode) and not path.is_dir():  # a pipe would wait for ever for its writer
        raise SourceError(f"{path}: not a file that can be read as a video", "unreadable")
    file = path.open("rb")
    try:
        head = file.read(HEAD)
        if is_playlist(head):
            raise SourceError(f"{path}: a playlist, which names other files; give the video itself", "unreadable")
        if format_of(head) is None:
            raise SourceError(f"{path}: not a video that can be read (damaged, or something else)", "unreadable")
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
