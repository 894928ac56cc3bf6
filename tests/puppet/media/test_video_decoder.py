"""The command line of ffmpeg as a decoder."""

from __future__ import annotations

from pathlib import Path

from puppet.media import video_decoder
from puppet.media.ffmpeg_arguments import video_input
from puppet.media.video_facts import PictureFacts


def test_the_arguments_of_the_decoder_are_these_lists() -> None:
    fields = PictureFacts(index=2, interlaced=True)
    assert video_decoder.decode_arguments("ffmpeg", Path("/a.mov"), fields) == [
        *("ffmpeg", "-hide_banner", "-nostats", "-nostdin", *video_input(Path("/a.mov"))),
        *("-map", "0:2", "-vf"),
        "bwdif=mode=send_frame:deint=interlaced,scale=flags=bicubic+accurate_rnd+full_chroma_int,format=bgr24,"
        "showinfo=checksum=0",
        *("-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"),
    ]
    filters = video_decoder.decode_arguments("ffmpeg", Path("/a.mov"), PictureFacts(0, transfer="smpte2084"))[-6]
    assert filters.startswith("scale=in_color_matrix=bt2020:flags=bicubic,format=gbrp10le,lut3d=file=tone.cube:")
