"""Codecs: argument lists compared as lists; every mode recorded once for real, and probing with fakes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from planted_layers import disc, person
from video_fixtures import alpha_of, decode, decode_with_alpha, numbered, shown_number, told

from puppet.core import pixels
from puppet.core.errors import RecordingError
from puppet.core.layout import Layout
from puppet.media.codecs import (
    ENCODERS,
    X264,
    Codec,
    Encoder,
    Quality,
    device_arguments,
    pixel_filters,
    quality_arguments,
)
from puppet.media.encoders import available_codecs
from puppet.media.ffmpeg_arguments import RecordingSettings, recording_arguments
from puppet.media.ffmpeg_child import find_ffmpeg
from puppet.media.recorder import Recorder
from puppet.output import recording_sink
from puppet.output.recording_sink import check_alpha, recording_settings, with_fitting_codec
from puppet.output.settings import OutputSettings

BY_NAME = {encoder.name + (" with alpha" if encoder.codec.alpha else ""): encoder for encoder in ENCODERS}


@pytest.mark.parametrize(
    ("name", "arguments"),
    {
        "libx264": "-preset veryfast -crf 23 -rc-lookahead 5 -bf 0 -g 30 -pix_fmt yuv420p",
        "libx265": "-preset superfast -crf 25 -x265-params bframes=0:rc-lookahead=5:log-level=error -g 30"
        " -pix_fmt yuv420p -tag:v hvc1",
        "libvpx-vp9": "-deadline realtime -cpu-used 8 -row-mt 1 -lag-in-frames 0 -crf 31 -b:v 0 -g 30 -pix_fmt yuv420p",
        "libsvtav1": "-preset 10 -crf 35 -svtav1-params pred-struct=1 -g 30 -pix_fmt yuv420p",
        "libaom-av1": "-usage realtime -cpu-used 8 -lag-in-frames 0 -crf 35 -g 30 -pix_fmt yuv420p",
        "prores_ks": "-profile:v 2 -vendor apl0 -pix_fmt yuv422p10le",
        "ffv1": "-level 3 -slicecrc 1 -g 1 -pix_fmt bgr0",
        "h264_nvenc": "-preset p4 -rc vbr -cq 23 -b:v 0 -bf 0 -g 30 -pix_fmt yuv420p",
        "av1_nvenc": "-preset p4 -rc vbr -cq 35 -b:v 0 -g 30 -pix_fmt yuv420p",
        "h264_qsv": "-preset veryfast -global_quality 23 -bf 0 -g 30 -pix_fmt nv12",
        "h264_amf": "-quality speed -rc cqp -qp_i 23 -qp_p 23 -bf 0 -g 30 -pix_fmt nv12",
        "hevc_vaapi": "-rc_mode CQP -qp 23 -bf 0 -g 30 -tag:v hvc1",
        "h264_videotoolbox": "-q:v 60 -bf 0 -g 30 -pix_fmt yuv420p",
        "prores_videotoolbox": "-profile:v 2 -pix_fmt yuv422p10le",
        "prores_ks with alpha": "-profile:v 4 -vendor apl0 -alpha_bits 16 -pix_fmt yuva444p10le",
        "libvpx-vp9 with alpha": "-deadline realtime -cpu-used 8 -row-mt 1 -lag-in-frames 0 -crf 31 -b:v 0"
        " -auto-alt-ref 0 -g 30 -pix_fmt yuva420p",
    }.items(),
)
def test_the_arguments_of_every_encoder_are_this_list(name: str, arguments: str) -> None:
    made = quality_arguments(BY_NAME[name], Quality.GOOD, 30.0)
    assert made == ["-c:v", name.partition(" ")[0], *arguments.split()]


def test_rendering_has_more_time_than_recording() -> None:
    live, rendered = (
        recording_arguments("ffmpeg", RecordingSettings(Path("a.mp4"), 64, 64, patient=patient))
        for patient in (False, True)
    )
    assert (live[live.index("-preset") + 1], rendered[rendered.index("-preset") + 1]) == ("veryfast", "medium")


@pytest.mark.parametrize("encoder", ENCODERS, ids=BY_NAME)
def test_a_higher_quality_asks_for_more(encoder: Encoder) -> None:
    lists = [quality_arguments(encoder, quality, 30.0) for quality in Quality]
    steps = {Codec.FFV1: 1, Codec.PRORES_4444: 1}
    assert len({tuple(arguments) for arguments in lists}) == steps.get(encoder.codec, 3)


def test_vaapi_gets_its_device_before_the_input_and_its_pictures_on_it() -> None:
    vaapi = BY_NAME["h264_vaapi"]
    assert device_arguments(vaapi) == ["-vaapi_device", "/dev/dri/renderD128"]
    assert pixel_filters(vaapi)[-1] == "hwupload"
    arguments = recording_arguments("ffmpeg", RecordingSettings(Path("a.mp4"), 64, 64, encoder=vaapi))
    assert arguments.index("-vaapi_device") < arguments.index("-i")
    assert device_arguments(X264) == []


@pytest.mark.parametrize(
    ("name", "growing"),
    {
        "a.mp4": "-movflags +frag_keyframe+empty_moov+default_base_moof -frag_duration 500000 -flush_packets 1 -f mp4",
        "a.mov": "-movflags +frag_keyframe+empty_moov+default_base_moof -frag_duration 500000 -flush_packets 1 -f mov",
        "a.mkv": "-cluster_time_limit 500 -flush_packets 1 -f matroska",
        "a.webm": "-cluster_time_limit 500 -flush_packets 1 -f webm",
    }.items(),
)
def test_every_container_can_be_read_while_it_grows(name: str, growing: str) -> None:
    arguments = recording_arguments("ffmpeg", RecordingSettings(Path(name), 64, 64))
    assert arguments[-len(growing.split()) - 1 :] == [*growing.split(), f"file:{name}"]


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [(codec, suffix) for codec in Codec for suffix in codec.suffixes],
    ids=lambda part: getattr(part, "value", part),
)
def test_every_mode_for_real(codec: Codec, suffix: str, tmp_path: Path) -> None:
    """Frames, rate, duration, time stamps and what is in them."""
    if codec not in available_codecs(find_ffmpeg()):
        pytest.skip(f"this ffmpeg has no encoder for {codec.label}")
    path = tmp_path / f"take{suffix}"
    settings = recording_settings(
        OutputSettings(codec=codec.value, hardware=False), path, "marble", "Marble agreed.", fps=25.0
    )
    recorder = Recorder(settings, wait=True)
    for number in range(40):
        recorder.write(numbered(number), 7 + number / 25)
    recording = recorder.close()
    assert recorder.error is None
    assert (recording.frames, recording.seconds) == (40, pytest.approx(1.6))
    pictures, stamps = decode(path)  # not by OpenCV, whose wheel has no AV1 decoder
    assert [shown_number(picture) for picture in pictures] == list(range(40))
    said = told(path)
    assert re.search(rf"Video: {codec.value.partition('-')[0]}\b", said)
    assert re.search(r"Duration: 00:00:01\.60, start: 0\.000000", said)
    assert re.search(r"\b25 fps\b", said)
    assert re.search(r"Synthetic performance of the actor 'marble'", said)
    assert stamps == pytest.approx([number / 25 for number in range(40)], abs=6e-4)  # matroska counts milliseconds
    if codec is Codec.FFV1:
        assert all(np.array_equal(picture, numbered(number)) for number, picture in enumerate(pictures))


MOST_OFF = {Codec.PRORES_4444: (1, 1), Codec.VP9_ALPHA: (16, 20)}  # levels of alpha, and of colours by alpha


@pytest.mark.parametrize("size", [(128, 128), (127, 65)])
@pytest.mark.parametrize(
    ("codec", "suffix"),
    [(codec, suffix) for codec in Codec if codec.alpha for suffix in codec.suffixes],
    ids=lambda part: getattr(part, "value", part),
)
def test_alpha_comes_back_as_it_was_recorded(codec: Codec, suffix: str, size: tuple[int, int], tmp_path: Path) -> None:
    """A disc that moves over nothing, then one opaque picture, read back by ffmpeg."""
    path, (width, height) = tmp_path / f"take{suffix}", size
    recorder = Recorder(recording_settings(OutputSettings(codec=codec.value), path), wait=True)
    planted = []
    for number in range(12):
        drawn = person(128, disc(128, 40, (40 + 3 * number, 60)))
        planted.append(pixels.straight(np.ascontiguousarray(drawn[:height, :width]), spread=True))
        recorder.write(planted[-1], number / 30)
    recorder.write(np.full((height, width, 3), 90, np.uint8), 12 / 30)
    recording = recorder.close()
    assert recorder.error is None
    alphas = alpha_of(path, codec)
    pictures = decode_with_alpha(path, codec)
    assert len(alphas) == len(pictures) == recording.frames == 13
    alpha_off, colours_off = MOST_OFF[codec]
    for wanted, alpha, picture in zip(planted, alphas, pictures, strict=False):
        assert np.abs(alpha[:height, :width].astype(int) - wanted[..., 3]).max() <= alpha_off
        off = np.abs(picture[:height, :width, :3].astype(int) - wanted[..., :3]) * (wanted[..., 3:] / 255)
        assert off[: height // 2 * 2, : width // 2 * 2].max() <= colours_off  # an odd last column is mixed with black
        assert max(alpha[height:].max(initial=0), alpha[:, width:].max(initial=0)) <= alpha_off  # what makes it even
    assert alphas[12][:height, :width].min() >= 255 - alpha_off


def test_a_name_that_does_not_suit_the_codec_is_refused(tmp_path: Path) -> None:
    settings = recording_settings(OutputSettings(codec="prores"), tmp_path / "take.mp4")
    with pytest.raises(
        RecordingError,
        match=r"take\.mp4: ProRes recordings are MOV or MKV files; .* or the codec H\.264, HEVC, VP9 or AV1",
    ):
        Recorder(settings)


def test_a_transparent_picture_asks_for_a_codec_that_has_alpha() -> None:
    usual = OutputSettings()
    assert with_fitting_codec(usual, Path("a.mov"), alpha=True).codec == "prores-4444"
    assert with_fitting_codec(usual, Path("a.webm"), alpha=True).codec == "vp9-alpha"
    assert with_fitting_codec(OutputSettings(codec="vp9-alpha"), Path("a.mkv"), alpha=True).codec == "vp9-alpha"
    assert with_fitting_codec(usual, Path("a.mp4"), alpha=True) == usual  # refused by `check_alpha`
    said = r"which H\.264 cannot show; choose the codec ProRes 4444 \(\.mov\) or VP9 with alpha \(\.webm\), or another"
    with pytest.raises(RecordingError, match=said):
        check_alpha(Codec.H264, tuple(Layout))
    check_alpha(Codec.H264, (Layout.DRIVER,))
    check_alpha(Codec.PRORES_4444, tuple(Layout))


def test_a_name_chooses_the_codec_where_the_usual_one_does_not_suit(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = OutputSettings()
    for name in ("a.mp4", "a.MOV", "a.mkv", "a.avi", "folder"):
        assert with_fitting_codec(usual, Path(name)) == usual
    assert with_fitting_codec(usual, Path("a.webm")).codec == "vp9"
    assert with_fitting_codec(OutputSettings(codec="ffv1"), Path("a.mp4")).codec == "h264"
    monkeypatch.setattr(recording_sink, "available_codecs", lambda executable: (Codec.H264, Codec.AV1))
    assert with_fitting_codec(usual, Path("a.webm")).codec == "av1"
    monkeypatch.setattr(recording_sink, "available_codecs", lambda executable: (Codec.H264,))
    assert with_fitting_codec(usual, Path("a.webm")) == usual  # refused by name when the file is to be made
