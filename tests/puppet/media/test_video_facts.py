"""What ffmpeg says of a file."""

from __future__ import annotations

import re
from dataclasses import replace

from ffmpeg_texts import DESCRIPTION

from puppet.media import video_decoder
from puppet.media.video_facts import PictureFacts, VideoFacts, parse_facts


def test_the_words_of_ffmpeg_are_understood() -> None:
    facts = parse_facts("", DESCRIPTION.replace("attached pic", "default"))
    assert facts.pictures is not None
    assert (facts.pictures.index, facts.pictures.matrix, facts.pictures.interlaced) == (0, "bt470bg", False)
    facts = parse_facts("", DESCRIPTION)
    assert (facts.known, facts.jumping, facts.seconds, facts.cover) == (True, False, 3602.5, True)
    assert facts.sounds == (3, 4, 5)  # what cannot be decoded does not count
    assert facts.sound == 5  # marked as default, and no comment
    assert facts.pictures is not None
    assert facts.pictures.hidden
    assert video_decoder.needs_ffmpeg(replace(facts.pictures, transfer=""))
    same = parse_facts(
        "", DESCRIPTION.replace("tv, bt2020nc/bt2020/arib-std-b67", "tv, bt709, top coded first (swapped)")
    )
    assert same.pictures == PictureFacts(1, 1920, 1080, "bt709", "bt709", "bt709", interlaced=True, hidden=True)
    assert parse_facts("", "file:x: No such file or directory") == VideoFacts(refused=True)
    assert re.search("mpegts", DESCRIPTION) is None
    assert parse_facts("", DESCRIPTION.replace("mov,mp4,m4a,3gp,3g2,mj2", "mpegts")).jumping
