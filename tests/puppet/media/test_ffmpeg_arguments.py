import math
import random
from pathlib import Path

import pytest

from puppet.media.codecs import Quality
from puppet.media.ffmpeg_arguments import (
    FrameClock,
    RecordingSettings,
    literal,
    rate,
    recording_arguments,
    remux_arguments,
)
from puppet.provenance.xmp import Provenance


def test_the_command_is_this_list():
    settings = RecordingSettings(
        Path("take.mp4"), 512, 256, fps=25.0, quality=Quality.GOOD, about=Provenance("marble", badge=True)
    )
    assert recording_arguments("ffmpeg", settings) == [
        *["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostats", "-y"],
        *["-f", "rawvideo", "-pixel_format", "bgr24", "-video_size", "512x256", "-framerate", "25", "-i", "pipe:0"],
        "-vf",
        "scale=out_color_matrix=smpte170m:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p,"
        "setparams=colorspace=smpte170m:color_primaries=bt709:color_trc=bt709",
        *["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-rc-lookahead", "5"],
        *["-bf", "0", "-g", "25", "-pix_fmt", "yuv420p"],
        *["-metadata", "title=marble, played with Puppet"],
        "-metadata",
        "comment=Synthetic performance of the actor 'marble', made with Puppet: the face shown did not do or say this."
        " Visible badge: on.",
        *["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "500000"],
        *["-flush_packets", "1", "-f", "mp4", "file:take.mp4"],
    ]


@pytest.mark.parametrize(("size", "padded"), [((640, 480), False), ((641, 480), True), ((640, 481), True)])
def test_odd_sizes_are_padded(size: tuple[int, int], padded: bool):
    arguments = recording_arguments("ffmpeg", RecordingSettings(Path("take.mp4"), *size))
    assert ("pad=" in arguments[arguments.index("-vf") + 1]) == padded


def test_remuxing_copies_and_puts_the_index_in_front():
    arguments = remux_arguments("ffmpeg", Path("a.mp4"), Path("b.mp4"), Provenance())
    assert arguments[arguments.index("-c") + 1] == "copy"
    assert arguments[arguments.index("-movflags") + 1] == "+faststart"
    assert arguments[arguments.index("-i") + 1] == "file:a.mp4"
    assert arguments[-1] == "file:b.mp4"
    assert "-c:a" not in arguments


def test_finishing_with_sound_begins_it_where_the_pictures_begin():
    arguments = remux_arguments("ffmpeg", Path("a.mp4"), Path("c.mp4"), Provenance(), Path("-b.mp4"), 0.25, 1.5)
    assert [arguments[i + 1] for i, a in enumerate(arguments) if a in ("-i", "-map", "-ss", "-t")] == [
        *["file:a.mp4", "0.250000", "file:-b.mp4", "0:v", "1:a:0", "1.500000"],
    ]
    assert arguments[-1] == "file:c.mp4"


def test_a_file_name_is_never_an_option_or_an_address():
    assert literal(Path("-y")) == "file:-y"
    assert literal(Path("http:x.mp4")) == "file:http:x.mp4"


@pytest.mark.parametrize(
    ("fps", "text"),
    [(30.0, "30"), (29.97, "30000/1001"), (23.976, "24000/1001"), (12.5, "25/2"), (59.94, "60000/1001")],
)
def test_rates_as_fractions(fps: float, text: str):
    assert rate(fps) == text


def play(clock: FrameClock, times: list[float]) -> list[int]:
    """The index of the picture in every place written."""
    places: list[int] = []
    shown = -1
    for index, captured_at in enumerate(times):
        repeats, wanted = clock.advance(captured_at)
        places += [shown] * repeats
        if wanted:
            shown = index
            places.append(index)
    return places + [shown] * clock.finish()


def test_even_times_are_written_once_each():
    clock = FrameClock(30)
    assert play(clock, [7 + i / 30 for i in range(300)]) == list(range(300))
    assert (clock.written, clock.repeated, clock.skipped) == (300, 0, 0)


def test_half_the_rate_shows_every_picture_twice():
    clock = FrameClock(30)
    assert play(clock, [i / 15 for i in range(5)]) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert (clock.written, clock.repeated, clock.skipped) == (10, 5, 0)


def test_twice_the_rate_skips_every_other_picture():
    clock = FrameClock(30)
    places = play(clock, [i / 60 for i in range(600)])
    assert clock.skipped == pytest.approx(300, abs=1)
    assert len(places) == pytest.approx(300, abs=1)
    assert places == sorted(set(places))


def test_a_gap_is_filled_with_the_picture_before_it():
    assert play(FrameClock(10), [0.0, 0.1, 0.2, 1.0, 1.1]) == [0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4]


def test_a_gap_beyond_the_longest_is_cut_out_or_filled_where_sound_goes_on():
    times = [0.0, 0.1, 90.0, 90.1]
    assert play(FrameClock(10), times) == [0, 1, 2, 3]
    assert play(FrameClock(10, math.inf), times) == [0, *[1] * 899, 2, 3]


@pytest.mark.parametrize("source_fps", [12.0, 24.0, 29.97, 30.0, 50.0])
@pytest.mark.parametrize("jitter", [0.0, 0.3, 0.9])
def test_sixty_seconds_are_sixty_seconds(source_fps: float, jitter: float):
    """Capture times jitter by up to +- `jitter` of their distance / 2; the length and every place stay right."""
    dice = random.Random(3)
    frames = round(60 * source_fps)
    times = sorted(1000 + (i + jitter * (dice.random() - 0.5)) / source_fps for i in range(frames))
    clock = FrameClock(30)
    places = play(clock, times)
    elapsed = times[-1] - times[0] + 1 / source_fps
    assert len(places) == clock.written
    assert clock.seconds == pytest.approx(elapsed, abs=1 / 30)
    assert frames == clock.written - clock.repeated + clock.skipped
    begins = {index: place for place, index in reversed(list(enumerate(places)))}
    errors = [begin / 30 - (times[index] - times[0]) for index, begin in begins.items()]
    assert max(map(abs, errors)) < 1 / 30  # every picture comes up within a frame of its time


def test_a_camera_at_the_recording_rate_may_jitter_without_loss():
    dice = random.Random(4)
    times = [(i + 0.6 * (dice.random() - 0.5)) / 30 for i in range(1800)]
    clock = FrameClock(30)
    assert play(clock, times) == list(range(1800))
    assert clock.seconds == pytest.approx(60.0)


@pytest.mark.parametrize("jump", [-5.0, 3600.0])
def test_a_clock_that_jumps_starts_anew_where_the_take_is(jump: float):
    clock = FrameClock(30)
    times = [i / 30 for i in range(30)] + [jump + 1 + i / 30 for i in range(30)]
    assert play(clock, times) == list(range(60))
