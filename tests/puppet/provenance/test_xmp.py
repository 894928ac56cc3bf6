"""What files say about themselves."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image as Pillow
from video_fixtures import numbered, result_of, told

from puppet.core.layout import Layout
from puppet.core.types import Frame, Portrait, Result
from puppet.media.ffmpeg_arguments import RecordingSettings
from puppet.media.recorder import Recorder
from puppet.output.snapshot import save_snapshot
from puppet.provenance.badge import put_badge
from puppet.provenance.xmp import XMP_UUID, Provenance, in_webp, metadata_arguments, xmp_packet

MARBLE = Provenance("marble", "A statue: nobody <agreed> & nobody had to.", Layout.ACTOR, badge=False)


def boxes(path: Path) -> dict[bytes, bytes]:
    """The top-level boxes of an MP4 file by type (ISO 14496-12, 4.2)."""
    data, found, place = path.read_bytes(), {}, 0
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        found[kind] = data[place + 8 : place + size]
        place += size
    assert place == len(data)
    return found


def source_type(packet: str) -> str | None:
    found = ET.fromstring(packet).find(".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    return None if found is None else found.text


def test_the_packet_is_xml_that_says_everything() -> None:
    packet = xmp_packet(MARBLE)
    assert source_type(packet) == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    words = " ".join(ET.fromstring(packet).itertext())
    assert "Consent: A statue: nobody <agreed> & nobody had to." in words
    assert "Synthetic performance of the actor 'marble'" in words
    assert "Visible badge: switched off by the user" in words
    both = xmp_packet(Provenance("marble", layout=Layout.SIDE_BY_SIDE))
    assert (source_type(both) or "").endswith("/compositeWithTrainedAlgorithmicMedia")
    assert source_type(xmp_packet(Provenance("marble", layout=Layout.DRIVER))) is None


def test_an_mp4_carries_the_packet_in_its_own_box(tmp_path: Path) -> None:
    recorder = Recorder(RecordingSettings(tmp_path / "take.mp4", about=MARBLE))
    recorder.write(numbered(1), 0.0)
    recorder.close()
    box = boxes(tmp_path / "take.mp4")[b"uuid"]
    assert box[:16] == XMP_UUID
    assert box[16:].decode() == xmp_packet(MARBLE)


def test_other_containers_carry_what_they_have_room_for(tmp_path: Path) -> None:
    mov = metadata_arguments(MARBLE, "mov")
    assert f"xmp={xmp_packet(MARBLE)}" in mov
    kind = "DIGITAL_SOURCE_TYPE=http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    assert kind in metadata_arguments(MARBLE, "matroska")
    recorder = Recorder(RecordingSettings(tmp_path / "take.mov", about=MARBLE))
    recorder.write(numbered(1), 0.0)
    recorder.close()
    assert xmp_packet(MARBLE).encode() in (tmp_path / "take.mov").read_bytes()
    assert "Synthetic performance" in told(tmp_path / "take.mov")


def test_a_snapshot_carries_packet_and_comment(tmp_path: Path) -> None:
    about = Provenance("marble", "A statue.", badge=True)
    path = save_snapshot(result_of(numbered(1)), tmp_path, about)
    with Pillow.open(path) as picture:
        picture.load()
        assert picture.text["XML:com.adobe.xmp"] == xmp_packet(about)  # pyright: ignore[reportAttributeAccessIssue]
        assert picture.text["Comment"] == about.statement  # pyright: ignore[reportAttributeAccessIssue]


def test_only_an_extended_webp_can_carry_it() -> None:
    with pytest.raises(ValueError, match="not an extended WebP"):
        in_webp(b"RIFF\x04\0\0\0WEBP", MARBLE)


def test_the_badge_lies_in_the_corner_and_can_be_read_on_black_and_white() -> None:
    for level in (0, 255):
        picture = np.full((512, 512, 3), level, np.uint8)
        put_badge(picture)
        changed = np.argwhere((picture != level).any(axis=2))
        assert (changed.min(axis=0) > (460, 350)).all()  # small, and in the lower right
        assert (changed.max(axis=0) < (505, 505)).all()
        words = picture[changed[:, 0].min() : changed[:, 0].max(), changed[:, 1].min() : changed[:, 1].max()]
        assert int(np.percentile(words, 98)) - int(np.percentile(words, 50)) > 60


def test_a_picture_too_small_for_the_badge_stays_as_it_is() -> None:
    picture = np.full((32, 32, 3), 99, np.uint8)
    put_badge(picture)
    assert (picture == 99).all()


def test_the_badge_is_put_on_the_actors_picture_and_the_result_stays_as_it_is(tmp_path: Path) -> None:
    portrait = Portrait(np.full((256, 256, 3), 99, np.uint8))
    result = Result(Frame(np.full((192, 256, 3), 99, np.uint8), 0, 0.0), None, None, portrait, None)
    for badge in (True, False):
        path = save_snapshot(result, tmp_path, Provenance(badge=badge))
        with Pillow.open(path) as picture:
            pixels = np.asarray(picture)
        assert (pixels[:, : pixels.shape[1] - 512] == 99).all()
        assert (pixels == 99).all() != badge
    assert (portrait.image == 99).all()
